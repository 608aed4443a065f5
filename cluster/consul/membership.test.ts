import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { membershipConformance, quiet, seededRandom, SimulatedClock } from '#runtime';
import type { MemberInfo, Membership, MembershipFixture } from '#runtime';
import { CONSUL_BEAT_MS, CONSUL_EMPTY_GRACE_MS, CONSUL_QUERIES_BURST, CONSUL_QUERY_MS } from '../limits.ts';
import { CONSUL_RETRY_LAST_MS, CONSUL_TTL_MS, CONSUL_WAIT_MS } from '../limits.ts';
import { ConsulMembership, createConsulMembership } from './membership.ts';
import { FakeConsul } from './testing.ts';

const random = seededRandom(7);

function info(bootId: string, more: Partial<MemberInfo> = {}): MemberInfo {
  return { bootId, name: `name of ${bootId}`, tags: [], draining: false, ...more };
}

function scene(check: 'ttl' | 'http' = 'ttl') {
  const clock = new SimulatedClock();
  const consul = new FakeConsul(clock);
  const failed: unknown[] = [];
  const driver = (): Membership =>
    new ConsulMembership({ clock, random, check, failed: (error) => failed.push(error) }, consul.agent());
  const joined = async (member: MemberInfo): Promise<Membership> => {
    const made = driver();
    await made.join(member);
    await quiet();
    return made;
  };
  return { clock, consul, driver, joined, failed };
}

const ids = (membership: Membership): string[] => membership.members().map(({ bootId }) => bootId);

async function fixture(): Promise<MembershipFixture> {
  const { clock, consul, driver } = scene();
  return {
    driver,
    until: (condition) => clock.runUntil(condition, 10 * CONSUL_WAIT_MS),
    pass: () => clock.advance(CONSUL_EMPTY_GRACE_MS / 2),
    away: async (away) => {
      consul.faults.away = away;
      consul.breakConnections();
    },
    empty: async (empty) => {
      consul.faults.empty = empty;
      consul.changed();
    },
  };
}

describe('membership by Consul keeps its contract', () => {
  for (const { rule, check } of membershipConformance(fixture, { faults: ['away', 'empty'] })) test(rule, check);
});

test('an address that is none is refused at once', () => {
  const { clock } = scene();
  throws(() => createConsulMembership({ address: 'ftp://x', clock, random }), { code: 'CONSUL_ADDRESS_INVALID' });
  throws(() => createConsulMembership({ address: 'http://', clock, random }), { code: 'CONSUL_ADDRESS_INVALID' });
});

test('a token that may not register is a fault of configuration', async () => {
  const { consul, driver } = scene();
  for (const refuse of [400, 401, 403]) {
    consul.faults.refuse = refuse;
    await rejects(driver().join(info('a')), { code: 'CONSUL_REFUSED' });
  }
});

test('an agent that has no leader yet is waited for', async () => {
  const { clock, consul, joined } = scene();
  consul.faults.refuse = 500;
  const a = await joined(info('a'));
  equal(a.state(), 'stale');
  consul.faults.refuse = undefined;
  await clock.runUntil(() => a.state() === 'up' && consul.services.size === 1, CONSUL_RETRY_LAST_MS);
  await a.leave();
});

test('an address that is no URL cannot be registered', async () => {
  await rejects(
    scene()
      .driver()
      .join(info('a', { address: 'nowhere' })),
    { code: 'MEMBER_ADDRESS_INVALID' },
  );
});

test('a member that leaves has no timer left, and the agent forgets it', async () => {
  const { clock, consul, joined } = scene();
  const a = await joined(info('a'));
  await a.leave();
  equal(consul.services.size, 0);
  await clock.advance(CONSUL_WAIT_MS);
  equal(clock.pending, 0);
});

for (const check of ['ttl', 'http'] as const) {
  test(`an agent that has forgotten us is told again within two beats, with the check ${check}`, async () => {
    const { clock, consul, joined } = scene(check);
    const a = await joined(info('a', { address: 'http://a:1' }));
    consul.forgetAll();
    await clock.advance(2 * CONSUL_BEAT_MS);
    equal(consul.services.size, 1);
    equal(a.state(), 'up');
    await a.leave();
  });
}

test('a member that gives no sign of life is not there for the others', async () => {
  const { clock, consul, joined } = scene();
  const [a, b, c] = [await joined(info('a')), await joined(info('b')), await joined(info('c'))];
  await clock.runUntil(() => ids(a).length === 3);
  const lost = [...consul.services.values()].find(({ service }) => service.meta['bootId'] === 'c');
  await c.leave();
  if (lost) consul.services.set(lost.service.id, lost);
  consul.changed();
  await clock.advance(CONSUL_TTL_MS + CONSUL_WAIT_MS + CONSUL_QUERY_MS);
  deepEqual(ids(a), ['a', 'b']);
  await Promise.all([a.leave(), b.leave()]);
});

test('an index that goes back begins anew, and news are seen after it', async () => {
  const { clock, consul, joined } = scene();
  const a = await joined(info('a'));
  consul.index = 1_000;
  consul.changed();
  await clock.advance(CONSUL_QUERY_MS);
  consul.index = 2;
  consul.breakConnections();
  const b = await joined(info('b'));
  await clock.runUntil(() => ids(a).includes('b'), CONSUL_WAIT_MS);
  await Promise.all([a.leave(), b.leave()]);
});

test('answers without an index are polled, no denser than the bucket allows', async () => {
  const { clock, consul, joined } = scene();
  consul.faults.noIndex = true;
  const a = await joined(info('a'));
  const before = consul.queries;
  await clock.advance(60 * CONSUL_QUERY_MS);
  const asked = consul.queries - before;
  ok(asked >= 50 && asked <= 60 + CONSUL_QUERIES_BURST, `${asked} queries`);
  equal(a.state(), 'up');
  await a.leave();
});

test('a catalog that changes all the time makes no storm of queries', async () => {
  const { clock, consul, joined } = scene();
  const a = await joined(info('a'));
  const before = consul.queries;
  for (let change = 0; change < 500; change += 1) {
    consul.changed();
    await clock.advance(10);
  }
  ok(consul.queries - before <= 5 + CONSUL_QUERIES_BURST, `${consul.queries - before} queries`);
  await a.leave();
});

test('an agent that is away is asked less and less often, and every failure is reported', async () => {
  const { clock, consul, joined, failed } = scene();
  const a = await joined(info('a'));
  consul.faults.away = true;
  consul.breakConnections();
  const before = consul.queries;
  await clock.advance(600_000);
  ok(consul.queries - before <= 600_000 / CONSUL_RETRY_LAST_MS + 10, `${consul.queries - before} queries`);
  ok(failed.length > 10);
  await a.leave();
});

test('an empty answer is believed after its grace, when a second look says the same', async () => {
  const { clock, consul, joined } = scene();
  const [a, b] = [await joined(info('a')), await joined(info('b'))];
  await clock.runUntil(() => ids(a).length === 2);
  consul.faults.empty = true;
  consul.changed();
  await clock.advance(CONSUL_EMPTY_GRACE_MS - 1);
  deepEqual(ids(a), ['a', 'b']);
  await clock.advance(2 * CONSUL_QUERY_MS + 1);
  deepEqual(ids(a), ['a']);
  await Promise.all([a.leave(), b.leave()]);
});

test('a restart of the agent, which forgets all, is not seen by the members', async () => {
  const { clock, consul, joined } = scene();
  const [a, b] = [await joined(info('a')), await joined(info('b'))];
  await clock.runUntil(() => ids(a).length === 2 && ids(b).length === 2);
  const told: unknown[] = [];
  a.watch((change) => told.push(change));
  consul.forgetAll();
  await clock.advance(CONSUL_WAIT_MS);
  deepEqual([ids(a), ids(b), told], [['a', 'b'], ['a', 'b'], []]);
  await Promise.all([a.leave(), b.leave()]);
});

test('what a member says of itself while the agent is away is known when it is back', async () => {
  const { clock, consul, joined } = scene();
  const [a, b] = [await joined(info('a')), await joined(info('b'))];
  await clock.runUntil(() => ids(a).length === 2);
  consul.faults.away = true;
  consul.breakConnections();
  await b.update({ draining: true });
  await clock.advance(CONSUL_BEAT_MS);
  consul.faults.away = false;
  await clock.runUntil(() => a.members().some(({ draining }) => draining), 2 * CONSUL_WAIT_MS);
  await Promise.all([a.leave(), b.leave()]);
});
