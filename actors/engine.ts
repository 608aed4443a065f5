import type {
  ExecutionMode,
  Item,
  ItemError,
  JsonValue,
  RunData,
  WebhookResponse,
  WorkflowDefinition,
} from '#workflow';
import type { ActorInfo, ExecutionStatus } from '#runtime';

/** What the gateways (HTTP, CLI, schedules) may ask of the actors. */
export interface Engine {
  /**
   * Starts a run on a shard this member owns. Throws ENGINE_OVERLOADED, ENGINE_DRAINING, ENGINE_NO_SHARD or
   * ENGINE_NO_IDS; all of them are over before anything is written.
   */
  start(request: StartRequest): RunHandle;
  /** Cancels a run with all its children and running nodes; resolves after the commit. `ended`: it had ended before. */
  cancel(executionId: string, reason: string): Promise<'canceled' | 'ended' | 'unknown'>;
  /**
   * Hands a call or signal to a waiting run; durable when it resolves.
   * `unknown`: no such execution; `notWaiting`: it runs or has ended.
   */
  resume(
    executionId: string,
    message: ResumeMessage,
  ): Promise<{ kind: 'accepted'; handle: RunHandle } | { kind: 'unknown' | 'notWaiting' }>;
  /** Committed state of a run, folded from its journal; undefined when unknown. */
  inspect(executionId: string): Promise<RunReport | undefined>;
  /** The live supervision tree of this member. */
  tree(): readonly ActorInfo[];
  breakers(): readonly BreakerInfo[];
}

/**
 * A run to start. The definition is validated already and `trigger` is one of its nodes; `idempotencyKey` has at most
 * 255 characters and counts per workflow.
 */
export interface StartRequest {
  workflow: WorkflowDefinition;
  /** The immutable version the run is pinned to. */
  workflowVersion: number;
  mode: ExecutionMode;
  /** Name of the node to begin at. */
  trigger: string;
  items: Item[];
  /** Run up to and including this node. */
  destination?: string;
  idempotencyKey?: string;
  retryOf?: string;
  /** True: commit the start at once, so that `accepted` resolves before the run ends. */
  acceptEarly: boolean;
}

/**
 * A run that was taken on, and three moments of it; wait for any of them or none. They outlive crashes of the run's
 * actor. All reject with EXECUTION_MOVED (another member performs it now) or EXECUTION_NOT_ACCEPTED (the start never
 * became durable); on a duplicate `responded` and `ended` reject with EXECUTION_DUPLICATE.
 */
export interface RunHandle {
  readonly executionId: string;
  /** The start is durable. `duplicate`: the key belongs to that earlier execution; this run does not exist. Rejects with JOURNAL_UNKNOWN, JOURNAL_FENCED. */
  readonly accepted: Promise<{ executionId: string; duplicate: boolean }>;
  /** First answer of a Respond node, committed; undefined when the run ended or waits without one. */
  readonly responded: Promise<WebhookResponse | undefined>;
  /** The run's end (or its first wait of long duration, status `waiting`), committed. */
  readonly ended: Promise<RunReport>;
}

/**
 * A run as committed, for the API and the command line. Times are epoch milliseconds; `stoppedAt` is present exactly
 * with a terminal status, `error` with status `error`.
 */
export interface RunReport {
  executionId: string;
  workflowId: string;
  workflowVersion: number;
  mode: ExecutionMode;
  status: ExecutionStatus;
  startedAt: number;
  stoppedAt?: number;
  wakeAt?: number;
  lastNodeExecuted?: string;
  error?: ItemError & { node?: string };
  runData: RunData;
  retryOf?: string;
}

/**
 * What ends the wait of a run. Made by the gateway that took the call; items become the output of the waiting node.
 */
export interface ResumeMessage {
  /** Same id twice is one message. */
  messageId: string;
  /** Items that the waiting node hands on; absent: its own input. */
  items?: Item[];
  /** Payload for signals, shown in the journal. */
  payload?: JsonValue;
}

/** One circuit breaker of this member, for people; closed ones without failures are not listed. */
export interface BreakerInfo {
  breaker: string;
  state: 'closed' | 'open' | 'halfOpen';
  failures: number;
  /** Epoch milliseconds; while open. */
  nextProbeAt?: number;
}
