/** Between two signs of life of a member that performs node runs of others, and between two looks for them. */
export const SIGN_MS = 1_000;
/** Silence after which a node run is given to another member; it counts only while the own link is up. */
export const SILENCE_MS = 5_000;
/** How long a member may take to say whether it takes a node run. */
export const ANSWER_MS = 2_000;
/** Pause before the next look for a member: doubles from the first to the last. */
export const LOOK_FIRST_MS = 250;
export const LOOK_LAST_MS = 5_000;
/** How soon a member in doubt of its lease looks again before it gives a node run away. */
export const LEASE_RECHECK_MS = 200;
/** How long a node run waits for a member that takes it. */
export const PLACE_TIMEOUT_MS = 300_000;
/** Members that may be lost under one node run. */
export const MOVES_PER_NODE_RUN = 5;
/** A member that failed is not asked again for this long; one that was only busy for less. */
export const AVOID_MS = 10_000;
export const AVOID_BUSY_MS = 1_000;
/** A node run whose owner has not spoken for this long is aborted; counts only while the own link is up. */
export const ORPHAN_MS = 60_000;
/** Results that were taken over are kept for an owner that dies before it has committed them. */
export const KEPT_MS = 60_000;
export const KEPT_RESULTS = 1_000;
/** A result that nobody has taken over is sent again: the pause doubles from SIGN_MS to this. */
export const RESEND_LAST_MS = 8_000;
/** JSON characters of a result that travel in the message; over it the message names a blob. */
export const RESULT_INLINE_CHARACTERS = 65_536;
/** Loads of an execution that may fail (the database is away) before the node run is given back. */
export const LOADS = 30;
/** Folds of executions kept for their next placed node, and for how long. */
export const FOLDS_KEPT = 32;
export const FOLD_KEPT_MS = 30_000;
/** Tickets of one message. */
export const TICKETS_PER_MESSAGE = 500;
/** Tickets of node runs that went on to another owner, kept so as not to call them unwanted. */
export const TICKETS_LEFT = 5_000;
/** Members that an error names. */
export const MEMBERS_NAMED = 10;
