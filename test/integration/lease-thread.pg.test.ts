import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createLeaseKeeper, createLeasePulse, type LeaseKeeper, type LeasePulse } from '#cluster';
import { realClock as clock, type ShardClaim } from '#runtime';
import { openStorage, type Storage } from '#storage';
import { testDatabase, type TestDatabase } from '../../storage/testing.ts';
import type { RivalOrders } from './lease-rival.ts';

/** Longer than a lease, and than a thread with this limit goes on renewing. */
const BLOCK_MS = 7_500;
const IMPATIENT_MS = 1_000;
/** The threads connect and renew. */
const WARM_MS = 1_500;

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

/** Nothing of this thread runs meanwhile, as in a synchronous loop. */
function blockMainLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

interface Member {
  readonly keeper: LeaseKeeper;
  readonly lost: string[];
}

async function member(bootId: string, shard: number, pulse?: LeasePulse): Promise<Member> {
  const lost: string[] = [];
  const keeper = createLeaseKeeper({
    store: storage.leases,
    clock,
    member: { bootId, name: bootId, tags: [] },
    wanted: () => [shard],
    events: { lost: (_shards, why) => void lost.push(why) },
    ...(pulse && { pulse }),
  });
  await keeper.start();
  return { keeper, lost };
}

function step(shard: number, epoch: number, number: number) {
  const executionId = String(number * 512 + shard);
  const started = { type: 'execution.started', at: 1, mode: 'manual', trigger: 'Start', items: [] } as const;
  const create = { workflowId: 'w', workflowVersion: 1, mode: 'manual', startedAt: 1 } as const;
  const events = [{ seq: 1, event: { ...started, items: [] } }];
  return { executionId, shard, epoch, create, events, status: 'running' } as const;
}

test('a main loop that is blocked for longer than a lease keeps it by its thread; one blocked beyond the limit of the thread loses it and writes nothing', async () => {
  const source = storage.leaseBeat;
  const withThread = await member('with-thread', 1, createLeasePulse({ source, clock }));
  const without = await member('without', 2);
  const hung = await member('hung', 3, createLeasePulse({ source, clock, mainTickMsMax: IMPATIENT_MS }));
  const epochs = [withThread, without, hung].map(({ keeper }, at) => keeper.epochOf(at + 1) ?? 0);
  const orders: RivalOrders = {
    connection: database.connection,
    bootId: 'rival',
    waitMs: WARM_MS + BLOCK_MS - 500,
    shards: [1, 2, 3],
  };
  const rival = new Worker(new URL('./lease-rival.ts', import.meta.url), { workerData: orders });
  await once(rival, 'message');
  await new Promise((resolve) => clock.after(WARM_MS, () => resolve(undefined)));

  const claimed = once(rival, 'message');
  blockMainLoop(BLOCK_MS);

  // At this very moment, before anything else has run:
  deepEqual([withThread.keeper.state(), without.keeper.state(), hung.keeper.state()], ['held', 'lost', 'lost']);
  const [claims] = (await claimed) as [ShardClaim[]];
  deepEqual(
    claims.map(({ shard }) => shard),
    [2, 3],
  );
  const outcomes = await storage.journal.commit(epochs.map((epoch, at) => step(at + 1, epoch, 7)));
  deepEqual(
    outcomes.map(({ kind }) => kind),
    ['committed', 'fenced', 'fenced'],
  );
  deepEqual(withThread.lost, []);
  for (const { keeper } of [withThread, without, hung]) await keeper.stop();
});

test('a thread whose member row was forgotten has the row written anew by the main loop', async () => {
  const { keeper } = await member('forgotten', 9, createLeasePulse({ source: storage.leaseBeat, clock }));
  await storage.leases.renew({ bootId: 'forgotten', name: 'forgotten', tags: [] }, -7_200_000);
  await storage.leases.release('forgotten', [9]);
  // Whoever renews removes rows of members that are long dead.
  await storage.leases.renew({ bootId: 'other', name: 'other', tags: [] }, 60_000);
  const deadline = clock.monotonic() + 10_000;
  const living = async (): Promise<boolean> =>
    (await storage.leases.members()).some(({ bootId, leaseLeftMs = 0 }) => bootId === 'forgotten' && leaseLeftMs > 0);
  while (!(await living())) ok(clock.monotonic() < deadline, 'the row did not come back');
  equal(keeper.state(), 'held');
  await keeper.stop();
});
