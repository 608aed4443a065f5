/** A broker on a loaded machine takes about 15 s for its first start. */
export const RABBIT_START_MS = 90_000;
export const CONSUL_START_MS = 30_000;
export const MEMBER_START_MS = 90_000;
/** From a signal that ends a program to its last breath; then it is killed. */
export const PROGRAM_STOP_MS = 20_000;
/** A member finishes what must not be lost before it stops. */
export const MEMBER_STOP_MS = 40_000;
/** How often a program that starts is asked whether it is ready. */
export const READY_POLL_MS = 100;
/** Of what a program writes, for the message when it fails. */
export const LAST_WORDS_CHARACTERS = 4_000;
/** Three members, each with its pools, and people who look. */
export const CLUSTER_DATABASE_CONNECTIONS = 120;
