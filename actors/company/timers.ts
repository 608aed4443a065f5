import type { Clock, Journal, TimerRow } from '#runtime';

/** Timers held in memory at most, and read at once; the rest is found by later looks as these ring. About 1 kB each. */
const TIMERS_HELD = 20_000;
/** A horizon is read anew when so much of it has gone by; in between only what is due already is looked for. */
const HORIZON_PART = 1 / 4;

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
  /** Rung since the last and the last but one full look: their rows go with the step that they caused. */
  #rung = new Set<string>();
  #rungBefore = new Set<string>();
  #shards = '';
  #readAt = Number.NEGATIVE_INFINITY;

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

  /**
   * Reads the timers of these shards: at once all within the horizon when the shards are others than before, else those
   * that should have rung and now and then the horizon. Rejects when the database does not answer.
   */
  async look(shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    const full = this.#isFull(shards);
    const until = this.#clock.now() + (full ? this.#horizonMs : 0);
    const rows = await this.#journal.timers(shards, until, TIMERS_HELD);
    if (full) this.#readAt = this.#clock.monotonic();
    for (const row of rows) if (!this.#rung.has(row.id) && !this.#rungBefore.has(row.id)) this.#hold(row);
  }

  /** Shards were lost: bells that rang for them were heard by nobody, and whoever gets them reads all anew. */
  forget(): void {
    this.#shards = '';
  }

  stop(): void {
    for (const cancel of this.#held.values()) cancel();
    this.#held.clear();
  }

  #isFull(shards: readonly number[]): boolean {
    const owned = shards.join();
    const moved = owned !== this.#shards;
    if (!moved && this.#clock.monotonic() - this.#readAt < this.#horizonMs * HORIZON_PART) return false;
    // A bell that was lost, or rang for an owner that has since lost the shard, rings again.
    this.#rungBefore = moved ? new Set() : this.#rung;
    this.#rung = new Set();
    this.#shards = owned;
    this.#readAt = Number.NEGATIVE_INFINITY;
    return true;
  }

  #hold(row: TimerRow): void {
    if (this.#held.has(row.id) || this.#held.size >= TIMERS_HELD) return;
    const cancel = this.#clock.after(Math.max(0, row.fireAt - this.#clock.now()), () => {
      this.#held.delete(row.id);
      if (this.#clock.now() < row.fireAt) return this.#hold(row);
      this.#rung.add(row.id);
      return this.#ring(row);
    });
    this.#held.set(row.id, cancel);
  }
}
