/** From this share of its limits on a member divides what is left among the workflows. */
export const FAIR_FROM_SHARE = 0.5;
/** Part of the capacity that the workflows may fill among them; the rest is for those that have little or nothing yet. */
export const FAIR_CAPACITY_SHARE = 0.75;
/** Live runs below which a workflow is never told that it has more than its share. */
export const FAIR_FLOOR_RUNS = 20;
/** Longest pause between two loads of a recovery, when the member is at its limits. */
export const RECOVERY_PAUSE_MS = 50;

/** How often the lag of the event loop and the heap are measured. */
export const LOAD_SAMPLE_MS = 100;
/** Weight of the newest sample of the lag: a single long pause does not turn callers away, a second of them does. */
export const LAG_SAMPLE_WEIGHT = 0.3;

/** Turns asked for at once. */
export const TURNS_PER_GRANT = 200;
/** Between two looks for turns whose news was lost, while anything queues. Idle members look with the usual sweep. */
export const TURN_SWEEP_MS = 1_000;
/** Workflows with queues that one sweep asks for; the next sweep goes on behind them. */
export const QUEUES_PER_SWEEP = 200;
/** Turns that one sweep takes up. */
export const TURNS_PER_SWEEP = 1_000;
/** Every so many sweeps the places of ended executions are tidied up, and how many of them. */
export const SWEEPS_PER_FORGET = 30;
export const FORGET_ROWS = 5_000;
/** Characters of a key; a longer one counts by its hash. */
export const KEY_CHARACTERS = 200;
