import type { Clock } from '#runtime';

/** How often a type that nobody takes is tried again: so much of the first events of a new group may be missing. */
const PROBE_MS = 1_000;
/** Types that are remembered; there are a dozen, and no more are asked for by a sound program. */
const TYPES = 1_000;

/**
 * What the broker has said about who takes which type. It does not tell who is bound, but it returns a message that
 * nobody takes: from then on one event of that type per second is let through, until one is taken.
 */
export class Routes {
  readonly #clock: Clock;
  /** Types that came back, and when the next may be tried. */
  readonly #returned = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wants(type: string): boolean {
    const probeAt = this.#returned.get(type);
    if (probeAt === undefined) return true;
    const now = this.#clock.monotonic();
    if (now < probeAt) return false;
    this.#returned.set(type, now + PROBE_MS);
    return true;
  }

  /** The broker has taken a message of this type, or returned it. */
  learned(type: string, taken: boolean): void {
    if (taken) this.#returned.delete(type);
    else if (!this.#returned.has(type) && this.#returned.size < TYPES) {
      this.#returned.set(type, this.#clock.monotonic() + PROBE_MS);
    }
  }

  /** Somebody has begun to take these: at once, without a probe. */
  begun(matches: (type: string) => boolean): void {
    for (const type of this.#returned.keys()) if (matches(type)) this.#returned.delete(type);
  }
}
