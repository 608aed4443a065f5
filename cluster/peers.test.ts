import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { membershipBoard, quiet, type SimulatedClock } from '#runtime';
import type { InspectionEvent, Link, LinkHandlers, LinkMessage, MemberInfo, MembershipBoard } from '#runtime';
import { createLeaseKeeper, type LeaseKeeper } from './lease-keeper.ts';
import { LEASE_MS, RENEW_MS } from './limits.ts';
import { createPeers, type ClusterPeers } from './peers.ts';
import { wantedBy } from './rendezvous.ts';
import { SHARDS } from './shards.ts';
import { faulty, sharedScene, type SharedScene, type StoreFault } from './testing.ts';

/** Hands messages over in the same process; what is broadcast is remembered. */
class FakeLink implements Link {
  handlers: LinkHandlers | undefined;
  readonly broadcasts: LinkMessage[] = [];
  stopped = false;

  async start(handlers: LinkHandlers): Promise<void> {
    this.handlers = handlers;
  }
  tell = async (): Promise<boolean> => true;
  ask = async (): Promise<null> => null;
  broadcast(message: LinkMessage): void {
    this.broadcasts.push(message);
  }
  state = (): 'up' => 'up';
  watch = () => () => {};
  async stop(): Promise<void> {
    this.stopped = true;
  }
}

interface Place {
  readonly keeper: LeaseKeeper;
  readonly peers: ClusterPeers;
  readonly link: FakeLink;
  readonly reported: InspectionEvent[];
  readonly self: MemberInfo;
  fault: StoreFault;
}

interface World {
  readonly scene: SharedScene;
  readonly clock: SimulatedClock;
  readonly board: MembershipBoard;
  place(bootId: string): Place;
  started(bootId: string): Promise<Place>;
}

function world(): World {
  const scene = sharedScene();
  const { clock, leases } = scene;
  const board = membershipBoard();
  const place: World['place'] = (bootId) => {
    const self: MemberInfo = { bootId, name: `name of ${bootId}`, tags: ['t'], draining: false };
    const made: { fault: StoreFault } = { fault: 'none' };
    const store = faulty(leases, () => made.fault);
    const keeper = createLeaseKeeper({ store, clock, member: self, wanted: 'shared' });
    const link = new FakeLink();
    const reported: InspectionEvent[] = [];
    const report = (event: InspectionEvent): void => void reported.push(event);
    const peers = createPeers({ self, link, membership: board.driver(), keeper, clock, report });
    return Object.assign(made, { keeper, peers, link, reported, self });
  };
  const started: World['started'] = async (bootId) => {
    const made = place(bootId);
    await made.keeper.start();
    await made.peers.start();
    return made;
  };
  return { scene, clock, board, place, started };
}

const SETTLE_MS = LEASE_MS + (SHARDS / 32 + 3) * RENEW_MS;
const body: JsonObject = {};
const ids = ({ peers }: Place): string[] => peers.members().map(({ bootId }) => bootId);

test('before anything is known a member sees itself alone and owns nothing for certain', () => {
  const a = world().place('a');
  deepEqual(a.peers.members(), [a.self]);
  equal(a.peers.ownerOf(0), undefined);
  deepEqual(a.peers.clusterView(), { members: [], freeShards: SHARDS });
});

test('a message goes to the handler of its kind', async () => {
  const a = await world().started('a');
  const heard: unknown[] = [];
  a.peers.told('run.cancel', (from, said) => heard.push([from, said]));
  a.peers.asked('run.state', async (from) => `for ${from}`);
  a.link.handlers?.told('b', { kind: 'run.cancel', body: { id: '1' } });
  deepEqual(heard, [['b', { id: '1' }]]);
  equal(await a.link.handlers?.asked('b', { kind: 'run.state', body }), 'for b');
});

test('a kind has one handler; the second is refused until the first is gone', async () => {
  const a = await world().started('a');
  const drop = a.peers.told('x', () => {});
  throws(() => a.peers.told('x', () => {}), { code: 'LINK_KIND_TAKEN' });
  drop();
  const dropSecond = a.peers.told('x', () => {});
  drop();
  throws(() => a.peers.told('x', () => {}), { code: 'LINK_KIND_TAKEN' }, 'the first one can be dropped once only');
  dropSecond();
  a.peers.asked('x', async () => null);
  throws(() => a.peers.asked('x', async () => null), { code: 'LINK_KIND_TAKEN' });
});

test('an unknown kind is refused, told or asked', async () => {
  const { link } = await world().started('a');
  throws(() => link.handlers?.told('b', { kind: 'future', body }), { code: 'LINK_KIND_UNKNOWN' });
  await rejects(link.handlers?.asked('b', { kind: 'future', body }) ?? Promise.resolve(), {
    code: 'LINK_KIND_UNKNOWN',
  });
});

test('the owner of a shard is known to all, once it is settled', async () => {
  const at = world();
  const places = [await at.started('a'), await at.started('b'), await at.started('c')];
  await at.scene.pass(SETTLE_MS);
  const rows = places.map(({ self }) => self);
  for (const { self } of places) {
    for (const shard of wantedBy(self.bootId, rows)) {
      for (const { peers } of places) equal(peers.ownerOf(shard), self.bootId);
    }
  }
});

test('what this member holds is its own at once, and nobody`s for certain when it has given it up', async () => {
  const at = world();
  const a = await at.started('a');
  equal(a.peers.ownerOf(3), 'a');
  a.keeper.fenced(3, a.keeper.epochOf(3) ?? 0);
  equal(a.peers.ownerOf(3), undefined);
});

test('the shards of a member that died are nobody`s until another has claimed them', async () => {
  const at = world();
  const [a, b] = [await at.started('a'), await at.started('b')];
  await at.scene.pass(SETTLE_MS);
  const moved: number[] = [];
  a.peers.watchOwners((shards) => moved.push(...shards));
  b.fault = 'hang';
  await at.scene.pass(LEASE_MS + RENEW_MS);
  const [shard = 0] = wantedBy('b', [a.self, b.self]);
  equal(a.peers.ownerOf(shard), 'a');
  equal(moved.includes(shard), true);
  deepEqual(ids(a), ['a']);
});

test('members that come and go are told and reported, once', async () => {
  const at = world();
  const a = await at.started('a');
  const told: string[] = [];
  a.peers.watch(({ joined, left }) =>
    told.push(...joined.map(({ bootId }) => `+${bootId}`), ...left.map(({ bootId }) => `-${bootId}`)),
  );
  const b = await at.started('b');
  await at.scene.pass(2 * RENEW_MS);
  deepEqual(ids(a), ['a', 'b']);
  await b.peers.stop();
  await b.keeper.stop();
  await at.scene.pass(2 * RENEW_MS);
  deepEqual(told, ['+b', '-b']);
  deepEqual(
    a.reported.filter(({ type }) => type.startsWith('member.')),
    [
      { type: 'member.joined', member: 'name of b', bootId: 'b' },
      { type: 'member.left', member: 'name of b', bootId: 'b' },
    ],
  );
});

test('while the leases cannot be read, the membership says who is there', async () => {
  const at = world();
  const [a, b] = [await at.started('a'), await at.started('b')];
  await at.scene.pass(2 * RENEW_MS);
  a.fault = 'reject';
  await at.scene.pass(2 * LEASE_MS);
  deepEqual(ids(a), ['a', 'b']);
  at.board.lose('b');
  deepEqual(ids(a), ['a']);
  equal(b.keeper.state(), 'held');
});

test('shards that move are reported by the name of their new owner, the first view is not', async () => {
  const at = world();
  const a = await at.started('a');
  const b = await at.started('b');
  const moves = (place: Place) => place.reported.flatMap((event) => (event.type === 'shard.moved' ? [event] : []));
  deepEqual(
    moves(a).map(({ shards, to }) => [shards.length, to]),
    [[SHARDS, 'name of a']],
  );
  deepEqual(moves(b), []);
  await at.scene.pass(SETTLE_MS);
  const gained = moves(b)
    .filter(({ to }) => to === 'name of b')
    .flatMap(({ shards }) => shards);
  deepEqual(
    gained.toSorted((x, y) => x - y),
    b.keeper.owned(),
  );
});

test('a suspicion makes the member look again soon, not at every word of it', async () => {
  const at = world();
  const a = await at.started('a');
  let looks = 0;
  a.keeper.observe({ seen: () => (looks += 1) });
  await at.scene.pass(RENEW_MS / 2);
  const before = looks;
  for (let word = 0; word < 100; word += 1) a.peers.suspect(word);
  await at.scene.pass(1);
  equal(looks, before + 1);
});

test('news of the membership and of freed shards make the others look', async () => {
  const at = world();
  const a = await at.started('a');
  const look = { kind: 'cluster.look', body: {}, lane: 'control' };
  deepEqual(a.link.broadcasts, [look], 'a member that comes has the others look');
  let looks = 0;
  await at.scene.pass(RENEW_MS / 2);
  a.keeper.observe({ seen: () => (looks += 1) });
  await at.board.driver().join({ bootId: 'x', name: 'x', tags: [], draining: false });
  await at.scene.pass(1);
  equal(looks, 1);
  await a.keeper.release([5]);
  deepEqual(a.link.broadcasts, [look, look]);
  a.link.handlers?.told('b', { kind: 'cluster.look', body });
  await at.scene.pass(RENEW_MS / 4);
  equal(looks, 2);
});

test('drain marks the member for all and gives its shards away', async () => {
  const at = world();
  const [a, b] = [await at.started('a'), await at.started('b')];
  await at.scene.pass(SETTLE_MS);
  let drained = false;
  void b.peers.drain().then(() => (drained = true));
  await quiet();
  equal(b.peers.members().find(({ bootId }) => bootId === 'b')?.draining, true);
  await at.scene.pass(SETTLE_MS);
  equal(drained, true);
  equal(a.peers.members().find(({ bootId }) => bootId === 'b')?.draining, true);
  equal(a.keeper.owned().length, SHARDS);
  await b.peers.stop();
  await b.peers.stop();
  equal(b.link.stopped, true);
});

test('an address that is announced is known to the others', async () => {
  const at = world();
  const [a, b] = [await at.started('a'), await at.started('b')];
  await b.peers.announce('http://b:1');
  await at.scene.pass(2 * RENEW_MS);
  equal(a.peers.members().find(({ bootId }) => bootId === 'b')?.address, 'http://b:1');
  equal(b.peers.members().find(({ bootId }) => bootId === 'b')?.address, 'http://b:1');
});

test('the view for people counts shards, shows the dead, and grows old', async () => {
  const at = world();
  const [a, b] = [await at.started('a'), await at.started('b')];
  await at.started('c');
  await at.scene.pass(SETTLE_MS);
  const share = (place: Place): number => place.keeper.owned().length;
  const summary = () =>
    a.peers.clusterView().members.map(({ bootId, state, self, shards, tags }) => [bootId, state, self, shards, tags]);
  deepEqual(summary(), [
    ['a', 'living', true, share(a), ['t']],
    ['b', 'living', false, share(b), ['t']],
    ['c', 'living', false, SHARDS - share(a) - share(b), ['t']],
  ]);
  equal(a.peers.clusterView().freeShards, 0);
  void b.peers.drain();
  await at.scene.pass(2 * RENEW_MS);
  equal(summary()[1]?.[1], 'draining');
  b.fault = 'hang';
  await at.scene.pass(2 * LEASE_MS);
  equal(summary()[1]?.[1], 'dead');
  a.fault = 'reject';
  const before = a.peers.clusterView().ageMs ?? 0;
  await at.scene.pass(RENEW_MS);
  equal((a.peers.clusterView().ageMs ?? 0) > before, true);
});
