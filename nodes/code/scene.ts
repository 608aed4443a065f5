import { contextOutput, graphOf, pairedItemOf } from '#workflow';
import type {
  ExecutionMode,
  Item,
  JsonObject,
  LinkError,
  NodeDefinition,
  Ports,
  RunData,
  Source,
  WorkflowDefinition,
} from '#workflow';

/** Where an item of the run's input came from in another node, or why that cannot be said. */
export type SceneLink = { run: number; output: number; item: number } | { error: string };

/** What user code can see of one other node. */
export interface SceneNode {
  parameters: JsonObject;
  memory: JsonObject;
  /** Outputs per run; null for a run that failed or has not ended. */
  runs: ((readonly Item[] | null)[] | null)[];
  /** Output and run that `.all()` and the others read when none is named. */
  branch: number;
  run: number;
  /** Per input item, for `.item` and `.itemMatching`; present where the code uses them. */
  links?: SceneLink[];
}

/** Everything user code can ask for besides its own items; plain data, sent to the runner as JSON. */
export interface CodeScene {
  workflow: { id: string; name: string; active: boolean };
  execution: {
    id: string;
    mode: ExecutionMode;
    resumeUrl?: string;
    resumeFormUrl?: string;
    customData?: Record<string, string>;
  };
  node: { id: string; name: string; typeVersion: number; parameters: JsonObject; webhookId?: string };
  run: number;
  /** Epoch milliseconds. */
  now: number;
  zone: string;
  prev: { name?: string; outputIndex?: number; runIndex?: number };
  /** Parameters and memory of the node that fed the first input. */
  input: { params: JsonObject; context: JsonObject };
  /** Names of all nodes of the workflow. */
  known: string[];
  /** The nodes that the code names (all, where it computes a name). */
  nodes: Record<string, SceneNode>;
  staticData: { global: JsonObject; node: JsonObject };
  vars: JsonObject;
  /** Runs of different projects never share a runner process. */
  project?: string;
}

/** What a scene is gathered from: the run's own state, as the engine holds it. Nothing of it is changed. */
export interface SceneInput {
  workflow: WorkflowDefinition;
  active: boolean;
  node: NodeDefinition;
  executionId: string;
  mode: ExecutionMode;
  run: number;
  inputs: Ports;
  /** What fed each input of this run. */
  sources: readonly (Source | null)[];
  runData: RunData;
  /** Parameters of another node as shown by `.params`; absent = as the author wrote them. */
  parametersOf?: (node: NodeDefinition) => JsonObject;
  /** Memory of nodes by name, such as a loop's position. */
  memory?: ReadonlyMap<string, JsonObject>;
  staticData: { global: JsonObject; node: JsonObject };
  now: number;
  zone?: string;
  resumeUrl?: string;
  vars?: JsonObject;
  project?: string;
}

/** Gathers what the code of a Code, Function or Function Item node may read, and no more: the result is sent as JSON. */
export function buildCodeScene(input: SceneInput): CodeScene {
  const { workflow, node } = input;
  const source = String(node.parameters['jsCode'] ?? node.parameters['functionCode'] ?? '');
  const first = input.sources[0] ?? undefined;
  const feeder = first && workflow.node.get(first.previousNode);
  const nodes: [string, SceneNode][] = [];
  for (const name of namedNodes(source, workflow)) {
    const one = workflow.node.get(name);
    if (one) nodes.push([name, sceneNode(input, one, /\.(item|itemMatching|pairedItem)\b/.test(source))]);
  }
  return {
    workflow: { id: workflow.id, name: workflow.name, active: input.active },
    execution: {
      id: input.executionId,
      mode: input.mode,
      ...(input.resumeUrl === undefined ? {} : { resumeUrl: input.resumeUrl }),
    },
    node: {
      id: node.id,
      name: node.name,
      typeVersion: node.typeVersion,
      parameters: node.parameters,
      ...(node.webhookId === undefined ? {} : { webhookId: node.webhookId }),
    },
    run: input.run,
    now: input.now,
    zone: input.zone ?? workflow.settings.timezone,
    prev: first
      ? { name: first.previousNode, outputIndex: first.previousNodeOutput ?? 0, runIndex: first.previousNodeRun ?? 0 }
      : {},
    input: { params: feeder?.parameters ?? {}, context: (first && input.memory?.get(first.previousNode)) ?? {} },
    known: workflow.nodes.map((one) => one.name),
    nodes: Object.fromEntries(nodes),
    staticData: input.staticData,
    vars: input.vars ?? {},
    ...(input.project === undefined ? {} : { project: input.project }),
  };
}

/**
 * Names in `$('X')`, `$node['X']`, `$node.X` and `$items('X')`. One use with anything but a plain text in it gives all
 * nodes: too much is only slow, too little is wrong.
 */
export function namedNodes(source: string, workflow: WorkflowDefinition): readonly string[] {
  const every = workflow.nodes.map((node) => node.name);
  const names = new Set<string>();
  const uses = source.matchAll(
    /(?<![\w$])\$(?:node\s*(?:\?\.)?\s*\.\s*([A-Za-z_$][\w$]*)|(?:(?:items)?\s*(?:\?\.)?\s*\(|node\s*(?:\?\.)?\s*\[)\s*(?:(['"`])((?:\\.|(?!\2).)*)\2\s*[\]),]|(\))|))/g,
  );
  let seen = 0;
  for (const [, plain, quote, quoted, empty] of uses) {
    seen++;
    const name = plain ?? quoted;
    if (empty !== undefined) continue;
    if (name === undefined || (quote === '`' && name.includes('${'))) return every;
    names.add(name.replace(/\\(.)/g, '$1'));
  }
  // `$node` or `$items` handed on as a value, or `$` under another name.
  const mentions = source.match(/(?<![\w$])\$(?:node|items|item)?(?![\w$])/g)?.length ?? 0;
  return mentions > seen ? every : [...names];
}

function sceneNode(input: SceneInput, node: NodeDefinition, withLinks: boolean): SceneNode {
  const runs = input.runData.get(node.name) ?? [];
  // The language's own rules, so that `$('X')` means the same in code and in expressions.
  const read = contextOutput(input.runData, graphOf(input.workflow), input.node.name, node.name);
  return {
    parameters: input.parametersOf?.(node) ?? node.parameters,
    memory: input.memory?.get(node.name) ?? {},
    runs: runs.map((run) => (run.outputs ? [...run.outputs] : null)),
    branch: 'error' in read ? 0 : read.output,
    run: 'error' in read ? 0 : read.run,
    ...(withLinks ? { links: linksTo(input, node.name) } : {}),
  };
}

/** For each item of the first input: the item of `name` it goes back to, or why there is none. */
function linksTo(input: SceneInput, name: string): SceneLink[] {
  const items = input.inputs[0] ?? [];
  const from = { node: input.node.name, sources: input.sources, items };
  return items.map((_, index) => {
    const found = pairedItemOf(input.runData, graphOf(input.workflow), from, index, name);
    if ('error' in found) return { error: messageOf(found) };
    return { run: found.run, output: found.output, item: found.index };
  });
}

/** The same words as in expressions. */
function messageOf(failure: LinkError): string {
  switch (failure.error) {
    case 'notRun':
      return `Node '${failure.target}' hasn't been executed`;
    case 'notUpstream':
      return 'Invalid expression';
    case 'ambiguous':
      return 'Multiple matches found';
    case 'linkMissing':
      return `Paired item data for item from node '${failure.at}' is unavailable. Ensure '${failure.at}' is providing the required output.`;
  }
}
