/** A node context without an engine, for the unit tests of node types. */
import type {
  BinaryStore,
  HttpClient,
  NodeContext,
  NodeType,
  OutgoingRequest,
  OutgoingResponse,
  ParameterSchema,
} from '#runtime';
import type { Item, JsonObject, JsonValue, NodeDefinition, NodeResult, WorkflowDefinition } from '#workflow';

import { getPath } from './paths.ts';
import { isRecord } from './values.ts';

export interface Scene {
  readonly version?: number;
  readonly parameters?: JsonObject;
  /** Items per input, as plain `json` objects or whole items. */
  readonly inputs?: readonly (readonly (Item | JsonObject)[] | null)[];
  readonly node?: Partial<NodeDefinition>;
  readonly context?: Partial<NodeContext>;
  /** Evaluates what is not `={{ $json.path }}`. */
  readonly evaluate?: (text: string, item: number, also?: Readonly<Record<string, unknown>>) => unknown;
}

const isItem = (value: Item | JsonObject): value is Item => isRecord(value) && isRecord(value['json']);

/** Items from `json` objects, linked by position. */
export function items(...jsons: readonly (Item | JsonObject)[]): Item[] {
  return jsons.map((entry, item) => (isItem(entry) ? entry : { json: entry, pairedItem: { item } }));
}

/** A node as the loader makes it, all settings at their defaults. */
export function nodeOf(type: NodeType, scene: Scene = {}): NodeDefinition {
  return {
    id: 'node-1',
    name: type.displayName,
    type: type.type,
    typeVersion: scene.version ?? type.versions.at(-1) ?? 1,
    position: [0, 0],
    parameters: scene.parameters ?? {},
    disabled: false,
    executeOnce: false,
    alwaysOutputData: false,
    retryOnFail: false,
    maxTries: 3,
    waitBetweenTriesMs: 1000,
    onError: 'stopWorkflow',
    ...scene.node,
  };
}

const WORKFLOW: WorkflowDefinition = {
  id: 'workflow-1',
  name: 'Test',
  nodes: [],
  node: new Map(),
  connections: new Map(),
  settings: { executionOrder: 'v1', timezone: 'UTC', durability: 'before-effects', raw: {} },
  pinData: new Map(),
  source: {},
};

/** The context of one run of a node. Parameters resolve `={{ $json.path }}` and literals; defaults come from the schema. */
export function contextFor(type: NodeType, scene: Scene = {}): NodeContext {
  const node = nodeOf(type, scene);
  const inputs = (scene.inputs ?? [[{}]]).map((list) => (list === null ? null : items(...list)));
  const evaluate: NodeContext['evaluate'] = (text, item, also) => {
    const path = /^=\{\{\s*\$json\.([\w.]+)\s*\}\}$/.exec(text)?.[1];
    if (path !== undefined) return getPath(inputs[0]?.[item]?.json ?? {}, path);
    if (!text.startsWith('=')) return text;
    return scene.evaluate ? scene.evaluate(text, item, also) : text.slice(1);
  };
  return {
    node,
    workflow: WORKFLOW,
    executionId: '1',
    mode: 'manual',
    run: 0,
    attempt: 1,
    inputs,
    items: (input = 0) => inputs[input] ?? [],
    param: (path, item, fallback) => {
      const written = getPath(node.parameters, path) ?? defaultOf(type.properties, node, path) ?? fallback;
      return resolved(written, (text) => evaluate(text, item));
    },
    evaluate,
    scene: () => ({}),
    now: () => Date.UTC(2024, 2, 10, 12),
    zone: 'UTC',
    signal: new AbortController().signal,
    continuesOnFail: false,
    idempotencyKey: (item) => `1/node-1/0/${item}`,
    http: noHttp,
    code: { run: () => Promise.reject(new Error('no code runner in this test')) },
    binary: inlineBinary,
    memory: {},
    staticData: () => ({}),
    ...scene.context,
  };
}

function resolved(value: JsonValue | undefined, evaluate: (text: string) => unknown): unknown {
  if (typeof value === 'string') return value.startsWith('=') ? evaluate(value) : value;
  if (Array.isArray(value)) return value.map((entry) => resolved(entry, evaluate));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolved(entry as JsonValue, evaluate)]));
}

/** The default of a top-level parameter that is shown for this node. */
function defaultOf(properties: readonly ParameterSchema[], node: NodeDefinition, path: string): JsonValue | undefined {
  const valueOf = (name: string): JsonValue | undefined =>
    name === '@version'
      ? node.typeVersion
      : (node.parameters[name] ?? properties.find((p) => p.name === name)?.default);
  const holds = ([name, values]: [string, readonly JsonValue[]]): boolean =>
    values.some((value) => value === valueOf(name));
  return properties.find((property) => {
    if (property.name !== path) return false;
    const { show = {}, hide = {} } = property.displayOptions ?? {};
    return Object.entries(show).every(holds) && !Object.entries(hide).some(holds);
  })?.default;
}

const noHttp: HttpClient = { request: () => Promise.reject(new Error('no HTTP in this test')) };

/** Files whose content stands in the item. */
export const inlineBinary: BinaryStore = {
  read: (binary) => Promise.resolve(Buffer.from(binary.data ?? '', 'base64')),
  write: (bytes, meta) => Promise.resolve({ data: Buffer.from(bytes).toString('base64'), ...meta }),
};

/** An HTTP client that answers from a function and remembers what it was asked. */
export function scriptedHttp(answer: (request: OutgoingRequest) => Partial<OutgoingResponse> | Error): {
  http: HttpClient;
  calls: OutgoingRequest[];
} {
  const calls: OutgoingRequest[] = [];
  const request = async (outgoing: OutgoingRequest): Promise<OutgoingResponse> => {
    calls.push(outgoing);
    const given = answer(outgoing);
    if (given instanceof Error) throw given;
    const body = new Uint8Array();
    return { status: 200, statusMessage: 'OK', headers: {}, body, url: outgoing.url, ...given };
  };
  return { http: { request }, calls };
}

/** Runs a node and gives the items of its outputs; anything but outputs is a failed test. */
export async function outputsOf(type: NodeType, scene: Scene = {}): Promise<Item[][]> {
  const result: NodeResult = await type.execute(contextFor(type, scene));
  if (result.kind !== 'outputs') throw new Error(`expected outputs, got ${result.kind}`);
  return result.outputs.map((list) => [...(list ?? [])]);
}

/** Just the `json` of output 0. */
export async function jsonsOf(type: NodeType, scene: Scene = {}): Promise<unknown[]> {
  const [first = []] = await outputsOf(type, scene);
  return first.map((item) => item.json);
}
