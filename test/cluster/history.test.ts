import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { auditHistory, type History, type JournalRow } from './history.ts';

const row = (executionId: string, seq: number, epoch: number, transaction: number, count = 1): JournalRow => ({
  executionId,
  seq,
  count,
  shard: 7,
  epoch,
  transaction,
});
const CLEAN: History = {
  // Two runs of one shard; both change hands.
  rows: [row('1', 1, 3, 10, 2), row('2', 1, 3, 11), row('1', 3, 4, 20), row('2', 2, 4, 21)],
  heard: [{ executionId: '1', seqs: [1, 2, 3] }],
  lastSeqs: new Map([['1', 3]]),
  children: new Map([['1', 1]]),
  left: { timers: 0 },
  actors: [],
  bounds: [['connections', 5, 5]],
};
const with_ = (change: Partial<History>): string[] => auditHistory({ ...CLEAN, ...change });

describe('the auditor of a cluster', () => {
  test('says nothing of a history that keeps every promise', () => {
    assert.deepEqual(auditHistory(CLEAN), []);
  });

  const broken: readonly (readonly [string, Partial<History>, RegExp])[] = [
    [
      'an epoch that falls within a run',
      { rows: [row('1', 1, 4, 1), row('1', 2, 3, 2)] },
      /epoch falls from 4 to 3 at seq 2/,
    ],
    [
      'a write under an older epoch after a newer one, even in another run of the shard',
      { rows: [row('1', 1, 3, 1), row('2', 1, 4, 2), row('3', 1, 3, 3)] },
      /shard 7: execution 3 was written under epoch 3 after epoch 4/,
    ],
    ['a gap in the seq', { rows: [row('1', 1, 3, 1), row('1', 3, 3, 2)] }, /seq 2 is missing or twice, seq 3 is there/],
    [
      'a seq that is there twice',
      { rows: [row('1', 1, 3, 1, 2), row('1', 2, 3, 2)] },
      /seq 3 is missing or twice, seq 2 is/,
    ],
    ['an event that a socket did not hear', { heard: [{ executionId: '1', seqs: [1, 3] }] }, /heard seq 3 in place 2/],
    [
      'an event that a socket heard twice',
      { heard: [{ executionId: '1', seqs: [1, 1, 2, 3] }] },
      /heard seq 1 in place 2/,
    ],
    ['an end that a socket did not hear', { heard: [{ executionId: '1', seqs: [1, 2] }] }, /heard 2 of 3 events/],
    ['a sub-workflow that was started twice', { children: new Map([['1', 2]]) }, /execution 1 has 2 sub-workflow runs/],
    ['a sub-workflow that was never started', { children: new Map([['1', 0]]) }, /execution 1 has 0 sub-workflow runs/],
    ['a timer that is left', { left: { timers: 2 } }, /2 timers are left/],
    ['an actor that is left', { actors: ['m1 /execution-1'] }, /a leaked actor: m1 \/execution-1/],
    ['connections that grew', { bounds: [['connections', 6, 5]] }, /6 connections, at most 5/],
  ];
  for (const [what, change, sentence] of broken) {
    test(`sees ${what}`, () => {
      const said = with_(change);
      assert.ok(
        said.some((line) => sentence.test(line)),
        said.join('\n'),
      );
    });
  }
});
