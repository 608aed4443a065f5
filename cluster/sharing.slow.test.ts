import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SimulatedClock } from '#runtime';
import { DRAIN_ROUND_MS, DRAIN_SHARDS_PER_ROUND, GIVE_UP_MS, LEASE_MS, LOOK_PAUSE_MS, RENEW_MS } from './limits.ts';
import {
  MAIN_DEAF_MS_MAX,
  MEMBER_WRITE_MS,
  ORPHAN_GRACE_MS,
  REBALANCE_SHARDS_PER_ROUND,
  RENEW_TIMEOUT_MS,
} from './limits.ts';
import { createLeaseKeeper, type LeasePulse } from './lease-keeper.ts';
import { leaseRecord } from './own-lease.ts';
import { wantedBy } from './rendezvous.ts';
import { SHARDS } from './shards.ts';
import { faulty, sharedScene, type SceneMember, type SharedScene, type StoreFault } from './testing.ts';

const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Nobody has what another has; what is had is what is wanted, and every shard is had. */
function balanced(members: readonly SceneMember[]): void {
  const rows = members.map(({ bootId }) => ({ bootId }));
  for (const { bootId, keeper } of members) deepEqual(keeper.owned(), wantedBy(bootId, rows), bootId);
}

/** No two members that may start effects hold one shard. */
function exclusive(members: readonly SceneMember[]): void {
  const held = members.filter(({ keeper }) => keeper.state() !== 'lost').flatMap(({ keeper }) => keeper.owned());
  equal(new Set(held).size, held.length);
}

/** Time enough for every shard to move to where it belongs. */
const SETTLE_MS = LEASE_MS + (SHARDS / REBALANCE_SHARDS_PER_ROUND + 3) * RENEW_MS;

test('the first member has everything at once', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  deepEqual(a.keeper.owned(), ALL);
});

test('a member that joins gets its share from the one that has all, so many a round', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  const b = await at.start('b');
  deepEqual(b.keeper.owned(), [], 'nothing is free yet');
  let before = SHARDS;
  for (let round = 0; round < 20; round += 1) {
    await at.pass(RENEW_MS);
    ok(before - a.keeper.owned().length <= REBALANCE_SHARDS_PER_ROUND);
    before = a.keeper.owned().length;
    exclusive([a, b]);
  }
  balanced([a, b]);
});

test('what is balanced stays where it is', async () => {
  const at = sharedScene();
  const lost: unknown[] = [];
  const events = { lost: (shards: readonly number[]) => void lost.push(shards) };
  const members = [await at.start('a', events), await at.start('b', events), await at.start('c', events)];
  await at.pass(SETTLE_MS);
  lost.length = 0;
  await at.pass(30 * LEASE_MS);
  balanced(members);
  deepEqual(lost, []);
});

test('the shards of a dead member are claimed within a second after its lease', async () => {
  const at = sharedScene();
  const [a, b, c] = [await at.start('a'), await at.start('b'), await at.start('c')];
  await at.pass(SETTLE_MS);
  c.fault = 'hang';
  await at.pass(LEASE_MS + 1);
  const left = (await at.leases.members()).find(({ bootId }) => bootId === 'c')?.leaseLeftMs ?? 0;
  await at.pass(left + RENEW_MS);
  balanced([a, b]);
  deepEqual(c.keeper.owned(), []);
});

test('a planned stop leaves the shards free and the member gone at once', async () => {
  const at = sharedScene();
  const [a, b] = [await at.start('a'), await at.start('b')];
  await at.pass(SETTLE_MS);
  await b.keeper.stop();
  await at.pass(RENEW_MS);
  deepEqual(a.keeper.owned(), ALL);
  equal(b.keeper.state(), 'lost');
});

test('drain gives everything away in rounds and resolves when nothing is left; others take it', async () => {
  const at = sharedScene();
  const [a, b] = [await at.start('a'), await at.start('b')];
  await at.pass(SETTLE_MS);
  const share = b.keeper.owned().length;
  let drained = false;
  void b.keeper.drain().then(() => (drained = true));
  await at.pass(DRAIN_ROUND_MS - 1);
  equal(b.keeper.owned().length, share - DRAIN_SHARDS_PER_ROUND);
  equal(drained, false);
  await at.pass((share / DRAIN_SHARDS_PER_ROUND + 1) * DRAIN_ROUND_MS);
  deepEqual(b.keeper.owned(), []);
  equal(drained, true);
  await at.pass(2 * RENEW_MS);
  deepEqual(a.keeper.owned(), ALL);
  deepEqual(b.keeper.owned(), [], 'a draining member takes nothing back');
  equal((await at.leases.members()).find(({ bootId }) => bootId === 'b')?.draining, true);
});

test('a member that drains alone gives up all the same', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  void a.keeper.drain();
  await at.pass((SHARDS / DRAIN_SHARDS_PER_ROUND + 1) * DRAIN_ROUND_MS);
  deepEqual(a.keeper.owned(), []);
  deepEqual(
    (await at.leases.shards()).filter(({ owner }) => owner !== undefined),
    [],
  );
});

test('drain ends too when the store is away: the lease runs out', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  a.fault = 'reject';
  let drained = false;
  void a.keeper.drain().then(() => (drained = true));
  await at.pass(LEASE_MS + DRAIN_ROUND_MS);
  equal(drained, true);
});

test('the work of a shard is stopped before the shard is free', async () => {
  const at = sharedScene();
  const gates: (() => void)[] = [];
  const a = await at.start('a', { lost: () => new Promise<void>((resolve) => gates.push(resolve)) });
  const b = await at.start('b');
  await at.pass(2 * RENEW_MS);
  equal(a.keeper.owned().length, SHARDS - REBALANCE_SHARDS_PER_ROUND, 'one round is being given');
  deepEqual(b.keeper.owned(), []);
  equal(a.keeper.state(), 'held', 'renewals go on meanwhile');
  for (const open of gates) open();
  await at.pass(RENEW_MS);
  equal(b.keeper.owned().length, REBALANCE_SHARDS_PER_ROUND);
});

test('work that does not stop holds its shards back for a limited time only', async () => {
  const at = sharedScene();
  const failed: string[] = [];
  const a = await at.start('a', {
    lost: () => new Promise<void>(() => {}),
    failed: (_error, doing) => failed.push(doing),
  });
  const b = await at.start('b');
  await at.pass(RENEW_MS + GIVE_UP_MS + RENEW_MS);
  equal(b.keeper.owned().length, REBALANCE_SHARDS_PER_ROUND);
  deepEqual(failed, ['release']);
  equal(a.keeper.state(), 'held');
});

test('a shard that its wanted owner leaves lying is claimed by the next in rank, and stays there for a while', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  await at.leases.renew({ bootId: 'idle', name: 'idle', tags: [] }, 20 * LEASE_MS);
  await at.pass(SETTLE_MS);
  const wanted = wantedBy('idle', [{ bootId: 'a' }, { bootId: 'idle' }]);
  await at.pass(ORPHAN_GRACE_MS + RENEW_MS);
  ok(
    wanted.every((shard) => a.keeper.epochOf(shard) !== undefined),
    'nothing is stuck',
  );
});

test('after an absence of the store all members come back to their own shards; none takes those of the others', async () => {
  const at = sharedScene();
  const [a, b] = [await at.start('a'), await at.start('b')];
  await at.pass(SETTLE_MS);
  for (const member of [a, b]) member.fault = 'hang';
  await at.pass(2 * LEASE_MS);
  deepEqual([...a.keeper.owned(), ...b.keeper.owned()], []);
  for (const member of [a, b]) member.fault = 'none';
  await at.pass(RENEW_TIMEOUT_MS + 2 * RENEW_MS);
  balanced([a, b]);
});

test('a release whose answer is lost is made up for', async () => {
  const at = sharedScene();
  const [a, b] = [await at.start('a'), await at.start('b')];
  await at.pass(RENEW_MS / 2);
  a.fault = 'late';
  await at.pass(RENEW_MS);
  a.fault = 'none';
  await at.pass(SETTLE_MS);
  balanced([a, b]);
});

test('news make a member look at once, and at most so often', async () => {
  const at = sharedScene();
  let looks = 0;
  const a = await at.start('a', { seen: () => (looks += 1) });
  await at.pass(RENEW_MS / 2);
  const before = looks;
  for (let news = 0; news < 50; news += 1) a.keeper.look();
  await at.pass(0);
  await at.pass(1);
  equal(looks, before + 1);
  for (let news = 0; news < 50; news += 1) a.keeper.look();
  await at.pass(LOOK_PAUSE_MS);
  equal(looks, before + 2);
});

test('a new address is read by the others without waiting for the next beat', async () => {
  const at = sharedScene();
  const a = await at.start('a');
  await a.keeper.describe({ address: 'http://a:1' });
  equal((await at.leases.members())[0]?.address, 'http://a:1');
});

/** A thread that renews well, whatever becomes of the main loop. */
function busyPulse(clock: SimulatedClock): LeasePulse & { renew(): void; mainIsAlive(): boolean } {
  const record = leaseRecord();
  let main: () => boolean = () => true;
  return {
    record,
    start: ({ alive }) => void (main = alive),
    stop: async () => undefined,
    renew: () => record.renewed(clock.monotonic(), clock.monotonic()),
    mainIsAlive: () => main(),
  };
}

test('while the thread renews the main loop only writes its row now and then', async () => {
  const { clock, leases, pass } = sharedScene();
  let renewals = 0;
  const store = { ...faulty(leases, () => 'none'), renew: async () => void (renewals += 1) };
  const pulse = busyPulse(clock);
  const keeper = createLeaseKeeper({ store, clock, member: { bootId: 'a', name: 'a', tags: [] }, pulse });
  await keeper.start();
  for (let second = 0; second < 60; second += 1) {
    await pass(RENEW_MS);
    pulse.renew();
  }
  equal(keeper.state(), 'held');
  equal(renewals, 1 + (60 * RENEW_MS) / MEMBER_WRITE_MS);
});

test('a thread that falls silent is made up for by the main loop', async () => {
  const { clock, leases, pass } = sharedScene();
  const pulse = busyPulse(clock);
  const keeper = createLeaseKeeper({ store: leases, clock, member: { bootId: 'a', name: 'a', tags: [] }, pulse });
  await keeper.start();
  await pass(20 * LEASE_MS);
  equal(keeper.state(), 'held');
});

test('a main loop that hears nothing of the database is of no use, though its thread renews', async () => {
  const { clock, leases, pass } = sharedScene();
  let fault: StoreFault = 'none';
  const pulse = busyPulse(clock);
  const store = faulty(leases, () => fault);
  const member = { bootId: 'a', name: 'a', tags: [] };
  const keeper = createLeaseKeeper({ store, clock, member, wanted: 'shared', pulse });
  await keeper.start();
  equal(pulse.mainIsAlive(), true);
  fault = 'reject';
  await pass(MAIN_DEAF_MS_MAX + RENEW_MS);
  equal(pulse.mainIsAlive(), false);
  fault = 'none';
  await pass(2 * RENEW_MS);
  equal(pulse.mainIsAlive(), true);
});

type Act = { wait: number; who: number; fault: StoreFault | 'drain' | 'restart' };

/** Plays the acts; the answer is the members that are left at work. */
async function play(at: SharedScene, acts: readonly Act[]): Promise<SceneMember[]> {
  const members = [await at.start('a0'), await at.start('b0'), await at.start('c0')];
  for (const [number, { wait, who, fault }] of acts.entries()) {
    const member = members[who];
    if (member === undefined) continue;
    if (fault === 'drain') void member.keeper.drain();
    else if (fault === 'restart') {
      // Killed: it renews no more, and comes back under another boot id on another machine.
      member.fault = 'hang';
      members[who] = at.member(`${member.bootId}${number}`);
      await members[who].keeper.start();
    } else member.fault = fault;
    await at.pass(wait);
    exclusive(members);
  }
  return members;
}

test('whatever happens: one holder per shard at any time, and after the faults all shards are where they belong', async () => {
  const act = fc.record({
    wait: fc.integer({ min: 1, max: 2 * LEASE_MS }),
    who: fc.integer({ min: 0, max: 2 }),
    fault: fc.constantFrom<Act['fault']>('none', 'none', 'reject', 'hang', 'late', 'drain', 'restart'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 10 }), async (acts) => {
      const at = sharedScene();
      const members = await play(at, acts);
      for (const member of members) member.fault = 'none';
      await at.pass(3 * SETTLE_MS);
      exclusive(members);
      const drained = acts.flatMap(({ who, fault }, index) => (fault === 'drain' ? [{ who, index }] : []));
      const gone = drained.filter(
        ({ who, index }) => !acts.slice(index).some((later) => later.who === who && later.fault === 'restart'),
      );
      balanced(members.filter((_, who) => !gone.some((entry) => entry.who === who)));
    }),
    { numRuns: 30 },
  );
});
