/** Items: what flows between nodes. The shapes are n8n's, so that run data can be compared one to one. */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
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

export interface ItemError {
  message: string;
  name?: string;
  description?: string;
  [key: string]: JsonValue | undefined;
}

export interface Item {
  json: JsonObject;
  binary?: Record<string, BinaryData>;
  pairedItem?: PairedItem | PairedItem[] | number;
  /** Set by a node that handled a failure of this one item; steers `continueErrorOutput`. */
  error?: ItemError;
}

/** One array of items per output (or input); null where nothing was delivered. */
export type Ports = readonly (readonly Item[] | null)[];
