import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodeRunner } from '#runtime';
import type { JsonObject } from '#workflow';
import { perform } from './perform.ts';
import type { CompatRecord } from './record.ts';

const noCode: CodeRunner = { run: () => Promise.reject(new Error('no code in this test')) };
const shared = { code: noCode, stubPort: 0 };
const position = [0, 0];

function workflow(first: JsonObject): JsonObject {
  const name = String(first['name']);
  const value = { assignments: [{ id: '1', name: 'b', value: '={{ $json.a ?? $json.body.a }}', type: 'number' }] };
  const set = { id: '2', name: 'Set', type: 'n8n-nodes-base.set', typeVersion: 3.4, position: [200, 0] };
  return {
    nodes: [first, { ...set, parameters: { assignments: value, options: {} } }],
    connections: { [name]: { main: [[{ node: 'Set', type: 'main', index: 0 }]] } },
    settings: { executionOrder: 'v1' },
  };
}

const start = {
  id: '1',
  name: 'Start',
  type: 'n8n-nodes-base.manualTrigger',
  typeVersion: 1,
  position,
  parameters: {},
};
const base: CompatRecord = {
  id: 'own',
  focus: 'set',
  workflow: workflow(start),
  start: { node: 'Start', mode: 'manual', items: [{ json: { a: 5 } }] },
  env: {},
  expected: { Set: [[[{ json: { b: 5 }, pairedItem: { item: 0 } }]]] },
  expectedOrder: ['Start', 'Set'],
  expectedStatus: 'success',
  compare: { runs: 'exact', outputs: 'all', itemKeys: 'all', ignore: [], binary: true },
};

test('a case passes when the whole engine does what its record says', async () => {
  assert.deepEqual(await perform(base, shared), { kind: 'pass' });
});

test('a case fails when one value differs', async () => {
  const wrong = { ...base, expected: { Set: [[[{ json: { b: 6 }, pairedItem: { item: 0 } }]]] } };
  const verdict = await perform(wrong, shared);
  assert.equal(verdict.kind, 'fail');
  assert.equal(verdict.kind === 'fail' && verdict.failures[0]?.path, '$.json.b');
});

test('a case whose node type is not there is unsupported, not failed', async () => {
  const unknown = { ...base, workflow: workflow({ ...start, type: 'n8n-nodes-base.nobodyKnows' }) };
  assert.deepEqual(await perform(unknown, shared), { kind: 'unsupported', why: 'n8n-nodes-base.nobodyKnows 1' });
});

const parameters = { path: 'p', httpMethod: 'POST', responseMode: 'lastNode', options: {} };
const hook = { id: '1', name: 'Hook', type: 'n8n-nodes-base.webhook', typeVersion: 2, position, parameters };

test('a webhook case calls the real gateway and holds its answer against the record', async () => {
  const answer = { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"b":5}' };
  const called: CompatRecord = {
    ...base,
    workflow: workflow({ ...hook, webhookId: 'p' }),
    start: { node: 'Hook', mode: 'webhook', calls: [{ method: 'POST', path: '/webhook/p', body: { a: 5 } }] },
    expectedOrder: ['Hook', 'Set'],
    http: { answers: [answer] },
  };
  assert.deepEqual(await perform(called, shared), { kind: 'pass' });
  const other = { ...called, http: { answers: [{ ...answer, status: 201 }] } };
  assert.equal((await perform(other, shared)).kind, 'fail');
});
