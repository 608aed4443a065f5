import type {
  ExecutionMode,
  Item,
  JsonObject,
  JsonValue,
  NodeDefinition,
  NodeFacts,
  NodeResult,
  ParameterOption,
  ParameterSchema,
  Ports,
  RunData,
  Source,
  WebhookResponse,
  WorkflowDefinition,
} from '#workflow';
import type { BinaryStore, CodeRunner, HttpClient } from './outside.ts';

/** The closed map of node types. Lookup takes short and long names alike. */
export interface NodeCatalog {
  find(type: string, version: number): NodeType | undefined;
  facts(node: NodeDefinition): NodeFacts | undefined;
  all(): readonly NodeType[];
}

/**
 * A node type: what the language must know of it, its parameters, and what it does. One folder each in `nodes/`.
 * `execute` may answer at once (data nodes do) or by a promise; it must not touch anything but its context.
 */
export interface NodeType {
  /** Canonical long name. */
  readonly type: string;
  readonly displayName: string;
  readonly description: string;
  readonly group: 'trigger' | 'flow' | 'data' | 'action';
  /** Versions in use, ascending. A workflow's version must be one of them. */
  readonly versions: readonly number[];
  readonly properties: readonly ParameterSchema[];
  facts(node: NodeDefinition): NodeFacts;
  execute(context: NodeContext): NodeResult | Promise<NodeResult>;
  /** Present on nodes that are started or resumed by an HTTP call. */
  readonly webhook?: WebhookTrigger;
  /** Present on nodes that are started by the clock. */
  readonly schedule?: {
    specs(node: NodeDefinition, zone: string): ScheduleSpec[];
    items(dueAt: number, zone: string): Item[];
  };
}

export type { ParameterOption, ParameterSchema };

/** What a node sees of the world: its items and parameters, and the ports it may act through. */
export interface NodeContext {
  readonly node: NodeDefinition;
  readonly workflow: WorkflowDefinition;
  readonly executionId: string;
  readonly mode: ExecutionMode;
  readonly run: number;
  /** Counts from 1. */
  readonly attempt: number;
  readonly inputs: Ports;
  /** Items of an input; empty when it has none. */
  items(input?: number): readonly Item[];
  /**
   * A parameter by its dot path, defaults applied, expressions resolved against this item.
   * Throws EXPRESSION_* errors. `fallback` is for paths that the schema does not know.
   */
  param(path: string, itemIndex: number, fallback?: JsonValue): unknown;
  /**
   * Evaluates one `=…` text against an item; other text is returned as it is. `also` adds names of the moment, such
   * as `$response` and `$pageCount` while pages are fetched.
   */
  evaluate(text: string, itemIndex: number, also?: Readonly<Record<string, unknown>>): unknown;
  /** The data `$(…)` and friends read, as plain data, for the code runner. */
  scene(): JsonObject;
  /** Epoch milliseconds. */
  now(): number;
  /** IANA zone of the workflow. */
  readonly zone: string;
  /** Aborted on cancel, stop and deadline. */
  readonly signal: AbortSignal;
  /** True when this node turns a failure of one item into an item (`onError` is not stopWorkflow). */
  readonly continuesOnFail: boolean;
  /** Stable over retries and crashes: `executionId/nodeId/run/item`. */
  idempotencyKey(itemIndex: number): string;
  readonly http: HttpClient;
  readonly code: CodeRunner;
  readonly binary: BinaryStore;
  /** The node's own memory from its last run, or {}. Return a new one in the result to change it. */
  readonly memory: JsonObject;
  /** Static data of the workflow: a copy; return changes in the result. */
  staticData(scope: 'global' | 'node'): JsonObject;
  /** Where each input of this run came from; null for an input that got nothing. Absent = the engine does not say. */
  readonly sources?: readonly (Source | null)[];
  /**
   * The finished runs of the execution so far, this node's earlier ones included. A loop reads its items back from
   * here instead of keeping them in `memory`, which is committed with every run. Absent = it keeps them.
   */
  readonly runs?: RunData;
  /** What ended the wait of this node; set on the run after a wait or a call. */
  readonly resumed?: {
    items?: readonly Item[];
    results?: readonly { status: string; items: readonly Item[]; error?: { message: string } }[];
  };
}

/**
 * How a node is reached over HTTP. Both functions are called by the gateway, outside any run, and change nothing.
 * `routes` may be called on every activation and must depend on the node alone.
 */
export interface WebhookTrigger {
  /** The routes a node of an active workflow listens on. */
  routes(node: NodeDefinition): WebhookRoute[];
  /** Checks the node's own authentication and turns the call into items, or refuses it with an answer. */
  receive(node: NodeDefinition, request: WebhookRequest): Promise<WebhookReceipt>;
}

/** An address below `/webhook/` (and `/webhook-test/`), unique over all active workflows per method. */
export interface WebhookRoute {
  /** Upper case, such as POST. */
  method: string;
  /** Without leading slash; segments may be `:name`. */
  path: string;
  /** When the caller is answered. */
  respond: 'onReceived' | 'lastNode' | 'responseNode';
}

/**
 * A call that has arrived whole and within the gateway's size limits. Header names are in lower case; `params` are the
 * `:name` segments of the route; `test` is true below `/webhook-test/`.
 */
export interface WebhookRequest {
  method: string;
  /** Full address as the caller used it. */
  url: string;
  headers: Record<string, string>;
  params: Record<string, string>;
  /** Text values; a repeated or `[]` name is a list, `o[k]=v` an object. */
  query: JsonObject;
  /** Parsed by content type: JSON value, form object, or text. */
  body: JsonValue;
  raw: Uint8Array;
  remoteAddress: string;
  /** Files of a multipart call, from our own parser only. */
  files: { field: string; fileName: string; mimeType: string; bytes: Uint8Array }[];
  test: boolean;
  binary: BinaryStore;
}

/**
 * What the node makes of a call. `refused` (wrong credentials, wrong address) starts no run and is answered at once.
 */
export type WebhookReceipt =
  | {
      kind: 'accepted';
      items: Item[];
      /** The answer for `onReceived`; for `lastNode`, how to build it from the last items. */ answer: WebhookAnswer;
    }
  | { kind: 'refused'; response: WebhookResponse };

/** How the answer is made once its moment has come. */
export interface WebhookAnswer {
  status: number;
  headers: Record<string, string>;
  /** `lastNode`: which part of the last node's output 0 is the body. */
  data: 'firstEntryJson' | 'firstEntryBinary' | 'allEntries' | 'noData' | 'fixed';
  /** Name of the property to answer with instead of the whole first item; or of the binary. */
  property?: string;
  /** Body for `fixed` and for `onReceived`. */
  fixed?: WebhookResponse['body'];
  contentType?: string;
}

/** One cron line of a schedule; the due times it gives are unique per (workflow, node, spec, due). */
export interface ScheduleSpec {
  /** Six fields, seconds first. */
  cron: string;
  zone: string;
  /** For rules cron cannot say ("every 3 weeks"): keep every nth due time counted from an epoch. */
  every?: { n: number; unit: 'weeks' | 'months' | 'days' | 'hours' };
}
