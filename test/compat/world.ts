import { createHash } from 'node:crypto';
import { pino } from 'pino';
import {
  ACTOR_LIMITS,
  binaryStore,
  Company,
  createEngine,
  Definitions,
  IdPool,
  NO_FAULTS,
  type Engine,
  type Services,
} from '#actors';
import { createApi, createMetrics, type Api, type WorkflowRecord, type WorkflowStore } from '#api';
import { shardOf, SHARDS } from '#cluster';
import { createCatalog } from '#nodes';
import {
  createCommitter,
  createSystem,
  lonePeers,
  memoryStore,
  realClock,
  seededRandom,
  type BinaryStore,
  type BlobStore,
  type Clock,
  type CodeRunner,
  type HttpClient,
} from '#runtime';
import { createBreakers } from '#supervisors';
import { createHub } from '#transport';
import { parseWorkflow, type JsonObject } from '#workflow';

const LEASE_MS = 3_600_000;
/** A case may fetch from a target that fails on purpose; no breaker may open over it. */
const NO_BREAKERS: Services['breakers'] = { admit: () => ({ admitted: true }), record: () => {} };

/** What the world of a case is made of. */
export interface WorldOptions {
  readonly workflows: ReadonlyMap<string, JsonObject>;
  readonly http: HttpClient;
  readonly code: CodeRunner;
  /** The clock of the world; default the real one. */
  readonly clock?: Clock;
}

/** A whole member over memory: the company with its engine, and the gateway on a port of its own when asked for. */
export interface World {
  readonly engine: Engine;
  readonly definitions: Definitions;
  readonly binary: BinaryStore;
  /** Ids of the executions of a workflow, in order of their start. */
  executionsOf(workflowId: string): readonly string[];
  /** Resolves with the address once calls are taken for the active workflows. */
  listen(active: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Makes a world; nothing of it outlives `stop`. */
export async function makeWorld(options: WorldOptions): Promise<World> {
  const clock = options.clock ?? realClock;
  const random = seededRandom(1);
  const catalog = createCatalog();
  const store = memoryStore(clock);
  const system = createSystem({ name: 'compat', clock, random });
  const claims = await claimAll(store.leases);
  const owned = [...claims.keys()];
  const committer = createCommitter({ journal: store.journal, clock });
  const ids = new IdPool(store.journal);
  await ids.fill();
  const blobs = memoryBlobs();
  const definitions = new Definitions(versionsOf(options.workflows, store), blobs);
  const hub = createHub();
  const started = new Map<string, Set<string>>();
  const metrics = createMetrics();
  const services: Services = {
    clock,
    random,
    journal: store.journal,
    peers: lonePeers({ bootId: 'compat', name: 'compat', tags: [], draining: false }),
    committer,
    workflows: definitions,
    catalog,
    factsOf: (node) => catalog.facts(node),
    http: options.http,
    code: options.code,
    binary: binaryStore(blobs),
    blobs,
    breakers: NO_BREAKERS,
    live: {
      published(executionId, workflowId, events) {
        const known = started.get(workflowId) ?? new Set();
        started.set(workflowId, known.add(executionId));
        hub.published(executionId, workflowId, events);
      },
    },
    faults: NO_FAULTS,
    limits: ACTOR_LIMITS,
    owner: {
      epochOf: (shard) => claims.get(shard),
      state: () => 'held',
      nextId: (shard) => ids.next(owned, shard),
      shardOf,
    },
    metrics,
  };
  const company = new Company({ system, services, owned: () => owned });
  const engine = createEngine(company, () => createBreakers({ clock, report: () => {} }).snapshot());
  await company.begin();
  let api: Api | undefined;
  return {
    engine,
    definitions,
    binary: services.binary,
    executionsOf: (workflowId) => [...(started.get(workflowId) ?? [])],
    async listen(active) {
      api = createApi({
        engine,
        storage: {
          workflows: storedWorkflows(options.workflows, active),
          executions: { list: async () => ({ rows: [] }) },
          journal: store.journal,
          apiKeys: { identify: async () => undefined },
          activations: { mark: async () => 0, changes: async () => [] },
          testWebhooks: { listen: async () => {}, listening: async () => [], take: async () => false },
        },
        definitions,
        catalog,
        hub,
        binary: services.binary,
        clock,
        random,
        config: { host: '127.0.0.1', port: 0 },
        log: pino({ level: 'silent' }),
        metrics,
        ready: async () => [],
      });
      await api.listen();
      for (const id of active) {
        const found = await definitions.load(id);
        if (found) await api.activation.on(found.definition, found.version);
      }
      return `http://127.0.0.1:${api.address()?.port ?? 0}`;
    },
    async stop() {
      await api?.close();
      await company.stop();
      await system.shutdown();
      await committer.close();
    },
  };
}

async function claimAll(leases: ReturnType<typeof memoryStore>['leases']): Promise<Map<number, number>> {
  await leases.renew({ bootId: 'compat', name: 'compat', tags: [] }, LEASE_MS);
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  return new Map((await leases.claim('compat', all)).map(({ shard, epoch }) => [shard, epoch]));
}

function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(bytes) {
      const id = createHash('sha256').update(bytes).digest('hex');
      blobs.set(id, bytes);
      return id;
    },
    get: async (id) => blobs.get(id),
  };
}

function versionsOf(
  workflows: ReadonlyMap<string, JsonObject>,
  store: ReturnType<typeof memoryStore>,
): ConstructorParameters<typeof Definitions>[0] {
  return {
    async version(id) {
      const source = workflows.get(id);
      return source === undefined ? undefined : { source, version: 1 };
    },
    // Written by nodes through the journal, which takes JSON objects only.
    staticData: async (id) => store.staticData(id) as Record<string, JsonObject>,
  };
}

/** The workflows of a case as the gateway reads them; none can be changed. */
function storedWorkflows(workflows: ReadonlyMap<string, JsonObject>, active: readonly string[]): WorkflowStore {
  const record = (id: string): WorkflowRecord | undefined => {
    const source = workflows.get(id);
    if (source === undefined) return undefined;
    const { name } = parseWorkflow(source, { id });
    return { id, name, active: active.includes(id), version: 1, source, createdAt: 0, updatedAt: 0 };
  };
  const refuse = async (): Promise<never> => Promise.reject(new Error('workflows of a case do not change'));
  const changes = { create: refuse, update: refuse, remove: refuse, setActive: refuse };
  return {
    ...changes,
    by: () => changes,
    list: async () => ({ rows: [] }),
    get: async (id) => record(id),
    active: async () => [],
  };
}
