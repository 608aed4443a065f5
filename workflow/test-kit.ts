/** Tiny node types and a driver for the tests of this folder: performs a run in memory, with a clock that counts. */
import type { NodeDefinition, WorkflowDefinition } from './definition.ts';
import type { Item, ItemError, JsonObject, Ports } from './items.ts';
import type { NodeFacts } from './node-facts.ts';
import { parseWorkflow } from './parse.ts';
import type { ExecutionStarted, NodeResult, RunEvent } from './run-events.ts';
import type { RunEffect, RunNodeEffect, RunPlan, RunState } from './run-state.ts';
import { newRun } from './run-state.ts';
import type { Outcome } from './settle.ts';
import { settle } from './settle.ts';
import { transition } from './transition.ts';

type NodeSettings = Partial<Record<keyof NodeDefinition | 'waitBetweenTries' | 'continueOnFail', unknown>>;

interface FlowSpec {
  order?: 'v0' | 'v1';
  /** By name: position, type (default `pass`) and settings. */
  nodes: Record<string, NodeSettings & { at?: [number, number]; is?: string }>;
  /** `A>B` or with ports `A.1>B.1`. */
  edges: string[];
  pinData?: Record<string, Item[]>;
}

function port(text: string): { node: string; index: number } {
  const [node = '', index = '0'] = text.split('.');
  return { node, index: Number(index) };
}

function connectionsOf(edges: readonly string[]): JsonObject {
  const connections: Record<string, { main: { node: string; type: string; index: number }[][] }> = {};
  for (const edge of edges) {
    const [from = '', to = ''] = edge.split('>');
    const source = port(from);
    const target = port(to);
    const { main } = (connections[source.node] ??= { main: [] });
    while (main.length <= source.index) main.push([]);
    main[source.index]?.push({ node: target.node, type: 'main', index: target.index });
  }
  return connections;
}

/** A workflow from a few words; the node `Start` is its trigger. */
export function flow(spec: FlowSpec): WorkflowDefinition {
  const nodes = Object.entries(spec.nodes).map(([name, { at, is, ...settings }]) => ({
    name,
    type: `test.${is ?? (name === 'Start' ? 'trigger' : 'pass')}`,
    typeVersion: 1,
    position: at ?? [0, 0],
    parameters: {},
    ...settings,
  }));
  const settings = spec.order === 'v0' ? {} : { executionOrder: 'v1' };
  const connections = connectionsOf(spec.edges);
  return parseWorkflow({ id: 'w', name: 'Flow', nodes, connections, settings, pinData: spec.pinData ?? {} });
}

type Execute = (inputs: Ports, effect: RunNodeEffect, memory: JsonObject) => Outcome | Ports;

interface TinyType {
  facts: Omit<NodeFacts, 'type'>;
  execute: Execute;
}

const one = { trigger: false, inputs: 1, outputs: 1, requiredInputs: 'any', effect: 'none' } as const;
const first = (inputs: Ports): readonly Item[] => inputs.find((items) => (items?.length ?? 0) > 0) ?? [];
const failure = (error: ItemError): Outcome => ({ failure: error });

/** Loop over items one by one, as n8n's: output 0 done, output 1 the next item. */
const loop: Execute = (inputs, effect, memory) => {
  const left = (memory['left'] as number | undefined) ?? first(inputs).length;
  const outputs = left > 0 ? [[], first(inputs).slice(0, 1)] : [first(inputs), []];
  return { result: { kind: 'outputs', outputs, memory: { left: left - 1, run: effect.run } } };
};

export const TINY_TYPES: Record<string, TinyType> = {
  trigger: { facts: { ...one, trigger: true, inputs: 0 }, execute: (inputs) => [inputs[0] ?? []] },
  pass: { facts: one, execute: (inputs) => [first(inputs)] },
  fresh: { facts: one, execute: (inputs, { node }) => [first(inputs).map(() => ({ json: { from: node } }))] },
  none: { facts: one, execute: () => [[]] },
  empty2: { facts: { ...one, outputs: 2 }, execute: () => [[], []] },
  merge: { facts: { ...one, inputs: 2 }, execute: (inputs) => [inputs.flatMap((items) => items ?? [])] },
  merge3: {
    facts: { ...one, inputs: 3 },
    execute: (inputs) => [inputs.map((_, input) => ({ json: { input } }))],
  },
  mergeAll: {
    facts: { ...one, inputs: 2, requiredInputs: 'all' },
    execute: (inputs) => [inputs.flatMap((items) => items ?? [])],
  },
  mergeSecond: {
    facts: { ...one, inputs: 2, requiredInputs: [1] },
    execute: (inputs) => [inputs[1] ?? []],
  },
  yes: { facts: { ...one, outputs: 2 }, execute: (inputs) => [first(inputs), []] },
  no: { facts: { ...one, outputs: 2 }, execute: (inputs) => [[], first(inputs)] },
  both: { facts: { ...one, outputs: 2 }, execute: (inputs) => [first(inputs), first(inputs)] },
  loop: { facts: { ...one, outputs: 2 }, execute: loop },
  fail: { facts: one, execute: () => failure({ message: 'no way', name: 'Error' }) },
  failOnce: {
    facts: one,
    execute: (inputs, { attempt }) => (attempt === 1 ? failure({ message: 'not yet' }) : [first(inputs)]),
  },
  wait: {
    facts: one,
    execute: () => ({ result: { kind: 'wait', reason: 'timer', until: 1_000_000 } }),
  },
};

export const factsOf = (node: NodeDefinition): NodeFacts | undefined => {
  const tiny = TINY_TYPES[node.type.slice('test.'.length)];
  return tiny && { type: node.type, ...tiny.facts };
};

export function plan(workflow: WorkflowDefinition, limits?: RunPlan['limits']): RunPlan {
  return { executionId: '1', workflow, factsOf, ...(limits === undefined ? {} : { limits }) };
}

export const items = (...values: number[]): Item[] => values.map((n) => ({ json: { n } }));

export function started(over: Partial<ExecutionStarted> = {}): ExecutionStarted {
  return { type: 'execution.started', at: 1_000, mode: 'webhook', trigger: 'Start', items: items(1), ...over };
}

/** What the tiny type of this node does with its input; `given` outputs stand. */
export function outcomeOf(state: RunState, effect: RunNodeEffect): Outcome {
  if (effect.given !== undefined) return { result: { kind: 'outputs', outputs: effect.given } };
  const type = state.workflow.node.get(effect.node)?.type.slice('test.'.length) ?? '';
  const outcome = TINY_TYPES[type]?.execute(effect.inputs, effect, state.memory.get(effect.node) ?? {});
  if (outcome === undefined) throw new Error(`no tiny type ${type}`);
  return Array.isArray(outcome) ? { result: { kind: 'outputs', outputs: outcome } } : (outcome as Outcome);
}

/** The events that answer one effect, one at a time, as the engine would feed them. */
export function eventFor(state: RunState, effect: RunEffect, at: number, outcome = outcomeOf): RunEvent {
  switch (effect.type) {
    case 'runNode': {
      const { node, run, attempt } = effect;
      if (state.current?.phase !== 'running') return { type: 'node.started', at, node, run, attempt };
      return settle(state, effect, outcome(state, effect), at);
    }
    case 'retryAt':
      return { type: 'node.started', at: effect.at, node: effect.node, run: effect.run, attempt: effect.attempt };
    case 'wakeAt':
      return { type: 'execution.resumed', at: effect.at, node: effect.node, run: effect.run };
    case 'await':
      return { type: 'execution.resumed', at, node: effect.node, run: effect.run };
    case 'finish':
      return { type: 'execution.finished', at };
    case 'fail':
      return { type: 'execution.failed', at, error: effect.error, ...(effect.node ? { node: effect.node } : {}) };
  }
}

export interface Performance {
  state: RunState;
  events: RunEvent[];
  /** Names of the nodes in the order in which they started, once per attempt. */
  order: string[];
}

interface PerformOptions {
  start?: Partial<ExecutionStarted>;
  limits?: RunPlan['limits'];
  outcome?: (state: RunState, effect: RunNodeEffect) => Outcome;
  /** Stop after this many events, for runs without an end. */
  mostEvents?: number;
}

/** Performs a run to its end. */
export function perform(workflow: WorkflowDefinition, options: PerformOptions = {}): Performance {
  const begin = started(options.start);
  let [state, effects] = transition(newRun(plan(workflow, options.limits)), begin);
  const events: RunEvent[] = [begin];
  const order: string[] = [];
  for (let at = begin.at + 1; effects.length > 0 || state.current?.phase === 'running'; at++) {
    if (events.length >= (options.mostEvents ?? 100_000)) break;
    const { current } = state;
    const effect = effects[0] ?? (current && ({ type: 'runNode', ...runOf(current) } satisfies RunEffect));
    if (effect === undefined) break;
    const event = eventFor(state, effect, at, options.outcome);
    if (event.type === 'node.started') order.push(event.node);
    events.push(event);
    [state, effects] = transition(state, event);
  }
  return { state, events, order };
}

function runOf(current: NonNullable<RunState['current']>): Omit<RunNodeEffect, 'type'> {
  const { node, run, attempt, inputs, sources, given } = current;
  return { node, run, attempt, inputs, sources, ...(given === undefined ? {} : { given }) };
}

/** The journal folded again from nothing. */
export function fold(workflow: WorkflowDefinition, events: readonly RunEvent[], limits?: RunPlan['limits']): RunState {
  let state = newRun(plan(workflow, limits));
  for (const event of events) [state] = transition(state, event);
  return state;
}

/** The outcome `outputs` with these items on output 0. */
export function outputs(...ports: (readonly Item[] | null)[]): { result: Extract<NodeResult, { kind: 'outputs' }> } {
  return { result: { kind: 'outputs', outputs: ports } };
}
