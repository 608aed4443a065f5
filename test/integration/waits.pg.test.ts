import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Session } from 'node:inspector/promises';
import process from 'node:process';
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
import { SHARDS, shardOf } from '#cluster';
import { createCatalog, createHttpClient } from '#nodes';
import { createCommitter, createSystem, lonePeers, realClock, realRandom as random, type Clock } from '#runtime';
import { openStorage, type Storage } from '#storage';
import { parseWorkflow, type JsonObject } from '#workflow';
import { testDatabase, type TestDatabase } from '../../storage/testing.ts';
import { until } from '../until.ts';

/** Executions that wait over the restart; the whole proof: WAITS=10000. */
const WAITS = Number(process.env['WAITS'] ?? 2_000);
/** How far ahead the waits end: beyond n8n's 65 s, so that they are rows and leave memory. */
const AHEAD_MS = 600_000;
/** All waits end within this time of each other, beginning so long after the restart. */
const SPREAD_MS = Number(process.env['SPREAD_MS'] ?? 5_000);
const FIRST_MS = 3_000;
const LATE_P99_MS = 2_000;
const GROWTH_BYTES = 50 * 1024 * 1024;

const workflow: JsonObject = {
  name: 'waits',
  nodes: [
    node('Start', 'n8n-nodes-base.manualTrigger', {}),
    node('Wait', 'n8n-nodes-base.wait', { resume: 'specificTime', dateTime: '={{ $json.until }}' }),
  ],
  connections: { Start: { main: [[{ node: 'Wait', type: 'main', index: 0 }]] } },
  settings: { executionOrder: 'v1' },
};

function node(name: string, type: string, parameters: JsonObject): JsonObject {
  return { id: name, name, type, typeVersion: 1, position: [0, 0], parameters };
}

/** Real time, moved by `shift`: what a night of waiting would be is a jump between two starts. */
function shifted(shift: number): Clock {
  return { ...realClock, now: () => realClock.now() + shift };
}

interface Member {
  readonly engine: Engine;
  readonly company: Company;
  /** Moments at which runs went on, by their ids. */
  readonly resumed: Map<string, number>;
  stop(): Promise<void>;
}

/** A member's company over the database, without its gateways; it takes nothing up before `company.begin`. */
async function openMember(storage: Storage, clock: Clock, bootId: string): Promise<Member> {
  const system = createSystem({ name: bootId, clock, random });
  const committer = createCommitter({ journal: storage.journal, clock });
  const ids = new IdPool(storage.journal);
  await ids.fill();
  await storage.leases.renew({ bootId, name: 'waits', tags: [] }, 600_000);
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  const claims = new Map((await storage.leases.claim(bootId, all)).map(({ shard, epoch }) => [shard, epoch]));
  const versions = {
    version: (id: string, version?: number) => storage.workflows.version(id, version),
    staticData: (id: string) => storage.staticData(id),
  };
  const catalog = createCatalog();
  const http = createHttpClient({ allowPrivateNetwork: false });
  const resumed = new Map<string, number>();
  const services: Services = {
    clock,
    random,
    journal: storage.journal,
    committer,
    workflows: new Definitions(versions, storage.blobs),
    catalog,
    factsOf: (each) => catalog.facts(each),
    http,
    code: { run: () => Promise.reject(new Error('no code in this test')) },
    binary: binaryStore(storage.blobs),
    blobs: storage.blobs,
    breakers: { admit: () => ({ admitted: true }), record: () => {} },
    live: {
      published(executionId, _workflowId, events) {
        if (events.some(({ event }) => event.type === 'execution.resumed')) resumed.set(executionId, clock.now());
      },
    },
    faults: NO_FAULTS,
    limits: ACTOR_LIMITS,
    peers: lonePeers({ bootId, name: 'waits', tags: [], draining: false }),
    owner: {
      epochOf: (shard) => claims.get(shard),
      state: () => 'held',
      nextId: (shard) => ids.next(all, shard),
      shardOf,
    },
    metrics: { started: () => {}, ended: () => {}, node: () => {} },
  };
  const company = new Company({ system, services, owned: () => all });
  return {
    engine: createEngine(company, () => []),
    company,
    resumed,
    async stop() {
      await company.stop();
      await system.shutdown();
      await committer.close();
      await http.close();
      await storage.leases.release(bootId, all);
    },
  };
}

/** What is left after everything that nobody holds is collected. */
async function heapBytes(): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
  return process.memoryUsage().heapUsed;
}

let database: TestDatabase;
let storage: Storage;
before(async () => {
  database = await testDatabase();
  storage = await openStorage({ connection: database.connection });
});
after(async () => {
  await storage.close();
  await database.dispose();
});

/** Starts so many runs and waits until all of them sleep in the database; gives the ends of their waits. */
async function fallAsleep(member: Member, count: number): Promise<Map<string, number>> {
  const { id, version } = await storage.workflows.create(workflow);
  const definition = parseWorkflow(workflow, { id });
  const from = Date.now() + AHEAD_MS;
  const ends = new Map<string, number>();
  const begin = async (n: number): Promise<void> => {
    const end = from + Math.floor((n / count) * SPREAD_MS);
    const items = [{ json: { until: new Date(end).toISOString() } }];
    const handle = member.engine.start({
      workflow: definition,
      workflowVersion: version,
      mode: 'trigger',
      trigger: 'Start',
      items,
      acceptEarly: false,
    });
    ends.set(handle.executionId, end);
    assert.equal((await handle.ended).status, 'waiting');
  };
  for (let n = 0; n < count; n += 500) {
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, (_, each) => begin(n + each)));
  }
  return ends;
}

test(`${WAITS} waits over a full restart: all go on, p99 at most ${LATE_P99_MS} ms late, within 50 MB`, async (t) => {
  const first = await openMember(storage, realClock, 'boot-1');
  await first.company.begin();
  const ends = await fallAsleep(first, WAITS);
  await first.stop();
  const began = Math.min(...ends.values());

  const second = await openMember(storage, shifted(began - FIRST_MS - Date.now()), 'boot-2');
  const before = await heapBytes();
  await second.company.begin();
  const growth = (await heapBytes()) - before;
  const used = process.cpuUsage();
  await until('every wait has ended', () => second.resumed.size === WAITS || undefined, 120_000);
  const { user, system } = process.cpuUsage(used);
  await second.stop();

  const late = [...ends].map(([id, end]) => (second.resumed.get(id) ?? Number.POSITIVE_INFINITY) - end);
  const sorted = late.toSorted((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((q) => sorted[Math.ceil(q * WAITS) - 1] ?? 0);
  const cpu = `${((user + system) / WAITS).toFixed(0)} µs of CPU each`;
  t.diagnostic(`late p50 ${p50} ms, p99 ${p99} ms, at most ${most} ms; ${cpu}; heap +${(growth / 1e6).toFixed(1)} MB`);
  assert.ok((sorted[0] ?? -1) >= 0, 'none early');
  assert.ok((p99 ?? 0) <= LATE_P99_MS, `p99 ${p99} ms late`);
  assert.ok(growth < GROWTH_BYTES, `${growth} bytes`);
});
