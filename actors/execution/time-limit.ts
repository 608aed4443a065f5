import { queuedFor } from '#workflow';
import type { Execution } from './execution.ts';

/** Cancels the run when its time is over, counted from its begin: time in the queue is not the run's. */
export function watchTimeLimit(execution: Execution): void {
  const { args, run, services, context } = execution;
  const seconds = args.workflow.settings.executionTimeoutSeconds;
  if (seconds === undefined || seconds <= 0 || queuedFor(run) !== undefined) return;
  const left = run.begunAt + seconds * 1000 - services.clock.now();
  execution.cancelers.push(context.tellSelfAfter(Math.max(0, left), { type: 'timeout' }));
}
