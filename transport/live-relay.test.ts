import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalEvent } from '#runtime';
import { quiet, seededRandom, SimulatedClock, TestNetwork } from '#runtime';
import { createHub } from './hub.ts';
import { createLiveRelay } from './live-relay.ts';
import { RELAY_LIMITS, type RelayLimits } from './limits.ts';
import type { LiveEvent, TreeEvent } from './live-event.ts';

/** Execution `n` lies on shard `n % 8`; members `a`, `b`, `c` with a hub and a relay each. */
function scene(limits: Partial<RelayLimits> = {}) {
  const clock = new SimulatedClock();
  const network = new TestNetwork(clock, seededRandom(3));
  const members = ['a', 'b', 'c'].map((name) => {
    const peers = network.join(name, `member ${name}`);
    const hub = createHub();
    const relay = createLiveRelay({ hub, peers, clock, shardOf: (id) => Number(id) % 8, limits });
    return { peers, hub, relay };
  });
  const [a, b, c] = members;
  assert.ok(a && b && c);
  network.own([1], 'a');
  network.own([2], 'b');
  network.own([3], 'c');
  const sent = (kind: string): { from: string; to: string; body: object }[] =>
    network.delivered.filter((message) => message.kind === kind);
  return { clock, network, a, b, c, sent };
}

type Scene = ReturnType<typeof scene>;

function watch(hub: Scene['a']['hub'], topic: { executionId: string } | { workflowId: string }): LiveEvent[] {
  const seen: LiveEvent[] = [];
  hub.subscribe(topic, (delivery) => {
    if (delivery.kind === 'events') seen.push(...delivery.events);
  });
  return seen;
}

function started(seq: number): JournalEvent {
  return { seq, event: { type: 'node.started', at: seq, node: 'N', run: 0, attempt: 1 } };
}

const place = (events: readonly LiveEvent[]): string[] => events.map(({ executionId, seq }) => `${executionId}/${seq}`);

test('a watcher of a run hears what its owner commits, and the other member is not bothered', async () => {
  const { clock, a, b, sent } = scene();
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  assert.deepEqual(
    sent('interest').map(({ to }) => to),
    ['b'],
  );
  b.hub.published('2', 'w', [started(1), started(2)]);
  b.hub.published('10', 'w', [started(1)]);
  await quiet();
  assert.deepEqual(place(seen), ['2/1', '2/2']);
  assert.equal(sent('live').length, 1);
});

test('what comes is what the hub of one machine would have shown', async () => {
  const { clock, a, b } = scene();
  const [here, there] = [watch(b.hub, { executionId: '2' }), watch(a.hub, { executionId: '2' })];
  await clock.advance(0);
  const error = { message: 'no', name: 'Error' };
  b.hub.published('2', 'w', [
    started(1),
    { seq: 2, event: { type: 'node.failed', at: 2, node: 'N', run: 0, error } },
    { seq: 3, event: { type: 'node.finished', at: 3, node: 'N', run: 0, outputs: [[{ json: {} }], null] } },
    { seq: 4, event: { type: 'execution.failed', at: 4, error, node: 'N' } },
  ]);
  await quiet();
  assert.equal(there.length, 4);
  assert.deepEqual(there, here);
});

test('a watcher of a workflow hears the runs of all members', async () => {
  const { clock, a, b, c } = scene();
  const seen = watch(a.hub, { workflowId: 'w' });
  await clock.advance(0);
  for (const [member, id] of [
    [a, '1'],
    [b, '2'],
    [c, '3'],
  ] as const)
    member.hub.published(id, 'w', [started(1)]);
  await quiet();
  assert.deepEqual(place(seen).toSorted(), ['1/1', '2/1', '3/1']);
});

test('a run of which nobody knows the owner is asked for everywhere', async () => {
  const { clock, a, c, sent } = scene();
  const seen = watch(a.hub, { executionId: '7' });
  await clock.advance(0);
  assert.deepEqual(
    sent('interest')
      .map(({ to }) => to)
      .toSorted(),
    ['b', 'c'],
  );
  c.hub.published('7', 'w', [started(1)]);
  await quiet();
  assert.deepEqual(place(seen), ['7/1']);
});

test('when a run changes hands its new owner is told at once', async () => {
  const { clock, network, a, c } = scene();
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  network.own([2], 'c');
  await quiet();
  c.hub.published('2', 'w', [started(5)]);
  await quiet();
  assert.deepEqual(place(seen), ['2/5']);
});

test('a member that joins, and one whose link comes back, learns at once what is watched', async () => {
  const { clock, network, a } = scene();
  const seen = watch(a.hub, { workflowId: 'w' });
  network.cut(true);
  await clock.advance(0);
  network.cut(false);
  const peers = network.join('d');
  const hub = createHub();
  createLiveRelay({ hub, peers, clock, shardOf: () => 0 });
  network.leave('d');
  await quiet();
  const back = network.join('d');
  const later = createHub();
  createLiveRelay({ hub: later, peers: back, clock, shardOf: () => 0 });
  await clock.advance(RELAY_LIMITS.INTEREST_MS);
  later.published('4', 'w', [started(1)]);
  await quiet();
  assert.deepEqual(place(seen), ['4/1']);
});

test('an announcement that was lost is made good by the next', async () => {
  const { clock, network, a, b } = scene();
  network.weather = { lose: 1 };
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(100);
  network.weather = {};
  b.hub.published('2', 'w', [started(1)]);
  await clock.advance(RELAY_LIMITS.INTEREST_MS);
  b.hub.published('2', 'w', [started(2)]);
  await quiet();
  assert.deepEqual(place(seen), ['2/2']);
});

test('what is no longer watched, or watched by a member that left, is forgotten', async () => {
  for (const way of ['unsubscribed', 'left'] as const) {
    const { clock, network, a, b, sent } = scene();
    const leave = a.hub.subscribe({ executionId: '2' }, () => {});
    await clock.advance(0);
    if (way === 'unsubscribed') leave();
    else network.leave('a');
    await clock.advance(way === 'left' ? 0 : RELAY_LIMITS.INTEREST_TTL_MS + RELAY_LIMITS.INTEREST_MS);
    b.hub.published('2', 'w', [started(1)]);
    await quiet();
    assert.deepEqual(sent('live'), [], way);
  }
});

test('many watched runs are announced in several messages', async () => {
  const { clock, a, sent } = scene({ INTEREST_TOPICS: 10 });
  for (let n = 0; n < 25; n += 1) a.hub.subscribe({ executionId: String(8 * n + 2) }, () => {});
  await clock.advance(0);
  assert.equal(sent('interest').length, 3);
});

test('many events go in several messages, in order, one at a time', async () => {
  const { clock, a, b, sent } = scene({ BATCH_EVENTS: 10 });
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  b.hub.published(
    '2',
    'w',
    Array.from({ length: 35 }, (_, index) => started(index + 1)),
  );
  await quiet();
  assert.equal(sent('live').length, 4);
  assert.deepEqual(
    seen.map(({ seq }) => seq),
    Array.from({ length: 35 }, (_, index) => index + 1),
  );
});

test('a message ends at the bytes it may have', async () => {
  const { clock, a, b, sent } = scene({ BATCH_CHARACTERS: 1_000 });
  watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  const long = { message: 'x'.repeat(1_500), name: 'Error' };
  const failed = (seq: number): JournalEvent => ({
    seq,
    event: { type: 'node.failed', at: 1, node: 'N', run: 0, error: long },
  });
  b.hub.published('2', 'w', [failed(1), failed(2), failed(3)]);
  await quiet();
  assert.equal(sent('live').length, 3);
});

test('what waits for a member that takes nothing is bounded: all of it is dropped, later events come', async () => {
  const { clock, a, b } = scene({ BUFFER_EVENTS: 20, CONFIRM_MS: 50 });
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  const { tell } = b.peers.link;
  const told: string[] = [];
  const silent: typeof tell = (to, message) => {
    told.push(message.kind);
    return told.length === 1 ? new Promise<boolean>(() => {}) : tell(to, message);
  };
  Object.assign(b.peers.link, { tell: silent });
  for (let seq = 1; seq <= 60; seq += 1) {
    b.hub.published('2', 'w', [started(seq)]);
    if (seq === 1) await quiet();
  }
  await quiet();
  assert.deepEqual(told, ['live'], 'one message at a time');
  await clock.advance(100);
  assert.ok(seen.length > 0 && seen.length <= 20, `${seen.length} events`);
  assert.equal(seen.at(-1)?.seq, 60);
});

test('tree events come from all members with their names, brief ones only for who wants all', async () => {
  const { clock, a, b } = scene();
  const seen: Record<'all' | 'lasting', TreeEvent[]> = { all: [], lasting: [] };
  const restarted: TreeEvent = {
    type: 'actor.restarted',
    path: '/shard-1',
    kind: 'shard',
    uid: 1,
    cause: 'x',
    restartsUsed: 1,
    restartsAllowed: 2,
    windowMs: 3,
    backoffMs: 4,
  };
  const brief: TreeEvent = { type: 'actor.started', path: '/shard-1/execution-1', kind: 'execution', uid: 2 };
  const note =
    (depth: 'all' | 'lasting') =>
    (delivery: { kind: string; events?: readonly TreeEvent[] }): void =>
      void seen[depth].push(...(delivery.events ?? []));
  a.hub.subscribeTree(note('lasting'), 'lasting');
  await clock.advance(0);
  for (const event of [restarted, brief]) for (const { hub } of [a, b]) hub.treeChanged(event);
  await quiet();
  const told = (events: readonly TreeEvent[]): string[] => events.map(({ type, member }) => `${type} ${member}`);
  assert.deepEqual(told(seen.lasting), ['actor.restarted member a', 'actor.restarted member b']);
  a.hub.subscribeTree(note('all'));
  await clock.advance(0);
  for (const event of [restarted, brief]) b.hub.treeChanged(event);
  await quiet();
  assert.deepEqual(told(seen.all), ['actor.restarted member b', 'actor.started member b']);
  assert.equal(seen.lasting.length, 3);
});

test('who comes and goes and what changes hands is told by each member to itself alone, as it is', async () => {
  const { clock, a, b, sent } = scene();
  const seen: TreeEvent[] = [];
  a.hub.subscribeTree((delivery) => {
    if (delivery.kind === 'events') seen.push(...delivery.events);
  });
  await clock.advance(0);
  const joined = { type: 'member.joined', member: 'member c', bootId: 'c' } as const;
  const moved = { type: 'shard.moved', shards: [1], to: 'member b' } as const;
  for (const { hub } of [a, b]) {
    hub.treeChanged(joined);
    hub.treeChanged(moved);
  }
  await quiet();
  assert.deepEqual(seen, [joined, { ...moved, member: 'member a' }]);
  assert.deepEqual(sent('live'), []);
});

const strange: object[] = [
  {},
  { events: 7, tree: 'x' },
  { events: [null, 1, { executionId: 1 }, { executionId: '2', workflowId: 'w', seq: 0, type: 'node.started', at: 1 }] },
  { events: [{ executionId: '2', workflowId: 'w', seq: 1, type: 'from.tomorrow', at: 1 }] },
  { tree: [{ type: 'actor.started' }, { type: 'toString', path: '' }, { type: 'member.left', member: 'a' }] },
];
for (const body of strange) {
  test(`events of a form not known here are left out: ${JSON.stringify(body).slice(0, 60)}`, async () => {
    const { clock, network, a, b } = scene();
    const seen = watch(a.hub, { executionId: '2' });
    const tree: unknown[] = [];
    a.hub.subscribeTree((delivery) => void tree.push(delivery));
    await clock.advance(0);
    await network.tell('b', 'a', { kind: 'live', body: JSON.parse(JSON.stringify(body)) });
    await quiet();
    assert.deepEqual([seen, tree], [[], []]);
    assert.ok(b);
  });
}

for (const body of [{ runs: 'x' }, { runs: [1, null, '', 'x'.repeat(200)] }, { tree: 'most' }, { ttlMs: -1 }]) {
  test(`an interest of a form not known here counts for nothing: ${JSON.stringify(body).slice(0, 60)}`, async () => {
    const { clock, network, a, sent } = scene();
    await network.tell('b', 'a', { kind: 'interest', body });
    await clock.advance(0);
    a.hub.published('1', 'w', [started(1)]);
    a.hub.treeChanged({ type: 'actor.started', path: '/x', kind: 'x', uid: 1 });
    await quiet();
    assert.deepEqual(sent('live'), []);
  });
}

test('after its stop a relay tells and hears nothing', async () => {
  const { clock, a, b, sent } = scene();
  const seen = watch(a.hub, { executionId: '2' });
  await clock.advance(0);
  b.relay.stop();
  b.hub.published('2', 'w', [started(1)]);
  a.relay.stop();
  watch(a.hub, { executionId: '10' });
  const before = sent('interest').length;
  await clock.advance(10_000);
  assert.deepEqual([seen, sent('live')], [[], []]);
  assert.equal(sent('interest').filter(({ from }) => from === 'a').length, before);
});
