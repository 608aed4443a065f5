import { effectOf, fail, next } from './dispatch.ts';
import { toItemError, workflowErrors } from './errors-of-workflow.ts';
import { SHORT_WAIT_MS } from './limits.ts';
import { handOn } from './order.ts';
import type {
  ExecutionFailed,
  ExecutionResumed,
  ExecutionStarted,
  ExecutionWaiting,
  NodeFailed,
  NodeFinished,
  NodeRetrying,
  NodeRun,
  NodeStarted,
  RunEvent,
} from './run-events.ts';
import type { CurrentRun, RunEffect, RunState } from './run-state.ts';
import { hasEnded, queuedFor } from './run-state.ts';

type Effects = readonly RunEffect[];

const NOTHING: Effects = [];

function unexpected(state: RunState, event: RunEvent, expected: string): never {
  const described = 'node' in event && 'run' in event ? `${event.type} of ${event.node}.${event.run}` : event.type;
  throw workflowErrors.RUN_EVENT_UNEXPECTED({ executionId: state.executionId, event: described, expected });
}

function start(state: RunState, event: ExecutionStarted): Effects {
  if (state.started !== undefined) unexpected(state, event, 'any other event: it has started');
  state.started = event;
  state.mode = event.mode;
  state.trigger = event.trigger;
  state.parent = event.parent;
  state.startedAt = event.at;
  state.begunAt = event.at;
  const { trigger, destination } = event;
  const { node, name: workflow } = state.workflow;
  if (!node.has(trigger)) return fail(state, toItemError(workflowErrors.TRIGGER_UNKNOWN({ workflow, node: trigger })));
  if (destination !== undefined) {
    const unknown = workflowErrors.DESTINATION_UNKNOWN({ workflow, node: destination });
    if (!node.has(destination)) return fail(state, toItemError(unknown));
    state.reachable = new Set([...state.graph.ancestors(destination), destination]);
  }
  state.stack.pushBack({ node: event.trigger, inputs: [event.items], sources: [] });
  return next(state);
}

/** The run at work, which the event must be about. */
function currentFor(
  state: RunState,
  event: RunEvent & { node: string; run: number },
  ...phases: CurrentRun['phase'][]
): CurrentRun {
  const { current } = state;
  const expected = current === undefined ? 'the end' : `${current.node}.${current.run} (${current.phase})`;
  if (current?.node !== event.node || current.run !== event.run || !phases.includes(current.phase)) {
    return unexpected(state, event, expected);
  }
  return current;
}

function nodeStarted(state: RunState, event: NodeStarted): Effects {
  // Started again with the same attempt: a recovery found it unfinished.
  const current = currentFor(state, event, 'ready', 'retrying', 'running');
  if (current.attempt !== event.attempt) unexpected(state, event, `attempt ${current.attempt}`);
  if (current.startedAt === undefined) {
    current.startedAt = event.at;
    state.nodeRuns += 1;
  }
  current.phase = 'running';
  current.retryAt = undefined;
  state.lastNodeExecuted = event.node;
  return NOTHING;
}

/** Appends the finished run of `current` to the run data. */
function record(state: RunState, current: CurrentRun, event: NodeFinished | NodeFailed): void {
  const startTime = current.startedAt ?? event.at;
  const run: NodeRun = {
    startTime,
    executionTime: Math.max(0, event.at - startTime),
    executionIndex: current.executionIndex,
    status: event.error === undefined ? 'success' : 'error',
    source: current.sources,
    ...(event.type === 'node.finished' ? { outputs: event.outputs } : {}),
    ...(event.error === undefined ? {} : { error: event.error }),
    ...(event.type === 'node.finished' && event.hints !== undefined ? { hints: event.hints } : {}),
  };
  const runs = state.runData.get(current.node);
  if (runs === undefined) state.runData.set(current.node, [run]);
  else runs.push(run);
  state.current = undefined;
}

function nodeFinished(state: RunState, event: NodeFinished): Effects {
  const current = currentFor(state, event, 'running');
  record(state, current, event);
  if (event.memory !== undefined) state.memory.set(event.node, event.memory);
  if (event.staticData !== undefined) {
    for (const [key, value] of Object.entries(event.staticData)) state.staticData.set(key, value);
  }
  handOn(state, { node: event.node, run: event.run, outputs: event.outputs });
  return next(state);
}

function nodeFailed(state: RunState, event: NodeFailed): Effects {
  const current = currentFor(state, event, 'running');
  record(state, current, event);
  return fail(state, event.error, event.node);
}

function nodeRetrying(state: RunState, event: NodeRetrying): Effects {
  const current = currentFor(state, event, 'running');
  if (current.attempt !== event.attempt) unexpected(state, event, `attempt ${current.attempt}`);
  current.phase = 'retrying';
  if (event.refused !== true) current.attempt += 1;
  current.retryAt = event.wakeAt;
  return effectOf(state, current);
}

function waiting(state: RunState, event: ExecutionWaiting): Effects {
  // A node at most once, interrupted by a crash, waits before its new start is known: phase `ready` or `retrying`.
  const current = currentFor(state, event, 'running', 'ready', 'retrying');
  current.phase = 'waiting';
  current.wait = event;
  const short = event.reason === 'timer' && event.until !== undefined && event.until - event.at < SHORT_WAIT_MS;
  // Whoever runs sub-workflows is at work: a caller of it is answered when they are done.
  if (!short && event.reason !== 'children') state.status = 'waiting';
  return effectOf(state, current);
}

/** The waiting node is run again, as if disabled: it hands on what the resume brought, or its first input. */
function resumed(state: RunState, event: ExecutionResumed): Effects {
  const current = currentFor(state, event, 'waiting');
  const queued = queuedFor(state) !== undefined;
  state.status = 'running';
  current.phase = 'ready';
  if (queued) {
    // Its turn has come: the node begins as if it had never waited.
    current.wait = undefined;
    state.begunAt = event.at;
    return effectOf(state, current);
  }
  current.resumed = event;
  // A caller of sub-workflows turns their results into items itself.
  current.given = current.wait?.reason === 'children' ? undefined : [event.items ?? current.inputs[0] ?? []];
  current.wait = undefined;
  return effectOf(state, current);
}

function finished(state: RunState, event: RunEvent): Effects {
  if (state.ending?.type !== 'finish') unexpected(state, event, 'the remaining nodes');
  return end(state, 'success', event.at);
}

function failed(state: RunState, event: ExecutionFailed): Effects {
  const { error, node } = event;
  state.error = node === undefined ? { ...error } : { ...error, node };
  return end(state, 'error', event.at);
}

function end(state: RunState, status: 'success' | 'error' | 'canceled', at: number): Effects {
  state.status = status;
  state.stoppedAt = at;
  state.ending = undefined;
  return NOTHING;
}

function apply(state: RunState, event: RunEvent): Effects {
  switch (event.type) {
    case 'execution.started':
      return start(state, event);
    case 'node.started':
      return nodeStarted(state, event);
    case 'node.finished':
      return nodeFinished(state, event);
    case 'node.failed':
      return nodeFailed(state, event);
    case 'node.retrying':
      return nodeRetrying(state, event);
    case 'execution.waiting':
      return waiting(state, event);
    case 'execution.resumed':
      return resumed(state, event);
    case 'execution.finished':
      return finished(state, event);
    case 'execution.failed':
      return failed(state, event);
    case 'execution.canceled':
      state.cancelReason = event.reason;
      return end(state, 'canceled', event.at);
  }
}

/**
 * Takes one event and says what must happen next; executes nothing and reads no clock. The state given is consumed:
 * it is changed in place and handed back, so keep only the result. Cost per event does not grow with the run.
 *
 * `execution.canceled` and `execution.failed` are taken in every state but a terminal one.
 * Throws RUN_ENDED after a terminal event and RUN_EVENT_UNEXPECTED for an event that does not fit (the state is then
 * unchanged): both mean that the journal and the engine disagree.
 */
export function transition(state: RunState, event: RunEvent): [RunState, readonly RunEffect[]] {
  const { executionId, status } = state;
  if (hasEnded(state)) throw workflowErrors.RUN_ENDED({ executionId, status, event: event.type });
  if (state.started === undefined && event.type !== 'execution.started') unexpected(state, event, 'execution.started');
  return [state, apply(state, event)];
}

/**
 * The effects that are still to be done: what `transition` asked for last and no event has answered. After folding a
 * journal this is what a recovery does: a run that was started and not finished is run again with the same run index
 * and attempt. Empty once the run has ended.
 */
export function outstanding(state: RunState): readonly RunEffect[] {
  if (hasEnded(state) || state.started === undefined) return NOTHING;
  if (state.ending !== undefined) return [state.ending];
  return state.current === undefined ? NOTHING : effectOf(state, state.current);
}
