/** Bounds of the node types. Each is a constant with its unit in its name; over it there is a clear error. */

/** Bytes of an HTTP answer that a node keeps when the node says nothing else. */
export const HTTP_RESPONSE_BYTES = 128 * 1024 * 1024;
/** Whole HTTP call, in milliseconds, when the node says nothing else. */
export const HTTP_TIMEOUT_MS = 300_000;
/** Redirects followed when the node says nothing else. */
export const HTTP_REDIRECTS = 21;
/** Idle time after which a pooled connection is closed, in milliseconds. */
export const HTTP_KEEP_ALIVE_MS = 4_000;
/** Connections held open to one origin. */
export const HTTP_CONNECTIONS_PER_ORIGIN = 64;
/** Distinct pools (one per proxy and certificate rule) kept by one client. */
export const HTTP_POOLS = 32;
/** Pages fetched for one item by pagination that sets no limit itself. */
export const HTTP_PAGES = 1_000;
/** Characters of an answer quoted in an error message. */
export const HTTP_ERROR_BODY_CHARACTERS = 2_000;

/** Inputs of one Merge node. */
export const MERGE_INPUTS = 10;
/** Items that one Merge may put out: all combinations grow as a product. */
export const MERGE_OUTPUT_ITEMS = 1_000_000;
/** Outputs of one Switch node. */
export const SWITCH_OUTPUTS = 100;
/** Items that Split Out may make in one run. */
export const SPLIT_OUT_ITEMS = 1_000_000;
/** Sub-workflow calls that one Execute Sub-workflow node makes in one run. */
export const SUBWORKFLOW_CALLS = 10_000;
/** Characters of a JSON text in a field of a sub-workflow call. */
export const CONVERTED_JSON_CHARACTERS = 16 * 1024 * 1024;
/** Nesting of objects and lists that nodes walk through. */
export const JSON_DEPTH_LEVELS = 512;
/** Parsed dot paths kept ready. */
export const CACHED_PATHS = 1_000;
/** Highest list index that a dot path may create. */
export const PATH_LIST_INDEX = 100_000;
/** Rules of one Schedule Trigger. */
export const SCHEDULE_RULES = 100;
/** Addresses in the allow list of one Webhook. */
export const WEBHOOK_ALLOW_LIST_ENTRIES = 1_000;
/** Latest moment a Wait may name, as epoch milliseconds: the end of the year 9999. */
export const WAIT_UNTIL_MS = 253_402_300_799_999;
/** HTTP calls of one node under way at the same time. */
export const HTTP_CALLS_AT_ONCE = 50;
/** Identical pages after which pagination gives up, as in n8n. */
export const HTTP_IDENTICAL_PAGES = 5;
/** Nesting of a query value written as `a[b][c]`. */
export const HTTP_QUERY_DEPTH_LEVELS = 20;
