import { toItemError, workflowErrors } from './errors-of-workflow.ts';
import { stampItems } from './item-stamp.ts';
import type { ItemError, Ports } from './items.ts';
import { releaseWaiting } from './order.ts';
import type { CurrentRun, RunEffect, RunState, StackEntry } from './run-state.ts';
import { currentRun, factsIn, runsOf } from './run-state.ts';

type Effects = readonly RunEffect[];

/** Sets the run on its way to `execution.failed`. */
export function fail(state: RunState, error: ItemError, node?: string): Effects {
  state.ending = node === undefined ? { type: 'fail', error } : { type: 'fail', error, node };
  return [state.ending];
}

/** The items a node works on: the first input; in v1 the first input that has any. */
function hasWork(state: RunState, entry: StackEntry): boolean {
  if (state.workflow.settings.executionOrder === 'v0') return (entry.inputs[0]?.length ?? 0) > 0;
  return entry.inputs.some((items) => items !== null && items.length > 0);
}

/** Outputs that stand without executing the type; undefined = execute it. */
function givenOutputs(state: RunState, entry: StackEntry, inputs: Ports): Ports | undefined {
  const node = state.workflow.node.get(entry.node);
  if (node?.disabled === true) return [inputs[0] ?? []];
  const pinned = state.mode === 'manual' ? state.workflow.pinData.get(entry.node) : undefined;
  if (pinned !== undefined) return [pinned];
  const begins = entry.sources.length === 0;
  if (begins || hasWork(state, entry) || factsIn(state, entry.node)?.inputs === 0) return undefined;
  return [[]];
}

function prepare(state: RunState, entry: StackEntry): CurrentRun {
  const once = state.workflow.node.get(entry.node)?.executeOnce === true;
  const inputs = entry.inputs.map((items, input) => {
    if (items === null) return null;
    return stampItems(once && items.length > 1 ? items.slice(0, 1) : items, input);
  });
  return {
    node: entry.node,
    run: runsOf(state, entry.node),
    attempt: 1,
    inputs,
    sources: entry.sources,
    given: givenOutputs(state, entry, inputs),
    phase: 'ready',
    startedAt: undefined,
    executionIndex: state.nodeRuns,
    retryAt: undefined,
    wait: undefined,
    resumed: undefined,
  };
}

/** Takes the next delivery from the stack, or one that waits for nothing more, or finishes. */
export function next(state: RunState): Effects {
  const entry = state.stack.popFront() ?? releaseWaiting(state);
  if (entry === undefined) {
    state.ending = { type: 'finish' };
    return [state.ending];
  }
  if (state.nodeRuns >= state.limits.nodeRunsPerExecution) {
    const loop = workflowErrors.RUN_ENDLESS_LOOP({ node: entry.node, runs: state.nodeRuns });
    return fail(state, toItemError(loop), entry.node);
  }
  const current = prepare(state, entry);
  const node = state.workflow.node.get(entry.node);
  if (node !== undefined && current.given === undefined && factsIn(state, entry.node) === undefined) {
    const { name, type, typeVersion: version } = node;
    const unknown = workflowErrors.NODE_TYPE_UNKNOWN({ node: name, type, version, versions: [] });
    return fail(state, toItemError(unknown), name);
  }
  state.current = current;
  return effectOf(state, current);
}

/** What the run at work is waiting to have done. */
export function effectOf(state: RunState, current: CurrentRun): Effects {
  const { node, run, attempt, phase, retryAt, wait } = current;
  if (phase === 'retrying' && retryAt !== undefined) return [{ type: 'retryAt', node, run, attempt, at: retryAt }];
  if (phase === 'waiting') {
    return [wait?.until === undefined ? { type: 'await', node, run } : { type: 'wakeAt', node, run, at: wait.until }];
  }
  const effect = currentRun(state);
  return effect === undefined ? [] : [effect];
}
