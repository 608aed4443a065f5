/** Limits of the language. Each has its unit in its name; over it comes an error of the table, never a crash. */

/** Nodes of one workflow, sticky notes included. */
export const NODES_PER_WORKFLOW = 2_000;
/** Connections of one workflow, all kinds together. */
export const CONNECTIONS_PER_WORKFLOW = 20_000;
/** Highest input or output index a connection may name. */
export const PORTS_PER_NODE = 1_000;
/** Nesting of objects and arrays in a workflow's JSON. */
export const WORKFLOW_JSON_DEPTH = 100;
/** Values (leaves, objects and arrays) in a workflow's JSON, pinned data included. */
export const WORKFLOW_JSON_VALUES = 1_000_000;
/** Characters of a workflow's or node's name. */
export const NAME_CHARACTERS = 512;
/** Tags that one placement may name. */
export const PLACEMENT_TAGS = 32;
/** Characters of a placement tag. */
export const TAG_CHARACTERS = 255;
/** Faults that one WORKFLOW_INVALID lists. */
export const ISSUES_PER_REPORT = 100;

/** Items of all outputs of one node run. */
export const ITEMS_PER_NODE_RUN = 1_000_000;
/** Approximate UTF-8 bytes of the JSON of all outputs of one node run. */
export const OUTPUT_BYTES_PER_NODE_RUN = 256 * 1024 * 1024;
/** Highest `settings.concurrency.limit`. */
export const CONCURRENT_RUNS = 100_000;
/** Highest `settings.rateLimit.limit`. */
export const RUNS_PER_PERIOD = 1_000_000;
/** Nesting of objects and arrays in an item. */
export const ITEM_JSON_DEPTH = 1_000;
/** Node runs of one execution; stops a loop that has no end. */
export const NODE_RUNS_PER_EXECUTION = 1_000_000;
/** Notices kept of one node run. */
export const HINTS_PER_NODE_RUN = 100;
/** Steps that one `$('X').item` may walk back. */
export const LINK_STEPS = 1_000_000;

/** A timer wait shorter than this stays `running`, as in n8n. */
export const SHORT_WAIT_MS = 65_000;

/** The limits of a run that an installation may set; the constants above are the defaults. */
export interface RunLimits {
  readonly itemsPerNodeRun: number;
  readonly outputBytesPerNodeRun: number;
  readonly nodeRunsPerExecution: number;
}

/** The defaults of {@link RunLimits}. */
export const RUN_LIMITS: RunLimits = {
  itemsPerNodeRun: ITEMS_PER_NODE_RUN,
  outputBytesPerNodeRun: OUTPUT_BYTES_PER_NODE_RUN,
  nodeRunsPerExecution: NODE_RUNS_PER_EXECUTION,
};
/** How long a node that retries waits behind an open breaker without using up its tries: one hour. */
export const BREAKER_PATIENCE_MS = 3_600_000;
