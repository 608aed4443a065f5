import { createCatalog } from '#nodes';
import { parseWorkflow, type Item, type JsonObject, type RunEvent, type WebhookResponse } from '#workflow';
import type { Engine, ExecutionState, MemberTree, ResumeMessage, RunHandle, RunReport, StartRequest } from '#actors';
import type { ActorInfo, BinaryStore, Clock, ExecutionRecord, ExecutionStatus, JournalEvent, Random } from '#runtime';
import { createHub, type Hub } from '#transport';
import { pino } from 'pino';
import { createApi, type Api } from './api.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import type {
  ActivationChange,
  ApiConfig,
  ApiDependencies,
  ApiStorage,
  ExecutionSummary,
  WorkflowRecord,
} from './ports.ts';
import type { Identity } from './permissions.ts';

/** What a run of the fake engine does. */
export interface Script {
  status?: Exclude<ExecutionStatus, 'running'>;
  /** Output 0 of the last node; default the items the run was started with. */
  items?: Item[];
  /** Answer of a Respond node. */
  response?: WebhookResponse;
  /** Held back until this resolves. */
  until?: Promise<void>;
  /** How a wait wants to be ended; status `waiting`. */
  resume?: JsonObject;
}

/** An engine without actors: it does what its script says and keeps the journal in memory. For tests only. */
export class FakeEngine implements Engine {
  readonly starts: StartRequest[] = [];
  readonly resumes: { executionId: string; message: ResumeMessage }[] = [];
  readonly journal = new Map<string, { record: ExecutionRecord; events: JournalEvent[] }>();
  script: (request: StartRequest) => Script = () => ({});
  /** Thrown by `start`. */
  refuse: Error | undefined;
  readonly #hub: Hub;
  readonly #keys = new Map<string, string>();
  #nextId = 1;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  start(request: StartRequest): RunHandle {
    if (this.refuse !== undefined) throw this.refuse;
    const key = request.idempotencyKey === undefined ? undefined : `${request.workflow.id}/${request.idempotencyKey}`;
    const first = key === undefined ? undefined : this.#keys.get(key);
    if (first !== undefined) return duplicateOf(first);
    this.starts.push(request);
    const executionId = String(this.#nextId++);
    if (key !== undefined) this.#keys.set(key, executionId);
    this.#create(executionId, request);
    return this.#run(executionId, this.script(request), request.items);
  }

  async cancel(executionId: string, reason: string): Promise<'canceled' | 'ended' | 'unknown'> {
    const run = this.journal.get(executionId);
    if (run === undefined) return 'unknown';
    if (run.record.status !== 'running' && run.record.status !== 'waiting') return 'ended';
    this.append(executionId, { type: 'execution.canceled', at: 3, reason }, 'canceled');
    return 'canceled';
  }

  async resume(executionId: string, message: ResumeMessage): ReturnType<Engine['resume']> {
    const run = this.journal.get(executionId);
    if (run === undefined) return { kind: 'unknown' };
    if (run.record.status !== 'waiting') return { kind: 'notWaiting' };
    this.resumes.push({ executionId, message });
    const items = message.items ?? [];
    this.append(executionId, { type: 'execution.resumed', at: 3, node: 'Wait', run: 0, items }, 'running');
    return { kind: 'accepted', handle: this.#run(executionId, {}, items) };
  }

  async inspect(executionId: string): Promise<RunReport | undefined> {
    return this.journal.has(executionId) ? this.#report(executionId) : undefined;
  }

  async state(executionId: string): Promise<ExecutionState | undefined> {
    const run = this.journal.get(executionId);
    return run && { executionId, status: run.record.status, lastSeq: run.record.lastSeq, reachable: true };
  }

  async trees(): Promise<readonly MemberTree[]> {
    return [{ member: 'test', bootId: 'test', rows: this.tree(), breakers: this.breakers(), omitted: 0 }];
  }

  tree(): readonly ActorInfo[] {
    return [{ path: '/shards', uid: 1, kind: 'shards', state: 'running', mailboxLength: 2, oldestMessageMs: 0 }];
  }

  breakers() {
    return [{ breaker: 'example.com', state: 'closed' as const, failures: 0 }];
  }

  /** Commits one event and publishes it. */
  append(executionId: string, event: RunEvent, status: ExecutionStatus): void {
    const run = this.journal.get(executionId);
    if (run === undefined) return;
    const entry = { seq: run.events.length + 1, event };
    run.events.push(entry);
    run.record = { ...run.record, status, lastSeq: entry.seq, ...(isEnd(status) ? { stoppedAt: event.at } : {}) };
    this.#hub.published(executionId, run.record.workflowId, [entry]);
  }

  /** An execution that only its test moves on. */
  begin(workflowId: string): string {
    const executionId = String(this.#nextId++);
    this.#insert(executionId, workflowId, 1);
    this.append(executionId, { type: 'execution.started', at: 1, mode: 'manual', trigger: 'T', items: [] }, 'running');
    return executionId;
  }

  #create(executionId: string, { workflow, workflowVersion, mode, trigger, items }: StartRequest): void {
    this.#insert(executionId, workflow.id, workflowVersion);
    this.append(executionId, { type: 'execution.started', at: 1, mode, trigger, items }, 'running');
  }

  #insert(id: string, workflowId: string, workflowVersion: number): void {
    const record: ExecutionRecord = {
      id,
      workflowId,
      workflowVersion,
      mode: 'webhook',
      startedAt: 1,
      shard: 0,
      status: 'running',
      lastSeq: 0,
      recoveries: 0,
    };
    this.journal.set(id, { record, events: [] });
  }

  #run(executionId: string, script: Script, input: Item[]): RunHandle {
    const done = (script.until ?? Promise.resolve()).then(() => this.#perform(executionId, script, input));
    return {
      executionId,
      accepted: Promise.resolve({ executionId, duplicate: false }),
      responded: done.then(() => script.response),
      ended: done.then(() => this.#report(executionId)),
    };
  }

  #perform(executionId: string, { status = 'success', items, response, resume }: Script, input: Item[]): void {
    const outputs = [items ?? input];
    const finished: RunEvent = { type: 'node.finished', at: 2, node: 'Last', run: 0, outputs };
    this.append(executionId, response === undefined ? finished : { ...finished, response }, 'running');
    this.append(executionId, endEvent(status, resume), status);
  }

  #report(executionId: string): RunReport {
    const run = this.journal.get(executionId);
    const outputs = run?.events.flatMap(({ event }) => (event.type === 'node.finished' ? [event.outputs] : []));
    const status = run?.record.status ?? 'running';
    return {
      executionId,
      workflowId: run?.record.workflowId ?? '',
      workflowVersion: 1,
      mode: 'webhook',
      status,
      startedAt: 1,
      ...(isEnd(status) ? { stoppedAt: 3 } : {}),
      lastNodeExecuted: 'Last',
      ...(status === 'error' ? { error: { message: 'boom', node: 'Last' } } : {}),
      runData: new Map([['Last', (outputs ?? []).map((ports) => nodeRun(ports))]]),
    };
  }
}

function duplicateOf(executionId: string): RunHandle {
  const never = Promise.reject(new Error('this run does not exist'));
  never.catch(() => {});
  return { executionId, accepted: Promise.resolve({ executionId, duplicate: true }), responded: never, ended: never };
}

function nodeRun(outputs: (Item[] | null)[]) {
  return { startTime: 1, executionTime: 1, executionIndex: 0, status: 'success' as const, source: [], outputs };
}

function isEnd(status: ExecutionStatus): boolean {
  return status === 'success' || status === 'error' || status === 'canceled';
}

function endEvent(status: Exclude<ExecutionStatus, 'running'>, resume: JsonObject | undefined): RunEvent {
  switch (status) {
    case 'success':
      return { type: 'execution.finished', at: 3 };
    case 'error':
      return { type: 'execution.failed', at: 3, error: { message: 'boom' }, node: 'Last' };
    case 'canceled':
      return { type: 'execution.canceled', at: 3, reason: 'test' };
    case 'waiting': {
      const wait: RunEvent = { type: 'execution.waiting', at: 3, node: 'Wait', run: 0, reason: 'webhook' };
      return resume === undefined ? wait : { ...wait, resume };
    }
  }
}

/** Keys the test storage knows. */
export const KEYS = { owner: 'key-of-the-owner', reader: 'key-of-a-reader' } as const;

const IDENTITIES: ReadonlyMap<string, Identity> = new Map([
  [KEYS.owner, { ownerId: 'owner', permissions: 'all' as const }],
  [KEYS.reader, { ownerId: 'reader', permissions: new Set(['workflow:read', 'execution:read']) }],
]);

/** Storage in memory, with the executions of the fake engine. */
export function memoryStorage(engine: FakeEngine, clock: Clock): ApiStorage {
  const activations = memoryActivations(clock);
  const workflows = new Map<string, WorkflowRecord>();
  const change = (id: string, fields: Partial<WorkflowRecord>): WorkflowRecord | undefined => {
    const known = workflows.get(id);
    if (known === undefined) return undefined;
    const changed = { ...known, ...fields, updatedAt: 2 };
    workflows.set(id, changed);
    if (changed.active || known.active) activations.note(id, changed.active ? changed.version : undefined);
    return changed;
  };
  const storage: ApiStorage = {
    workflows: {
      by: () => storage.workflows,
      async list({ limit, after, active, name }) {
        const rows = [...workflows.values()].filter(
          (row) => (active === undefined || row.active === active) && (name === undefined || row.name === name),
        );
        return pageOf(rows, limit, after);
      },
      get: async (id) => workflows.get(id),
      async create(source) {
        const id = `w${workflows.size + 1}`;
        const name = String(source['name']);
        workflows.set(id, { id, name, active: false, version: 1, source, createdAt: 1, updatedAt: 1 });
        return change(id, {}) as WorkflowRecord;
      },
      update: async (id, source) => change(id, { source, version: (workflows.get(id)?.version ?? 0) + 1 }),
      async remove(id) {
        const known = workflows.get(id);
        workflows.delete(id);
        if (known?.active) activations.note(id, undefined);
        return known;
      },
      setActive: async (id, active) => change(id, { active }),
      active: async () =>
        [...workflows.values()].filter(({ active }) => active).map((row) => ({ ...row, activeSince: 1 })),
    },
    executions: {
      async list({ limit, after, status, workflowId }) {
        const rows: ExecutionSummary[] = [...engine.journal.values()]
          .map(({ record }) => record)
          .filter((row) => status === undefined || row.status === status)
          .filter((row) => workflowId === undefined || row.workflowId === workflowId)
          .toReversed();
        return pageOf(rows, limit, after);
      },
      async remove(id) {
        const record = engine.journal.get(id)?.record;
        if (record === undefined || !isEnd(record.status)) return undefined;
        engine.journal.delete(id);
        return record;
      },
    },
    journal: {
      async read(executionId, { afterSeq = 0, limit = Infinity } = {}) {
        const events = engine.journal.get(executionId)?.events ?? [];
        return events.slice(afterSeq, afterSeq + limit);
      },
      execution: async (id) => engine.journal.get(id)?.record,
    },
    activations,
    testWebhooks: memoryTestWebhooks(clock),
    apiKeys: { identify: async (key) => IDENTITIES.get(key) },
  };
  return storage;
}

/** Changes of what listens, in their order; of one workflow only the newest. */
function memoryActivations(clock: Clock) {
  let last = 0;
  const newest = new Map<string, ActivationChange>();
  return {
    note(workflowId: string, version: number | undefined): void {
      last += 1;
      newest.delete(workflowId);
      const change = { change: last, workflowId, activeSince: clock.now() };
      newest.set(workflowId, version === undefined ? change : { ...change, version });
    },
    mark: async () => last,
    changes: async (mark: number, limit: number) =>
      [...newest.values()].filter(({ change }) => change > mark).slice(0, limit),
  };
}

function memoryTestWebhooks(clock: Clock): ApiStorage['testWebhooks'] {
  const waiting = new Map<string, { workflowId: string; version: number; until: number }>();
  const live = () => [...waiting.values()].filter(({ until }) => until > clock.now());
  return {
    async listen(workflowId, version, _addresses, ms) {
      waiting.set(workflowId, { workflowId, version, until: clock.now() + ms });
    },
    listening: async (limit) => live().slice(0, limit),
    async take(workflowId, version) {
      const found = live().some((each) => each.workflowId === workflowId && each.version === version);
      return found && waiting.delete(workflowId);
    },
  };
}

function pageOf<T extends { id: string }>(rows: readonly T[], limit: number, after: string | undefined) {
  const from = after === undefined ? 0 : rows.findIndex(({ id }) => id === after) + 1;
  const page = rows.slice(from, from + limit);
  const last = page.at(-1);
  return from + limit < rows.length && last !== undefined ? { rows: page, next: last.id } : { rows: page };
}

/** Time that moves only when told to. */
export class HandClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values().toArray()) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Keeps files of items in the items themselves. */
const inlineBinary: BinaryStore = {
  read: async (binary) => Buffer.from(binary.data ?? '', 'base64'),
  write: async (bytes, meta) => ({ data: Buffer.from(bytes).toString('base64'), ...meta }),
};

function countingRandom(): Random {
  let count = 0;
  return { next: () => 0.5, hex: (bytes) => String(++count).padStart(bytes * 2, '0') };
}

export interface Rig {
  readonly api: Api;
  readonly engine: FakeEngine;
  readonly storage: ApiStorage;
  readonly hub: Hub;
  readonly clock: HandClock;
  readonly metrics: Metrics;
  /** Saves a workflow and, unless told otherwise, activates it. Returns its id. */
  add(source: JsonObject, active?: boolean): Promise<string>;
}

/** A whole gateway over fakes: real routes, real webhook nodes, no engine, no database, no port. */
export function createRig(more: Partial<Omit<ApiDependencies, 'config'>> & { config?: Partial<ApiConfig> } = {}): Rig {
  const hub = more.hub ?? createHub();
  const engine = new FakeEngine(hub);
  const clock = more.clock instanceof HandClock ? more.clock : new HandClock();
  const storage = more.storage ?? memoryStorage(engine, clock);
  const metrics = createMetrics();
  const api = createApi({
    engine,
    storage,
    definitions: definitionsOf(storage),
    catalog: createCatalog(),
    binary: inlineBinary,
    clock,
    random: countingRandom(),
    log: pino({ level: 'silent' }),
    metrics,
    ready: async () => [],
    ...more,
    hub,
    config: { host: '127.0.0.1', port: 0, ...more.config },
  });
  return {
    api,
    engine,
    storage,
    hub,
    clock,
    metrics,
    async add(source, active = true) {
      const { id } = await storage.workflows.create(source);
      if (!active) return id;
      await storage.workflows.setActive(id, true);
      await api.activation.changed(id);
      return id;
    },
  };
}

function definitionsOf({ workflows }: ApiStorage): ApiDependencies['definitions'] {
  return {
    async load(id) {
      const record = await workflows.get(id);
      if (record === undefined) return undefined;
      return { definition: parseWorkflow(record.source, { id }), version: record.version };
    },
  };
}

/** A workflow of a Webhook node with these parameters, followed by nodes that each hang on the one before. */
export function webhookWorkflow(parameters: JsonObject, ...next: { name: string; type: string }[]): JsonObject {
  const nodes = [
    { name: 'Webhook', type: 'n8n-nodes-base.webhook', typeVersion: 2, webhookId: 'hook-id', parameters },
    ...next.map(({ name, type }) => ({ name, type, typeVersion: 1, parameters: {} })),
  ];
  const pairs = nodes.slice(1).map((node, index) => {
    const targets: JsonObject = { main: [[{ node: node.name, type: 'main', index: 0 }]] };
    return [nodes[index]?.name ?? '', targets] as const;
  });
  return {
    name: 'Test',
    nodes: nodes.map((node, index) => ({ id: `n${index}`, position: [index * 200, 0], ...node })),
    connections: Object.fromEntries(pairs),
    settings: { executionOrder: 'v1' },
  };
}
