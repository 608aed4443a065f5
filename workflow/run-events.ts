import type { Item, ItemError, JsonObject, JsonValue, Ports, Source } from './items.ts';

/**
 * The facts of a run, in the order in which they became true: the journal of an execution is a list of these.
 * A run state is the fold of its events through `transition`; nothing else is stored. All times are epoch
 * milliseconds.
 *
 * Old journals must still fold: never change the meaning of a field, add a new optional one.
 */
export type RunEvent =
  | ExecutionStarted
  | NodeStarted
  | NodeFinished
  | NodeFailed
  | NodeRetrying
  | ExecutionWaiting
  | ExecutionResumed
  | ExecutionFinished
  | ExecutionFailed
  | ExecutionCanceled;

/**
 * What started the run, with n8n's names: `integrated` is a sub-workflow, `error` an error workflow, `cli` the command
 * line. Pinned data counts in `manual` only; a failure in `manual` or `cli` calls no error workflow.
 */
export type ExecutionMode = 'manual' | 'webhook' | 'trigger' | 'integrated' | 'error' | 'cli' | 'retry';

/**
 * Always the first event of an execution, seq 1, and only there. It holds the whole input of the run, so that a run
 * can be folded from its journal without asking anybody.
 */
export interface ExecutionStarted {
  type: 'execution.started';
  at: number;
  mode: ExecutionMode;
  /** Name of the node the run begins at. */
  trigger: string;
  /** Items handed to the trigger node, which passes them on as its output 0 (or as it decides). */
  items: Item[];
  /** Run to this node only (partial run); absent = the whole workflow. */
  destination?: string;
  /** The run that started this one as a sub-workflow, with the call it answers. */
  parent?: {
    executionId: string;
    node: string;
    run: number;
    call: number;
    /** Sub-workflow levels above this run. */ depth: number;
  };
  retryOf?: string;
}

/**
 * A node run (or a further attempt of it) began. For a node with effect `external` it is the intent and is durable
 * before the call leaves; for others it may be committed later, together with the result. `run` counts from 0.
 */
export interface NodeStarted {
  type: 'node.started';
  at: number;
  node: string;
  run: number;
  /** Counts from 1. */
  attempt: number;
  /**
   * Idempotency key prefix of an effect: `executionId/nodeId/run`. Present exactly for effect `external` and for nodes
   * that another member performs.
   */
  key?: string;
}

/**
 * A node run ended and handed on `outputs`, one array per output; null where nothing was delivered, which is not the
 * same as []. Bounded by ITEMS_PER_NODE_RUN and OUTPUT_BYTES_PER_NODE_RUN.
 */
export interface NodeFinished {
  type: 'node.finished';
  at: number;
  node: string;
  run: number;
  outputs: (Item[] | null)[];
  /** Per-item or whole-node failure that was handled by `onError`; shown, not fatal. */
  error?: ItemError;
  /** New value of the node's own memory (loop position and the like); absent = unchanged. */
  memory?: JsonObject;
  /** The answer to the webhook call, delivered after this event is committed. */
  response?: WebhookResponse;
  /** Static data changes, by `global` or `node:<name>`; production runs only. */
  staticData?: Record<string, JsonObject>;
  /** Console lines and notices of the node for the run's view; at most 100. */
  hints?: string[];
}

/** A node failed after its last attempt and nothing handled it (`onError` is stopWorkflow). The run fails with it. */
export interface NodeFailed {
  type: 'node.failed';
  at: number;
  node: string;
  run: number;
  error: ItemError;
}

/**
 * An attempt failed and another one follows (`retryOnFail`) at `wakeAt`, so the pause outlives a crash; the next
 * `node.started` of this run has `attempt` + 1.
 */
export interface NodeRetrying {
  type: 'node.retrying';
  at: number;
  node: string;
  run: number;
  /** The attempt that failed. */
  attempt: number;
  error: ItemError;
  /** When the next attempt is due. */
  wakeAt: number;
  /** A breaker refused the call before it was made: it was no try, and the next one has the same number. */
  refused?: true;
}

/**
 * What a start over the limits of its workflow waits for: `concurrency` where such a limit is set (whatever else is),
 * else `rate`. Always the second event of a run, of its first node, before that began; ended by its turn only.
 */
export type QueueReason = 'concurrency' | 'rate';

/**
 * A node run began to wait, and with it the execution: nodes run one at a time. Ended by {@link ExecutionResumed} or
 * by the end of the execution. Durable before anybody is told of the wait.
 */
export interface ExecutionWaiting {
  type: 'execution.waiting';
  at: number;
  node: string;
  run: number;
  /** What ends the wait; a `timer` in under 65 s keeps the status `running`, as in n8n, and so do `children`. */
  reason: 'timer' | 'webhook' | 'form' | 'children' | 'uncertain' | QueueReason;
  /** When the wait ends by itself; absent = only by a message. */
  until?: number;
  /** Executions that this node waits for (reason `children`), in order of their calls. */
  children?: string[];
  /** How the resume call must look and be answered (reasons `webhook` and `form`). */
  resume?: JsonObject;
}

/**
 * A wait is over, and the waiting run of `node` goes on. Refused by `transition` (RUN_EVENT_UNEXPECTED) unless exactly
 * that run is waiting; of a timer and a call that both arrive, the first one is recorded.
 */
export interface ExecutionResumed {
  type: 'execution.resumed';
  at: number;
  node: string;
  run: number;
  /** What the waiting node gets: the call's items, the children's items, or absent to pass its input on. */
  items?: Item[];
  /** Per call, for reason `children`. */
  results?: { status: 'success' | 'error' | 'canceled'; items: Item[]; error?: ItemError }[];
}

/** The run succeeded: no node is running, waiting or due. Terminal, the last event of its execution. */
export interface ExecutionFinished {
  type: 'execution.finished';
  at: number;
}

/** The run failed. Terminal, the last event of its execution; nodes that had not run yet never do. */
export interface ExecutionFailed {
  type: 'execution.failed';
  at: number;
  error: ItemError;
  /** Absent when the run failed outside any node (quarantine, invalid workflow). */
  node?: string;
}

/**
 * The run was ended from outside: by a person, its parent, or its time limit. Terminal, the last event of its
 * execution. `reason` is shown to people.
 */
export interface ExecutionCanceled {
  type: 'execution.canceled';
  at: number;
  reason: string;
}

/** What a webhook caller gets. */
export interface WebhookResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON body, text, or a binary file of an item. */
  body:
    | { kind: 'json'; value: JsonValue }
    | { kind: 'text'; value: string }
    | { kind: 'binary'; base64: string; mimeType: string }
    | { kind: 'empty' };
}

/** What a node hands back to the engine. Closed: the engine handles each kind. */
export type NodeResult =
  | {
      kind: 'outputs';
      outputs: Ports;
      memory?: JsonObject;
      response?: WebhookResponse;
      staticData?: Record<string, JsonObject>;
      hints?: string[];
      /** A failure the node handled itself, per item; the run is shown with it. */
      error?: ItemError;
    }
  /** Stop here until a moment, a call, or both. Afterwards the node hands on `items` of the resume or its input. */
  | { kind: 'wait'; reason: 'timer' | 'webhook' | 'form'; until?: number; resume?: JsonObject }
  /** Start sub-workflows; with `wait` the node ends when all have ended. */
  | { kind: 'call'; calls: SubworkflowCall[]; wait: boolean };

/**
 * One execution that a node asks for. `items` go to the trigger of the called workflow. Fails with
 * SUBWORKFLOW_UNKNOWN, SUBWORKFLOW_NO_TRIGGER, SUBWORKFLOW_TOO_DEEP or SUBWORKFLOW_TOO_MANY.
 */
export interface SubworkflowCall {
  /** Id of a stored workflow, or the whole JSON of one. */
  workflow: { id: string } | { inline: JsonObject };
  items: Item[];
}

/** One run of a node in the state; what n8n calls an entry of `runData`. */
export interface NodeRun {
  readonly startTime: number;
  /** Milliseconds; 0 while running. */
  readonly executionTime: number;
  /** Position in the global order of node runs. */
  readonly executionIndex: number;
  readonly status: 'running' | 'waiting' | 'success' | 'error';
  readonly source: readonly (Source | null)[];
  /** Absent while running and for a run that failed. */
  readonly outputs?: Ports;
  readonly error?: ItemError;
  readonly hints?: readonly string[];
}

/** Runs of each node by name, in order; what expressions look into. */
export type RunData = ReadonlyMap<string, readonly NodeRun[]>;
