/** Children of one supervisor. */
export const CHILDREN_PER_SUPERVISOR = 1_000;
/** Restarts that a budget may allow within its window. */
export const RESTARTS_MAX = 1_000;
/** Length of a restart window or of a breaker's window: one day. */
export const WINDOW_MS_MAX = 86_400_000;
/** A pause before a restart, or a breaker's cool-down: one hour. */
export const PAUSE_MS_MAX = 3_600_000;
/** Time that the stop of a child or a phase may be given: ten minutes. */
export const DEADLINE_MS_MAX = 600_000;
/** Children that one restart tracker remembers; the ones whose last crash is oldest are forgotten first. */
export const TRACKED_CHILDREN = 10_000;
/** Breakers kept; closed ones that were used longest ago go first. */
export const BREAKERS = 2_000;
/** Failures that a breaker counts. */
export const BREAKER_FAILURES_MAX = 1_000;
/** Calls that may probe a half-open breaker at once. */
export const BREAKER_PROBES_MAX = 100;
/** How soon a call that was refused beside a probe may look whether the probe has closed the breaker. */
export const PROBE_LOOK_MS = 1_000;
/** How much longer than the member that opened it the others wait before they probe a breaker. */
export const PROBE_GRACE_MS = 3_000;
/** How long a verdict on a breaker is told again after its closing or cool-down: by then everybody may probe alone. */
export const VERDICT_RETOLD_MS = 60_000;
