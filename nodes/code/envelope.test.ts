import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { TroupeError } from '#workflow';

import { readEnvelope } from './envelope.ts';
import { makeJob } from './testing.ts';

const job = makeJob('');
const read = (envelope: unknown): unknown => {
  const answer = readEnvelope(JSON.stringify(envelope), job);
  return answer instanceof TroupeError ? answer.code : answer;
};

describe('what a runner says is checked', () => {
  for (const [rule, envelope, want] of [
    ['a value', { value: [1], logs: ['a'] }, { kind: 'value', value: [1], logs: ['a'] }],
    ['undefined', { value: null, absent: true, logs: [] }, { kind: 'value', value: undefined, logs: [] }],
    [
      'an error',
      { error: { name: 'E', message: 'm', line: 2, description: 'd' }, logs: [] },
      { kind: 'threw', error: { name: 'E', message: 'm', description: 'd', line: 2 }, logs: [] },
    ],
    [
      'an error of the wrong shape',
      { error: 5, logs: 7 },
      { kind: 'threw', error: { name: 'Error', message: 'Unknown error' }, logs: [] },
    ],
    [
      'a line that is none',
      { error: { message: 'm', line: -1 } },
      { kind: 'threw', error: { name: 'Error', message: 'm' }, logs: [] },
    ],
    [
      'own static data',
      { value: 1, staticData: { global: { a: 1 }, 'node:Code': { b: 2 } } },
      { kind: 'value', value: 1, logs: [], staticData: { global: { a: 1 }, 'node:Code': { b: 2 } } },
    ],
    [
      "another node's static data",
      { value: 1, staticData: { 'node:Data': { b: 2 } } },
      { kind: 'value', value: 1, logs: [] },
    ],
    ['static data that is no object', { value: 1, staticData: { global: [1] } }, { kind: 'value', value: 1, logs: [] }],
    ['a timeout', { failure: 'timeout' }, 'CODE_TIMEOUT'],
    ['memory used up', { failure: 'memory' }, 'CODE_MEMORY'],
    ['a result too large', { failure: 'tooLarge' }, 'CODE_RESULT_TOO_LARGE'],
    ['an unknown failure', { failure: 'x', message: {} }, 'CODE_RUNNER_BROKE'],
    ['neither value nor error', { logs: [] }, 'CODE_RUNNER_BROKE'],
    ['no object', [1], 'CODE_RUNNER_BROKE'],
  ] as const) {
    test(rule, () => assert.deepEqual(read(envelope), want));
  }

  test('no JSON', () => {
    const answer = readEnvelope('{', job);
    assert.ok(answer instanceof TroupeError && answer.code === 'CODE_RUNNER_BROKE');
  });

  test('logs and messages are cut to size', () => {
    const logs = Array.from({ length: 500 }, () => 'x'.repeat(10_000));
    const answer = readEnvelope(JSON.stringify({ error: { message: 'm'.repeat(50_000) }, logs }), job);
    assert.ok(!(answer instanceof TroupeError) && answer.kind === 'threw');
    assert.equal(answer.logs.length, 100);
    assert.equal(answer.logs[0]?.length, 2_000);
    assert.equal(answer.error.message.length, 20_000);
  });
});
