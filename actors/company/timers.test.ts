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

test('ten thousand timers that end together are all found by one look', async () => {
  const { clock, timers, rung, rows } = make();
  for (let n = 0; n < 10_000; n += 1) rows.push(row(clock, `t${n}`, 30_000));
  await timers.look([1]);
  assert.equal(timers.held, 10_000);
  clock.advanceSync(30_000);
  assert.equal(rung.length, 10_000);
});

test('over TIMERS_HELD the rest is found as those before it ring', async () => {
  const { clock, timers, rung, rows } = make();
  for (let n = 0; n < 20_500; n += 1) rows.push(row(clock, `t${n}`, -1));
  await timers.look([1]);
  assert.equal(timers.held, 20_000);
  clock.advanceSync(0);
  rows.splice(0, 20_000);
  await timers.look([1]);
  clock.advanceSync(0);
  assert.equal(rung.length, 20_500);
});

test('a timer that rang does not ring again with the next look, and does after two readings of the horizon', async () => {
  const { clock, timers, rung, rows } = make();
  rows.push(row(clock, 'slow', 1_000));
  const looks = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      clock.advanceSync(5_000);
      await timers.look([1]);
      clock.advanceSync(0);
    }
  };
  await timers.look([1]);
  await looks(3);
  assert.deepEqual(rung, ['slow'], 'its step is under way');
  await looks(6);
  assert.deepEqual(rung, ['slow', 'slow'], 'the bell was lost');
});

test('between two readings of the horizon only what is due is asked for', async () => {
  const clock = new SimulatedClock();
  const asked: number[] = [];
  const journal = { timers: async (_: readonly number[], until: number) => (asked.push(until - clock.now()), []) };
  const timers = new Timers(clock, journal, 60_000, () => {});
  for (let n = 0; n < 7; n += 1) {
    await timers.look([1]);
    clock.advanceSync(5_000);
  }
  assert.deepEqual(asked, [60_000, 0, 0, 60_000, 0, 0, 60_000]);
});

test('a gained shard is looked at at once, and a bell that rang for an earlier owner rings again', async () => {
  const { clock, timers, rung, rows } = make();
  rows.push(row(clock, 'mine', 1_000));
  await timers.look([1]);
  clock.advanceSync(1_000);
  await timers.look([]);
  rows.push(row(clock, 'gained', 2_000));
  await timers.look([1, 2]);
  clock.advanceSync(2_000);
  assert.deepEqual(rung, ['mine', 'mine', 'gained']);
});

test('a shard that is lost and gained again between two looks is looked at anew', async () => {
  const { clock, timers, rung, rows } = make();
  rows.push(row(clock, 'a', 1_000));
  await timers.look([1]);
  clock.advanceSync(1_000);
  timers.forget();
  await timers.look([1]);
  clock.advanceSync(0);
  assert.deepEqual(rung, ['a', 'a']);
});

test('a look that failed is made up for by the next', async () => {
  const { clock, timers, rung, rows } = make();
  rows.push(row(clock, 'a', 30_000));
  let away = true;
  const journal = { timers: async () => (away ? Promise.reject(new Error('away')) : rows) };
  const other = new Timers(clock, journal, 60_000, ({ id }) => rung.push(id));
  await assert.rejects(other.look([1]));
  away = false;
  await other.look([1]);
  assert.equal(other.held, 1);
  assert.equal(timers.held, 0);
});

test('a stopped member rings no more', () => {
  const { clock, timers, rung } = make();
  timers.set([row(clock, 'a', 1_000)]);
  timers.stop();
  clock.advanceSync(2_000);
  assert.deepEqual(rung, []);
  assert.equal(timers.held, 0);
});
