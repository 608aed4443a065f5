import type { Item, ItemError } from '#workflow';
import type { InboxMessage } from '#runtime';
import type { RunReport } from '../engine.ts';
import type { Execution } from './execution.ts';

/** What waiters and the API get of a run; run data is the live state's, not a copy. */
export function reportOf(execution: Execution): RunReport {
  const { run, args } = execution;
  const report: RunReport = {
    executionId: args.executionId,
    workflowId: args.workflow.id,
    workflowVersion: args.create.workflowVersion,
    mode: args.create.mode,
    status: run.status,
    startedAt: args.create.startedAt,
    runData: run.runData,
  };
  if (run.stoppedAt !== undefined) report.stoppedAt = run.stoppedAt;
  if (run.lastNodeExecuted !== undefined) report.lastNodeExecuted = run.lastNodeExecuted;
  if (run.error !== undefined) report.error = run.error;
  if (args.create.retryOf !== undefined) report.retryOf = args.create.retryOf;
  return report;
}

/** What a child leaves in its parent's inbox when it ends. */
export interface ChildResult {
  status: 'success' | 'error' | 'canceled';
  items: Item[];
  error?: ItemError;
}

/** The letter by which a run that was called tells its caller how it ended; the child's id is the message's. */
export function resultFor(parent: string, report: RunReport): InboxMessage {
  const runs = report.lastNodeExecuted === undefined ? undefined : report.runData.get(report.lastNodeExecuted);
  const items = [...(runs?.at(-1)?.outputs?.find((output) => output && output.length > 0) ?? [])];
  const status = report.status === 'success' || report.status === 'canceled' ? report.status : 'error';
  const payload: ChildResult = { status, items, ...(report.error && { error: report.error }) };
  return { executionId: parent, messageId: report.executionId, kind: 'child', payload };
}
