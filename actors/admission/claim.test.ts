import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseWorkflow, type ExecutionMode, type Item, type JsonObject, type JsonValue } from '#workflow';
import type { StartRequest } from '../engine.ts';
import { chain } from '../testing.ts';
import { claimOf, isLimited } from './claim.ts';
import { KEY_CHARACTERS } from './limits.ts';

function request(settings: JsonObject, items: Item[] = [{ json: {} }], mode: ExecutionMode = 'webhook'): StartRequest {
  const workflow = parseWorkflow({ ...chain('w', ['start']), settings });
  return { workflow, workflowVersion: 1, mode, trigger: 'start 0', items, acceptEarly: true };
}

const at = { executionId: '17', now: Date.UTC(2030, 0, 1) };

function keyFor(key: string, json: JsonObject = {}): string | undefined {
  return claimOf(request({ concurrency: { limit: 1, key } }, [{ json }]), at).concurrency?.key;
}

describe('who is limited', () => {
  const grid: [ExecutionMode, boolean][] = [
    ['webhook', true],
    ['trigger', true],
    ['manual', false],
    ['cli', false],
    ['retry', false],
    ['integrated', false],
    ['error', false],
  ];
  for (const [mode, expected] of grid) {
    test(`mode ${mode}: ${expected}`, () => {
      assert.equal(isLimited(request({ concurrency: 1 }, [], mode)), expected);
      assert.equal(isLimited(request({ rateLimit: { limit: 1, per: 'hour' } }, [], mode)), expected);
      assert.equal(isLimited(request({}, [], mode)), false);
    });
  }
});

describe('a claim', () => {
  test('holds the limits that are set, and no others', () => {
    assert.deepEqual(claimOf(request({ concurrency: 4 }), at), { concurrency: { key: '', limit: 4 } });
    assert.deepEqual(claimOf(request({ rateLimit: { limit: 3, per: 'second' } }), at), {
      rate: { key: '', limit: 3, perMs: 1_000 },
    });
    const both = claimOf(
      request({ concurrency: { limit: 1, key: 'a' }, rateLimit: { limit: 3, per: 'minute', key: 'b' } }),
      at,
    );
    assert.deepEqual(both, { concurrency: { key: 'a', limit: 1 }, rate: { key: 'b', limit: 3, perMs: 60_000 } });
  });

  const values: [string, JsonValue, string][] = [
    ['text is taken as it is', 'Anna', 'Anna'],
    ['a number is written out', 12, '12'],
    ['so is a truth value', false, 'false'],
    ['an object is its JSON', { a: 1 }, '{"a":1}'],
    ['null is the empty key', null, ''],
  ];
  for (const [rule, value, expected] of values) {
    test(`of a key: ${rule}`, () => assert.equal(keyFor('={{ $json.v }}', { v: value }), expected));
  }

  test('what is missing on the way is the empty key', () => assert.equal(keyFor('={{ $json.body.customer }}'), ''));

  test('text around an expression belongs to the key', () => {
    assert.equal(keyFor('=shop-{{ $json.v }}', { v: 3 }), 'shop-3');
  });

  test('a long key counts by its hash, and different ones differ', () => {
    const [one, other] = ['a', 'b'].map((end) => keyFor('={{ $json.v }}', { v: 'x'.repeat(KEY_CHARACTERS) + end }));
    assert.match(one ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.notEqual(one, other);
    assert.equal(keyFor('={{ $json.v }}', { v: 'x'.repeat(KEY_CHARACTERS) }), 'x'.repeat(KEY_CHARACTERS));
  });

  test('a key may hold any character', () => {
    assert.match(keyFor('={{ $json.v }}', { v: 'a\0b' }) ?? '', /^sha256:/);
    assert.equal(keyFor('={{ $json.v }}', { v: 'ü "x"' }), 'ü "x"');
  });

  test('a trigger without items has the empty key', () => {
    assert.deepEqual(
      claimOf(request({ concurrency: { limit: 1, key: '={{ $json.v }}' } }, []), at).concurrency?.key,
      '',
    );
  });

  test('an expression that cannot be evaluated says so, with its setting', () => {
    assert.throws(
      () => keyFor("={{ $('nowhere').item.json.x }}"),
      (error: { code: string; details: JsonObject }) => {
        return error.code.startsWith('EXPRESSION_') && error.details['parameter'] === 'settings.concurrency.key';
      },
    );
  });
});
