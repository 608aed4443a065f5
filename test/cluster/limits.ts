/** One call of a client; a member that is frozen answers nothing at all. */
export const CALL_MS_MOST = 6_000;
/** Calls under way at a time; more are not begun, so that a standstill makes no heap of its own. */
export const CALLS_OPEN_MOST = 120;
/** From the end of a load to the last answer to its calls. */
export const GIVE_UP_MS = 25_000;
/** From the end of all faults to the end of the last execution. */
export const DRAIN_MS_MOST = 60_000;
/** Longer than the sweeps for what nobody performs, so that a late writer would show. */
export const QUIET_MS = { short: 3_000, long: 8_000 } as const;
/** Load before the first fault and after the last one. */
export const CALM_MS = { short: 1_500, long: 5_000 } as const;
/** Calls per second over all members: about half of what three members hold beside their services on two cores. */
export const CALLS_PER_SECOND = 20;
/** The promise: work of a dead member goes on elsewhere. */
export const TAKEOVER_MS_MOST = 10_000;
/** The promise for waits over a restart of everything. */
export const LATE_MS_MOST = 2_000;
/** A wait of a journey, in seconds. */
export const WAIT_SECONDS = 1;
/** The lease of a member, as `cluster/limits.ts` has it. */
export const LEASE_MS = 5_000;
/** Runs whose events are followed by a socket, at a time. */
export const WATCHERS_MOST = 12;
/** Connections of one member to PostgreSQL, with room for one that is just being replaced. */
export const CONNECTIONS_OF_A_MEMBER = 20;

/** The relay of events goes on within this time after the broker is back. */
export const CLEAR_MS = 20_000;
