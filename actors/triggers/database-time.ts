import type { Clock } from '#runtime';

/** Pause between two looks at the database's clock. Monotonic clocks drift by far less than a millisecond in it. */
const MEASURE_MS = 10_000;
/** An answer that took longer says too little of what time it is. */
const ROUND_TRIP_MS = 250;
/** After this long a poor answer is better than none. */
const STALE_MS = 60_000;

/** What time it is for all members alike. */
export interface SharedTime {
  /** Epoch milliseconds, never ahead of the database; undefined while it has not answered yet. */
  now(): number | undefined;
}

/**
 * The database's clock, carried on between two looks by the monotonic clock of this process: whatever the wall clock of
 * this machine says, all members agree on what is due.
 */
export class DatabaseTime implements SharedTime {
  readonly #clock: Clock;
  readonly #read: () => Promise<number>;
  #known: { at: number; value: number } | undefined;
  #cancel: () => void = () => {};
  #stopped = false;

  /** `read` asks the database, see the storage's `now`. */
  constructor(clock: Clock, read: () => Promise<number>) {
    this.#clock = clock;
    this.#read = read;
  }

  now(): number | undefined {
    return this.#known && this.#known.value + (this.#clock.monotonic() - this.#known.at);
  }

  /** Looks now, and then again and again. Does not reject: a database that is away is asked again. */
  async start(): Promise<void> {
    await this.#measure();
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(MEASURE_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #measure(): Promise<void> {
    const sent = this.#clock.monotonic();
    try {
      const value = await this.#read();
      const at = this.#clock.monotonic();
      const poor = at - sent > ROUND_TRIP_MS && this.#known !== undefined && at - this.#known.at < STALE_MS;
      // The answer was true when it was given, which is earlier than now: so we are late by its way, and never early.
      if (!poor) this.#known = { at, value };
    } catch {
      // Whoever needs the database reports that it is away; until it is back the last answer carries on.
    }
  }
}

/**
 * A member's clock whose wall time is the shared one, so that a wait which one member sets rings on another when it is
 * due, whatever their own clocks say. Whole milliseconds. Until the database has answered it is the member's own time.
 */
export function sharedClock(clock: Clock, time: SharedTime): Clock {
  return {
    now: () => Math.floor(time.now() ?? clock.now()),
    monotonic: () => clock.monotonic(),
    after: (ms, callback) => clock.after(ms, callback),
  };
}
