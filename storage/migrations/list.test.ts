import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { MIGRATIONS } from './list.ts';
import { migrationNames } from './run.ts';

test('the list that decides whether anything is pending names exactly the migrations there are, in their order', () => {
  deepEqual(migrationNames(), [...MIGRATIONS]);
});
