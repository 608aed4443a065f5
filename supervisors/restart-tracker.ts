import type { Random } from '#runtime';
import { BACKOFF, backoffMs, checkBackoff } from './backoff.ts';
import type { BackoffPolicy } from './backoff.ts';
import { TRACKED_CHILDREN } from './limits.ts';
import { checkBudget, inWindow, spendRestart } from './restart-window.ts';
import type { RestartBudget, RestartWindow } from './restart-window.ts';

/**
 * Budget and pauses that each child of a tracker gets for itself. `backoff` defaults to {@link BACKOFF}. Ranges:
 * RESTARTS_MAX, WINDOW_MS_MAX, PAUSE_MS_MAX.
 */
export interface RestartPolicy extends RestartBudget {
  readonly backoff?: BackoffPolicy;
  /** What is said over the budget. Default `quarantine`. */
  readonly overBudget?: 'quarantine' | 'escalate';
}

/** The crashes of many like children, each with a budget of its own. Bounded; changed by `onChildCrash` in place. */
export interface RestartTracker {
  readonly policy: Required<RestartPolicy>;
  /** By child, those with the newest crash last. */
  readonly windows: Map<string, RestartWindow>;
}

/**
 * What to do about a crash. `used` counts this crash, so over the budget it is `allowed` + 1; `afterMs` is a pause in
 * milliseconds, jitter included.
 */
export type CrashVerdict =
  /** Start it again after `afterMs`. */
  | { readonly kind: 'restart'; readonly afterMs: number; readonly used: number; readonly allowed: number }
  /** Leave it down, or crash yourself. */
  | { readonly kind: 'quarantine' | 'escalate'; readonly used: number; readonly allowed: number };

/** Throws SUPERVISION_INVALID when a field of the policy is out of range. */
export function newRestartTracker(policy: RestartPolicy): RestartTracker {
  const full = { backoff: BACKOFF, overBudget: 'quarantine', ...policy } as const;
  checkBudget(full);
  checkBackoff(full.backoff);
  return { policy: full, windows: new Map() };
}

/** Counts a crash of `name` at the monotonic moment `now` and says what to do about it. */
export function onChildCrash(tracker: RestartTracker, name: string, now: number, random: Random): CrashVerdict {
  const { policy, windows } = tracker;
  const { window, used, allowed, within } = spendRestart(windows.get(name) ?? [], now, policy);
  windows.delete(name);
  if (!within) return { kind: policy.overBudget, used, allowed };
  windows.set(name, window);
  if (windows.size > TRACKED_CHILDREN) forgetOldest(tracker, now);
  return { kind: 'restart', afterMs: backoffMs(policy.backoff, used, random), used, allowed };
}

/** The child has ended for good; its crashes count no more. */
export function forgetChild(tracker: RestartTracker, name: string): void {
  tracker.windows.delete(name);
}

/** Restarts of `name` that count at `now`. */
export function restartsUsed(tracker: RestartTracker, name: string, now: number): number {
  return inWindow(tracker.windows.get(name) ?? [], now, tracker.policy).length;
}

/** Those whose window is over, and when there is none the one with the oldest crash. */
function forgetOldest({ windows, policy }: RestartTracker, now: number): void {
  for (const [name, window] of windows) {
    if (now - (window.at(-1) ?? -Infinity) < policy.windowMs && windows.size <= TRACKED_CHILDREN) return;
    windows.delete(name);
  }
}
