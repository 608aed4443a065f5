import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBreakers, type Breakers } from '#supervisors';
import { quiet, seededRandom, SimulatedClock, type Peers } from '#runtime';
import { shareBreakers } from './breaker-news.ts';
import { TestNetwork } from '#runtime';

const POLICY = { failures: 2, coolDownMs: 30_000 };

function world(...names: string[]) {
  const clock = new SimulatedClock();
  const network = new TestNetwork(clock, seededRandom(7));
  const join = (name: string): { breakers: Breakers; peers: Peers; leave: () => void } => {
    const peers = network.join(name);
    const breakers = createBreakers({ clock, report: () => {}, policy: POLICY, member: name });
    const leave = shareBreakers({ breakers, peers, clock });
    return { breakers, peers, leave };
  };
  const members = names.map(join);
  const fail = (index: number): void => {
    for (let count = 0; count < POLICY.failures; count += 1) members[index]?.breakers.record('host', 'failure');
  };
  const open = (): boolean[] => members.map(({ breakers }) => breakers.snapshot()[0]?.state === 'open');
  return { clock, network, join, members, fail, open };
}

test('an opening is known to all members before any time has passed, and so is its closing', async () => {
  const { clock, members, fail, open } = world('a', 'b', 'c');
  fail(1);
  await quiet();
  assert.deepEqual(open(), [true, true, true]);
  await clock.advance(POLICY.coolDownMs);
  assert.equal(members[1]?.breakers.admit('host').admitted, true);
  members[1]?.breakers.record('host', 'ok');
  await quiet();
  assert.deepEqual(open(), [false, false, false]);
});

test('a lost opening is told again within a second', async () => {
  const { clock, network, fail, open } = world('a', 'b', 'c');
  network.weather = { lose: 1 };
  fail(0);
  await quiet();
  assert.deepEqual(open(), [true, false, false]);
  network.weather = {};
  await clock.advance(1_000);
  assert.deepEqual(open(), [true, true, true]);
});

test('a new member learns what is open within a second, with the cool-down that is left', async () => {
  const { clock, join, fail } = world('a', 'b');
  fail(0);
  await clock.advance(10_500);
  const { breakers } = join('late');
  await clock.advance(1_000);
  const [row] = breakers.snapshot();
  assert.equal(row?.state, 'open');
  const leftMs = (row?.nextProbeAt ?? 0) - clock.now();
  assert.ok(leftMs > POLICY.coolDownMs - 12_000 && leftMs < POLICY.coolDownMs - 5_000, String(leftMs));
});

test('what a member that died has opened is told to newcomers by those that stay', async () => {
  const { clock, network, join, members, fail } = world('a', 'b');
  fail(0);
  await quiet();
  members[0]?.leave();
  network.leave('a');
  const { breakers } = join('late');
  await clock.advance(1_000);
  assert.equal(breakers.snapshot()[0]?.state, 'open');
});

test('a link that comes back brings what was missed at once', async () => {
  const { network, fail, open } = world('a', 'b');
  network.cut(true);
  fail(0);
  await quiet();
  network.cut(false);
  await quiet();
  assert.deepEqual(open(), [true, true]);
});

test('with nothing open nothing is sent', async () => {
  const { clock, network } = world('a', 'b');
  await clock.advance(10_000);
  assert.deepEqual(network.delivered, []);
});

test('after it was ended nothing is sent or heard', async () => {
  const { clock, members, fail, open } = world('a', 'b');
  for (const { leave } of members) leave();
  fail(0);
  await clock.advance(5_000);
  assert.deepEqual(open(), [true, false]);
});

test('what has not the form of news does not count, and the rest of the message does', async () => {
  const { members, network } = world('a', 'b');
  const good = { breaker: 'host', state: 'open', era: 1, by: 'b', failures: 2, ageMs: 0, remainingMs: 1_000 };
  const bad = [
    { ...good, breaker: '' },
    { ...good, breaker: 'x'.repeat(513) },
    { ...good, state: 'ajar' },
    { ...good, era: -1 },
    { ...good, remainingMs: null },
    { ...good, ageMs: 1e300 },
    'open',
    null,
  ].map((one) =>
    typeof one === 'object' && one !== null && one.breaker === 'host' ? { ...one, breaker: 'bad' } : one,
  );
  await network.tell('b', 'a', { kind: 'breaker', body: { news: [...bad, good] } });
  await network.tell('b', 'a', { kind: 'breaker', body: { news: 'all well' } });
  await quiet();
  assert.deepEqual(
    members[0]?.breakers.snapshot().map(({ breaker }) => breaker),
    ['host'],
  );
});

test('under loss, repetition and delay all agree within a period after it', async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { clock, network, members, open } = world('a', 'b', 'c', 'd');
    const random = seededRandom(seed);
    network.weather = { lose: 0.4, repeat: 0.3, delayMs: 4_000 };
    for (let step = 0; step < 60; step += 1) {
      const breakers = members[Math.floor(random.next() * members.length)]?.breakers;
      if (breakers?.admit('host').admitted) breakers.record('host', random.next() < 0.6 ? 'failure' : 'ok');
      await clock.advance(random.next() * 3_000);
    }
    network.weather = {};
    await clock.advance(4_000);
    await clock.advance(1_000);
    await quiet();
    assert.equal(
      new Set(open()).size,
      1,
      `seed ${seed}: ${JSON.stringify(members.map(({ breakers }) => breakers.snapshot()))}`,
    );
  }
});
