import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quiet, SimulatedClock } from '#runtime';
import { DatabaseTime } from './database-time.ts';

/** A database whose clock is `ahead` of this process, and answers after `ms` (undefined: not at all). */
function world(ahead: number) {
  const clock = new SimulatedClock();
  const database = { ahead, ms: 0 as number | undefined, reads: 0 };
  const time = new DatabaseTime(clock, () => {
    database.reads += 1;
    const { ms } = database;
    if (ms === undefined) return Promise.reject(new Error('away'));
    const truth = clock.monotonic() + database.ahead;
    return ms === 0 ? Promise.resolve(truth) : new Promise((resolve) => void clock.after(ms, () => resolve(truth)));
  });
  const truth = () => clock.monotonic() + database.ahead;
  return { clock, time, database, truth };
}

test('before the first answer nobody knows what time it is', async () => {
  const { time, database, clock, truth } = world(5);
  database.ms = undefined;
  await time.start();
  assert.equal(time.now(), undefined);
  database.ms = 0;
  await clock.advance(10_000);
  await quiet();
  assert.equal(time.now(), truth());
});

for (const ahead of [-3_600_000, 0, 3_600_000]) {
  test(`the time is the database's however far this machine is off (${ahead} ms)`, async () => {
    const { time, clock, truth } = world(ahead);
    await time.start();
    await clock.advance(25_000);
    assert.equal(time.now(), truth());
  });
}

test('an answer that took its time makes us late by its way, never early', async () => {
  const { time, clock, database, truth } = world(0);
  database.ms = 100;
  const started = time.start();
  await clock.advance(100);
  await started;
  assert.equal(time.now(), truth() - 100);
});

test('a slow answer does not replace a good one, until that one is old', async () => {
  const { time, clock, database, truth } = world(0);
  await time.start();
  database.ms = 400;
  database.ahead = 50;
  for (let s = 0; s < 40; s += 1) {
    await clock.advance(1_000);
    await quiet();
  }
  assert.equal(time.now(), truth() - 50, 'the first answer still holds');
  for (let s = 0; s < 40; s += 1) {
    await clock.advance(1_000);
    await quiet();
  }
  assert.equal(time.now(), truth() - 400);
});

test('while the database is away the time goes on', async () => {
  const { time, clock, database, truth } = world(7);
  await time.start();
  database.ms = undefined;
  for (let s = 0; s < 600; s += 10) {
    await clock.advance(10_000);
    await quiet();
  }
  assert.equal(time.now(), truth());
});

test('after stop it asks no more', async () => {
  const { time, clock, database } = world(0);
  await time.start();
  time.stop();
  await clock.advance(100_000);
  assert.equal(database.reads, 1);
  assert.equal(clock.nextIn, undefined);
});
