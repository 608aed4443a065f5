import { errors } from './errors.ts';
import type { Clock, Random } from './ports/index.ts';

/**
 * Test support, exported by the door so that every folder's tests and the simulation share one notion of time and
 * chance. Production code does not use it.
 */

/** Passes of the event loop after which actors, promises and the committer have come to rest in tests. */
const TURNS_UNTIL_QUIET = 25;

/** Lets everything that is ready run: `turns` passes of the event loop. No time passes. */
export async function quiet(turns: number = TURNS_UNTIL_QUIET): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** A clock that stands still until told to move. Timers fire in order of time, then of their making. */
export class SimulatedClock implements Clock {
  #now: number;
  readonly #epoch: number;
  #order = 0;
  #timers = new Set<Timer>();

  /** `start` is the wall clock in epoch milliseconds; the monotonic clock starts at 0. */
  constructor(start: number = Date.UTC(2030, 0, 1)) {
    this.#epoch = start;
    this.#now = 0;
  }

  now(): number {
    return this.#epoch + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    this.#order += 1;
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer; undefined when none waits. */
  get nextIn(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Lets `ms` pass; before, between and after timers everything that is ready runs. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await quiet();
    while (this.#fireNext(until)) await quiet();
    this.#now = until;
  }

  /** Lets `ms` pass without giving the event loop a turn: for code without promises. */
  advanceSync(ms: number): void {
    const until = this.#now + ms;
    while (this.#fireNext(until)) continue;
    this.#now = until;
  }

  /** Moves from timer to timer until `condition` holds. SETTLE_EXCEEDED after `limitMs` or when no timer is left. */
  async runUntil(condition: () => boolean, limitMs: number = 3_600_000): Promise<void> {
    const until = this.#now + limitMs;
    await quiet();
    while (!condition()) {
      if (!this.#fireNext(until)) throw errors.SETTLE_EXCEEDED({ limitMs });
      await quiet();
    }
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #fireNext(until: number): boolean {
    const next = this.#next();
    if (next === undefined || next.at > until) return false;
    this.#timers.delete(next);
    this.#now = next.at;
    next.callback();
    return true;
  }
}

/** Chance that repeats: the same seed gives the same numbers (mulberry32; not for secrets). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const hexByte = (): string =>
    Math.floor(next() * 256)
      .toString(16)
      .padStart(2, '0');
  return { next, hex: (bytes) => Array.from({ length: bytes }, hexByte).join('') };
}
