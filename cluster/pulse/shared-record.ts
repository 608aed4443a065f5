import process from 'node:process';
import type { Clock } from '#runtime';
import { LEASE_MS } from '../limits.ts';
import type { LeaseRecord } from '../own-lease.ts';

/**
 * What main loop and renewal thread tell one another, as 64-bit cells in shared memory, so that the one is read even
 * while the other is blocked. Times are nanoseconds of `process.hrtime`: one clock for all threads of a process, while
 * `performance.now` begins with each thread. 0 = never.
 */
const CELL = { sent: 0, lapses: 1, tick: 2 } as const;

const LEASE_NS = BigInt(LEASE_MS) * 1_000_000n;
const NS_PER_MS = 1e6;

/** The cells, as either thread sees them. */
export class SharedCells {
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(Object.keys(CELL).length * 8)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
  }

  sent(): bigint {
    return Atomics.load(this.#cells, CELL.sent);
  }

  lapses(): number {
    return Number(Atomics.load(this.#cells, CELL.lapses));
  }

  /** A renewal that was answered. Either thread may note one at any moment. */
  renewed(sent: bigint, answered: bigint): void {
    for (;;) {
      const last = this.sent();
      // The lapse first: nobody may see the fresh lease without it.
      if (last === 0n || answered >= last + LEASE_NS) Atomics.add(this.#cells, CELL.lapses, 1n);
      const next = sent > last ? sent : last;
      if (Atomics.compareExchange(this.#cells, CELL.sent, last, next) === last) return;
    }
  }

  /** The main loop turns. */
  tick(): void {
    Atomics.store(this.#cells, CELL.tick, process.hrtime.bigint());
  }

  /** Milliseconds since the main loop last turned. */
  sinceTickMs(): number {
    return Number(process.hrtime.bigint() - Atomics.load(this.#cells, CELL.tick)) / NS_PER_MS;
  }
}

/** The cells as the keeper of the main thread reads them, by its own clock. */
export function sharedRecord(cells: SharedCells, clock: Clock): LeaseRecord {
  const ago = (ns: bigint): number => Number(process.hrtime.bigint() - ns) / NS_PER_MS;
  const nsAt = (ms: number): bigint =>
    process.hrtime.bigint() - BigInt(Math.round((clock.monotonic() - ms) * NS_PER_MS));
  return {
    sent() {
      const sent = cells.sent();
      return sent === 0n ? -Infinity : clock.monotonic() - ago(sent);
    },
    lapses: () => cells.lapses(),
    renewed: (sent, answered) => cells.renewed(nsAt(sent), nsAt(answered)),
  };
}
