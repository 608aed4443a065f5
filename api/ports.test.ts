import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Storage } from '#storage';
import type { ApiStorage } from './ports.ts';
import { createRig } from './testing.ts';

/** Fails to compile when the real storage no longer fits what the gateway asks of one. */
function asGatewayStorage(storage: Storage): ApiStorage {
  return storage;
}

test('the storage of the tests and the real one fit the same port', () => {
  const { storage } = createRig();
  assert.equal(typeof asGatewayStorage, 'function');
  for (const part of ['workflows', 'executions', 'journal', 'apiKeys'] as const) assert.ok(storage[part]);
});
