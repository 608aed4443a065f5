/** Bytes of a workflow file. */
export const WORKFLOW_FILE_BYTES = 64 * 1024 * 1024;
/** Bytes of what `--input @FILE` reads. */
export const INPUT_FILE_BYTES = 256 * 1024 * 1024;
/** Bytes of a file that a `NAME_FILE` variable points to. */
export const SECRET_FILE_BYTES = 64 * 1024;
/** Executions that `troupe run` has under way at a time. */
export const RUNS_AT_A_TIME = 8;
/** Longest `--timeout`, in seconds: one day. */
export const RUN_TIMEOUT_SECONDS_MOST = 86_400;
/** A second signal within this time is the same keystroke, which a terminal and npm both pass on. */
export const SIGNAL_REPEAT_MS = 1_000;
/** A member that has stopped ends with its process; what still holds it after this time is a leak and is cut off. */
export const LINGER_MS = 3_000;
/** Names further off than this many edits are not suggested for an unknown variable. */
export const SUGGESTION_EDITS = 3;
/** One question to a member, by `troupe cluster`. */
export const CLUSTER_CALL_MS = 15_000;
/** `troupe cluster drain` waits this long for the member to own nothing. */
export const CLUSTER_DRAIN_SECONDS_MOST = 120;
/** Parked events that `troupe events parked` shows unless told otherwise, and at most. */
export const PARKED_SHOWN = 100;
export const PARKED_SHOWN_MOST = 10_000;
