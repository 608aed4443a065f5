import { LOAD_LIMITS, type LoadLimits } from './admission/pressure.ts';

/** Limits of the company; every one can be lowered or raised by the composition root. */
export interface ActorLimits {
  /** Executions alive at once on this member; over it `start` throws ENGINE_OVERLOADED. */
  liveExecutions: number;
  /** Where else `start` throws ENGINE_OVERLOADED. */
  load: LoadLimits;
  /** Executions of one workflow that wait for their turn; over it `start` throws WORKFLOW_QUEUE_FULL. */
  queuedPerWorkflow: number;
  /** How long an execution that waits for its turn stays in memory; then it is a row. */
  queueHeldMs: number;
  /** The same where a caller waits for its end; then the caller is told that it waits. */
  queueCallerMs: number;
  /** Restarts of one execution actor within `restartWindowMs`; over it the execution is quarantined. */
  executionRestarts: number;
  restartWindowMs: number;
  /** Loads of an execution without any progress between them, over process starts; over it: quarantined. */
  recoveriesWithoutProgress: number;
  /** Executions loaded from the journal at the same time after a start or takeover. */
  recoveringAtOnce: number;
  /** Events kept back at most before they are committed although nothing waits for them. */
  pendingEvents: number;
  /** A node that runs longer has its start committed meanwhile, so that people see it. */
  slowNodeMs: number;
  /** Wall time of one node run unless the node says less; then its signal is aborted and the run fails. */
  nodeDeadlineMs: number;
  /** Node runs that this member performs for executions of others at once; over it they ask another member. */
  guests: number;
  /** Depth of sub-workflows below the first execution. */
  subworkflowDepth: number;
  /** Sub-workflow calls of one node run. */
  callsPerNode: number;
  /** Between two looks for executions that nobody performs, due timers and lost doorbells. */
  sweepMs: number;
  /** How far ahead timers are held in memory. */
  timerHorizonMs: number;
}

/** The defaults of {@link ActorLimits}; the composition root overrides single ones from the configuration. */
export const ACTOR_LIMITS: ActorLimits = {
  liveExecutions: 20_000,
  load: LOAD_LIMITS,
  queuedPerWorkflow: 10_000,
  queueHeldMs: 250,
  queueCallerMs: 10_000,
  executionRestarts: 3,
  restartWindowMs: 60_000,
  recoveriesWithoutProgress: 25,
  recoveringAtOnce: 32,
  pendingEvents: 200,
  slowNodeMs: 25,
  nodeDeadlineMs: 3_600_000,
  guests: 256,
  subworkflowDepth: 20,
  callsPerNode: 1_000,
  sweepMs: 5_000,
  timerHorizonMs: 60_000,
};
