import {
  parseWorkflow,
  type Item,
  type JsonObject,
  type NodeDefinition,
  type NodeFacts,
  type NodeResult,
  type WorkflowDefinition,
} from '#workflow';
import {
  createCommitter,
  createSystem,
  lonePeers,
  memoryStore,
  quiet,
  seededRandom,
  SimulatedClock,
  type ActorSystem,
  type Committer,
  type InspectionEvent,
  type JournalEvent,
  type MemoryStore,
  type NodeCatalog,
  type NodeContext,
  type NodeType,
  type Peers,
} from '#runtime';
import { SHARDS, shardOf } from '#cluster';
import { Company } from './company/company.ts';
import { IdPool } from './company/ids.ts';
import { NO_FAULTS, type FaultHook } from './faults.ts';
import { ACTOR_LIMITS, type ActorLimits } from './limits.ts';
import type { Services } from './services.ts';

/**
 * Test support: a member's company over the in-memory journal and a simulated clock. The same stores can be given to a
 * second stage, as a process gets its database back after a crash.
 */
export interface Stage {
  company: Company;
  system: ActorSystem;
  clock: SimulatedClock;
  store: MemoryStore;
  committer: Committer;
  services: Services;
  /** Every call of an external node: key and input. */
  calls: { key: string; input: string }[];
  live: { executionId: string; event: JournalEvent }[];
  inspections: InspectionEvent[];
  workflows: Map<string, JsonObject>;
  /** Ends this member as kill -9 does: nothing it has not committed survives, nothing it does counts any more. */
  kill(): void;
  /** Claims these shards, which nobody holds, and takes up what lies on them. */
  take(shards: readonly number[]): Promise<void>;
  /** These shards are not this member's any more: given back, or (`taken`) lost without its doing. */
  lose(shards: readonly number[], how?: 'released' | 'taken'): Promise<void>;
  /** Lets things happen until nothing moves for `ms` of simulated time. */
  run(ms?: number): Promise<void>;
}

export interface StageOptions {
  store?: MemoryStore;
  clock?: SimulatedClock;
  seed?: number;
  faults?: FaultHook;
  limits?: Partial<ActorLimits>;
  workflows?: Map<string, JsonObject>;
  calls?: Stage['calls'];
  bootId?: string;
  /** Claimed at the start; default all. */
  shards?: readonly number[];
  /** The other members; default none. */
  peers?: Peers;
  /** Changes what the actors are given: recording proxies and mutants. */
  alter?: (services: Services) => Services;
  behaviours?: Record<string, (context: NodeContext) => NodeResult | Promise<NodeResult>>;
}

/** Makes a member over the (given or new) stores and takes up what they hold. */
export async function makeStage(options: StageOptions = {}): Promise<Stage> {
  const clock = options.clock ?? new SimulatedClock();
  const random = seededRandom(options.seed ?? 1);
  const store = options.store ?? memoryStore(clock);
  const calls: Stage['calls'] = options.calls ?? [];
  const workflows = options.workflows ?? new Map<string, JsonObject>();
  const inspections: InspectionEvent[] = [];
  const live: Stage['live'] = [];
  const bootId = options.bootId ?? random.hex(4);
  await store.leases.renew({ bootId, name: 'stage', tags: [] }, 5_000);
  const claims = new Map<number, number>();
  const claim = async (shards: readonly number[]): Promise<void> => {
    const claimed = await store.leases.claim(bootId, shards);
    for (const { shard, epoch } of claimed) if (shards.includes(shard)) claims.set(shard, epoch);
  };
  await claim(options.shards ?? allShards());
  const owned = (): readonly number[] => [...claims.keys()];
  const system = createSystem({ name: 'stage', clock, random });
  system.observe((event) => inspections.push(event));
  const committer = createCommitter({ journal: store.journal, clock });
  let dead = false;
  const ids = new IdPool(store.journal);
  await ids.fill();
  const catalog = testCatalog(options.behaviours ?? {}, calls, () => dead);
  const plain: Services = {
    clock,
    random,
    journal: store.journal,
    committer: { submit: (step) => (dead ? new Promise(() => {}) : committer.submit(step)) },
    workflows: sourceOf(workflows, store),
    catalog,
    factsOf: (node) => catalog.facts(node),
    http: { request: () => Promise.reject(new Error('no network in tests')) },
    code: { run: () => Promise.reject(new Error('no runner in tests')) },
    binary: { read: async () => new Uint8Array(), write: async (_, meta) => ({ id: 'x', ...meta }) },
    blobs: { put: async () => 'sha', get: async () => undefined },
    breakers: { admit: () => ({ admitted: true }), record: () => {} },
    live: { published: (executionId, _, events) => live.push(...events.map((event) => ({ executionId, event }))) },
    faults: options.faults ?? NO_FAULTS,
    slots: store.slots,
    limits: { ...ACTOR_LIMITS, ...options.limits },
    peers: options.peers ?? lonePeers({ bootId: 'alone', name: 'alone', tags: [], draining: false }),
    owner: {
      epochOf: (shard) => claims.get(shard),
      state: () => 'held',
      nextId: (shard) => ids.next(owned(), shard),
      shardOf,
    },
    metrics: { started: () => {}, ended: () => {}, node: () => {} },
  };
  const services = options.alter?.(plain) ?? plain;
  const company = new Company({ system, services, owned });
  await company.begin();
  return {
    company,
    system,
    clock,
    store,
    committer,
    services,
    calls,
    live,
    inspections,
    workflows,
    kill: () => {
      dead = true;
    },
    async take(shards) {
      await store.leases.renew({ bootId, name: 'stage', tags: [] }, 5_000);
      await claim(shards);
      await company.gained();
    },
    async lose(shards, how = 'released') {
      for (const shard of shards) claims.delete(shard);
      const left = company.lost(shards);
      if (how === 'released') await store.leases.release(bootId, shards);
      await left;
    },
    run: (ms = 1_000) => settle(clock, ms),
  };
}

function allShards(): number[] {
  return Array.from({ length: SHARDS }, (_, shard) => shard);
}

/** Alternates between letting everything run and moving the clock to the next timer, up to `ms` from now. */
async function settle(clock: SimulatedClock, ms: number): Promise<void> {
  const until = clock.monotonic() + ms;
  for (;;) {
    await quiet();
    const next = clock.nextIn;
    if (next === undefined || clock.monotonic() + next > until) break;
    clock.advanceSync(next);
  }
  clock.advanceSync(Math.max(0, until - clock.monotonic()));
  await quiet();
}

/** Workflows by id over a map, their static data from the store. */
export function sourceOf(workflows: Map<string, JsonObject>, store: MemoryStore): Services['workflows'] {
  const find = (id: string): { definition: WorkflowDefinition; version: number } | undefined => {
    const json = workflows.get(id);
    return json && { definition: parseWorkflow(json, { id }), version: 1 };
  };
  return {
    load: async (id) => find(id),
    saveInline: async (json) => {
      const id = `inline:${JSON.stringify(json).length}`;
      workflows.set(id, json);
      return { definition: parseWorkflow(json, { id }), version: 1 };
    },
    staticData: async (id) => store.staticData(id) as Record<string, JsonObject>,
  };
}

/** What a node of the test catalogue does. */
export type Execute = (context: NodeContext) => NodeResult | Promise<NodeResult>;

const passOn: Execute = (context) => ({ kind: 'outputs', outputs: [context.inputs[0] ?? []] });

/** Nodes by what they do: data nodes answer at once, `effect` notes each call under its key, the others wait or call. */
export function testCatalog(
  behaviours: Record<string, Execute>,
  calls: Stage['calls'],
  dead: () => boolean,
): NodeCatalog {
  const effect: Execute = async (context) => {
    for (const [index, item] of context.items().entries()) {
      if (!dead()) calls.push({ key: context.idempotencyKey(index), input: JSON.stringify(item.json) });
    }
    await quiet(2);
    return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
  };
  const wait: Execute = (context) => ({
    kind: 'wait',
    reason: 'timer',
    until: context.now() + Number(context.node.parameters['ms'] ?? 1_000),
  });
  const call: Execute = (context) => {
    if (context.resumed?.results)
      return { kind: 'outputs', outputs: [context.resumed.results.flatMap((result) => [...result.items] as Item[])] };
    const ids = context.node.parameters['ids'] as string[];
    const calls = ids.map((id) => ({ workflow: { id }, items: [...context.items()] }));
    return { kind: 'call', calls, wait: context.node.parameters['wait'] !== false };
  };
  const webhookWait: Execute = () => ({ kind: 'wait', reason: 'webhook' });
  const all: Record<string, Execute> = { start: passOn, data: passOn, effect, wait, call, webhookWait, ...behaviours };
  const types = new Map(Object.entries(all).map(([name, execute]) => [`test.${name}`, testType(name, execute)]));
  return {
    find: (type) => types.get(type),
    facts: (node) => types.get(node.type)?.facts(node),
    all: () => [...types.values()],
  };
}

function testType(name: string, execute: Execute): NodeType {
  const external = name === 'effect' || name === 'call';
  const facts = (node: NodeDefinition): NodeFacts => ({
    type: node.type,
    trigger: name === 'start',
    inputs: name === 'start' ? 0 : 1,
    outputs: 1,
    requiredInputs: 'any',
    effect: external ? 'external' : 'none',
  });
  return {
    type: `test.${name}`,
    displayName: name,
    description: name,
    group: 'data',
    versions: [1],
    properties: [],
    facts,
    execute,
  };
}

/** A workflow of test nodes in one line: `chain('w', 'start', 'data', 'effect')`. Parameters by position. */
export function chain(id: string, kinds: readonly string[], parameters: Record<number, JsonObject> = {}): JsonObject {
  const nodes = kinds.map((kind, index) => ({
    id: `n${index}`,
    name: `${kind} ${index}`,
    type: `test.${kind}`,
    typeVersion: 1,
    position: [index * 200, 0],
    parameters: parameters[index] ?? {},
  }));
  const connections = Object.fromEntries(
    nodes
      .slice(0, -1)
      .map((node, index) => [node.name, { main: [[{ node: nodes[index + 1]?.name ?? '', type: 'main', index: 0 }]] }]),
  );
  return { id, name: id, nodes, connections, settings: { executionOrder: 'v1' } };
}
