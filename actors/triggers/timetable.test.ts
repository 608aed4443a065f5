import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseWorkflow } from '#workflow';
import type { ScheduleSpec } from '#runtime';
import { chain } from '../testing.ts';
import type { ScheduledNode } from './due.ts';
import { CATCH_UP_MS, Timetable } from './timetable.ts';

const EACH_SECOND: ScheduleSpec = { cron: '* * * * * *', zone: 'UTC' };
const workflow = parseWorkflow(chain('w', ['start']), { id: 'w' });
const T = Date.UTC(2030, 0, 1);
const ALL = Number.POSITIVE_INFINITY;

function line(over: Partial<ScheduledNode> = {}): ScheduledNode {
  return { workflow, version: 1, node: 'start 0', spec: EACH_SECOND, id: 'w/n0/0', shard: 1, activeSince: T, ...over };
}

function tableOf(...nodes: ScheduledNode[]): Timetable {
  const table = new Timetable();
  table.set('w', nodes);
  return table;
}

const owned = () => 1;
const seconds = (starts: readonly { at: number }[]) => starts.map(({ at }) => (at - T) / 1_000);

test('each due time is started once, when it has come and not before', () => {
  const table = tableOf(line());
  assert.deepEqual(seconds(table.advance(T + 999, owned, ALL).starts), []);
  assert.equal(table.advance(T + 999, owned, ALL).wakeAt, T + 1_000);
  assert.deepEqual(seconds(table.advance(T + 1_000, owned, ALL).starts), [1]);
  assert.deepEqual(seconds(table.advance(T + 1_000, owned, ALL).starts), []);
  assert.deepEqual(seconds(table.advance(T + 3_500, owned, ALL).starts), [2, 3]);
});

test('a line of a shard that is not ours fires nothing and wakes nobody', () => {
  const table = tableOf(line());
  assert.deepEqual(
    table.advance(T + 5_000, () => undefined, ALL),
    { starts: [], missed: [], wakeAt: undefined },
  );
});

/** What is made up for when a shard is gained `ownedAt` seconds after the activation. */
const gains: [gainedAfter: number, first: number, last: number][] = [
  [5, 1, 5],
  [59, 1, 59],
  [60, 1, 60],
  [61, 2, 61],
  [600, 541, 600],
];
for (const [after, first, last] of gains) {
  test(`gained ${after} s after the activation: due times from second ${first} are made up for`, () => {
    const { starts, missed } = tableOf(line()).advance(T + after * 1_000, owned, ALL);
    assert.deepEqual([seconds(starts)[0], seconds(starts).at(-1)], [first, last]);
    assert.equal(starts.length, last - first + 1);
    assert.deepEqual(missed, [], 'what another member may have started is not missed');
  });
}

test('the moment of the activation itself is not made up for', () => {
  assert.deepEqual(seconds(tableOf(line({ activeSince: T + 3_000 })).advance(T + 5_000, owned, ALL).starts), [4, 5]);
});

test('a lapse in which nobody else had the shard goes on where it was, once each', () => {
  const table = tableOf(line());
  table.advance(T + 10_000, owned, ALL);
  table.advance(T + 20_000, () => undefined, ALL);
  assert.deepEqual(
    seconds(table.advance(T + 23_000, owned, ALL).starts),
    [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23],
  );
});

test('a lapse longer than CATCH_UP_MS: what is too old is counted as missed, the rest is started', () => {
  const table = tableOf(line());
  table.advance(T + 10_000, owned, ALL);
  const now = T + 100_000;
  const { starts, missed } = table.advance(now, owned, ALL);
  assert.deepEqual([seconds(starts)[0], starts.length], [40, 61]);
  assert.deepEqual(missed, [{ id: 'w/n0/0', workflowId: 'w', first: T + 11_000, last: T + 39_000, count: 29 }]);
});

test('a very long lapse is counted up to a limit and passed over', () => {
  const table = tableOf(line());
  table.advance(T, owned, ALL);
  const { starts, missed } = table.advance(T + 30 * 86_400_000, owned, ALL);
  assert.equal(missed[0]?.count, 1_001);
  assert.equal(starts.length, 61);
});

test('another epoch: someone else had the shard, so it is looked back anew', () => {
  const table = tableOf(line());
  table.advance(T + 10_000, () => 1, ALL);
  const { starts } = table.advance(T + 12_000, () => 3, ALL);
  assert.deepEqual(seconds(starts), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.ok(starts.every(({ epoch }) => epoch === 3));
});

test('what finds no room is due again at the next call', () => {
  const table = tableOf(line(), line({ id: 'w/n0/1' }));
  assert.equal(table.advance(T + 5_000, owned, 3).starts.length, 3);
  assert.equal(table.advance(T + 5_000, owned, 0).starts.length, 0);
  assert.equal(table.advance(T + 5_000, owned, ALL).starts.length, 7);
});

test('a new version with the same rule goes on: neither gap nor repetition', () => {
  const table = tableOf(line());
  table.advance(T + 5_400, owned, ALL);
  table.set('w', [line({ version: 2, activeSince: T + 6_500 })]);
  const { starts } = table.advance(T + 7_000, owned, ALL);
  assert.deepEqual(seconds(starts), [6, 7]);
  assert.ok(starts.every(({ line: { version } }) => version === 2));
});

test('a new version with another rule counts from its own activation', () => {
  const table = tableOf(line({ spec: { cron: '0 * * * * *', zone: 'UTC' } }));
  table.advance(T + 5_400, owned, ALL);
  table.set('w', [line({ activeSince: T + 6_500 })]);
  assert.deepEqual(seconds(table.advance(T + 8_000, owned, ALL).starts), [7, 8]);
});

test('a workflow that is switched off is gone with all its lines', () => {
  const table = tableOf(line(), line({ id: 'w/n0/1' }));
  assert.equal(table.size, 2);
  table.set('w', []);
  assert.equal(table.size, 0);
  assert.equal(table.has('w/n0/0'), false);
  assert.deepEqual(table.advance(T + 5_000, owned, ALL).starts, []);
});

const step = fc.record({
  ms: fc.integer({ min: 0, max: 20_000 }),
  /** 0 = not ours. */
  epoch: fc.integer({ min: 0, max: 3 }),
  room: fc.integer({ min: 0, max: 5 }),
});

test('whatever the owner and the room: due times of one epoch rise, none is early, none is older than CATCH_UP_MS', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = tableOf(line());
      const seen = new Map<number, number>();
      let now = T;
      let highest = 0;
      for (const { ms, epoch, room } of steps) {
        now += ms;
        // Epochs of a shard only rise.
        highest = Math.max(highest, epoch);
        const current = epoch === 0 ? undefined : highest;
        for (const due of table.advance(now, () => current, room).starts) {
          assert.equal(due.epoch, current);
          assert.ok(due.at > (seen.get(due.epoch) ?? T) && due.at <= now && due.at >= now - CATCH_UP_MS);
          seen.set(due.epoch, due.at);
        }
      }
    }),
  );
});
