/** Items: what flows between nodes. The shapes are n8n's, so that run data can be compared one to one. */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
/**
 * A JSON object as it came from outside: keys are the user's own, `__proto__` among them, so it is read by own
 * properties only. Nesting is limited where it enters: ITEM_JSON_DEPTH in items, WORKFLOW_JSON_DEPTH in workflows.
 */
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Which item of which input an output item came from. `sourceOverwrite` is written by loops only. */
export interface PairedItem {
  item: number;
  input?: number;
  sourceOverwrite?: Source;
}

/** The node, output and run that fed an input. */
export interface Source {
  previousNode: string;
  /** Index of the output; 0 when absent. */
  previousNodeOutput?: number;
  /** Index of the run; 0 when absent. */
  previousNodeRun?: number;
}

/** A file of an item. `data` holds base64, or is absent when `id` names a blob. */
export interface BinaryData {
  data?: string;
  id?: string;
  mimeType: string;
  fileName?: string;
  fileExtension?: string;
  fileType?: string;
  /** Size as text for people, such as "1.04 kB". */
  fileSize?: string;
}

/**
 * A failure as run data shows it: plain JSON, no class and no stack. `message` carries n8n's text where n8n has one;
 * errors of the table add their `code`, and further keys are the failing node's own (such as `httpCode`).
 */
export interface ItemError {
  message: string;
  name?: string;
  description?: string;
  [key: string]: JsonValue | undefined;
}

/**
 * One unit of data between two nodes. Items are shared between runs and never changed in place: a node that alters one
 * makes a new one. `pairedItem` is absent when the origin is unknown; a bare number is the index of an item of input
 * 0. At most ITEMS_PER_NODE_RUN leave a node per run.
 */
export interface Item {
  json: JsonObject;
  binary?: Record<string, BinaryData>;
  pairedItem?: PairedItem | PairedItem[] | number;
  /** Set by a node that handled a failure of this one item; steers `continueErrorOutput`. */
  error?: ItemError;
}

/** One array of items per output (or input); null where nothing was delivered. */
export type Ports = readonly (readonly Item[] | null)[];
