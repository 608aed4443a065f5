import type { RunReport } from '#actors';
import { type ItemError, runDataJson, type TroupeError } from '#workflow';

/** What `--output json` prints: the contract's form of one run. */
export interface RunJson {
  file: string;
  executionId: string | null;
  status: RunReport['status'];
  startedAt: string | null;
  stoppedAt: string | null;
  data: {
    resultData: {
      lastNodeExecuted?: string;
      error?: ItemError & { node?: string };
      runData: ReturnType<typeof runDataJson>;
    };
  };
}

/** A run as the contract prints it. */
export function runJson(file: string, report: RunReport): RunJson {
  const { executionId, status, startedAt, stoppedAt, lastNodeExecuted, error, runData } = report;
  return {
    file,
    executionId,
    status,
    startedAt: new Date(startedAt).toISOString(),
    stoppedAt: stoppedAt === undefined ? null : new Date(stoppedAt).toISOString(),
    data: {
      resultData: {
        ...(lastNodeExecuted === undefined ? {} : { lastNodeExecuted }),
        ...(error === undefined ? {} : { error }),
        runData: runDataJson(runData),
      },
    },
  };
}

/** A file that could not be run at all: the same form, with the fault as its error. */
export function refusedJson(file: string, { message, code, hint }: TroupeError): RunJson {
  const error = { message, code, ...(hint === undefined ? {} : { hint }) };
  const data = { resultData: { error, runData: {} } };
  return { file, executionId: null, status: 'error', startedAt: null, stoppedAt: null, data };
}
