import { wholeNumber } from './checks.ts';
import { BREAKER_FAILURES_MAX, BREAKER_PROBES_MAX, PAUSE_MS_MAX, PROBE_LOOK_MS, WINDOW_MS_MAX } from './limits.ts';

/**
 * A circuit breaker as a pure state machine; all times are monotonic milliseconds.
 *
 *   closed ── `failures` within `windowMs` ──> open ── `coolDownMs` over ──> halfOpen
 *     ^                                          ^                           │   │
 *     └───────────── `successes` ok ─────────────┼───────────────────────────┘   │
 *                                                └───────── one failure ─────────┘
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: readonly number[] }
  | { readonly kind: 'open'; readonly until: number; readonly failures: number }
  | {
      readonly kind: 'halfOpen';
      /** When each probe began that has no result yet. */
      readonly probes: readonly number[];
      readonly successes: number;
      readonly failures: number;
    };

/** When a breaker opens and how it closes again. Times are milliseconds; ranges in {@link checkBreakerPolicy}. */
export interface BreakerPolicy {
  /** Failures within `windowMs`, less the good calls among them, that open it. */
  readonly failures: number;
  readonly windowMs: number;
  /** How long it stays open before calls may probe. A probe without result for this long counts no more. */
  readonly coolDownMs: number;
  /** Calls that may probe at once. */
  readonly probes: number;
  /** Good probes in a row that close it. */
  readonly successes: number;
}

/** The default: five failures in a minute open for half a minute, then one good probe closes. */
export const BREAKER_POLICY: BreakerPolicy = {
  failures: 5,
  windowMs: 60_000,
  coolDownMs: 30_000,
  probes: 1,
  successes: 1,
};

export const CLOSED: BreakerState = { kind: 'closed', failures: [] };

export type Admission =
  | { readonly kind: 'pass' }
  | { readonly kind: 'probe' }
  /** `retryAt`: the next moment at which a call may be let through; monotonic. */
  | { readonly kind: 'reject'; readonly retryAt: number };

/** Throws SUPERVISION_INVALID for a field out of range. */
export function checkBreakerPolicy(policy: BreakerPolicy): void {
  wholeNumber('failures', policy.failures, 1, BREAKER_FAILURES_MAX);
  wholeNumber('windowMs', policy.windowMs, 1, WINDOW_MS_MAX);
  wholeNumber('coolDownMs', policy.coolDownMs, 1, PAUSE_MS_MAX);
  wholeNumber('probes', policy.probes, 1, BREAKER_PROBES_MAX);
  wholeNumber('successes', policy.successes, 1, BREAKER_FAILURES_MAX);
}

/** May a call be made now? Whoever gets `pass` or `probe` owes a `recordResult`. */
export function admit(policy: BreakerPolicy, state: BreakerState, now: number): [BreakerState, Admission] {
  switch (state.kind) {
    case 'closed':
      return [state, { kind: 'pass' }];
    case 'open':
      if (now < state.until) return [state, { kind: 'reject', retryAt: state.until }];
      return [{ kind: 'halfOpen', probes: [now], successes: 0, failures: state.failures }, { kind: 'probe' }];
    case 'halfOpen': {
      const probes = state.probes.filter((began) => now - began < policy.coolDownMs);
      if (probes.length < policy.probes) return [{ ...state, probes: [...probes, now] }, { kind: 'probe' }];
      // A probe that is out may close the breaker at any moment: whoever waits looks again soon.
      const probeLost = (probes[0] ?? now) + policy.coolDownMs;
      return [state, { kind: 'reject', retryAt: Math.min(probeLost, now + PROBE_LOOK_MS) }];
    }
  }
}

/** What a call came to. While open, results of calls that were let through before do not count. */
export function recordResult(
  policy: BreakerPolicy,
  state: BreakerState,
  result: 'ok' | 'failure',
  now: number,
): BreakerState {
  switch (state.kind) {
    case 'closed':
      return result === 'ok' ? forgiven(state) : afterFailure(policy, state.failures, now);
    case 'open':
      return state;
    case 'halfOpen': {
      if (result === 'failure') return { kind: 'open', until: now + policy.coolDownMs, failures: state.failures + 1 };
      const successes = state.successes + 1;
      if (successes >= policy.successes) return CLOSED;
      return { ...state, successes, probes: state.probes.slice(1) };
    }
  }
}

/** A good call takes back the oldest failure, so that a few failures among many good calls do not open the breaker. */
function forgiven(state: BreakerState & { kind: 'closed' }): BreakerState {
  return state.failures.length === 0 ? state : { kind: 'closed', failures: state.failures.slice(1) };
}

function afterFailure(policy: BreakerPolicy, before: readonly number[], now: number): BreakerState {
  const failures = [...before.filter((at) => now - at < policy.windowMs), now];
  if (failures.length < policy.failures) return { kind: 'closed', failures };
  return { kind: 'open', until: now + policy.coolDownMs, failures: failures.length };
}
