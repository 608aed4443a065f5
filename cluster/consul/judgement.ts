import type { MemberInfo } from '#runtime';
import { CONSUL_EMPTY_GRACE_MS, CONSUL_QUERIES_BURST, CONSUL_QUERY_MS } from '../limits.ts';

/** The index for the next blocking query. One that goes back, is missing or is no positive number begins anew at 0. */
export function nextIndex(last: string, answered: string | undefined): string {
  if (answered === undefined || !/^[0-9]{1,20}$/.test(answered)) return '0';
  return BigInt(answered) < BigInt(last) ? '0' : String(BigInt(answered));
}

/** What makes an answer doubtful. Times are monotonic milliseconds. */
export interface Doubt {
  /** Until then whoever is missing in an answer is kept. */
  readonly until: number;
  /** The last answer had nobody but us in it. */
  readonly empty: boolean;
}

export const NO_DOUBT: Doubt = { until: -Infinity, empty: false };

/**
 * The doubt after an answer. A service that was away, whose index went back (`reset`), or in which all others vanished
 * at once, has mostly forgotten members that live, and is being told of them again.
 */
export function doubtAfter(
  doubt: Doubt,
  answer: { readonly reset: boolean; readonly othersKnown: number; readonly others: number },
  now: number,
): Doubt {
  const empty = answer.others === 0;
  const vanished = empty && !doubt.empty && answer.othersKnown > 0;
  return { until: answer.reset || vanished ? now + CONSUL_EMPTY_GRACE_MS : doubt.until, empty };
}

/** The answer, and while there is doubt whoever was known before. */
export function viewAfter(
  known: readonly MemberInfo[],
  answered: readonly MemberInfo[],
  doubtful: boolean,
): MemberInfo[] {
  const present = new Set(answered.map(({ bootId }) => bootId));
  return [...answered, ...(doubtful ? known.filter(({ bootId }) => !present.has(bootId)) : [])];
}

/** A bucket of permits that fills by time. */
export class TokenBucket {
  #tokens = CONSUL_QUERIES_BURST;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes a permit; answers how long to wait before using it. */
  take(now: number): number {
    this.#tokens = Math.min(CONSUL_QUERIES_BURST, this.#tokens + (now - this.#at) / CONSUL_QUERY_MS) - 1;
    this.#at = now;
    return Math.max(0, -this.#tokens * CONSUL_QUERY_MS);
  }
}
