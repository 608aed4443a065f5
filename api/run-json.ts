import { runDataJson, type RunDataJson } from '#workflow';
import type { RunReport } from '#actors';

/** A run as the API shows it; the same data that the CLI prints. */
export interface RunJson {
  executionId: string;
  workflowId: string;
  status: RunReport['status'];
  /** ISO 8601, UTC. */
  startedAt: string;
  stoppedAt: string | null;
  data: RunDataJson;
}

/** Makes it; items are shared with the report, not copied. */
export function runJson(report: RunReport): RunJson {
  const { executionId, workflowId, status, startedAt, stoppedAt } = report;
  return {
    executionId,
    workflowId,
    status,
    startedAt: new Date(startedAt).toISOString(),
    stoppedAt: stoppedAt === undefined ? null : new Date(stoppedAt).toISOString(),
    data: runDataOf(report),
  };
}

/** n8n's run data of a report. */
export function runDataOf({ lastNodeExecuted, error, runData }: RunReport): RunDataJson {
  return {
    resultData: {
      ...(lastNodeExecuted === undefined ? {} : { lastNodeExecuted }),
      ...(error === undefined ? {} : { error }),
      runData: runDataJson(runData),
    },
  };
}
