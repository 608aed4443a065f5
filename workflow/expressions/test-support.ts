import type { NodeDefinition, WorkflowDefinition } from '../definition.ts';
import { TroupeError } from '../errors.ts';
import type { Item, JsonObject, Ports, Source } from '../items.ts';
import type { NodeRun, RunData } from '../run-events.ts';
import { evaluateText, makeScene } from './evaluate.ts';
import type { Scene, SceneInput } from './scene.ts';

/** Scenes for tests. */

export const NOON = Date.UTC(2025, 5, 15, 12);

export function testNode(
  name: string,
  parameters: JsonObject = {},
  more: Partial<NodeDefinition> = {},
): NodeDefinition {
  return {
    id: `id-${name}`,
    name,
    type: 'n8n-nodes-base.set',
    typeVersion: 3.4,
    position: [0, 0],
    parameters,
    disabled: false,
    executeOnce: false,
    alwaysOutputData: false,
    retryOnFail: false,
    maxTries: 3,
    waitBetweenTriesMs: 1000,
    onError: 'stopWorkflow',
    ...more,
  };
}

/** A workflow of nodes; `links` such as `A>B` or `A.1>B` connect outputs to input 0, `A>B.1` to input 1. */
export function testWorkflow(
  nodes: readonly NodeDefinition[],
  links: readonly string[] = [],
  raw: JsonObject = {},
): WorkflowDefinition {
  const connections = new Map<string, { node: string; input: number }[][]>();
  for (const link of links) {
    const [from = '', to = ''] = link.split('>');
    const [source = '', output = '0'] = from.split('.');
    const [target = '', input = '0'] = to.split('.');
    const outputs = connections.get(source) ?? [];
    while (outputs.length <= Number(output)) outputs.push([]);
    outputs[Number(output)]?.push({ node: target, input: Number(input) });
    connections.set(source, outputs);
  }
  return {
    id: '7',
    name: 'Test',
    nodes,
    node: new Map(nodes.map((node) => [node.name, node])),
    connections,
    settings: { executionOrder: 'v1', timezone: 'America/New_York', durability: 'before-effects', raw },
    pinData: new Map(),
    source: {},
  };
}

export function testRun(outputs: Ports, source: readonly (Source | null)[] = []): NodeRun {
  return { startTime: 0, executionTime: 1, executionIndex: 0, status: 'success', source, outputs };
}

export function linked(json: JsonObject, item: number): Item {
  return { json, pairedItem: { item } };
}

/** Data (2 items) leads to Node, which is asked; Later hangs behind it and has not run, Apart is not connected. */
export function testScene(json: JsonObject | readonly JsonObject[] = {}, more: Partial<SceneInput> = {}): Scene {
  const list: readonly JsonObject[] = Array.isArray(json) ? json : [json as JsonObject];
  const node = testNode('Node', {
    mode: 'manual',
    field: '={{ $json.a }}',
    list: ['={{ 1 + 1 }}', 'x'],
    self: '={{ $parameter.self }}',
  });
  const workflow = testWorkflow(
    [testNode('Data'), node, testNode('Later'), testNode('Apart')],
    ['Data>Node', 'Node>Later'],
  );
  const items = list.map((one, i) => linked(one, i));
  const runData: RunData = new Map([['Data', [testRun([items])]]]);
  return makeScene({
    workflow,
    node,
    run: 0,
    runData,
    inputs: [items],
    sources: [{ previousNode: 'Data' }],
    mode: 'manual',
    now: NOON,
    executionId: '12',
    random: () => 0.5,
    ...more,
  });
}

/** The value of `{{ code }}` on one item. */
export function valueOf(code: string, json: JsonObject = {}): unknown {
  return evaluateText(`={{ ${code} }}`, testScene(json), 0);
}

/** The code of the error that `{{ code }}` stops with, or `value: …`. */
export function codeOf(code: string, json: JsonObject = {}): string {
  try {
    return `value: ${String(valueOf(code, json))}`;
  } catch (error) {
    if (error instanceof TroupeError) return error.code;
    throw error;
  }
}
