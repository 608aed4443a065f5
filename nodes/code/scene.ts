import type {
  ExecutionMode,
  Item,
  JsonObject,
  NodeDefinition,
  NodeRun,
  PairedItem,
  Ports,
  RunData,
  Source,
  WorkflowDefinition,
} from '#workflow';

import { LINK_STEPS } from './limits.ts';

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
  const way = wayTo(input, node.name);
  const finished = runs.filter((run) => run.outputs !== undefined || run.status === 'error');
  return {
    parameters: node.parameters,
    memory: input.memory?.get(node.name) ?? {},
    runs: finished.map((run) => (run.outputs ? [...run.outputs] : null)),
    branch: way?.output ?? branchTo(input.workflow, node.name, input.node.name) ?? 0,
    run: way?.run ?? Math.max(0, finished.length - 1),
    ...(withLinks ? { links: linksTo(input, node.name) } : {}),
  };
}

interface Place {
  readonly node: string;
  readonly output: number;
  readonly run: number;
}

const placeOf = (source: Source): Place => ({
  node: source.previousNode,
  output: source.previousNodeOutput ?? 0,
  run: source.previousNodeRun ?? 0,
});

/** The output and run of a node that this run's input came through, by the recorded sources. */
function wayTo(input: SceneInput, name: string): Place | undefined {
  const open = input.sources.filter((source) => source !== null).map(placeOf);
  const seen = new Set<string>();
  for (let at = 0; at < open.length && at < LINK_STEPS; at++) {
    const place = open[at];
    if (!place || seen.has(`${place.node}\n${place.run}`)) continue;
    if (place.node === name) return place;
    seen.add(`${place.node}\n${place.run}`);
    for (const source of runOf(input, place)?.source ?? []) if (source) open.push(placeOf(source));
  }
  return undefined;
}

const runOf = (input: SceneInput, place: Place): NodeRun | undefined => input.runData.get(place.node)?.[place.run];

/** The first output of `from` that leads to `to` over the connections. */
function branchTo(workflow: WorkflowDefinition, from: string, to: string): number | undefined {
  const outputs = workflow.connections.get(from) ?? [];
  const found = outputs.findIndex((targets) => {
    const open = targets.map((target) => target.node);
    const seen = new Set<string>();
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === to) return true;
      if (seen.has(name)) continue;
      seen.add(name);
      for (const next of workflow.connections.get(name) ?? []) open.push(...next.map((target) => target.node));
    }
    return false;
  });
  return found < 0 ? undefined : found;
}

/** For each item of the first input: the item of `name` it goes back to over `pairedItem` and the recorded sources. */
function linksTo(input: SceneInput, name: string): SceneLink[] {
  const items = input.inputs[0] ?? [];
  const source = input.sources[0] ?? undefined;
  const unavailable = (cause: string): SceneLink => ({
    error: `Paired item data for item from node '${cause}' is unavailable. Ensure '${cause}' is providing the required output.`,
  });
  return items.map((item, index) => {
    if (!source) return unavailable(name);
    return follow(input, name, placeOf(source), index, unavailable) ?? unavailable(source.previousNode);
  });
}

type Unavailable = (cause: string) => SceneLink;

/** One item's way back, breadth first over its links; ends that differ make it ambiguous. */
function follow(
  input: SceneInput,
  name: string,
  start: Place,
  index: number,
  unavailable: Unavailable,
): SceneLink | undefined {
  let open: { place: Place; item: number }[] = [{ place: start, item: index }];
  const ends = new Map<string, SceneLink>();
  let broken: string | undefined;
  for (let step = 0; open.length > 0 && step < LINK_STEPS; step++) {
    const next: typeof open = [];
    for (const { place, item } of open) {
      if (place.node === name) {
        ends.set(`${place.run}.${place.output}.${item}`, { run: place.run, output: place.output, item });
        continue;
      }
      const found = runOf(input, place)?.outputs?.[place.output]?.[item];
      const links = found === undefined ? [] : linksOf(found);
      if (links.length === 0) broken ??= place.node;
      for (const link of links) {
        const source = link.sourceOverwrite ?? runOf(input, place)?.source[link.input ?? 0];
        if (source) next.push({ place: placeOf(source), item: link.item });
      }
    }
    open = next.slice(0, LINK_STEPS);
  }
  if (ends.size > 1)
    return {
      error: `Multiple matching items for expression: item ${index} goes back to several items of node '${name}'`,
    };
  return [...ends.values()][0] ?? (broken === undefined ? undefined : unavailable(broken));
}

function linksOf(item: Item): PairedItem[] {
  const { pairedItem } = item;
  if (pairedItem === undefined) return [];
  if (typeof pairedItem === 'number') return [{ item: pairedItem }];
  return Array.isArray(pairedItem) ? pairedItem : [pairedItem];
}
