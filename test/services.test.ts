import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServices } from './services.ts';

test('the PostgreSQL that npm installed is found, so that its tests are never skipped by mistake', () => {
  assert.deepEqual(findServices({}), { missing: [] });
});

test('a given address counts as a PostgreSQL', () => {
  assert.deepEqual(findServices({ DATABASE_URL: 'postgres://localhost/troupe' }), { missing: [] });
});
