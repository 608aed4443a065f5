import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLeaseKeeper, createLeaseMembership, LEASE_MS, RENEW_MS, SHARDS, wantedBy } from '#cluster';
import type { LeaseKeeper } from '#cluster';
import { realClock as clock, type LeaseStore, type Membership } from '#runtime';
import { openStorage, type Storage } from '#storage';
import { testDatabase, type TestDatabase } from '../../storage/testing.ts';
import { until } from '../until.ts';

/** A claim comes with the beat after a lease has ended, or with the look at its end; the rest is for a busy machine. */
const TAKEOVER_MS_MOST = LEASE_MS + 3 * RENEW_MS;

let database: TestDatabase;
let storage: Storage;
const members: Member[] = [];

before(async () => {
  database = await testDatabase();
  storage = await openStorage({ connection: database.connection });
});
after(async () => {
  // Also after a failure: their beats would keep the process alive.
  await Promise.all(members.map(({ keeper }) => keeper.stop()));
  await storage.close();
  await database.dispose();
});

interface Member {
  readonly bootId: string;
  readonly keeper: LeaseKeeper;
  readonly membership: Membership;
  /** From now on no call of it reaches the database, as after kill -9. */
  cut(): void;
}

async function member(bootId: string): Promise<Member> {
  let isCut = false;
  const { leases } = storage;
  const never = <T>(call: () => Promise<T>): Promise<T> => (isCut ? new Promise<T>(() => {}) : call());
  const store: LeaseStore = {
    renew: (row, ms) => never(() => leases.renew(row, ms)),
    claim: (boot, shards) => never(() => leases.claim(boot, shards)),
    release: (boot, shards) => never(() => leases.release(boot, shards)),
    members: () => never(() => leases.members()),
    shards: () => never(() => leases.shards()),
    view: () => never(() => leases.view()),
  };
  const self = { bootId, name: bootId, tags: [], draining: false };
  const keeper = createLeaseKeeper({ store, clock, member: self, wanted: 'shared' });
  const membership = createLeaseMembership({ keeper, clock });
  await membership.join(self);
  await keeper.start();
  const made = { bootId, keeper, membership, cut: () => (isCut = true) };
  members.push(made);
  return made;
}

/** Every shard is held by the one who should have it, and the database says so too. */
async function balanced(living: readonly Member[]): Promise<true | undefined> {
  const settled = living.every(({ bootId, keeper }) => {
    const wanted = wantedBy(bootId, living);
    const owned = keeper.owned();
    return owned.length === wanted.length && owned.every((shard, at) => shard === wanted[at]);
  });
  if (!settled) return undefined;
  const rows = await storage.leases.shards();
  return rows.every(({ owner }) => living.some(({ bootId }) => bootId === owner)) ? true : undefined;
}

test('three members share; one dies and is taken over in time, one drains without a gap, epochs only rise', async () => {
  const [a, b, c] = [await member('a'), await member('b'), await member('c')];
  equal(a.keeper.owned().length, SHARDS, 'the first has all');
  await until('each has its share', () => balanced([a, b, c]), 30_000);
  deepEqual(
    a.membership.members().map(({ bootId }) => bootId),
    ['a', 'b', 'c'],
  );
  const before = await storage.leases.shards();

  c.cut();
  const cutAt = clock.monotonic();
  await until('the shards of the dead one are claimed', () => balanced([a, b]), 30_000);
  const tookMs = clock.monotonic() - cutAt;
  ok(tookMs <= TAKEOVER_MS_MOST, `took ${Math.round(tookMs)} ms`);
  deepEqual([c.keeper.state(), c.keeper.owned()], ['lost', []]);

  await b.membership.update({ draining: true });
  await b.keeper.drain();
  deepEqual(b.keeper.owned(), []);
  await until('the one that is left has all', () => balanced([a]), 5_000);
  equal(a.membership.members().find(({ bootId }) => bootId === 'b')?.draining, true);

  const after = await storage.leases.shards();
  ok(after.every(({ epoch }, at) => epoch >= (before[at]?.epoch ?? Infinity)));
  await b.membership.leave();
  await until('who left is not there', () => (a.membership.members().length === 1 ? true : undefined), 5_000);
});
