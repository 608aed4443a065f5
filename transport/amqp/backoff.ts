import type { Clock, Random } from '#runtime';
import type { AmqpLimits } from '../limits.ts';

/** Waits between attempts: doubled with each failure, half of it by chance so that members do not come in step. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: AmqpLimits;
  #failures = 0;
  #goodSince: number | undefined;

  constructor(clock: Clock, random: Random, limits: AmqpLimits) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
  }

  /** An attempt has succeeded. It counts as good only when it lasts RECONNECT_STABLE_MS. */
  succeeded(): void {
    this.#goodSince = this.#clock.monotonic();
  }

  /** Milliseconds to wait before the next attempt, after a failure or a loss. */
  next(): number {
    const { RECONNECT_FIRST_MS, RECONNECT_MAX_MS, RECONNECT_STABLE_MS } = this.#limits;
    if (this.#goodSince !== undefined && this.#clock.monotonic() - this.#goodSince >= RECONNECT_STABLE_MS) {
      this.#failures = 0;
    }
    this.#goodSince = undefined;
    const most = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.ceil(most / 2 + (this.#random.next() * most) / 2);
  }
}
