import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock, type TimerRow } from '#runtime';
import { Timers } from './timers.ts';

function row(clock: SimulatedClock, id: string, inMs: number): TimerRow {
  return { id, shard: 1, executionId: '513', fireAt: clock.now() + inMs, kind: 'wait' };
}

function make(rows: TimerRow[] = []): { clock: SimulatedClock; timers: Timers; rung: string[]; rows: TimerRow[] } {
  const clock = new SimulatedClock();
  const rung: string[] = [];
  const journal = {
    timers: async (_: readonly number[], until: number, limit: number) =>
      rows.filter(({ fireAt }) => fireAt <= until).slice(0, limit),
  };
  const timers = new Timers(clock, journal, 60_000, ({ id }) => rung.push(id));
  return { clock, timers, rung, rows };
}

test('a near timer rings when it is due, once', async () => {
  const { clock, timers, rung } = make();
  timers.set([row(clock, 'a', 5_000)]);
  timers.set([row(clock, 'a', 5_000)]);
  clock.advanceSync(4_999);
  assert.deepEqual(rung, []);
  clock.advanceSync(1);
  assert.deepEqual(rung, ['a']);
});

test('a far timer takes no memory and is found when it comes near', async () => {
  const { clock, timers, rung, rows } = make();
  const far = row(clock, 'far', 3_600_000);
  rows.push(far);
  timers.set([far]);
  assert.equal(timers.held, 0);
  clock.advanceSync(3_550_000);
  await timers.look([1]);
  assert.equal(timers.held, 1);
  clock.advanceSync(50_000);
  assert.deepEqual(rung, ['far']);
});

test('a timer that was due while nobody looked rings at once', async () => {
  const { clock, timers, rung, rows } = make();
  rows.push(row(clock, 'late', -10_000));
  await timers.look([1]);
  clock.advanceSync(0);
  assert.deepEqual(rung, ['late']);
});

test('without shards nothing is asked of the database', async () => {
  const { clock } = make();
  const timers = new Timers(clock, { timers: () => assert.fail('asked') }, 60_000, () => {});
  await timers.look([]);
});

test('a stopped member rings no more', () => {
  const { clock, timers, rung } = make();
  timers.set([row(clock, 'a', 1_000)]);
  timers.stop();
  clock.advanceSync(2_000);
  assert.deepEqual(rung, []);
  assert.equal(timers.held, 0);
});
