import type { ItemError, NodeResult, RunEvent, WorkflowDefinition } from '#workflow';
import type { ErrorWorkflow } from '../services.ts';
import type { ExecutionCreate, InboxMessage, JournalEvent, SlotClaim, StepOutcome } from '#runtime';

/** Everything an execution actor understands. */
export type ExecutionMessage =
  | { type: 'node.done'; node: string; run: number; attempt: number; actor: string; outcome: NodeOutcome }
  /** The node takes its time: commit what is pending so that people see it run. */
  | { type: 'node.slow' }
  | { type: 'committed'; outcome: StepOutcome }
  | { type: 'commit.failed'; error: unknown }
  /** A retry or a short wait is due. */
  | { type: 'wake'; node: string; run: number; timerId?: string }
  /** The run waited in the queue of its workflow, and its turn has come. */
  | { type: 'granted' }
  /** The run has been in the queue for as long as it stays in memory. */
  | { type: 'queuedLong' }
  /** Durable messages, new or found at recovery. */
  | { type: 'inbox'; messages: readonly InboxMessage[] }
  | { type: 'errorWorkflow'; found: ErrorWorkflow | undefined }
  | { type: 'errorWorkflow.failed'; error: unknown }
  | { type: 'cancel'; reason: string }
  | { type: 'timeout' }
  /** Sent by the shard behind all other messages: end if nothing is going on. */
  | { type: 'passivate' };

/** How a node run ended, as its actor reports it. */
export type NodeOutcome =
  | { kind: 'result'; result: Extract<NodeResult, { kind: 'outputs' | 'wait' }> }
  | { kind: 'calls'; calls: readonly ResolvedCall[]; wait: boolean }
  | { kind: 'failure'; error: ItemError };

/** A sub-workflow call whose definition has been found. */
export interface ResolvedCall {
  definition: WorkflowDefinition;
  version: number;
  trigger: string;
  items: Extract<RunEvent, { type: 'execution.started' }>['items'];
}

/** How an execution actor comes to life. */
export type ExecutionArgs = ExecutionIdentity &
  (
    | {
        origin: 'start';
        create: ExecutionCreate;
        started: Extract<RunEvent, { type: 'execution.started' }>;
        acceptEarly: boolean;
        /** Present: it queues under the limits of its workflow before it begins. */
        slot?: SlotClaim;
      }
    /** From the journal, after a crash, a passivation, or as a child that its parent's commit created. */
    | {
        origin: 'journal';
        create: ExecutionCreate;
        events: readonly JournalEvent[];
        inbox: readonly InboxMessage[];
        recoveries: number;
        /** True for a child whose first events its parent's commit has just written. */
        fresh: boolean;
        /** Present when an earlier incarnation in this process showed events to the live stream: up to this seq. */
        shownSeq?: number;
      }
  );

export interface ExecutionIdentity {
  executionId: string;
  shard: number;
  epoch: number;
  workflow: WorkflowDefinition;
}
