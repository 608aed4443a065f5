import { PAUSE_MS_MAX, PROBE_GRACE_MS } from './limits.ts';
import { CLOSED } from './breaker.ts';
import type { BreakerState } from './breaker.ts';

/**
 * What members tell each other of a breaker that opened or closed. Spans and not moments, since no two members share a
 * clock: each counts from when it hears of it, on its own monotonic clock.
 */
export interface BreakerNews {
  readonly breaker: string;
  readonly state: 'open' | 'closed';
  /** Counts the verdicts on this breaker over all members; each new one is one more than any that its giver knew. */
  readonly era: number;
  /** Boot id of the member that gave the verdict. It is the one to probe first. */
  readonly by: string;
  /** Failures that opened it; 0 when closed. */
  readonly failures: number;
  /** Milliseconds since the verdict was given. */
  readonly ageMs: number;
  /** Milliseconds of cool-down left; 0 when closed. */
  readonly remainingMs: number;
}

/** A verdict as one member holds it; moments are its own monotonic milliseconds. */
export interface Verdict {
  readonly kind: 'open' | 'closed';
  readonly era: number;
  readonly by: string;
  readonly failures: number;
  readonly at: number;
  readonly until: number;
}

/** What to do with a verdict of another member. */
export type Merged =
  /** It is news: hold it, and let the breaker be as it says. */
  | { readonly kind: 'adopt'; readonly verdict: Verdict }
  /** It closes a breaker that failed here after it was given: hold this one instead, and tell everybody. */
  | { readonly kind: 'refute'; readonly verdict: Verdict }
  /** It is what we hold. */
  | { readonly kind: 'known' }
  /** We hold a newer one, which the sender should know. */
  | { readonly kind: 'outdated' };

/**
 * Joins the verdict of another member to our own. The order of verdicts is total (era, then open before closed, then
 * giver) and the greatest one wins, so that members who have heard the same agree, in whatever order and how often
 * they heard it. A refutation only ever makes a greater one.
 */
export function mergeVerdicts(own: Verdict | undefined, other: Verdict, self: string): Merged {
  const order = own === undefined ? -1 : compare(own, other);
  if (own === undefined || order < 0) {
    const failedSince = own?.kind === 'open' && own.by === self && own.at > other.at;
    if (other.kind === 'closed' && failedSince) return { kind: 'refute', verdict: { ...own, era: other.era + 1 } };
    return { kind: 'adopt', verdict: other };
  }
  return { kind: order === 0 ? 'known' : 'outdated' };
}

/** Below 0: `b` wins. */
function compare(a: Verdict, b: Verdict): number {
  if (a.era !== b.era) return a.era - b.era;
  if (a.kind !== b.kind) return a.kind === 'open' ? 1 : -1;
  if (a.by === b.by) return 0;
  return a.by < b.by ? -1 : 1;
}

/**
 * The state of a breaker under an adopted verdict. Whoever gave it probes first: all others wait a little longer, so
 * that one probe is made and not one per member, and so that somebody probes when the giver has nothing to call.
 */
export function stateUnder(verdict: Verdict, before: BreakerState, self: string): BreakerState {
  if (verdict.kind === 'closed') return before.kind === 'closed' ? before : CLOSED;
  const graceMs = verdict.by === self ? 0 : PROBE_GRACE_MS;
  return { kind: 'open', until: verdict.until + graceMs, failures: verdict.failures };
}

/** A verdict as it is told at this moment. */
export function newsOf(breaker: string, verdict: Verdict, now: number): BreakerNews {
  const { kind, era, by, failures, at, until } = verdict;
  const remainingMs = kind === 'open' ? Math.max(0, until - now) : 0;
  return { breaker, state: kind, era, by, failures, ageMs: Math.max(0, now - at), remainingMs };
}

/** A verdict as it was told just now. The time it was under way is lost: it seems that much younger. */
export function verdictOf({ state, era, by, failures, ageMs, remainingMs }: BreakerNews, now: number): Verdict {
  return { kind: state, era, by, failures, at: now - ageMs, until: now + Math.min(remainingMs, PAUSE_MS_MAX) };
}
