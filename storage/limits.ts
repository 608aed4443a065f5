/** Bounds of the storage layer; each with its unit in its name and the reason beside it. */

/** PostgreSQL stops cleanly in well under a second when idle; after this it is asked less politely. */
export const EMBEDDED_STOP_MS = 10_000;
/** A cold start with crash recovery of a few hundred MB of WAL fits; beyond it the start is reported as failed. */
export const EMBEDDED_START_MS = 60_000;
/** How often the launcher looks at `postmaster.pid` while it waits. */
export const EMBEDDED_POLL_MS = 5;
/** How often an adopted postmaster (no child of ours, so no exit event) is looked after. */
export const ADOPTED_WATCH_MS = 500;
/** Restart pauses of a database that died: doubling from the first to the last. */
export const RESTART_FIRST_MS = 100;
export const RESTART_LAST_MS = 10_000;
/** What is kept of the server's stderr for error messages. */
export const STDERR_TAIL_BYTES = 8 * 1024;
/** `sun_path` holds 108 bytes with its closing zero; the smallest of all systems we run on (macOS) holds 104. */
export const SOCKET_PATH_BYTES = 103;
/** Connections of the embedded server; both pools of one member take 16 of them. */
export const EMBEDDED_CONNECTIONS = 40;

/** Connections of the journal's own pool: commits use one or two, readers the rest. */
export const JOURNAL_CONNECTIONS = 6;
/** Connections of the pool for what people manage. */
export const ORM_CONNECTIONS = 4;
/** Waiting for a connection longer than this is STORAGE_UNAVAILABLE. */
export const CONNECT_MS = 5_000;
/** A commit without an answer for this long is of unknown result: its connection is thrown away. */
export const COMMIT_MS = 30_000;
/** A renewal of the lease by its own thread, connecting included: the next one is due by then. */
export const LEASE_BEAT_MS = 2_000;
/** Any other statement. */
export const QUERY_MS = 30_000;

/** An event whose JSON is larger goes into a journal row of its own. */
export const EVENT_ALONE_BYTES = 64 * 1024;
/** Payloads below stay as they are: zstd's frame and its CPU do not pay off. */
export const COMPRESS_FROM_BYTES = 2 * 1024;
/** From here compression runs on the thread pool, so that the event loop stays free. */
export const COMPRESS_ASYNC_FROM_BYTES = 32 * 1024;
/** Stored payloads above live in `blob`, the row keeps their sha256. */
export const BLOB_FROM_BYTES = 1024 * 1024;
/** One blob; over it BLOB_TOO_LARGE. bytea itself ends at 1 GiB. */
export const BLOB_BYTES = 256 * 1024 * 1024;
/** One journal row unpacked; guards reading against a decompression bomb. */
export const PAYLOAD_BYTES = 512 * 1024 * 1024;
/** Steps with their children in one statement; a longer batch is committed in several. */
export const STATEMENT_STEPS = 1_000;

/** Numbers that one call of idBlock hands out; each makes an id on the shard it is combined with. */
export const BLOCK_SERIALS = 4_096;
/** Blocks per journal partition: 2^12 blocks x 2^12 numbers x 512 shards = 2^33 ids, some 16 million executions. */
export const PARTITION_BLOCKS = 4_096;

/** Idempotency keys, as the journal port says. */
export const IDEMPOTENCY_KEY_CHARACTERS = 255;
/** Rows a list answers at most; n8n's public API has the same limit. */
export const LIST_ROWS = 250;
/** Rows one retention statement deletes, so that none holds locks for long. */
export const RETENTION_ROWS = 5_000;
