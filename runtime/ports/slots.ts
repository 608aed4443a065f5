/**
 * Turns of executions that are held back by a limit of their workflow. A claim becomes durable in the step that
 * creates its execution (see {@link Step}), so there is no accepted start without a place in the queue and no place
 * without an accepted start. Kept by PostgreSQL and by the in-memory twin, under one conformance suite.
 *
 *   step with `slot` -> queued -> grant: first come, first served per key -> granted -> the execution begins -> ends
 *
 * A granted place is taken while its execution has not ended, whoever performs it; nobody gives it back, so a member's
 * death loses none. Limits are those of the newest claim of the workflow. Time is the store's own.
 */
export interface Slots {
  /**
   * Gives turns to queued executions of a workflow, at most `atMost`, oldest first; one that waits for a full key does
   * not hold up those of other keys. However many callers ask at once, wherever, no limit is exceeded.
   */
  grant(workflowId: string, atMost: number): Promise<SlotGrants>;
  /** Executions of these shards that have their turn and have not begun, oldest first, at most `limit`. */
  granted(shards: readonly number[], limit: number): Promise<SlotTurn[]>;
  /** Workflows with queued executions, by id, `afterWorkflowId` exclusive, at most `limit`. */
  queued(options: { afterWorkflowId?: string; limit: number }): Promise<SlotQueue[]>;
  /** Removes up to `limit` places of executions that have ended or are gone. They count nowhere: this only tidies up. */
  forget(limit: number): Promise<void>;
}

/** What a step that creates an execution claims; at least one of both. Only limits that the workflow sets are there. */
export interface SlotClaim {
  /** At most `limit` executions of this key are under way at once. */
  readonly concurrency?: { readonly key: string; readonly limit: number };
  /** A bucket of `limit` turns of this key that is refilled evenly within `perMs`. */
  readonly rate?: { readonly key: string; readonly limit: number; readonly perMs: number };
}

/** An execution whose turn has come. */
export interface SlotTurn {
  readonly executionId: string;
  readonly workflowId: string;
}

/** What a grant gave. */
export interface SlotGrants {
  /** Executions whose turn came by this call, in order; on any shard. */
  readonly granted: readonly string[];
  /** Executions of the workflow that go on waiting. Those canceled in the queue may be counted for a while. */
  readonly waiting: number;
  /** When a bucket has its next turn, in milliseconds from now; absent = only the end of an execution makes room. */
  readonly nextInMs?: number;
}

/** A workflow with a queue. */
export interface SlotQueue {
  readonly workflowId: string;
  readonly waiting: number;
}
