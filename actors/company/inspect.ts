import { newRun, runDataWithCurrent, transition } from '#workflow';
import type { RunReport } from '../engine.ts';
import type { Services } from '../services.ts';

/** A run as its journal tells it; undefined when there is none. Rejects when the database does not answer. */
export async function foldReport(executionId: string, services: Services): Promise<RunReport | undefined> {
  const row = await services.journal.execution(executionId);
  if (!row) return undefined;
  const report: RunReport = {
    executionId,
    workflowId: row.workflowId,
    workflowVersion: row.workflowVersion,
    mode: row.mode,
    status: row.status,
    startedAt: row.startedAt,
    runData: new Map(),
  };
  if (row.stoppedAt !== undefined) report.stoppedAt = row.stoppedAt;
  if (row.wakeAt !== undefined) report.wakeAt = row.wakeAt;
  if (row.retryOf !== undefined) report.retryOf = row.retryOf;
  const stored = await services.workflows.load(row.workflowId, row.workflowVersion);
  if (!stored) return report;
  const run = newRun({ executionId, workflow: stored.definition, factsOf: services.factsOf });
  for (const { event } of await services.journal.read(executionId)) transition(run, event);
  report.runData = runDataWithCurrent(run);
  if (run.lastNodeExecuted !== undefined) report.lastNodeExecuted = run.lastNodeExecuted;
  if (run.error !== undefined) report.error = run.error;
  return report;
}
