import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { membershipConformance } from '../conformance/membership.ts';
import type { MembershipFixture } from '../conformance/membership.ts';
import { quiet } from '../testing.ts';
import { membershipBoard } from './membership.ts';

async function fixture(): Promise<MembershipFixture> {
  const board = membershipBoard();
  return {
    driver: () => board.driver(),
    until: async (condition) => equal(condition(), true),
    pass: () => quiet(),
    away: async (away) => board.setAway(away),
    empty: async (empty) => board.setEmpty(empty),
  };
}

describe('the board in memory keeps the contract of membership', () => {
  for (const { rule, check } of membershipConformance(fixture, { faults: ['away', 'empty'] })) test(rule, check);
});

test('a member that dies without a word is gone for the others', async () => {
  const board = membershipBoard();
  const [a, b] = [board.driver(), board.driver()];
  await a.join({ bootId: 'a', name: 'a', tags: [], draining: false });
  await b.join({ bootId: 'b', name: 'b', tags: [], draining: false });
  const left: string[] = [];
  a.watch((change) => left.push(...change.left.map(({ bootId }) => bootId)));
  board.lose('b');
  deepEqual(left, ['b']);
  deepEqual(
    a.members().map(({ bootId }) => bootId),
    ['a'],
  );
});

test('what was said while the board was away counts when it is back', async () => {
  const board = membershipBoard();
  const [a, b] = [board.driver(), board.driver()];
  await a.join({ bootId: 'a', name: 'a', tags: [], draining: false });
  await b.join({ bootId: 'b', name: 'b', tags: [], draining: false });
  board.setAway(true);
  await b.update({ draining: true });
  equal(a.members().find(({ bootId }) => bootId === 'b')?.draining, false);
  board.setAway(false);
  equal(a.members().find(({ bootId }) => bootId === 'b')?.draining, true);
});
