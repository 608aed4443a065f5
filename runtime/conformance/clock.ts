import { deepEqual, equal } from 'node:assert/strict';
import type { Clock } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';

/**
 * What a clock gives to be held to its contract: made afresh for each case. Cases elapse weeks at once, so `elapse`
 * moves a simulated clock or fakes the host's timers.
 */
export interface ClockFixture {
  clock: Clock;
  /** Lets `ms` pass for the clock. */
  elapse(ms: number): Promise<void>;
  dispose?: () => Promise<void>;
}

const DAY_MS = 86_400_000;

/** The contract of the clock as cases. Some wait for weeks, so time must be the fixture's to move. */
export function clockConformance(make: () => Promise<ClockFixture>): ConformanceCase[] {
  return casesOf(make, rules);
}

const rules: Record<string, (fixture: ClockFixture) => Promise<void>> = {
  'a wait ends at its time, not before, and once': async ({ clock, elapse }) => {
    let fired = 0;
    clock.after(100, () => (fired += 1));
    await elapse(99);
    equal(fired, 0);
    await elapse(2);
    equal(fired, 1);
    await elapse(1000);
    equal(fired, 1);
  },
  'waits end in the order of their times, whatever the order of their making': async ({ clock, elapse }) => {
    const order: number[] = [];
    for (const ms of [30, 10, 20]) clock.after(ms, () => order.push(ms));
    await elapse(50);
    deepEqual(order, [10, 20, 30]);
  },
  'a canceled wait never ends, and canceling twice or afterwards does no harm': async ({ clock, elapse }) => {
    let fired = 0;
    const cancel = clock.after(10, () => (fired += 1));
    cancel();
    cancel();
    const done = clock.after(10, () => (fired += 10));
    await elapse(20);
    done();
    equal(fired, 10);
  },
  'no wait ends while it is being made': async ({ clock, elapse }) => {
    let fired = false;
    clock.after(0, () => (fired = true));
    equal(fired, false);
    await elapse(2);
    equal(fired, true);
  },
  'a wait of 60 days ends after 60 days': async ({ clock, elapse }) => {
    let fired = false;
    clock.after(60 * DAY_MS, () => (fired = true));
    for (let day = 0; day < 59; day += 1) await elapse(DAY_MS);
    equal(fired, false);
    for (let hour = 0; hour < 48; hour += 1) await elapse(DAY_MS / 24);
    equal(fired, true);
  },
  'a wait of 60 days can be canceled on day 40': async ({ clock, elapse }) => {
    let fired = false;
    const cancel = clock.after(60 * DAY_MS, () => (fired = true));
    for (let day = 0; day < 40; day += 1) await elapse(DAY_MS);
    cancel();
    for (let day = 0; day < 30; day += 1) await elapse(DAY_MS);
    equal(fired, false);
  },
  'the monotonic clock never goes back': async ({ clock, elapse }) => {
    const before = clock.monotonic();
    await elapse(5);
    equal(clock.monotonic() >= before, true);
  },
};
