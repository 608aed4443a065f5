import type { Clock, LeaseState } from '#runtime';
import { LEASE_MS, RENEW_MS } from './limits.ts';

/** What a member may believe at `now` when its last certain lease ends at `deadline` (monotonic milliseconds). */
export function stateAt(now: number, deadline: number): LeaseState {
  if (now >= deadline) return 'lost';
  return now >= deadline - RENEW_MS ? 'unknown' : 'held';
}

/**
 * The renewals of one lease, whoever made them; times are monotonic milliseconds of the keeper's clock. A lapse is a
 * renewal that may have come after the lease before it had run out: somebody may have claimed in between.
 */
export interface LeaseRecord {
  /** When the last answered renewal was sent; -Infinity before the first. */
  sent(): number;
  /** Lapses so far; the first renewal is one. */
  lapses(): number;
  renewed(sent: number, answered: number): void;
}

/** A record for renewals by the main loop alone. */
export function leaseRecord(): LeaseRecord {
  let last = -Infinity;
  let lapses = 0;
  return {
    sent: () => last,
    lapses: () => lapses,
    renewed(sent, answered) {
      if (answered >= last + LEASE_MS) lapses += 1;
      last = Math.max(last, sent);
    },
  };
}

/**
 *            renewal answered                      deadline − RENEW_MS passed           deadline passed
 *   (start) ────────────────▶ held ───────────────────────▶ unknown ─────────────────────▶ lost
 *                              ▲                                │ renewal answered            │ renewal answered:
 *                              └────────────────────────────────┴─────────────────────────────┘ claims anew
 *
 * The deadline counts from the moment a renewal was *sent*: the database counts from when it arrived, which is later,
 * so ours always runs out first.
 */
export class OwnLease {
  readonly #clock: Clock;
  readonly #record: LeaseRecord;
  readonly #tell: (state: LeaseState) => void;
  #told: LeaseState = 'lost';
  #lapsesSeen = 0;
  #ended = false;
  #cancel: () => void = () => {};

  /** `tell` hears every change of state, a lapse between two renewals as `lost` too. */
  constructor(clock: Clock, record: LeaseRecord, tell: (state: LeaseState) => void) {
    this.#clock = clock;
    this.#record = record;
    this.#tell = tell;
  }

  state(): LeaseState {
    if (this.#ended || this.#record.lapses() !== this.#lapsesSeen) return 'lost';
    return this.#byTime();
  }

  /** Milliseconds since the last renewal was sent. */
  age(): number {
    return this.#clock.monotonic() - this.#record.sent();
  }

  renewed(sent: number): void {
    this.#record.renewed(sent, this.#clock.monotonic());
    this.check();
  }

  /** Tells of what has changed, and again at the moment the next change is due. */
  check(): void {
    this.#cancel();
    if (this.#ended) return;
    const lapses = this.#record.lapses();
    if (lapses !== this.#lapsesSeen) {
      this.#lapsesSeen = lapses;
      this.#say('lost');
    }
    this.#say(this.#byTime());
    const now = this.#clock.monotonic();
    const deadline = this.#record.sent() + LEASE_MS;
    const next = deadline - RENEW_MS > now ? deadline - RENEW_MS : deadline;
    if (next > now && !this.#ended) this.#cancel = this.#clock.after(next - now, () => this.check());
  }

  /** The lease is given up: `lost` from here on. */
  end(): void {
    this.#cancel();
    this.#ended = true;
    this.#say('lost');
  }

  #byTime(): LeaseState {
    return stateAt(this.#clock.monotonic(), this.#record.sent() + LEASE_MS);
  }

  #say(state: LeaseState): void {
    if (state === this.#told) return;
    this.#told = state;
    this.#tell(state);
  }
}
