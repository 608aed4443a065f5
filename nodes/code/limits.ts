/** Bounds of user code and its runners. The runner has its own in `runner/main.js`; it shares no file with the engine. */

/** Wall time of one run when nobody says otherwise, as n8n's runners have it; killed at twice this. */
export const CODE_TIMEOUT_MS = 60_000;
/** Heap of one run's isolate. */
export const CODE_MEMORY_MB = 256;
/** Address space V8 reserves for the code of one isolate; the kernel counts it as data although it is not used. */
export const CODE_RANGE_BYTES = 512 * 1024 * 1024;
/** Writable memory of a runner process (RLIMIT_DATA): 1.2 GiB, and the code ranges of its own, the running and the next isolate. */
export const RUNNER_DATA_BYTES = 1_288_490_188 + 3 * CODE_RANGE_BYTES;
/** Open files of a runner process. */
export const RUNNER_OPEN_FILES = 64;
/** Old space of the runner's own heap; runs have isolates of their own. */
export const RUNNER_HEAP_MB = 512;
/** Bytes of one frame between the engine and a runner: source, scene and items, or a result. */
export const FRAME_BODY_BYTES = 256 * 1024 * 1024;
/** Time in which a started runner must be ready. */
export const RUNNER_START_MS = 15_000;
/** Time beyond twice the job's limit before the process is killed, for the answer's way back. */
export const RUNNER_GRACE_MS = 250;
/** Last bytes of a runner's stderr that are kept to say why it died. */
export const RUNNER_STDERR_BYTES = 4_096;
/** Runner processes of one member. */
export const RUNNERS = 2;
/** Runner processes that stay although idle, once there was a first run. */
export const RUNNERS_WARM = 1;
/** Idle time after which a runner beyond the warm ones ends. */
export const RUNNER_IDLE_MS = 60_000;
/** Runs after which a runner is replaced. */
export const RUNS_PER_RUNNER = 500;
/** Jobs that wait for a runner. */
export const QUEUED_JOBS = 10_000;
/** Runners that one job may take down with it before it fails. */
export const DEATHS_PER_JOB = 3;
/** Runners in a row that may fail to start before the jobs in line fail. */
export const START_FAILURES = 3;
/** First pause before a runner is started again after a failed start; doubles. */
export const START_BACKOFF_MS = 100;
/** Console lines of one run that are kept. */
export const LOG_LINES = 100;
/** Characters of one console line. */
export const LOG_CHARACTERS = 2_000;
/** Characters of an error's message that user code threw. */
export const MESSAGE_CHARACTERS = 20_000;
/** Characters of user code in one node. */
export const SOURCE_CHARACTERS = 5_000_000;
