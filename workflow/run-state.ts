import type { WorkflowDefinition } from './definition.ts';
import { Deque } from './deque.ts';
import type { Graph } from './graph.ts';
import { graphOf } from './graph.ts';
import type { ItemError, JsonObject, Ports, Source } from './items.ts';
import type { RunLimits } from './limits.ts';
import { RUN_LIMITS } from './limits.ts';
import type { FactsOf, NodeFacts } from './node-facts.ts';
import type {
  ExecutionMode,
  ExecutionResumed,
  ExecutionStarted,
  ExecutionWaiting,
  NodeRun,
  QueueReason,
  RunData,
} from './run-events.ts';
import type { Delivery, WaitingLine } from './waiting-inputs.ts';

/**
 * What the engine must do next. The engine performs an effect and feeds the resulting events back into `transition`:
 *
 *   runNode  -> node.started, then what `settle` answers (node.finished | failed | retrying, execution.waiting)
 *   retryAt  -> at that moment node.started with this attempt; `currentRun` gives the runNode effect
 *   wakeAt   -> at that moment (or earlier, by a call) execution.resumed
 *   await    -> execution.resumed when the call, the children or a person answers
 *   finish   -> execution.finished
 *   fail     -> execution.failed
 */
export type RunEffect =
  | RunNodeEffect
  | { type: 'retryAt'; node: string; run: number; attempt: number; at: number }
  | { type: 'wakeAt'; node: string; run: number; at: number }
  | { type: 'await'; node: string; run: number }
  | { type: 'finish' }
  | { type: 'fail'; error: ItemError; node?: string };

/** Run a node: the one effect that leaves the language and comes back with an outcome. */
export interface RunNodeEffect {
  type: 'runNode';
  node: string;
  run: number;
  /** Counts from 1. */
  attempt: number;
  /** Items stamped with their own index and input; cut to the first item under `executeOnce`. */
  inputs: Ports;
  /** Where each input came from; [] for the node the run begins at. */
  sources: readonly (Source | null)[];
  /**
   * Present when the outputs are decided without the node's type: it is disabled, pinned, has no items to work on,
   * or was resumed from a wait. Do not execute the type; hand `{kind: 'outputs', outputs: given}` to `settle`.
   */
  given?: Ports;
}

/** `waiting` is only a wait of 65 s or more, or one without end; shorter ones and retries are `running`. */
export type RunStatus = 'running' | 'waiting' | 'success' | 'error' | 'canceled';

/** The node run at work. Data nodes and effects alike: one at a time, as in n8n. */
export interface CurrentRun extends Delivery {
  readonly node: string;
  readonly run: number;
  attempt: number;
  given: Ports | undefined;
  phase: 'ready' | 'running' | 'retrying' | 'waiting';
  /** Epoch milliseconds of the first attempt's start. */
  startedAt: number | undefined;
  executionIndex: number;
  /** While `retrying`: when the attempt is due. */
  retryAt: number | undefined;
  /** While `waiting`: what it waits for, `children` included. */
  wait: ExecutionWaiting | undefined;
  /** After a wait: what ended it. */
  resumed: ExecutionResumed | undefined;
}

/** A delivery whose node is to run as soon as its turn comes. */
export interface StackEntry extends Delivery {
  readonly node: string;
}

/** A node run that has just ended, seen by those who come after it. */
export interface Ended {
  readonly node: string;
  readonly run: number;
  readonly outputs: Ports;
}

/**
 * A run, folded from its events. Only `transition` changes it; everybody else reads. Everything that grows with the
 * run is shared with the events, never copied.
 */
export interface RunState {
  readonly executionId: string;
  readonly workflow: WorkflowDefinition;
  readonly graph: Graph;
  readonly limits: RunLimits;
  readonly factsOf: FactsOf;
  status: RunStatus;
  /** Absent until execution.started. */
  started: ExecutionStarted | undefined;
  mode: ExecutionMode;
  /** Name of the node the run began at; '' until execution.started. */
  trigger: string;
  parent: ExecutionStarted['parent'] | undefined;
  /** Epoch milliseconds; 0 until execution.started. */
  startedAt: number;
  /** When its first node could begin: `startedAt`, or the end of its time in the queue. Epoch milliseconds. */
  begunAt: number;
  stoppedAt: number | undefined;
  /** Finished node runs by name. The run at work is `current`; see `runDataWithCurrent`. */
  readonly runData: Map<string, NodeRun[]>;
  /** Memory of nodes by name (loop position and the like). */
  readonly memory: Map<string, JsonObject>;
  /** Static data written by this run, by `global` or `node:<name>`. */
  readonly staticData: Map<string, JsonObject>;
  current: CurrentRun | undefined;
  lastNodeExecuted: string | undefined;
  error: (ItemError & { node?: string }) | undefined;
  cancelReason: string | undefined;
  /** Node runs so far: the next global execution index. */
  nodeRuns: number;
  /** Deliveries to run next, first one first. */
  readonly stack: Deque<StackEntry>;
  /** Lines before nodes with several inputs, in order of their first arrival. */
  readonly waitingInputs: Map<string, WaitingLine>;
  /** How the run is about to end; its effect is out, its event not yet in. */
  ending: Extract<RunEffect, { type: 'finish' | 'fail' }> | undefined;
  /** Nodes a partial run may enter; absent = all. */
  reachable: ReadonlySet<string> | undefined;
  readonly factsCache: Map<string, NodeFacts | undefined>;
}

/** What a run needs besides its events. The definition must be the version that the run began with. */
export interface RunPlan {
  executionId: string;
  workflow: WorkflowDefinition;
  factsOf: FactsOf;
  /** Defaults: the constants of `limits.ts`. */
  limits?: Partial<RunLimits>;
}

/** A run before its first event; `execution.started` must come next. */
export function newRun(plan: RunPlan): RunState {
  return {
    executionId: plan.executionId,
    workflow: plan.workflow,
    graph: graphOf(plan.workflow),
    limits: { ...RUN_LIMITS, ...plan.limits },
    factsOf: plan.factsOf,
    status: 'running',
    started: undefined,
    mode: 'manual',
    trigger: '',
    parent: undefined,
    startedAt: 0,
    begunAt: 0,
    stoppedAt: undefined,
    runData: new Map(),
    memory: new Map(),
    staticData: new Map(),
    current: undefined,
    lastNodeExecuted: undefined,
    error: undefined,
    cancelReason: undefined,
    nodeRuns: 0,
    stack: new Deque(),
    waitingInputs: new Map(),
    ending: undefined,
    reachable: undefined,
    factsCache: new Map(),
  };
}

/** True once nothing can change any more: success, error or canceled. */
export function hasEnded(state: RunState): boolean {
  return state.status === 'success' || state.status === 'error' || state.status === 'canceled';
}

/** Facts of a node by name; asked of the catalogue once per run. */
export function factsIn(state: RunState, name: string): NodeFacts | undefined {
  const known = state.factsCache.get(name);
  if (known !== undefined || state.factsCache.has(name)) return known;
  const node = state.workflow.node.get(name);
  const facts = node === undefined ? undefined : state.factsOf(node);
  state.factsCache.set(name, facts);
  return facts;
}

/** The runNode effect of the run at work: what to do when a retry is due or after a recovery. */
export function currentRun(state: RunState): RunNodeEffect | undefined {
  const { current } = state;
  if (current === undefined) return undefined;
  const { node, run, attempt, inputs, sources, given } = current;
  const effect: RunNodeEffect = { type: 'runNode', node, run, attempt, inputs, sources };
  if (given !== undefined) effect.given = given;
  return effect;
}

/** What ended the wait of this run of a node; undefined when it did not wait. */
export function resumedFor(
  state: RunState,
  node: string,
  run: number,
): Pick<ExecutionResumed, 'items' | 'results'> | undefined {
  const { current } = state;
  return current?.node === node && current.run === run ? current.resumed : undefined;
}

/** Executions that the run waits for, in order of their calls; [] when it does not. */
export function pendingChildren(state: RunState): readonly string[] {
  const { current } = state;
  return current?.phase === 'waiting' ? (current.wait?.children ?? []) : [];
}

/** When the run goes on by itself: end of a wait or a retry, epoch milliseconds; undefined = not by the clock. */
export function wakeAtOf(state: RunState): number | undefined {
  const { current } = state;
  if (current === undefined || hasEnded(state)) return undefined;
  if (current.phase === 'retrying') return current.retryAt;
  return current.phase === 'waiting' ? current.wait?.until : undefined;
}

/** Why the run is in the queue of its workflow and has not begun; undefined when it is not. */
export function queuedFor(state: RunState): QueueReason | undefined {
  const { current } = state;
  const reason = current?.phase === 'waiting' && !hasEnded(state) ? current.wait?.reason : undefined;
  return reason !== undefined && isQueueReason(reason) ? reason : undefined;
}

/** True for a wait that ends when its turn comes, and by nobody's word. */
export function isQueueReason(reason: ExecutionWaiting['reason']): reason is QueueReason {
  return reason === 'concurrency' || reason === 'rate';
}

/** The run data with the run at work appended (status `running` or `waiting`): what people watch. */
export function runDataWithCurrent(state: RunState): RunData {
  const { current } = state;
  if (current?.startedAt === undefined) return state.runData;
  const run: NodeRun = {
    startTime: current.startedAt,
    executionTime: 0,
    executionIndex: current.executionIndex,
    status: current.phase === 'waiting' ? 'waiting' : 'running',
    source: current.sources,
  };
  const runs: readonly NodeRun[] = [...(state.runData.get(current.node) ?? []), run];
  return new Map<string, readonly NodeRun[]>([...state.runData, [current.node, runs]]);
}

/** How many finished runs a node has: the index of its next run. */
export function runsOf(state: RunState, node: string): number {
  return state.runData.get(node)?.length ?? 0;
}
