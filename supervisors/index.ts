/** Supervision as data and pure functions: strategies, budgets, backoff, breakers, phases; and the generic supervisor. */
export { decide, restartsAfter } from './strategy.ts';
export type { Decision, Ranked, RestartType, Strategy } from './strategy.ts';
export { checkBudget, inWindow, RESTART_BUDGET, spendRestart } from './restart-window.ts';
export type { RestartBudget, RestartWindow } from './restart-window.ts';
export { BACKOFF, backoffMs, checkBackoff } from './backoff.ts';
export type { BackoffPolicy } from './backoff.ts';
export { forgetChild, newRestartTracker, onChildCrash, restartsUsed } from './restart-tracker.ts';
export type { CrashVerdict, RestartPolicy, RestartTracker } from './restart-tracker.ts';
export { BREAKER_POLICY, checkBreakerPolicy } from './breaker.ts';
export type { BreakerPolicy } from './breaker.ts';
export { createBreakers } from './breakers.ts';
export type { Breakers, BreakerSnapshot, BreakersOptions } from './breakers.ts';
export { startPhases } from './phases.ts';
export type { Phase, PhaseReport, PhasesOptions, RunningPhases } from './phases.ts';
export { child } from './child-spec.ts';
export type { AnyChild, ChildSpec, SupervisorSpec } from './child-spec.ts';
export { supervisor } from './supervisor.ts';
export type { Started, SupervisorMessage } from './protocol.ts';
