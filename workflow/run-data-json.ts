import type { Item, ItemError, Source } from './items.ts';
import type { NodeRun, RunData } from './run-events.ts';
import type { RunState } from './run-state.ts';
import { runDataWithCurrent } from './run-state.ts';

/** One node run in n8n's run data. */
export interface NodeRunJson {
  /** Epoch milliseconds. */
  startTime: number;
  /** Milliseconds. */
  executionTime: number;
  executionIndex: number;
  executionStatus: NodeRun['status'];
  source: (Required<Source> | null)[];
  /** Absent for a run that failed or has not ended. */
  data?: { main: (readonly Item[] | null)[] };
  error?: ItemError;
  hints?: readonly string[];
}

/** n8n's run data, as the CLI prints it and the API answers with it. */
export interface RunDataJson {
  resultData: {
    lastNodeExecuted?: string;
    error?: ItemError & { node?: string };
    runData: Record<string, NodeRunJson[]>;
  };
}

function sourceJson(source: Source | null): Required<Source> | null {
  if (source === null) return null;
  const { previousNode, previousNodeOutput = 0, previousNodeRun = 0 } = source;
  return { previousNode, previousNodeOutput, previousNodeRun };
}

function runJson(run: NodeRun): NodeRunJson {
  const { startTime, executionTime, executionIndex, status } = run;
  const json: NodeRunJson = {
    startTime,
    executionTime,
    executionIndex,
    executionStatus: status,
    source: run.source.map(sourceJson),
  };
  if (run.outputs !== undefined) json.data = { main: [...run.outputs] };
  if (run.error !== undefined) json.error = run.error;
  if (run.hints !== undefined) json.hints = run.hints;
  return json;
}

/** Run data by node name as plain JSON; items are shared, not copied. Node names such as `__proto__` are own data. */
export function runDataJson(runData: RunData): Record<string, NodeRunJson[]> {
  // fromEntries defines own properties, whatever the name.
  return Object.fromEntries([...runData].map(([name, runs]) => [name, runs.map(runJson)]));
}

/** The run in n8n's form, the run at work included (executionStatus `running` or `waiting`). */
export function toRunDataJson(state: RunState): RunDataJson {
  const resultData: RunDataJson['resultData'] = { runData: runDataJson(runDataWithCurrent(state)) };
  if (state.lastNodeExecuted !== undefined) resultData.lastNodeExecuted = state.lastNodeExecuted;
  if (state.error !== undefined) resultData.error = state.error;
  return { resultData };
}
