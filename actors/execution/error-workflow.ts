import { TroupeError } from '#workflow';
import { causeOf } from '#runtime';
import type { Execution } from './execution.ts';

/** Pause before the error workflow of a failed run is looked for again. */
const LOOK_UP_AGAIN_MS = 1_000;

/**
 * Looks for the error workflow of a run that has failed; its end is held back until it is known, since both leave in
 * one commit. False: the run has none, nothing is held back.
 */
export function lookUpErrorWorkflow(execution: Execution): boolean {
  const { args, backstage, context } = execution;
  const looking = backstage.errorWorkflow(args.workflow, args.create.mode);
  if (!looking) return false;
  execution.holdsEnd = true;
  context.pipeToSelf(
    looking,
    (found) => ({ type: 'errorWorkflow', found }),
    (error) => ({ type: 'errorWorkflow.failed', error }),
  );
  return true;
}

/**
 * The look-up failed. With the database away the end could not be committed either, so it is only tried again; what
 * will never be readable is reported, and the run ends without: its own result counts more.
 */
export function lookUpAgain(execution: Execution, error: unknown): void {
  const { args, services, context, cancelers } = execution;
  if (!(error instanceof TroupeError) || error.retryable) {
    cancelers.push(services.clock.after(LOOK_UP_AGAIN_MS, () => void lookUpErrorWorkflow(execution)));
    return;
  }
  const { executionId, workflow } = args;
  const event = { type: 'errorWorkflow.lost', executionId, workflowId: workflow.id, cause: causeOf(error) } as const;
  context.system.report(event);
  context.system.tell(context.self, { type: 'errorWorkflow', found: undefined });
}
