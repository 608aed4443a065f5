import type { Clock, InspectionEvent } from '#runtime';
import { admit, BREAKER_POLICY, checkBreakerPolicy, CLOSED, recordResult } from './breaker.ts';
import type { BreakerPolicy, BreakerState } from './breaker.ts';
import { wholeNumber } from './checks.ts';
import { BREAKERS } from './limits.ts';

/**
 * What the registry works with. `policy` is merged over {@link BREAKER_POLICY}; `limit` defaults to BREAKERS, over it
 * the breaker that was used longest ago is forgotten, closed ones first.
 */
export interface BreakersOptions {
  clock: Clock;
  /** Where breaker.opened, breaker.halfOpen and breaker.closed go, such as `system.report`. */
  report: (event: InspectionEvent) => void;
  policy?: Partial<BreakerPolicy>;
  /** Breakers kept at once. */
  limit?: number;
}

/** One breaker for people and metrics, as it stands at the moment of the call. */
export interface BreakerSnapshot {
  breaker: string;
  state: 'closed' | 'open' | 'halfOpen';
  /** Failures that count. */
  failures: number;
  /** Epoch milliseconds at which the next call may probe; present while open. */
  nextProbeAt?: number;
}

/** The breakers of one member by key, such as `api.example.org/n8n-nodes-base.httpRequest`. */
export interface Breakers {
  /** Lets a call through, or says when the next one may be tried (epoch milliseconds). */
  admit(breaker: string): { admitted: true } | { admitted: false; retryAt: number };
  /** Every admitted call owes its result: `failure` for an outage of the other side, not for a wrong request. */
  record(breaker: string, result: 'ok' | 'failure'): void;
  /** Breakers with something to tell, those that are not closed or count failures, by key. */
  snapshot(): BreakerSnapshot[];
}

/** Makes the registry. Throws SUPERVISION_INVALID for a policy out of range. */
export function createBreakers(options: BreakersOptions): Breakers {
  return new Registry(options);
}

class Registry implements Breakers {
  readonly #clock: Clock;
  readonly #report: (event: InspectionEvent) => void;
  readonly #policy: BreakerPolicy;
  readonly #limit: number;
  /** Those used last are last. A breaker that is closed without failures is not kept: it is what a new one is. */
  readonly #states = new Map<string, BreakerState>();

  constructor({ clock, report, policy, limit = BREAKERS }: BreakersOptions) {
    this.#clock = clock;
    this.#report = report;
    this.#policy = { ...BREAKER_POLICY, ...policy };
    this.#limit = limit;
    checkBreakerPolicy(this.#policy);
    wholeNumber('limit', limit, 1, 1_000_000);
  }

  admit(breaker: string): { admitted: true } | { admitted: false; retryAt: number } {
    const before = this.#states.get(breaker) ?? CLOSED;
    const [after, admission] = admit(this.#policy, before, this.#clock.monotonic());
    this.#put(breaker, before, after);
    return admission.kind === 'reject'
      ? { admitted: false, retryAt: this.#wall(admission.retryAt) }
      : { admitted: true };
  }

  record(breaker: string, result: 'ok' | 'failure'): void {
    const before = this.#states.get(breaker) ?? CLOSED;
    this.#put(breaker, before, recordResult(this.#policy, before, result, this.#clock.monotonic()));
  }

  snapshot(): BreakerSnapshot[] {
    const rows = [...this.#states].map(([breaker, state]) => this.#row(breaker, state));
    return rows.sort((a, b) => (a.breaker < b.breaker ? -1 : 1));
  }

  #put(breaker: string, before: BreakerState, after: BreakerState): void {
    this.#states.delete(breaker);
    if (after.kind !== 'closed' || after.failures.length > 0) this.#states.set(breaker, after);
    if (this.#states.size > this.#limit) this.#forgetOneBut(breaker);
    if (before.kind === after.kind) return;
    const { failures, nextProbeAt } = this.#row(breaker, after);
    const event = { type: `breaker.${NAMES[after.kind]}`, breaker, failures } as const;
    this.#report(nextProbeAt === undefined ? event : { ...event, nextProbeAt });
  }

  /** The closed one that was used longest ago; when no other is closed, the one used longest ago. */
  #forgetOneBut(kept: string): void {
    let oldest: string | undefined;
    for (const [breaker, state] of this.#states) {
      if (breaker === kept) continue;
      oldest ??= breaker;
      if (state.kind !== 'closed') continue;
      oldest = breaker;
      break;
    }
    if (oldest !== undefined) this.#states.delete(oldest);
  }

  #row(breaker: string, state: BreakerState): BreakerSnapshot {
    const failures = state.kind === 'closed' ? state.failures.length : state.failures;
    const row = { breaker, state: state.kind, failures };
    return state.kind === 'open' ? { ...row, nextProbeAt: this.#wall(state.until) } : row;
  }

  /** Epoch milliseconds of a monotonic moment, as far as one can know now. */
  #wall(monotonic: number): number {
    return Math.ceil(this.#clock.now() + monotonic - this.#clock.monotonic());
  }
}

const NAMES = { open: 'opened', halfOpen: 'halfOpen', closed: 'closed' } as const;
