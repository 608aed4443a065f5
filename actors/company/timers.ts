import type { Clock, Journal, TimerRow } from '#runtime';

/** Rows read at once; the next look follows at once when there were as many. */
const TIMERS_PER_READ = 1_000;
/** Timers held in memory at most; the rest stays in the database until its time is nearer. */
const TIMERS_HELD = 20_000;

/**
 * Durable timers: rows in the database, of which the near ones are held in memory. A bell may ring late or twice
 * (after a crash), but never early; the execution knows whether it still waits.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #journal: Pick<Journal, 'timers'>;
  readonly #horizonMs: number;
  readonly #ring: (timer: TimerRow) => void;
  readonly #held = new Map<string, () => void>();
  #stopped = false;

  constructor(clock: Clock, journal: Pick<Journal, 'timers'>, horizonMs: number, ring: (timer: TimerRow) => void) {
    this.#clock = clock;
    this.#journal = journal;
    this.#horizonMs = horizonMs;
    this.#ring = ring;
  }

  get held(): number {
    return this.#held.size;
  }

  /** Remembers timers that are being committed; the far ones are found by `look` when they come near. */
  set(rows: readonly TimerRow[]): void {
    const until = this.#clock.now() + this.#horizonMs;
    for (const row of rows) if (row.fireAt <= until) this.#hold(row);
  }

  /** Reads the timers that are due within the horizon. Rejects when the database does not answer. */
  async look(shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    const rows = await this.#journal.timers(shards, this.#clock.now() + this.#horizonMs, TIMERS_PER_READ);
    for (const row of rows) this.#hold(row);
  }

  /** No timer rings after it, nor is one set by a look that was under way. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#held.values()) cancel();
    this.#held.clear();
  }

  #hold(row: TimerRow): void {
    if (this.#stopped || this.#held.has(row.id) || this.#held.size >= TIMERS_HELD) return;
    const cancel = this.#clock.after(Math.max(0, row.fireAt - this.#clock.now()), () => {
      this.#held.delete(row.id);
      if (this.#clock.now() < row.fireAt) this.#hold(row);
      else this.#ring(row);
    });
    this.#held.set(row.id, cancel);
  }
}
