import type { Random } from '#runtime';
import { wholeNumber } from './checks.ts';
import { errors } from './errors.ts';
import { PAUSE_MS_MAX } from './limits.ts';

/** Exponential pauses with full jitter: a random part of `firstMs * 2^n`, at most `capMs`. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly capMs: number;
}

/** The first pause is short, since most crashes are single; the cap keeps people from waiting for minutes. */
export const BACKOFF: BackoffPolicy = { firstMs: 50, capMs: 10_000 };

/** Throws SUPERVISION_INVALID for a field out of range or a cap below the first pause. */
export function checkBackoff(policy: BackoffPolicy): void {
  wholeNumber('backoff.firstMs', policy.firstMs, 0, PAUSE_MS_MAX);
  wholeNumber('backoff.capMs', policy.capMs, 0, PAUSE_MS_MAX);
  if (policy.capMs < policy.firstMs) {
    throw errors.SUPERVISION_INVALID({
      field: 'backoff.capMs',
      value: policy.capMs,
      allowed: `at least firstMs (${policy.firstMs})`,
    });
  }
}

/** The pause before the `restart`th restart, counted from 1, in whole milliseconds. */
export function backoffMs(policy: BackoffPolicy, restart: number, random: Random): number {
  const ceiling = Math.min(policy.capMs, policy.firstMs * 2 ** Math.max(0, restart - 1));
  return Math.floor(random.next() * (ceiling + 1));
}
