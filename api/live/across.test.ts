import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { createHub, createLiveRelay, type LiveEvent } from '#transport';
import { quiet, seededRandom, SimulatedClock, TestNetwork, type ExecutionRecord, type JournalEvent } from '#runtime';
import { API_LIMITS } from '../limits.ts';
import type { Identity } from '../permissions.ts';
import type { Page, WorkflowRecord } from '../ports.ts';
import { createRig } from '../testing.ts';
import { Tail } from './tail.ts';
import type { Topic } from './topics.ts';
import { Watcher } from './watcher.ts';

/** Sockets on member `a` that watch what members `b` and `c` perform, over a link that may do anything. */

const OWNER: Identity = { ownerId: 'o', permissions: 'all' };
const TAIL_LOOKS_MS = 4_000;

class Cluster {
  readonly clock = new SimulatedClock();
  readonly network: TestNetwork;
  readonly journals = new Map<string, JournalEvent[]>();
  readonly #ended = new Set<string>();
  readonly #hubs = new Map<string, ReturnType<typeof createHub>>();
  readonly #tail: Tail;
  readonly #rig = createRig();
  /** Questions to the database about rows, and events read from it. */
  readonly asked = { rows: 0, reads: 0 };

  constructor(seed: number) {
    this.network = new TestNetwork(this.clock, seededRandom(seed));
    for (const name of ['a', 'b', 'c']) {
      const hub = createHub();
      this.#hubs.set(name, hub);
      const peers = this.network.join(name);
      createLiveRelay({ hub, peers, clock: this.clock, shardOf: Number });
      if (name === 'a') this.peers = peers;
    }
    assert.ok(this.peers);
    this.#tail = new Tail({ hub: this.hub('a'), clock: this.clock, journal: this.journal, peers: this.peers });
  }

  readonly peers: ReturnType<TestNetwork['join']> | undefined;

  readonly journal = {
    read: async (id: string, { afterSeq = 0, limit = Infinity } = {}): Promise<JournalEvent[]> => {
      this.asked.reads += 1;
      return (this.journals.get(id) ?? []).slice(afterSeq, afterSeq + limit);
    },
    execution: async (id: string): Promise<ExecutionRecord | undefined> => this.#record(id),
    executions: async (ids: readonly string[]): Promise<ExecutionRecord[]> => {
      this.asked.rows += 1;
      return ids.flatMap((id) => this.#record(id) ?? []);
    },
  };

  hub(name: string): ReturnType<typeof createHub> {
    const hub = this.#hubs.get(name);
    assert.ok(hub);
    return hub;
  }

  /** Commits one event on whoever owns the execution; without an owner nobody commits anything. */
  commit(id: string, last = false): void {
    const owner = this.network.ownerOf(Number(id));
    if (owner === undefined || this.#ended.has(id)) return;
    const events = this.journals.get(id) ?? [];
    this.journals.set(id, events);
    const seq = events.length + 1;
    const event: JournalEvent['event'] = last
      ? { type: 'execution.finished', at: seq }
      : { type: 'node.started', at: seq, node: 'N', run: 0, attempt: 1 };
    if (last) this.#ended.add(id);
    events.push({ seq, event });
    this.hub(owner).published(id, 'w', [{ seq, event }]);
  }

  /** One socket's subscription on member `a`: what it was sent, as `execution/seq`. */
  async watch(topic: Topic): Promise<string[]> {
    const seen: string[] = [];
    const note = (event: LiveEvent): void => void seen.push(`${event.executionId}/${event.seq}`);
    const executions = { list: async (): Promise<Page<ExecutionRecord>> => ({ rows: this.#newest() }) };
    const workflow = { id: 'w' } as WorkflowRecord; // only asked whether it is there
    const workflows = { ...this.#rig.storage.workflows, get: async () => workflow };
    const watcher = new Watcher({
      deps: {
        hub: this.hub('a'),
        storage: { ...this.#rig.storage, executions, workflows, journal: this.journal },
        log: pino({ level: 'silent' }),
      },
      limits: API_LIMITS,
      identity: OWNER,
      tail: this.#tail,
      event: note,
      tree: () => {},
    });
    (await watcher.subscribe(topic))();
    await quiet();
    return seen;
  }

  whole(id: string, afterSeq = 0): string[] {
    return (this.journals.get(id) ?? []).filter(({ seq }) => seq > afterSeq).map(({ seq }) => `${id}/${seq}`);
  }

  #newest(): ExecutionRecord[] {
    return [...this.journals.keys()].toSorted((x, y) => Number(y) - Number(x)).flatMap((id) => this.#record(id) ?? []);
  }

  #record(id: string): ExecutionRecord | undefined {
    const events = this.journals.get(id);
    if (!events) return undefined;
    const status = this.#ended.has(id) ? 'success' : 'running';
    const head = { id, shard: Number(id), workflowId: 'w', workflowVersion: 1, mode: 'manual', recoveries: 0 } as const;
    return { ...head, status, startedAt: Number(id), lastSeq: events.length };
  }
}

const places = {
  here: 'a',
  'on another member': 'b',
  'owned by nobody at the moment': undefined,
} as const;
for (const [where, owner] of Object.entries(places)) {
  for (const link of ['up', 'down', 'silent'] as const) {
    test(`a watcher sees a run whole and in order to its end: ${where}, the link ${link}`, async () => {
      const cluster = new Cluster(1);
      cluster.network.own([5], 'b');
      cluster.commit('5');
      cluster.network.own([5], owner);
      if (link === 'down') cluster.network.cut(true);
      if (link === 'silent') cluster.network.weather = { lose: 1 };
      const seen = await cluster.watch({ executionId: '5' });
      assert.deepEqual(seen, ['5/1']);
      for (let n = 0; n < 5; n += 1) {
        cluster.commit('5');
        await cluster.clock.advance(300);
      }
      cluster.network.own([5], 'c');
      cluster.commit('5', true);
      await cluster.clock.advance(TAIL_LOOKS_MS);
      assert.deepEqual(seen, cluster.whole('5'));
      assert.equal(cluster.hub('a').subscriptions, 1, 'the run’s end ends its subscription; the tree’s stays');
    });
  }
}

test('events of another member come by the link, and not only when the journal is looked at', async () => {
  const cluster = new Cluster(1);
  cluster.network.own([5], 'b');
  cluster.commit('5');
  const seen = await cluster.watch({ executionId: '5' });
  await cluster.clock.advance(0);
  const { reads } = cluster.asked;
  cluster.commit('5');
  cluster.commit('5', true);
  await quiet();
  assert.deepEqual(seen, cluster.whole('5'));
  assert.equal(cluster.asked.reads, reads);
});

test('runs of this member are not looked after: its hub loses nothing', async () => {
  const cluster = new Cluster(1);
  cluster.network.own([5], 'a');
  cluster.commit('5');
  await cluster.watch({ executionId: '5' });
  await cluster.clock.advance(60_000);
  assert.equal(cluster.asked.rows, 0);
});

test('many watched runs of others are one question per look, and none when nobody watches', async () => {
  const cluster = new Cluster(1);
  for (let id = 1; id <= 60; id += 1) {
    cluster.network.own([id], 'b');
    cluster.commit(String(id));
    await cluster.watch({ executionId: String(id) });
  }
  cluster.asked.rows = 0;
  await cluster.clock.advance(15_000);
  assert.ok(cluster.asked.rows <= 11, `${cluster.asked.rows} questions in 15 s`);
  for (let id = 1; id <= 60; id += 1) cluster.commit(String(id), true);
  await cluster.clock.advance(TAIL_LOOKS_MS);
  cluster.asked.rows = 0;
  await cluster.clock.advance(60_000);
  assert.equal(cluster.asked.rows, 0);
});

const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('commit' as const), id: fc.constantFrom('1', '2', '3', '9') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), id: fc.constantFrom('1', '2', '3') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      id: fc.constantFrom('1', '2', '3', '9'),
      to: fc.constantFrom('a', 'b', 'c', undefined),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('weather' as const),
      lose: fc.constantFrom(0, 0.3, 1),
      repeat: fc.constantFrom(0, 0.5),
      delayMs: fc.constantFrom(0, 100, 2_500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), now: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('watch' as const), id: fc.constantFrom('1', '2', '3', '9') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
);

async function perform(cluster: Cluster, what: typeof deed extends fc.Arbitrary<infer D> ? D : never): Promise<void> {
  const { network, clock } = cluster;
  switch (what.do) {
    case 'commit':
      return cluster.commit(what.id);
    case 'end':
      return cluster.commit(what.id, true);
    case 'move':
      return network.own([Number(what.id)], what.to);
    case 'weather':
      network.weather = { lose: what.lose, repeat: what.repeat, delayMs: what.delayMs };
      return;
    case 'cut':
      return network.cut(what.now);
    case 'wait':
      return clock.advance(what.ms);
    case 'watch':
      return;
  }
}

test('whatever the link loses, repeats or delays and whoever owns a run, every watcher sees all of it, once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(deed, { maxLength: 50 }), async (seed, deeds) => {
      const cluster = new Cluster(seed);
      for (const id of ['1', '2', '3', '9']) {
        cluster.network.own([Number(id)], 'b');
        cluster.commit(id);
      }
      const watchers: { id: string; afterSeq: number; seen: string[] }[] = [];
      for (const what of deeds) {
        if (what.do === 'watch') {
          const afterSeq = Math.max(0, (cluster.journals.get(what.id)?.length ?? 0) - 2);
          watchers.push({ id: what.id, afterSeq, seen: await cluster.watch({ executionId: what.id, afterSeq }) });
        } else await perform(cluster, what);
      }
      await cluster.clock.advance(TAIL_LOOKS_MS);
      for (const { id, afterSeq, seen } of watchers) assert.deepEqual(seen, cluster.whole(id, afterSeq));
    }),
    { numRuns: 60 },
  );
});

test('a watcher of a workflow sees whole, once and in order every run that begins, on whichever member', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(deed, { maxLength: 50 }), async (seed, deeds) => {
      const cluster = new Cluster(seed);
      cluster.network.own([1, 2, 3], 'b');
      cluster.network.own([9], 'c');
      cluster.commit('3');
      cluster.commit('3');
      const seen = await cluster.watch({ workflowId: 'w' });
      for (const what of deeds) await perform(cluster, what);
      await cluster.clock.advance(TAIL_LOOKS_MS);
      for (const id of ['1', '2', '9']) {
        const of = seen.filter((event) => event.startsWith(`${id}/`));
        assert.deepEqual(of, cluster.whole(id));
      }
      const old = seen.filter((event) => event.startsWith('3/'));
      assert.deepEqual(old, cluster.whole('3', 2));
    }),
    { numRuns: 60 },
  );
});
