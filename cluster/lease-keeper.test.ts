import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryStore, quiet, SimulatedClock } from '#runtime';
import type { LeaseState, LeaseStore, ShardClaim } from '#runtime';
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import { stateAt } from './own-lease.ts';
import { CLAIM_SWEEP_MS, LEASE_MS, RENEW_MS, RENEW_TIMEOUT_MS } from './limits.ts';

const WANTED = [1, 2, 3];

interface Scene {
  clock: SimulatedClock;
  /** Set: the store rejects. `hang`: it never answers. */
  fault: 'none' | 'reject' | 'hang';
  leases: LeaseStore;
  said: string[];
  keeper(bootId: string, wanted?: readonly number[]): LeaseKeeper;
  pass(ms: number): Promise<void>;
}

function scene(): Scene {
  const clock = new SimulatedClock();
  const { leases: real } = memoryStore(clock);
  const guard = <T>(call: () => Promise<T>): Promise<T> => {
    if (made.fault === 'reject') return Promise.reject(new Error('away'));
    return made.fault === 'hang' ? new Promise<T>(() => {}) : call();
  };
  const leases: LeaseStore = {
    renew: (member, ms) => guard(() => real.renew(member, ms)),
    claim: (boot, shards) => guard(() => real.claim(boot, shards)),
    release: (boot, shards) => guard(() => real.release(boot, shards)),
    members: () => real.members(),
    shards: () => real.shards(),
    view: () => guard(() => real.view()),
  };
  const said: string[] = [];
  const made: Scene = {
    clock,
    fault: 'none',
    leases: real,
    said,
    keeper: (bootId, wanted = WANTED) =>
      createLeaseKeeper({
        store: leases,
        clock,
        member: { bootId, name: bootId, tags: [] },
        wanted: () => wanted,
        events: {
          claimed: (claims) => said.push(`${bootId} claimed ${list(claims)}`),
          lost: (shards, why) => void said.push(`${bootId} lost ${shards.join()} ${why}`),
          state: (state) => said.push(`${bootId} ${state}`),
          failed: (_error, doing) => said.push(`${bootId} failed ${doing}`),
        },
      }),
    pass: async (ms) => {
      const end = clock.monotonic() + ms;
      while (clock.monotonic() < end) {
        const step = Math.min(clock.nextIn ?? Infinity, end - clock.monotonic());
        await clock.advance(step);
        await quiet(4);
      }
    },
  };
  return made;
}

function list(claims: readonly ShardClaim[]): string {
  return claims.map(({ shard, epoch }) => `${shard}@${epoch}`).join();
}

test('what the owner may believe is a function of the time left', () => {
  const grid: [number, LeaseState][] = [
    [LEASE_MS, 'held'],
    [RENEW_MS + 1, 'held'],
    [RENEW_MS, 'unknown'],
    [1, 'unknown'],
    [0, 'lost'],
    [-1, 'lost'],
  ];
  for (const [left, state] of grid) equal(stateAt(1_000, 1_000 + left), state, `${left} ms left`);
});

test('before it has started a member owns nothing and its lease is lost', () => {
  const keeper = scene().keeper('a');
  equal(keeper.state(), 'lost');
  deepEqual(keeper.owned(), []);
  equal(keeper.epochOf(1), undefined);
});

test('a start claims every wanted shard that is free', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  deepEqual(list(await keeper.start()), '1@1,2@1,3@1');
  deepEqual(at.said, ['a held', 'a claimed 1@1,2@1,3@1']);
  equal(keeper.epochOf(2), 1);
  deepEqual(keeper.owned(), WANTED);
});

test('a start rejects when the store does not answer, late or at all', async () => {
  const at = scene();
  at.fault = 'reject';
  await rejects(at.keeper('a').start());
  at.fault = 'hang';
  const start = rejects(at.keeper('b').start(), { code: 'LEASE_STORE_SILENT' });
  await at.pass(RENEW_TIMEOUT_MS);
  await start;
});

test('a member that renews holds its shards for as long as it does', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  await at.pass(20 * LEASE_MS);
  equal(keeper.state(), 'held');
  deepEqual(keeper.owned(), WANTED);
  deepEqual(at.said.slice(2), []);
});

test('without answers the lease is first unknown, then lost, each told at its moment', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  at.fault = 'hang';
  await at.pass(LEASE_MS - RENEW_MS - 1);
  equal(keeper.state(), 'held');
  await at.pass(1);
  equal(at.said.includes('a unknown'), true);
  await at.pass(RENEW_MS - 1);
  equal(at.said.includes('a lost'), false);
  await at.pass(1);
  deepEqual(at.said.slice(-2), ['a lost', 'a lost 1,2,3 lease']);
  deepEqual(keeper.owned(), []);
});

test('after a lapse that nobody used the same shards come back under their epochs', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  at.fault = 'reject';
  await at.pass(LEASE_MS + RENEW_MS);
  at.fault = 'none';
  await at.pass(2 * RENEW_MS);
  equal(keeper.state(), 'held');
  deepEqual(at.said.slice(-2), ['a held', 'a claimed 1@1,2@1,3@1']);
});

test('after a lapse that another member used, it has them under higher epochs and we do not', async () => {
  const at = scene();
  const [a, b] = [at.keeper('a'), at.keeper('b')];
  await a.start();
  deepEqual(await b.start(), []);
  at.fault = 'hang';
  await at.pass(LEASE_MS + 1);
  at.fault = 'none';
  await at.leases.renew({ bootId: 'b', name: 'b', tags: [] }, LEASE_MS);
  deepEqual(list(await at.leases.claim('b', WANTED)), '1@2,2@2,3@2');
  await at.pass(2 * CLAIM_SWEEP_MS);
  deepEqual(a.owned(), []);
  deepEqual(b.owned(), WANTED);
});

test('a dead member is taken over within its lease and a sweep', async () => {
  const at = scene();
  await at.leases.renew({ bootId: 'dead', name: 'dead', tags: [] }, LEASE_MS);
  await at.leases.claim('dead', WANTED);
  const keeper = at.keeper('a');
  deepEqual(await keeper.start(), []);
  await at.pass(LEASE_MS + CLAIM_SWEEP_MS + RENEW_MS);
  deepEqual(keeper.owned(), WANTED);
});

test('a shard that was taken while we believed to own it is given up at the next sweep', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  await at.leases.release('a', [2]);
  await at.leases.renew({ bootId: 'b', name: 'b', tags: [] }, 10 * LEASE_MS);
  await at.leases.claim('b', [2]);
  await at.pass(CLAIM_SWEEP_MS + RENEW_MS);
  equal(at.said.includes('a lost 2 taken'), true);
  deepEqual(keeper.owned(), [1, 3]);
});

test('a fenced write gives the shard up, unless it was written under an older epoch', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  keeper.fenced(1, 0);
  deepEqual(keeper.owned(), WANTED);
  keeper.fenced(1, 1);
  deepEqual(keeper.owned(), [2, 3]);
  equal(at.said.at(-1), 'a lost 1 taken');
});

test('shards that are no longer wanted can be given to others', async () => {
  const at = scene();
  const [a, b] = [at.keeper('a'), at.keeper('b', [3])];
  await a.start();
  await a.release([3, 99]);
  deepEqual(list(await b.start()), '3@2');
  deepEqual(a.owned(), [1, 2]);
});

test('a planned stop gives everything back at once, so that the next member does not wait', async () => {
  const at = scene();
  const [a, b] = [at.keeper('a'), at.keeper('b')];
  await a.start();
  await a.stop();
  await a.stop();
  deepEqual(at.said.slice(-2), ['a lost 1,2,3 released', 'a lost']);
  equal(list(await b.start()), '1@2,2@2,3@2');
  await b.stop();
  equal(at.clock.pending, 0, 'no timer is left');
});

test('a stop ends also when the store is away: the lease runs out by itself', async () => {
  const at = scene();
  const keeper = at.keeper('a');
  await keeper.start();
  at.fault = 'reject';
  await keeper.stop();
  equal(at.said.includes('a failed release'), true);
  deepEqual(keeper.owned(), []);
});

test('whatever fails and whenever: no shard is ever believed held by two members under one epoch', async () => {
  const action = fc.record({
    wait: fc.integer({ min: 1, max: 2 * LEASE_MS }),
    fault: fc.constantFrom<Scene['fault']>('none', 'none', 'reject', 'hang'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 8 }), async (actions) => {
      const at = scene();
      const keepers = [at.keeper('a'), at.keeper('b')];
      for (const keeper of keepers) await keeper.start();
      for (const { wait, fault } of actions) {
        at.fault = fault;
        await at.pass(wait);
        for (const shard of WANTED) {
          const holders = keepers.filter((keeper) => keeper.state() === 'held' && keeper.epochOf(shard) !== undefined);
          const epochs = new Set(holders.map((keeper) => keeper.epochOf(shard)));
          equal(epochs.size, holders.length);
        }
      }
    }),
    { numRuns: 20 },
  );
});
