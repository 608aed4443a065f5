import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARDS } from '#cluster';
import { seededRandom, SimulatedClock, TestNetwork } from '#runtime';
import { chain } from '../testing.ts';
import { Courier } from './courier.ts';
import { REMOTE_LIMITS } from './limits.ts';
import { now, World } from './world.ts';

/** How soon a letter is read: at once where its bell is heard, else at the owner's next look. */

const waiting = chain('w', ['start', 'webhookWait', 'data']);

async function letterFromAToB(prepare: (world: World) => void = () => {}) {
  const world = await World.of(2);
  const { executionId } = world.start('b', waiting);
  await world.run(100);
  prepare(world);
  const resumed = await world.member('a').engine.resume(executionId, { messageId: 'm' });
  assert.ok(resumed.kind === 'accepted');
  return { world, executionId, handle: resumed.handle };
}

test('a letter to another member is read at once, and its caller hears of the end by the live news', async () => {
  const { world, handle } = await letterFromAToB();
  await world.run(50);
  assert.equal((await now(handle.ended)).status, 'success');
});

test('a letter whose bell was lost is read within 2 s, and its caller hears within 2 s more', async () => {
  const { world, executionId, handle } = await letterFromAToB(({ network }) => network.cut(true));
  await world.run(2_000);
  assert.equal((await world.store.journal.execution(executionId))?.status, 'success');
  await world.run(2_000);
  assert.equal((await now(handle.ended)).status, 'success');
});

test('letters that lie for a reason are not looked at again by every sweep', async () => {
  const world = await World.of(2);
  world.workflows.set('quick', chain('quick', ['start']));
  world.workflows.set('long', chain('long', ['start', 'wait'], { 1: { ms: 64_000 } }));
  world.start('b', chain('w', ['start', 'call'], { 1: { ids: ['quick', 'long'] } }));
  await world.run(3_000);
  let reads = 0;
  const { journal } = world.store;
  const inbox = journal.inbox.bind(journal);
  journal.inbox = async (id) => {
    reads += 1;
    return inbox(id);
  };
  const { sweepMs } = world.member('b').stage.services.limits;
  await world.run(4 * sweepMs);
  assert.ok(reads <= 5, `${reads} reads in four long sweeps`);
});

/** A courier on `a`, and what it and the others say. */
function courierWorld() {
  const clock = new SimulatedClock();
  const network = new TestNetwork(clock, seededRandom(1));
  const epochs = new Map<number, number>();
  const knocks: string[] = [];
  const heard: { at: string; kind: string; from: string }[] = [];
  const peers = network.join('a');
  const courier = new Courier({
    peers,
    clock,
    owner: { epochOf: (shard) => epochs.get(shard) },
    later: (ms, act) => void clock.after(ms, act),
    knock: (id) => void knocks.push(id),
  });
  const others = ['b', 'c'].map((name) => {
    const other = network.join(name);
    other.told('doorbell', (from) => void heard.push({ at: name, kind: 'doorbell', from }));
    other.told('moved', (from) => void heard.push({ at: name, kind: 'moved', from }));
    return other;
  });
  return { clock, network, epochs, knocks, heard, peers, courier, others };
}

const letter = { executionId: String(SHARDS + 7), kind: 'resume' } as const;

test('a bell for an execution of this member is a knock here', () => {
  const { courier, epochs, knocks } = courierWorld();
  epochs.set(7, 1);
  courier.ring(letter);
  assert.deepEqual(knocks, [letter.executionId]);
  assert.equal(courier.size, 0);
});

test('a bell without a known owner waits for one, and rings as soon as there is one', async () => {
  const { courier, clock, network, heard } = courierWorld();
  courier.ring(letter);
  await clock.advance(1_000);
  assert.deepEqual(heard, []);
  network.own([7], 'c');
  await clock.advance(0);
  assert.deepEqual(heard, [{ at: 'c', kind: 'doorbell', from: 'a' }]);
});

test('a member that has moved it on says so, and the bell rings at the next owner', async () => {
  const { courier, clock, network, heard, peers, others } = courierWorld();
  network.own([7], 'c');
  peers.beliefs.set(7, 'b');
  courier.ring(letter);
  await clock.advance(0);
  void others[0]?.link.tell('a', { kind: 'moved', body: { executionId: letter.executionId } });
  await clock.advance(500);
  assert.deepEqual(
    heard.map(({ at }) => at),
    ['b', 'c'],
  );
  assert.deepEqual(peers.suspected, [7]);
});

test('a shard that comes to this member while the bell is under way is knocked at here', async () => {
  const { courier, clock, network, epochs, knocks } = courierWorld();
  network.own([7], 'b');
  courier.ring(letter);
  await clock.advance(0);
  epochs.set(7, 2);
  network.own([7], 'a');
  await clock.advance(0);
  assert.deepEqual(knocks, [letter.executionId]);
});

test('an owner whose link is down is tried again until the deadline, with growing pauses, and no longer', async () => {
  const { courier, clock, network, peers } = courierWorld();
  network.own([7], 'b');
  network.cut(true);
  courier.ring(letter);
  await clock.advance(REMOTE_LIMITS.BELL_DEADLINE_MS);
  const tries = peers.suspected.length;
  assert.ok(tries >= 5 && tries <= 12, `${tries} tries`);
  await clock.advance(60_000);
  assert.equal(peers.suspected.length, tries);
  assert.deepEqual([courier.size, clock.pending], [0, 0]);
});

test('who is rung at without owning the shard answers that it has moved', async () => {
  const { clock, heard, others } = courierWorld();
  void others[0]?.link.tell('a', { kind: 'doorbell', body: { executionId: letter.executionId, urgent: false } });
  await clock.advance(0);
  assert.deepEqual(heard, [{ at: 'b', kind: 'moved', from: 'a' }]);
});

for (const body of [{}, { executionId: 7 }, { executionId: 'x' }, { executionId: '12345678901234567890' }]) {
  test(`a doorbell of another form is dropped: ${JSON.stringify(body)}`, async () => {
    const { clock, heard, knocks, epochs, others } = courierWorld();
    epochs.set(7, 1);
    void others[0]?.link.tell('a', { kind: 'doorbell', body });
    void others[0]?.link.tell('a', { kind: 'moved', body });
    await clock.advance(1_000);
    assert.deepEqual([heard, knocks], [[], []]);
  });
}

test('more bells than the limit are left to the sweep', async () => {
  const { courier } = courierWorld();
  for (let n = 0; n < REMOTE_LIMITS.BELLS + 10; n += 1) courier.ring({ executionId: String(n), kind: 'signal' });
  assert.equal(courier.size, REMOTE_LIMITS.BELLS);
});
