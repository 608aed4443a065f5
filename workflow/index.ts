/** The language: n8n's workflow JSON, its items, expressions and order of execution. Pure: no I/O, no clock. */
export * from './errors.ts';
export type * from './items.ts';
export type * from './definition.ts';
export type * from './node-facts.ts';
export type * from './run-events.ts';

// Definition
export { workflowErrors, toItemError } from './errors-of-workflow.ts';
export type { Issue } from './errors-of-workflow.ts';
export { parseWorkflow } from './parse.ts';
export { validateWorkflow } from './validate.ts';
export type { VersionsOf } from './validate.ts';
export { issueOfRun } from './readiness.ts';
export { findTrigger } from './trigger.ts';
export { canonicalNodeType, isStickyNote } from './node-type-name.ts';
export { jsonFault, isPlainObject, isJsonObject, measureJson } from './json-check.ts';
export type { JsonFault, JsonMeasure } from './json-check.ts';
export { Graph, graphOf } from './graph.ts';
export type { Feed } from './graph.ts';

// Run
export { transition, outstanding } from './transition.ts';
export { settle } from './settle.ts';
export type { Outcome, RunKey } from './settle.ts';
export {
  newRun,
  hasEnded,
  currentRun,
  resumedFor,
  pendingChildren,
  isQueueReason,
  queuedFor,
  wakeAtOf,
  runDataWithCurrent,
  runsOf,
  factsIn,
} from './run-state.ts';
export type { RunState, RunPlan, RunEffect, RunNodeEffect, RunStatus, CurrentRun, StackEntry } from './run-state.ts';
export { stampItems, linkItems } from './item-stamp.ts';
export { pairedItemOf, contextOutput } from './item-links.ts';
export type { LinkOrigin, LinkedItem, LinkError } from './item-links.ts';
export { toRunDataJson, runDataJson } from './run-data-json.ts';
export type { RunDataJson, NodeRunJson } from './run-data-json.ts';

// Limits
export { RUN_LIMITS, SHORT_WAIT_MS, NODES_PER_WORKFLOW, WORKFLOW_JSON_DEPTH } from './limits.ts';
export type { RunLimits } from './limits.ts';

// Expressions and parameters
export * from './expressions/index.ts';
export * from './parameters/index.ts';
