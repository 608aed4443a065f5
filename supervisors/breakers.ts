import type { Clock, InspectionEvent } from '#runtime';
import { admit, BREAKER_POLICY, checkBreakerPolicy, CLOSED, recordResult } from './breaker.ts';
import type { BreakerPolicy, BreakerState } from './breaker.ts';
import { mergeVerdicts, newsOf, stateUnder, verdictOf } from './breaker-news.ts';
import type { BreakerNews, Verdict } from './breaker-news.ts';
import { wholeNumber } from './checks.ts';
import { BREAKERS, VERDICT_RETOLD_MS } from './limits.ts';

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
  /** Boot id of this member, for what the members tell each other; default '', for one that is alone. */
  member?: string;
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
  /** Hears at once of each opening and closing that this member decided, to be told to the others. Returns unwatch. */
  watch(listener: (news: BreakerNews) => void): () => void;
  /**
   * What is to be told again, since the others may have missed it: what this member decided, and the openings of
   * members for which `living` is false; until VERDICT_RETOLD_MS after the closing, or the end of the cool-down.
   */
  news(living: (member: string) => boolean): BreakerNews[];
  /** Takes over what another member told. Answers what that member seems not to know; undefined = nothing. */
  learn(news: BreakerNews): BreakerNews | undefined;
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
  readonly #self: string;
  /** The last word on each breaker, of this member or another; those that changed last are last. */
  readonly #verdicts = new Map<string, Verdict>();
  readonly #watchers = new Set<(news: BreakerNews) => void>();

  constructor({ clock, report, policy, limit = BREAKERS, member = '' }: BreakersOptions) {
    this.#self = member;
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
    this.#decided(breaker, before, after);
    return admission.kind === 'reject'
      ? { admitted: false, retryAt: this.#wall(admission.retryAt) }
      : { admitted: true };
  }

  record(breaker: string, result: 'ok' | 'failure'): void {
    const before = this.#states.get(breaker) ?? CLOSED;
    this.#decided(breaker, before, recordResult(this.#policy, before, result, this.#clock.monotonic()));
  }

  watch(listener: (news: BreakerNews) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  news(living: (member: string) => boolean): BreakerNews[] {
    const now = this.#clock.monotonic();
    return [...this.#verdicts].flatMap(([breaker, verdict]) => {
      const { kind, by, until } = verdict;
      const counts = now - until < VERDICT_RETOLD_MS;
      const ours = by === this.#self || (kind === 'open' && !living(by));
      return counts && ours ? [newsOf(breaker, verdict, now)] : [];
    });
  }

  learn(news: BreakerNews): BreakerNews | undefined {
    const { breaker } = news;
    const now = this.#clock.monotonic();
    const own = this.#verdicts.get(breaker);
    const merged = mergeVerdicts(own, verdictOf(news, now), this.#self);
    switch (merged.kind) {
      case 'known':
        return undefined;
      case 'outdated':
        return own && newsOf(breaker, own, now);
      case 'refute':
        this.#hold(breaker, merged.verdict);
        return this.#tell(breaker, merged.verdict);
      case 'adopt': {
        const before = this.#states.get(breaker) ?? CLOSED;
        this.#hold(breaker, merged.verdict);
        this.#put(breaker, before, stateUnder(merged.verdict, before, this.#self));
        return undefined;
      }
    }
  }

  snapshot(): BreakerSnapshot[] {
    const rows = [...this.#states].map(([breaker, state]) => this.#row(breaker, state));
    return rows.sort((a, b) => (a.breaker < b.breaker ? -1 : 1));
  }

  /** A change of our own making. That a probe is out is no verdict. */
  #decided(breaker: string, before: BreakerState, after: BreakerState): void {
    this.#put(breaker, before, after);
    if (before.kind === after.kind || after.kind === 'halfOpen') return;
    const at = this.#clock.monotonic();
    const era = (this.#verdicts.get(breaker)?.era ?? 0) + 1;
    const open = after.kind === 'open';
    const span = open ? { failures: after.failures, until: after.until } : { failures: 0, until: at };
    const verdict: Verdict = { kind: after.kind, era, by: this.#self, at, ...span };
    this.#hold(breaker, verdict);
    this.#tell(breaker, verdict);
  }

  #hold(breaker: string, verdict: Verdict): void {
    this.#verdicts.delete(breaker);
    this.#verdicts.set(breaker, verdict);
    if (this.#verdicts.size > this.#limit) forgetOneBut(breaker, this.#verdicts);
  }

  #tell(breaker: string, verdict: Verdict): BreakerNews {
    const news = newsOf(breaker, verdict, this.#clock.monotonic());
    for (const watcher of this.#watchers) watcher(news);
    return news;
  }

  #put(breaker: string, before: BreakerState, after: BreakerState): void {
    this.#states.delete(breaker);
    if (after.kind !== 'closed' || after.failures.length > 0) this.#states.set(breaker, after);
    if (this.#states.size > this.#limit) forgetOneBut(breaker, this.#states);
    if (before.kind === after.kind) return;
    const { failures, nextProbeAt } = this.#row(breaker, after);
    const event = { type: `breaker.${NAMES[after.kind]}`, breaker, failures } as const;
    this.#report(nextProbeAt === undefined ? event : { ...event, nextProbeAt });
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

/** The closed one that was used longest ago; when no other is closed, the one used longest ago. */
function forgetOneBut(kept: string, all: Map<string, { readonly kind: string }>): void {
  let oldest: string | undefined;
  for (const [breaker, { kind }] of all) {
    if (breaker === kept) continue;
    oldest ??= breaker;
    if (kind !== 'closed') continue;
    oldest = breaker;
    break;
  }
  if (oldest !== undefined) all.delete(oldest);
}
