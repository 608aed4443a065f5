import { deepEqual, equal } from 'node:assert/strict';
import type { LeaseStore, MemberRow, ShardClaim, ShardRow } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { unique } from './journal-fixture.ts';

/**
 * What a store gives to be held to the contract of leases: made afresh for each case. `dispose` is called after the
 * case, also after a failed one.
 */
export interface LeaseFixture {
  leases: LeaseStore;
  /** Two shards that nobody has claimed. */
  shards: readonly [number, number];
  /** Lets time pass for the lease store; a real database really waits. */
  elapse(ms: number): Promise<void>;
  dispose?: () => Promise<void>;
}

/** Short, since a real database really waits for it; the long one never runs out within a case. */
const SHORT_MS = 40;
const LONG_MS = 600_000;

/** The contract of the lease store as cases. */
export function leaseConformance(make: () => Promise<LeaseFixture>): ConformanceCase[] {
  return casesOf(make, rules);
}

async function join(fixture: LeaseFixture, leaseMs: number): Promise<string> {
  const bootId = unique('boot');
  await fixture.leases.renew({ bootId, name: bootId, tags: ['a', 'b'] }, leaseMs);
  return bootId;
}

function byShard(claims: readonly ShardClaim[]): ShardClaim[] {
  return claims.toSorted((a, b) => a.shard - b.shard);
}

const rules: Record<string, (fixture: LeaseFixture) => Promise<void>> = {
  'a free shard goes to whoever claims it, and its epoch rises': async (fixture) => {
    const boot = await join(fixture, LONG_MS);
    const claims = await fixture.leases.claim(boot, fixture.shards);
    deepEqual(
      byShard(claims).map(({ shard }) => shard),
      fixture.shards.toSorted((a, b) => a - b),
    );
    equal(
      claims.every(({ epoch }) => epoch >= 1),
      true,
    );
  },
  'claiming what is ours already keeps its epoch': async (fixture) => {
    const boot = await join(fixture, LONG_MS);
    const claims = await fixture.leases.claim(boot, fixture.shards);
    deepEqual(byShard(await fixture.leases.claim(boot, fixture.shards)), byShard(claims));
  },
  'a shard whose owner lives goes to nobody else': async (fixture) => {
    const [owner, other] = [await join(fixture, LONG_MS), await join(fixture, LONG_MS)];
    const [shard, free] = fixture.shards;
    await fixture.leases.claim(owner, [shard]);
    deepEqual(
      (await fixture.leases.claim(other, [shard, free])).map((claim) => claim.shard),
      [free],
    );
  },
  'two who claim at once never both get it': async (fixture) => {
    const boots = [await join(fixture, LONG_MS), await join(fixture, LONG_MS), await join(fixture, LONG_MS)];
    const answers = await Promise.all(boots.map((boot) => fixture.leases.claim(boot, [fixture.shards[0]])));
    equal(answers.flat().length, 1);
  },
  'when the lease has run out another one may claim, under a higher epoch': async (fixture) => {
    const owner = await join(fixture, SHORT_MS);
    const [before] = await fixture.leases.claim(owner, [fixture.shards[0]]);
    await fixture.elapse(SHORT_MS * 2);
    const [after] = await fixture.leases.claim(await join(fixture, LONG_MS), [fixture.shards[0]]);
    equal(after?.epoch, (before?.epoch ?? 0) + 1);
    deepEqual(await fixture.leases.claim(owner, [fixture.shards[0]]), []);
  },
  'a renewed lease holds': async (fixture) => {
    const owner = await join(fixture, SHORT_MS);
    await fixture.leases.claim(owner, [fixture.shards[0]]);
    await fixture.leases.renew({ bootId: owner, name: owner, tags: [] }, LONG_MS);
    await fixture.elapse(SHORT_MS * 2);
    deepEqual(await fixture.leases.claim(await join(fixture, LONG_MS), [fixture.shards[0]]), []);
  },
  'a released shard is free at once, under a higher epoch; only its owner can release it': async (fixture) => {
    const [owner, other] = [await join(fixture, LONG_MS), await join(fixture, LONG_MS)];
    const [shard] = fixture.shards;
    const [before] = await fixture.leases.claim(owner, [shard]);
    await fixture.leases.release(other, [shard]);
    deepEqual(await fixture.leases.claim(other, [shard]), []);
    await fixture.leases.release(owner, [shard]);
    const [after] = await fixture.leases.claim(other, [shard]);
    equal(after?.epoch, (before?.epoch ?? 0) + 1);
  },
  'members are listed with what is left of their lease, also when it ran out': async (fixture) => {
    const [live, dead] = [await join(fixture, LONG_MS), await join(fixture, SHORT_MS)];
    await fixture.elapse(SHORT_MS * 2);
    const members = await fixture.leases.members();
    const find = (boot: string): number => members.find(({ bootId }) => bootId === boot)?.leaseLeftMs ?? NaN;
    equal(find(live) > LONG_MS / 2, true);
    equal(find(dead) < 0, true);
    deepEqual(members.find(({ bootId }) => bootId === live)?.tags, ['a', 'b']);
  },
  'a member is listed with its address and whether it drains, as it last said': async (fixture) => {
    const bootId = unique('boot');
    const said = async (): Promise<unknown[]> => {
      const found = (await fixture.leases.members()).find((member) => member.bootId === bootId);
      return [found?.address, found?.draining];
    };
    await fixture.leases.renew({ bootId, name: bootId, tags: [] }, LONG_MS);
    deepEqual(await said(), [undefined, false]);
    await fixture.leases.renew({ bootId, name: bootId, tags: [], address: 'http://a:1', draining: true }, LONG_MS);
    deepEqual(await said(), ['http://a:1', true]);
    await fixture.leases.renew({ bootId, name: bootId, tags: [], address: 'http://a:2' }, LONG_MS);
    deepEqual(await said(), ['http://a:2', false]);
  },
  'a lease of no length is over at once: what its member held is free': async (fixture) => {
    const [owner, other] = [await join(fixture, LONG_MS), await join(fixture, LONG_MS)];
    const [before] = await fixture.leases.claim(owner, [fixture.shards[0]]);
    await fixture.leases.renew({ bootId: owner, name: owner, tags: [] }, 0);
    const [after] = await fixture.leases.claim(other, [fixture.shards[0]]);
    equal(after?.epoch, (before?.epoch ?? 0) + 1);
  },
  'the view shows members and shards as the lists do': async (fixture) => {
    const [owner, dead] = [await join(fixture, LONG_MS), await join(fixture, SHORT_MS)];
    const [first, second] = fixture.shards;
    await fixture.leases.claim(owner, [first]);
    await fixture.leases.claim(dead, [second]);
    await fixture.elapse(SHORT_MS * 2);
    const view = await fixture.leases.view();
    const byId = (rows: readonly ShardRow[]): ShardRow[] => rows.toSorted((a, b) => a.shard - b.shard);
    deepEqual(byId(view.shards), byId(await fixture.leases.shards()));
    const names = (rows: readonly MemberRow[]): unknown[] => rows.map(({ leaseLeftMs: _left, ...row }) => row);
    deepEqual(names(view.members), names(await fixture.leases.members()));
    const find = (boot: string): number => view.members.find(({ bootId }) => bootId === boot)?.leaseLeftMs ?? NaN;
    deepEqual([find(owner) > LONG_MS / 2, find(dead) < 0], [true, true]);
    equal(view.shards.find(({ shard }) => shard === second)?.owner, dead);
  },
};
