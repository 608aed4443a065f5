import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGate, keyOf } from './auth.ts';
import { API_LIMITS } from './limits.ts';
import { sameSecret } from './secret.ts';
import { HandClock } from './testing.ts';
import type { Identity } from './permissions.ts';

function gateOf(known: Map<string, Identity>) {
  const clock = new HandClock();
  const asked: string[] = [];
  const identify = async (key: string): Promise<Identity | undefined> => {
    asked.push(key);
    return known.get(key);
  };
  return { gate: createGate({ identify }, clock, { ...API_LIMITS, KEY_CACHE_ENTRIES: 2 }), clock, asked };
}

const owner: Identity = { ownerId: 'o', permissions: 'all' };

test('a known key is looked up once within KEY_CACHE_MS', async () => {
  const { gate, asked, clock } = gateOf(new Map([['k', owner]]));
  await gate.identify('k');
  await gate.identify('k');
  assert.equal(asked.length, 1);
  clock.advance(API_LIMITS.KEY_CACHE_MS + 1);
  await gate.identify('k');
  assert.equal(asked.length, 2);
});

test('a revoked key is refused at the latest after KEY_CACHE_MS, which is under a minute', async () => {
  const known = new Map([['k', owner]]);
  const { gate, clock } = gateOf(known);
  await gate.identify('k');
  known.delete('k');
  clock.advance(API_LIMITS.KEY_CACHE_MS);
  await assert.rejects(gate.identify('k'), { code: 'UNAUTHORIZED' });
  assert.ok(API_LIMITS.KEY_CACHE_MS < 60_000);
});

test('wrong keys are not remembered, so they cannot push out right ones', async () => {
  const { gate, asked } = gateOf(new Map([['k', owner]]));
  await gate.identify('k');
  for (let count = 0; count < 10; count += 1) await assert.rejects(gate.identify(`wrong${count}`));
  await gate.identify('k');
  assert.equal(asked.filter((key) => key === 'k').length, 1);
});

test('the cache is bounded', async () => {
  const keys = ['a', 'b', 'c'];
  const { gate, asked } = gateOf(new Map(keys.map((key) => [key, owner])));
  for (const key of keys) await gate.identify(key);
  await gate.identify('a');
  assert.equal(asked.length, 4);
});

test('a key over API_KEY_CHARACTERS is not even looked up', async () => {
  const { gate, asked } = gateOf(new Map());
  await assert.rejects(gate.identify('x'.repeat(API_LIMITS.API_KEY_CHARACTERS + 1)), { code: 'UNAUTHORIZED' });
  assert.deepEqual(asked, []);
});

test('a caller without the permission is refused by its name', async () => {
  const { gate } = gateOf(new Map([['k', { ownerId: 'o', permissions: new Set(['workflow:read']) }]]));
  await gate.admit('k', 'workflow:read');
  await assert.rejects(gate.admit('k', 'cluster:read'), /cluster:read/);
});

test('the key is the API key header, else the bearer token', () => {
  assert.equal(keyOf({ 'x-n8n-api-key': 'a', authorization: 'Bearer b' }), 'a');
  assert.equal(keyOf({ authorization: 'Bearer b' }), 'b');
  assert.equal(keyOf({ authorization: 'bearer b' }), 'b');
  for (const authorization of ['', 'b', 'Basic b', 'Bearer', 'Bearer ', 'Bearer a b']) {
    assert.equal(keyOf({ authorization }), undefined, authorization);
  }
});

test('secrets of any length are compared', () => {
  assert.equal(sameSecret('a', 'a'), true);
  assert.equal(sameSecret('a', 'ab'), false);
  assert.equal(sameSecret('', 'ab'), false);
  assert.equal(sameSecret(undefined, 'ab'), false);
});
