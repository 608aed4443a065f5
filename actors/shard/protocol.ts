import type { WorkflowDefinition } from '#workflow';
import type { Step } from '#runtime';
import type { ExecutionArgs, ExecutionMessage } from '../execution/protocol.ts';
import type { LoadResult } from './load.ts';

/** Everything a shard understands. */
export type ShardMessage =
  /** A new run, accepted here. */
  | { type: 'start'; args: Extract<ExecutionArgs, { origin: 'start' }> }
  /** A run that another one's commit created; its first events are known. */
  | { type: 'adopt'; step: Step; workflow: WorkflowDefinition }
  /** Bring an unfinished run to life if it is not: at start, after a takeover, by the sweep. */
  | { type: 'recover'; executionId: string }
  /** A message for a run, which is loaded if need be. */
  | { type: 'deliver'; executionId: string; message: ExecutionMessage }
  | { type: 'load'; executionId: string }
  | { type: 'loaded'; executionId: string; found: LoadResult }
  | { type: 'loadFailed'; executionId: string; error: unknown }
  /** An execution sleeps through a long wait. */
  | { type: 'sleepy'; executionId: string };
