import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, SimulatedClock } from '#runtime';
import { LINK_LIMITS } from '../limits.ts';
import { createMemoryNetwork, type MemoryNetwork, type NetworkFaults } from './memory-network.ts';
import type { TransportLink } from './transport-link.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface World {
  readonly clock: SimulatedClock;
  readonly network: MemoryNetwork;
  readonly heard: Record<string, string[]>;
  join(bootId: string): Promise<TransportLink>;
}

function world(seed = 1): World {
  const clock = new SimulatedClock();
  const network = createMemoryNetwork({ clock, random: seededRandom(seed), log });
  const heard: Record<string, string[]> = {};
  const join = async (bootId: string): Promise<TransportLink> => {
    const kinds: string[] = (heard[bootId] = []);
    const link = network.link(bootId);
    await link.start({ told: (_, { kind }) => void kinds.push(kind), asked: async (_, { body }) => body });
    return link;
  };
  return { clock, network, heard, join };
}

/** Tells `b` 200 numbered messages under these faults; returns what was heard, and what the teller was told. */
async function under(faults: Partial<NetworkFaults>, seed = 1): Promise<{ heard: number[]; told: boolean[] }> {
  const { clock, network, heard, join } = world(seed);
  const [a] = [await join('a'), await join('b')];
  network.faults(faults);
  const told = Array.from({ length: 200 }, (_, n) => a.tell('b', { kind: String(n), body: {} }));
  await clock.advance(10_000);
  return { heard: (heard['b'] ?? []).map(Number), told: await Promise.all(told) };
}

const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const all = Array.from({ length: 200 }, (_, n) => n);

test('a sound network loses, repeats and reorders nothing', async () => {
  const { heard, told } = await under({});
  assert.deepEqual([heard, told.every(Boolean)], [all, true]);
});

test('what is dropped is heard by nobody, and its sender may have been told either', async () => {
  const { heard, told } = await under({ drop: 0.5 });
  assert.ok(heard.length > 50 && heard.length < 150);
  assert.deepEqual(heard, sorted(heard));
  const lost = told.filter((_, n) => !heard.includes(n));
  assert.ok(lost.includes(true) && lost.includes(false));
  assert.ok(heard.every((n) => told[n]));
});

test('what is duplicated is handled once', async () => {
  assert.deepEqual((await under({ duplicate: 1 })).heard, all);
});

test('delays keep the order of one sender and lane, reordering does not', async () => {
  assert.deepEqual((await under({ delayMs: 100 })).heard, all);
  const { heard } = await under({ delayMs: 100, reorder: 0.5 });
  assert.notDeepEqual(heard, all);
  assert.deepEqual(sorted(heard), all);
});

test('the same seed gives the same faults, another one others', async () => {
  const faults = { drop: 0.2, duplicate: 0.2, reorder: 0.3, delayMs: 50 };
  const [first, again, other] = [await under(faults, 1), await under(faults, 1), await under(faults, 2)];
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
});

test('a partition works one way, and ends', async () => {
  const { clock, network, heard, join } = world();
  const [a, b] = [await join('a'), await join('b')];
  network.partition('a', 'b');
  const lost = assert.rejects(a.ask('b', { kind: 'q', body: {} }, 100), { code: /LINK_ASK_TIMEOUT|LINK_UNAVAILABLE/ });
  await b.tell('a', { kind: 'back', body: {} });
  await clock.advance(1_000);
  await lost;
  assert.deepEqual(heard, { a: ['back'], b: [] });
  network.heal();
  assert.deepEqual(await a.ask('b', { kind: 'q', body: { n: 1 } }, 100), { n: 1 });
});

test('what was under way to a member when it was cut off is gone, also when it is back before that arrives', async () => {
  const { clock, network, heard, join } = world();
  const [a] = [await join('a'), await join('b')];
  network.faults({ delayMs: 100 });
  assert.equal(await a.tell('b', { kind: 'lost', body: {} }), true);
  network.cut('b');
  assert.equal(await a.tell('b', { kind: 'nobody', body: {} }), false);
  network.join('b');
  assert.equal(await a.tell('b', { kind: 'heard', body: {} }), true);
  await clock.advance(1_000);
  assert.deepEqual(heard['b'], ['heard']);
});

test('a blocked member hears, and what it says goes out when the broker takes again, or expires', async () => {
  const { clock, network, heard, join } = world();
  const [a, b] = [await join('a'), await join('b')];
  network.block('a');
  assert.equal(a.state(), 'blocked');
  const late = a.tell('b', { kind: 'late', body: {} });
  await clock.advance(LINK_LIMITS.TELL_DEADLINE_MS);
  assert.equal(await late, false);
  const held = a.tell('b', { kind: 'held', body: {} });
  await b.tell('a', { kind: 'heard', body: {} });
  await clock.advance(10);
  network.join('a');
  assert.equal(await held, true);
  await clock.advance(10);
  assert.deepEqual(heard, { a: ['heard'], b: ['held'] });
});

test('a killed member does nothing more, and its boot id is gone', async () => {
  const { clock, network, heard, join } = world();
  const [a, b] = [await join('a'), await join('b')];
  await a.tell('b', { kind: 'lost', body: {} });
  network.kill('b');
  await clock.advance(10);
  assert.deepEqual(heard['b'], []);
  assert.equal(await b.tell('a', { kind: 'ghost', body: {} }), false);
  await assert.rejects(a.ask('b', { kind: 'q', body: {} }, 60_000), { code: 'LINK_PEER_GONE' });
});

test('junk is parked, up to a limit, and the member goes on', async () => {
  const { clock, network, heard, join } = world();
  const a = await join('a');
  for (let n = 0; n <= LINK_LIMITS.PARKED_MESSAGES; n += 1) network.inject('a', Buffer.from(String(n)));
  await a.tell('a', { kind: 'fine', body: {} });
  await clock.advance(10);
  assert.equal(network.parked().length, LINK_LIMITS.PARKED_MESSAGES);
  assert.equal(network.parked().at(-1)?.toString(), String(LINK_LIMITS.PARKED_MESSAGES));
  assert.deepEqual(heard['a'], ['fine']);
});

test('a start while cut off waits, and is LINK_UNAVAILABLE after START_DEADLINE_MS', async () => {
  const { clock, network } = world();
  const handlers = { told: () => {}, asked: async () => null };
  const early = network.link('early');
  network.cut('early');
  const started = early.start(handlers);
  network.join('early');
  await started;
  assert.equal(early.state(), 'up');
  const late = network.link('late');
  network.cut('late');
  const refused = assert.rejects(late.start(handlers), { code: 'LINK_UNAVAILABLE' });
  await clock.advance(LINK_LIMITS.START_DEADLINE_MS);
  await refused;
});

test('told that a peer left, questions to it end', async () => {
  const { clock, network, join } = world();
  const [a] = [await join('a'), await join('b')];
  network.faults({ delayMs: 1_000 });
  const gone = assert.rejects(a.ask('b', { kind: 'q', body: {} }, 60_000), { code: 'LINK_PEER_GONE' });
  a.peerLeft('b');
  await gone;
  await clock.advance(60_000);
});
