import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { membershipConformance } from '#runtime';
import type { MemberInfo, Membership, MembershipFixture } from '#runtime';
import { LEASE_MS, RENEW_MS } from '../limits.ts';
import { createLeaseKeeper } from '../lease-keeper.ts';
import { faulty, sharedScene, type SharedScene, type StoreFault } from '../testing.ts';
import { createLeaseMembership } from './leases.ts';
import { createStaticMembership } from './static.ts';

async function fixedFixture(): Promise<MembershipFixture> {
  return { driver: () => createStaticMembership(), until: async () => undefined, pass: async () => undefined };
}

describe('a fixed list keeps the contract of membership', () => {
  for (const { rule, check } of membershipConformance(fixedFixture, { fixed: true })) test(rule, check);
});

/** A keeper renews and looks from the moment its member joins, as in a running member. */
function leaseDriver({ clock, leases }: SharedScene, member: MemberInfo, fault: () => StoreFault): Membership {
  const keeper = createLeaseKeeper({ store: faulty(leases, fault), clock, member, wanted: 'shared' });
  const membership = createLeaseMembership({ keeper, clock });
  return {
    join: async (self) => {
      await membership.join(self);
      await keeper.start();
    },
    members: () => membership.members(),
    state: () => membership.state(),
    watch: (listener) => membership.watch(listener),
    update: (patch) => membership.update(patch),
    leave: () => membership.leave(),
  };
}

async function leasesFixture(): Promise<MembershipFixture> {
  const scene = sharedScene();
  return {
    driver: (member) => leaseDriver(scene, member, () => 'none'),
    until: async (condition) => {
      for (let waited = 0; !condition() && waited < 4 * LEASE_MS; waited += RENEW_MS) await scene.pass(RENEW_MS);
      equal(condition(), true);
    },
    pass: () => scene.pass(2 * RENEW_MS),
  };
}

describe('membership by the leases keeps its contract', () => {
  for (const { rule, check } of membershipConformance(leasesFixture)) test(rule, check);
});

const info = (bootId: string): MemberInfo => ({ bootId, name: bootId, tags: [], draining: false });
const ids = (membership: Membership): string[] => membership.members().map(({ bootId }) => bootId);

test('while the database is away the view of the leases stays, and the state says so', async () => {
  const scene = sharedScene();
  let fault: StoreFault = 'none';
  const [a, b] = [leaseDriver(scene, info('a'), () => fault), leaseDriver(scene, info('b'), () => 'none')];
  await a.join(info('a'));
  await b.join(info('b'));
  await scene.pass(RENEW_MS);
  deepEqual([ids(a), a.state()], [['a', 'b'], 'up']);
  fault = 'reject';
  await scene.pass(2 * LEASE_MS);
  deepEqual([ids(a), a.state()], [['a', 'b'], 'stale']);
  fault = 'none';
  await scene.pass(2 * RENEW_MS);
  deepEqual([ids(a), a.state()], [['a', 'b'], 'up']);
});

test('a member whose lease has run out is no longer there', async () => {
  const scene = sharedScene();
  let fault: StoreFault = 'none';
  const [a, b] = [leaseDriver(scene, info('a'), () => 'none'), leaseDriver(scene, info('b'), () => fault)];
  await a.join(info('a'));
  await b.join(info('b'));
  await scene.pass(RENEW_MS);
  fault = 'hang';
  await scene.pass(LEASE_MS + RENEW_MS);
  deepEqual(ids(a), ['a']);
});

test('a fixed list shows the others beside this one, which may be in it', async () => {
  const fixed = createStaticMembership([info('b'), { ...info('a'), draining: true }]);
  deepEqual(fixed.members(), []);
  await fixed.join(info('a'));
  deepEqual(fixed.members(), [info('a'), info('b')]);
});
