import { CONSUL_EMPTY_GRACE_MS, CONSUL_QUERIES_BURST, CONSUL_QUERY_MS } from '../limits.ts';

/** The index for the next blocking query. One that goes back, is missing or is no positive number begins anew at 0. */
export function nextIndex(last: string, answered: string | undefined): string {
  if (answered === undefined || !/^[0-9]{1,20}$/.test(answered)) return '0';
  return BigInt(answered) < BigInt(last) ? '0' : String(BigInt(answered));
}

/** Since when answers have been empty; absent = they are not. */
export interface Emptiness {
  readonly since: number;
}

/**
 * Whether an answer may replace the view. One in which all others have vanished is mostly an agent that has forgotten
 * them, or has lost its servers: it is held back for CONSUL_EMPTY_GRACE_MS, and looked at again.
 */
export function believe(
  othersKnown: number,
  othersAnswered: number,
  emptiness: Emptiness | undefined,
  now: number,
): { readonly believed: boolean; readonly emptiness: Emptiness | undefined } {
  if (othersAnswered > 0 || othersKnown === 0) return { believed: true, emptiness: undefined };
  if (emptiness === undefined) return { believed: false, emptiness: { since: now } };
  const believed = now - emptiness.since >= CONSUL_EMPTY_GRACE_MS;
  return { believed, emptiness: believed ? undefined : emptiness };
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
