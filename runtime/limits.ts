/** Messages waiting in a mailbox, control lane not counted. Over it `tell` makes a dead letter. */
export const MAILBOX_MESSAGES = 10_000;
/** Messages waiting in the control lane. */
export const MAILBOX_CONTROL_MESSAGES = 1_000;
/** Messages an actor may keep for later. */
export const STASH_MESSAGES = 1_000;
/** Living children of one actor, and notes about children in the live tree. */
export const CHILDREN_PER_ACTOR = 20_000;
/** Timers and piped results one actor may wait for. */
export const PENDING_WORK_PER_ACTOR = 10_000;
/** Questions of one system that wait for an answer. */
export const ASKS_OPEN = 50_000;
/** Characters of an actor's name. */
export const ACTOR_NAME_CHARACTERS = 200;

/** Hosts of ended actors that are kept for new ones. */
export const IDLE_SEATS = 2_000;

/** Time for children and last words when an actor stops. */
export const STOP_DEADLINE_MS = 5_000;
/** Time for a promise that `receive` returns. */
export const HANDLER_DEADLINE_MS = 5_000;

/** Messages one actor handles before others get their turn. */
export const TURN_MESSAGES = 100;
/** Time one actor may handle messages before others get their turn; checked between messages. */
export const TURN_MS = 5;

/** Dead letters reported to observers per second; the rest is counted and the count reported with the next one. */
export const DEAD_LETTERS_PER_SECOND = 50;
/** Characters of an error's text in inspection events. */
export const CAUSE_CHARACTERS = 500;

/** Steps waiting for the committer, the batch in flight not counted. */
export const COMMITTER_QUEUE_STEPS = 20_000;
/** Estimated bytes waiting for the committer. */
export const COMMITTER_QUEUE_BYTES = 256 * 1024 * 1024;
/** Rows of one commit; a step has one row and one per event, timer, message and outbox entry. */
export const COMMIT_ROWS = 2_000;
/** Estimated bytes of one commit. A single step over it goes alone. */
export const COMMIT_BYTES = 8 * 1024 * 1024;

/** What `setTimeout` can hold, about 24.8 days; longer waits are chained. */
export const TIMEOUT_MS = 2 ** 31 - 1;
