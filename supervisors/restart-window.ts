import { wholeNumber } from './checks.ts';
import { RESTARTS_MAX, WINDOW_MS_MAX } from './limits.ts';

/** How many restarts are allowed within any stretch of `windowMs`. */
export interface RestartBudget {
  readonly restarts: number;
  readonly windowMs: number;
}

/** The default budget of supervisors: three restarts in any minute, the fourth is over it. */
export const RESTART_BUDGET: RestartBudget = { restarts: 3, windowMs: 60_000 };

/** Monotonic moments of the restarts that count still, oldest first. */
export type RestartWindow = readonly number[];

/** Throws SUPERVISION_INVALID for a field out of range. */
export function checkBudget(budget: RestartBudget): void {
  wholeNumber('restarts', budget.restarts, 0, RESTARTS_MAX);
  wholeNumber('windowMs', budget.windowMs, 1, WINDOW_MS_MAX);
}

/** Restarts that count at `now`: those less than `windowMs` ago. */
export function inWindow(window: RestartWindow, now: number, budget: RestartBudget): RestartWindow {
  return window.filter((at) => now - at < budget.windowMs);
}

/** Takes one restart at `now` off the budget. `used` counts this one too; over the budget it must not happen. */
export function spendRestart(
  window: RestartWindow,
  now: number,
  budget: RestartBudget,
): { window: RestartWindow; used: number; allowed: number; within: boolean } {
  const spent = [...inWindow(window, now, budget), now];
  return { window: spent, used: spent.length, allowed: budget.restarts, within: spent.length <= budget.restarts };
}
