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

/**
 * What the gateways (HTTP, CLI, schedules) may ask of the actors. All but `start`, `tree` and `breakers` works for any
 * execution of the cluster, whoever performs it.
 */
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
  /** Where a run stands and what its owner says of it; undefined when unknown. Takes up to 3 s while owners change. */
  state(executionId: string): Promise<ExecutionState | undefined>;
  /** The live supervision tree of this member. */
  tree(): readonly ActorInfo[];
  /** The live trees of all members, this one first; takes up to 2 s when one does not answer. Never rejects. */
  trees(): Promise<readonly MemberTree[]>;
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
 * actor, and a run that another member takes over is followed there. All reject with EXECUTION_NOT_ACCEPTED (the start
 * never became durable) or EXECUTION_MOVED (the run was taken over before anybody could say whether its start was
 * durable); on a duplicate `responded` and `ended` reject with EXECUTION_DUPLICATE.
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

/** Where an execution stands: its row, and what the member that performs it says. */
export interface ExecutionState {
  executionId: string;
  status: ExecutionStatus;
  /** Seq of its newest committed event. */
  lastSeq: number;
  wakeAt?: number;
  /** What it waits for, while `waiting`. */
  waitingFor?: string;
  /** Name of the member that performs it; absent when it has ended or nobody owns it. */
  member?: string;
  /** False: its owner is not known or did not answer, so nothing is known beyond the database. */
  reachable: boolean;
  /** Present while it is in the memory of its owner: actor names of its running nodes, and its mailbox. */
  live?: { nodes: readonly string[]; mailboxLength: number; state: ActorInfo['state'] };
}

/** One member's part of the live tree; `failure` says why it told nothing. */
export interface MemberTree {
  /** Its name. */
  member: string;
  bootId: string;
  rows: readonly ActorInfo[];
  breakers: readonly BreakerInfo[];
  /** Rows that were too many to tell. */
  omitted: number;
  failure?: string;
}

/** One circuit breaker of this member, for people; closed ones without failures are not listed. */
export interface BreakerInfo {
  breaker: string;
  state: 'closed' | 'open' | 'halfOpen';
  failures: number;
  /** Epoch milliseconds; while open. */
  nextProbeAt?: number;
}
