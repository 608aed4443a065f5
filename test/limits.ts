/** A test that hangs is a failure, not a stuck build. */
export const TEST_TIMEOUT_MS = 240_000;
/** The same for a whole test file, its hooks and what they leave open included. */
export const FILE_DEADLINE_MS = 300_000;
/** After this the runner ends the process of a file from outside: it does not even see its own deadline. */
export const FILE_KILL_MS = FILE_DEADLINE_MS + 20_000;
/** The same for everything together. */
export const RUN_DEADLINE_MS = 30 * 60_000;
/** How often the runner looks after the processes of its test files. */
export const LOOK_EVERY_MS = 5_000;
/** What tests started may end by itself for so long after the last test. */
export const LEFTOVERS_MS = 3_000;
