import assert from 'node:assert/strict';

import type { Item, JsonObject, NodeDefinition, NodeResult, WorkflowDefinition } from '#workflow';

import type { CodeJob, CodeRunner, HttpClient, NodeContext } from '#runtime';

import type { CodeScene } from './scene.ts';

/** For tests: jobs, scenes and workflows with everything that a test does not care about filled in. */

export function makeScene(over: Partial<CodeScene> & { dialect?: string; continueOnFail?: boolean } = {}): JsonObject {
  const scene: CodeScene = {
    workflow: { id: '7', name: 'Test', active: false },
    execution: { id: '42', mode: 'manual' },
    node: { id: 'n1', name: 'Code', typeVersion: 2, parameters: {} },
    run: 0,
    now: Date.UTC(2024, 2, 10, 12, 30),
    zone: 'America/New_York',
    prev: { name: 'Data', outputIndex: 0, runIndex: 0 },
    input: { params: {}, context: {} },
    known: ['Start', 'Data', 'Code', 'Later'],
    nodes: {},
    staticData: { global: {}, node: {} },
    vars: {},
  };
  // A scene is plain data; its optional fields are absent rather than undefined.
  return JSON.parse(JSON.stringify({ ...scene, dialect: 'code', continueOnFail: false, ...over })) as JsonObject;
}

export function makeJob(source: string, over: Partial<CodeJob> = {}): CodeJob {
  return {
    source,
    mode: 'runOnceForAllItems',
    items: [{ json: { n: 1 } }, { json: { n: 2 } }, { json: { n: 3 } }],
    scene: makeScene(),
    timeoutMs: 5_000,
    memoryMb: 256,
    signal: new AbortController().signal,
    ...over,
  };
}

/** A workflow from names and connections `A.0 -> B.0`; positions and types do not matter here. */
export function makeWorkflow(names: readonly string[], wires: readonly string[]): WorkflowDefinition {
  const nodes = names.map((name) => ({
    id: name.toLowerCase(),
    name,
    type: 'n8n-nodes-base.noOp',
    typeVersion: 1,
    position: [0, 0] as const,
    parameters: { of: name },
    disabled: false,
    executeOnce: false,
    alwaysOutputData: false,
    retryOnFail: false,
    maxTries: 3,
    waitBetweenTriesMs: 1000,
    onError: 'stopWorkflow' as const,
  }));
  const connections = new Map<string, { node: string; input: number }[][]>();
  for (const wire of wires) {
    const [, from = '', output = '0', to = '', input = '0'] = /^(.+)\.(\d) -> (.+)\.(\d)$/.exec(wire) ?? [];
    const outputs = connections.get(from) ?? [];
    while (outputs.length <= Number(output)) outputs.push([]);
    outputs[Number(output)]?.push({ node: to, input: Number(input) });
    connections.set(from, outputs);
  }
  return {
    id: '7',
    name: 'Test',
    nodes,
    node: new Map(nodes.map((node) => [node.name, node])),
    connections,
    settings: { executionOrder: 'v1', timezone: 'America/New_York', durability: 'before-effects', raw: {} },
    pinData: new Map(),
    source: {},
  };
}

export const itemsOf = (...values: JsonObject[]): Item[] =>
  values.map((json, index) => ({ json, pairedItem: { item: index } }));

/** The real clock's only part that the pool needs. */
export const timers = {
  after(ms: number, callback: () => void): () => void {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What a node under test sees; parameters are plain values. */
export function makeContext(
  code: CodeRunner,
  parameters: JsonObject,
  over: { items?: readonly Item[]; onError?: NodeDefinition['onError']; scene?: JsonObject; http?: HttpClient } = {},
): NodeContext {
  const workflow = makeWorkflow(
    ['Start', 'Data', 'Code', 'Later'],
    ['Start.0 -> Data.0', 'Data.0 -> Code.0', 'Code.0 -> Later.0'],
  );
  const [first] = workflow.nodes;
  if (!first) throw new Error('the workflow has nodes');
  const node = { ...first, name: 'Code', typeVersion: 2, parameters, onError: over.onError ?? 'stopWorkflow' };
  const items = over.items ?? itemsOf({ n: 1, s: 'a' }, { n: 2, s: 'b' }, { n: 3, s: 'c' });
  const refused = (): never => {
    throw new Error('not in this test');
  };
  return {
    node,
    workflow,
    executionId: '42',
    mode: 'manual',
    run: 0,
    attempt: 1,
    inputs: [items],
    items: () => items,
    param: (path, _, fallback) => parameters[path] ?? fallback,
    evaluate: (text) => text,
    scene: () => over.scene ?? makeScene(),
    now: () => 0,
    zone: 'America/New_York',
    signal: new AbortController().signal,
    continuesOnFail: node.onError !== 'stopWorkflow',
    idempotencyKey: (item) => `42/n1/0/${item}`,
    http: over.http ?? { request: refused },
    code,
    binary: { read: refused, write: refused },
    memory: {},
    staticData: () => ({}),
  };
}

/** The items of the first output, or the message of the failure. */
export async function check(
  execute: () => NodeResult | Promise<NodeResult>,
  want: readonly object[] | string,
): Promise<void> {
  if (typeof want === 'string') {
    await assert.rejects(
      async () => execute(),
      (error: Error) => (assert.equal(error.message, want), true),
    );
    return;
  }
  const result = await execute();
  assert.ok(result.kind === 'outputs');
  assert.deepEqual(result.outputs, [want]);
}
