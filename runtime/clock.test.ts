import { deepEqual, equal, match, notEqual, rejects } from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import fc from 'fast-check';
import { chained, realClock, realRandom } from './clock.ts';
import { clockConformance } from './conformance/clock.ts';
import { TIMEOUT_MS } from './limits.ts';
import { seededRandom, SimulatedClock } from './testing.ts';

const HOUR_MS = 3_600_000;

describe('the real clock keeps the contract of the clock', () => {
  const make = async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    return {
      clock: realClock,
      // In hours, since mocked timers made by a timer count from the end of the tick.
      elapse: async (ms: number) => {
        for (let left = ms; left > 0; left -= HOUR_MS) mock.timers.tick(Math.min(left, HOUR_MS));
      },
      dispose: async () => mock.timers.reset(),
    };
  };
  for (const { rule, check } of clockConformance(make)) test(rule, check);
});

describe('the simulated clock keeps the contract of the clock', () => {
  const make = async () => {
    const clock = new SimulatedClock();
    return { clock, elapse: async (ms: number) => clock.advanceSync(ms) };
  };
  for (const { rule, check } of clockConformance(make)) test(rule, check);
});

describe('a chained wait', () => {
  test('takes stages of at most what setTimeout holds, which add up to the whole', () => {
    const stages: number[] = [];
    let done = 0;
    const queue: (() => void)[] = [];
    chained(
      2.5 * TIMEOUT_MS,
      () => (done += 1),
      (ms, callback) => {
        stages.push(ms);
        queue.push(callback);
        return () => undefined;
      },
    );
    while (queue.length > 0) queue.shift()?.();
    deepEqual(stages, [TIMEOUT_MS, TIMEOUT_MS, 0.5 * TIMEOUT_MS]);
    equal(done, 1);
  });
});

describe('the simulated clock', () => {
  test('moves wall clock and monotonic clock alike', async () => {
    const clock = new SimulatedClock(5000);
    deepEqual([clock.now(), clock.monotonic()], [5000, 0]);
    await clock.advance(70);
    deepEqual([clock.now(), clock.monotonic()], [5070, 70]);
  });

  test('shows timers the time they were due at, also those made by timers', async () => {
    const clock = new SimulatedClock(0);
    const seen: number[] = [];
    clock.after(10, () => {
      seen.push(clock.now());
      clock.after(5, () => seen.push(clock.now()));
    });
    await clock.advance(100);
    deepEqual(seen, [10, 15]);
    equal(clock.now(), 100);
    equal(clock.pending, 0);
  });

  test('lets promises run between timers', async () => {
    const clock = new SimulatedClock(0);
    const seen: string[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
    void (async () => {
      await sleep(10);
      seen.push('first');
      await sleep(10);
      seen.push('second');
    })();
    clock.after(15, () => seen.push('between'));
    await clock.advance(30);
    deepEqual(seen, ['first', 'between', 'second']);
  });

  test('runs until a condition holds and stops there', async () => {
    const clock = new SimulatedClock(0);
    let count = 0;
    const tick = (): void => {
      count += 1;
      clock.after(10, tick);
    };
    clock.after(10, tick);
    equal(clock.nextIn, 10);
    await clock.runUntil(() => count === 4);
    equal(clock.now(), 40);
  });

  test('gives up with SETTLE_EXCEEDED when nothing is left to wait for, or the limit is reached', async () => {
    const clock = new SimulatedClock(0);
    equal(clock.nextIn, undefined);
    await rejects(
      clock.runUntil(() => false),
      { code: 'SETTLE_EXCEEDED' },
    );
    clock.after(1000, () => undefined);
    await rejects(
      clock.runUntil(() => false, 999),
      { code: 'SETTLE_EXCEEDED' },
    );
  });

  test('fires by time, then by order of making, for any set of waits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 30 }), (waits) => {
        const clock = new SimulatedClock();
        const fired: [number, number][] = [];
        waits.forEach((ms, index) => clock.after(ms, () => fired.push([ms, index])));
        clock.advanceSync(50);
        deepEqual(
          fired,
          fired.toSorted(([a, i], [b, j]) => a - b || i - j),
        );
        equal(fired.length, waits.length);
      }),
    );
  });
});

describe('chance', () => {
  test('is the same for the same seed and another for another', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    deepEqual(draw(7), draw(7));
    notEqual(draw(7)[0], draw(8)[0]);
  });

  for (const [name, random] of [
    ['real', realRandom],
    ['seeded', seededRandom(1)],
  ] as const) {
    test(`${name}: numbers lie in [0, 1), hex has two lower-case digits per byte`, () => {
      for (let count = 0; count < 1000; count += 1) {
        const value = random.next();
        equal(value >= 0 && value < 1, true);
      }
      match(random.hex(16), /^[0-9a-f]{32}$/);
      notEqual(random.hex(16), random.hex(16));
    });
  }
});
