import type { RunEvent, ExecutionMode } from '#workflow';
import type { SlotClaim } from './slots.ts';

/**
 * The journal port. PostgreSQL is the only judge of what happened; this is its contract, kept by the real
 * store in `storage/` and by the in-memory twin, under one conformance suite.
 */
export interface Journal {
  /**
   * Makes all steps durable in one commit. One outcome per step, in order. A step is all or nothing; steps of one
   * batch do not depend on each other's outcome, except that steps of one execution stand in the order given.
   *
   * Rejects with JOURNAL_UNKNOWN when it cannot say whether the commit happened (connection lost): the caller must
   * reload from the journal and never assume.
   */
  commit(steps: readonly Step[]): Promise<readonly StepOutcome[]>;
  /** Committed events of an execution with seq > `afterSeq`, ascending, at most `limit` (default all). */
  read(executionId: string, options?: { afterSeq?: number; limit?: number }): Promise<JournalEvent[]>;
  /** The execution's row, or undefined. */
  execution(executionId: string): Promise<ExecutionRecord | undefined>;
  /** The rows of these executions in one read, in any order; absent ones are left out. Absent: ask for each by itself. */
  executions?(executionIds: readonly string[]): Promise<ExecutionRecord[]>;
  /**
   * Executions of these shards that have not ended, oldest first, `afterId` exclusive, at most `limit`; with `status`
   * only those that stand there.
   */
  unfinished(
    shards: readonly number[],
    options: { afterId?: string; limit: number; status?: 'running' | 'waiting' },
  ): Promise<ExecutionRecord[]>;
  /** Due and coming timers of these shards with fireAt <= `until`, ascending, at most `limit`. */
  timers(shards: readonly number[], until: number, limit: number): Promise<TimerRow[]>;
  /** Messages waiting for an execution, in order of arrival. */
  inbox(executionId: string): Promise<InboxMessage[]>;
  /** Executions of these shards that have inbox messages (sweep; replaces a lost doorbell). */
  inboxPending(shards: readonly number[], limit: number): Promise<string[]>;
  /** Any member may leave a message for an execution; the same messageId twice is one message. False: no such execution, or it has ended. */
  deliver(message: InboxMessage): Promise<boolean>;
  /** A fresh block of ids, `first` to `first + size - 1`, never handed out before. */
  idBlock(): Promise<{ first: number; size: number }>;
}

/** An event with its place in the execution. Seq counts from 1 without gaps. */
export interface JournalEvent {
  seq: number;
  event: RunEvent;
}

/**
 * Where an execution stands. `success`, `error` and `canceled` are terminal: no step is taken after them. `waiting`
 * has nothing to do before a message or a far timer; waits under 65 s stay `running`, as in n8n.
 */
export type ExecutionStatus = 'running' | 'waiting' | 'success' | 'error' | 'canceled';

/** Everything of one execution that becomes durable together. */
export interface Step {
  executionId: string;
  shard: number;
  /** Epoch under which the writer owns the shard; the commit refuses the step when it is no longer current. */
  epoch: number;
  /** Present on the first step of an execution. */
  create?: ExecutionCreate;
  /** Events in seq order, starting at the last committed seq + 1; may be empty for bookkeeping steps. */
  events: readonly JournalEvent[];
  /** The row after these events. */
  status: ExecutionStatus;
  /** When the run ended; set exactly with a terminal status. */
  stoppedAt?: number;
  /** Next moment at which the run wakes by itself (shown to people; the timers do the waking). */
  wakeAt?: number;
  /** How often the run was recovered after a crash; absent = unchanged. */
  recoveries?: number;
  timersSet?: readonly TimerRow[];
  /** Timer ids that fired or were dropped. */
  timersDone?: readonly string[];
  /** Inbox messages that these events answer. */
  inboxDone?: readonly string[];
  /** Messages to other executions that leave with this commit (child results, signals). */
  deliver?: readonly InboxMessage[];
  /** Integration events that leave with this commit. */
  outbox?: readonly OutboxEvent[];
  /** Executions that start with this commit (sub-workflows), on shards that the writer owns too. */
  children?: readonly Step[];
  /** With `create` and the status `waiting` only: the execution queues under limits of its workflow; see {@link Slots}. */
  slot?: SlotClaim;
  /** New static data of the workflow by key (`global` or `node:<name>`). */
  staticData?: Record<string, unknown>;
}

/** What is fixed at the start of an execution and never changes after. Times are epoch milliseconds. */
export interface ExecutionCreate {
  workflowId: string;
  /** The immutable version the run is pinned to. */
  workflowVersion: number;
  mode: ExecutionMode;
  startedAt: number;
  /** Same key on the same workflow: the commit answers `duplicate` with the first execution. At most 255 characters. */
  idempotencyKey?: string;
  parentExecutionId?: string;
  retryOf?: string;
}

/**
 * The row of an execution as last committed. `id` is a decimal text that holds its shard; `lastSeq` is the seq of its
 * newest event; `recoveries` counts loads after crashes without progress between them.
 */
export interface ExecutionRecord extends ExecutionCreate {
  id: string;
  shard: number;
  status: ExecutionStatus;
  lastSeq: number;
  stoppedAt?: number;
  wakeAt?: number;
  recoveries: number;
}

/**
 * What became of one step; certain in all three cases. When nothing is certain there is no outcome: `commit` rejects
 * with JOURNAL_UNKNOWN.
 */
export type StepOutcome =
  | { kind: 'committed' }
  /**
   * The writer's picture is out of date: another member owns the shard now, or the step does not continue what the
   * journal holds (its first seq is not lastSeq + 1, the execution has ended, or is not there). Nothing of the step was
   * written. Stop the actor; do not retry.
   */
  | { kind: 'fenced' }
  /** The idempotency key belongs to that execution already; nothing of this step was written. */
  | { kind: 'duplicate'; executionId: string };

/**
 * A durable timer: fires once at or after `fireAt`, on whichever member owns the shard then. The same id set twice is
 * one timer; the one set last counts.
 */
export interface TimerRow {
  /** `executionId:node:run:attempt` or another id that is unique and stable. */
  id: string;
  shard: number;
  executionId: string;
  /** Epoch milliseconds. */
  fireAt: number;
  kind: 'wait' | 'retry' | 'timeout';
}

/**
 * A message to an execution that is durable before anybody acts on it. It stays until a step names it in `inboxDone`,
 * so it may be seen again after a crash; `messageId` is what makes the second time harmless.
 */
export interface InboxMessage {
  executionId: string;
  /** Stable, so that a repeated delivery is one message. */
  messageId: string;
  kind: 'resume' | 'child' | 'cancel' | 'signal';
  payload: unknown;
}

/** Envelope as in the event contract; `id` is the dedup key. */
export interface OutboxEvent {
  id: string;
  type: string;
  aggregateId: string;
  aggregateType: string;
  timestamp: number;
  userId?: string;
  version: number;
  payload: Record<string, unknown>;
  metadata: { correlationId?: string; causationId?: string; traceId?: string; spanId?: string };
}
