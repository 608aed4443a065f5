import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as passes } from 'node:timers/promises';
import { startRabbit, type TestService } from '../../test/services/index.ts';
import { Members, until } from './test-members.ts';

/** Nothing of ours needs longer to work again, once what it needs is there. */
const BACK_MS = 10_000;

let rabbit: TestService;
let members: Members;
before(async () => {
  rabbit = await startRabbit({ mayKill: true });
});
after(() => rabbit.stop());
beforeEach(() => {
  members = new Members(rabbit.url);
});
afterEach(() => members.dispose());

type Player = Awaited<ReturnType<Members['enter']>>;

async function pair(): Promise<[Player, Player]> {
  return [await members.enter('a'), await members.enter('b')];
}

/** Tells `b` numbered messages as fast as answers come, until stopped; returns those that were answered true. */
function load(from: Player, to: Player): { stop(): Promise<string[]> } {
  const held: string[] = [];
  let running = true;
  const worker = async (name: number): Promise<void> => {
    for (let n = 0; running; n += 1) {
      const kind = `${name}.${n}`;
      if (await from.link.tell(to.bootId, { kind, body: {} })) held.push(kind);
      else await passes(5);
    }
  };
  const workers = Array.from({ length: 20 }, (_, name) => worker(name));
  const stop = async (): Promise<string[]> => {
    running = false;
    await Promise.all(workers);
    return held;
  };
  return { stop };
}

function nothingTwice(told: readonly string[]): void {
  assert.equal(new Set(told).size, told.length, 'a message was heard twice');
}

test('a sender that is cut off again and again: what was confirmed is heard, and once', async () => {
  const [a, b] = await pair();
  const sending = load(a, b);
  for (let round = 0; round < 15; round += 1) {
    await passes(60);
    a.proxy.cut();
    await passes(20);
    a.proxy.mend();
  }
  await until('a is back', () => a.link.state() === 'up', BACK_MS);
  await passes(300);
  const held = await sending.stop();
  await until('all were heard', () => b.told.length >= held.length);
  const heard = new Set(b.told);
  assert.deepEqual(
    held.filter((kind) => !heard.has(kind)),
    [],
  );
  nothingTwice(b.told);
  assert.ok(held.length > 500, `only ${held.length} messages`);
});

test('a receiver that is cut off 50 times consumes again within 10 s and hears nothing twice', async () => {
  const [a, b] = await pair();
  const sending = load(a, b);
  for (let round = 0; round < 50; round += 1) {
    await passes(20);
    b.proxy.cut();
    await passes(10);
    b.proxy.mend();
  }
  const before = b.told.length;
  await until('b hears again', () => b.told.length > before + 100, BACK_MS);
  await sending.stop();
  nothingTwice(b.told);
  assert.deepEqual(await a.link.ask(b.bootId, { kind: 'echo', body: { n: 1 } }, 5_000), { n: 1 });
});

test('a wire that falls silent is noticed by both ends, and the member comes back', async () => {
  const [a, b] = await pair();
  b.proxy.freeze();
  await until('b notices', () => b.link.state() === 'down', BACK_MS);
  // The broker lets go of its queue after two silent heartbeats.
  const gone = async (): Promise<boolean> => !(await a.link.tell(b.bootId, { kind: 'into the void', body: {} }));
  const start = performance.now();
  while (!(await gone())) {
    assert.ok(performance.now() - start < BACK_MS, 'the broker still holds the queue of a silent member');
    await passes(100);
  }
  await assert.rejects(a.link.ask(b.bootId, { kind: 'tree', body: {} }, 60_000), { code: 'LINK_PEER_GONE' });
  b.proxy.mend();
  await until('b is back', () => b.link.state() === 'up', BACK_MS);
  assert.deepEqual(await a.link.ask(b.bootId, { kind: 'echo', body: { n: 2 } }, 5_000), { n: 2 });
});

test('confirms that do not come back: the messages go out again and are heard once', async () => {
  const [a, b] = await pair();
  assert.ok(await a.link.tell(b.bootId, { kind: 'before', body: {} }));
  a.proxy.freeze('toClient');
  const told = Promise.all(['x', 'y', 'z'].map((kind) => a.link.tell(b.bootId, { kind, body: {} })));
  await until('they are there without a confirm', () => b.told.length === 4);
  await until('a gives the wire up', () => a.link.state() === 'down', BACK_MS);
  a.proxy.mend();
  assert.deepEqual(await told, [true, true, true]);
  assert.ok(await a.link.tell(b.bootId, { kind: 'after', body: {} }));
  await until('the last', () => b.told.includes('after'));
  assert.deepEqual(b.told, ['before', 'x', 'y', 'z', 'after']);
});

test('a broker that dies and is away: no call hangs, and the link is back within 10 s of its return', async () => {
  const [a, b] = await pair();
  const asked = a.link.ask(b.bootId, { kind: 'echo', body: {} }, 30_000).then(
    () => 'answered',
    ({ code }: { code: string }) => code,
  );
  await rabbit.kill('SIGKILL');
  await until('both notice', () => [a, b].every(({ link }) => link.state() === 'down'), BACK_MS);
  assert.ok(['answered', 'LINK_UNAVAILABLE', 'LINK_PEER_GONE'].includes(await asked));
  assert.equal(await a.link.tell(b.bootId, { kind: 'lost', body: {} }), false);
  await assert.rejects(a.link.ask(b.bootId, { kind: 'x', body: {} }, 60_000), { code: 'LINK_UNAVAILABLE' });
  await passes(3_000);
  await rabbit.restart();
  await until('both are back', () => [a, b].every(({ link }) => link.state() === 'up'), BACK_MS);
  assert.deepEqual(await a.link.ask(b.bootId, { kind: 'echo', body: { n: 3 } }, 5_000), { n: 3 });
  assert.deepEqual(await b.link.ask(a.bootId, { kind: 'echo', body: { n: 4 } }, 5_000), { n: 4 });
});

test('a broker that is stopped and goes on later', async () => {
  const [a, b] = await pair();
  await rabbit.kill('SIGSTOP');
  await until('both notice', () => [a, b].every(({ link }) => link.state() === 'down'), BACK_MS);
  await rabbit.kill('SIGCONT');
  await until('both are back', () => [a, b].every(({ link }) => link.state() === 'up'), 2 * BACK_MS);
  assert.deepEqual(await a.link.ask(b.bootId, { kind: 'echo', body: { n: 5 } }, 5_000), { n: 5 });
});

test('a start without a broker is LINK_UNAVAILABLE with the reason, and goes on trying', async () => {
  const link = await members.open('early', { START_DEADLINE_MS: 500 });
  const { proxy } = members.of('early');
  proxy.cut();
  const started = link.start({ told: () => {}, asked: async () => null });
  await assert.rejects(started, { code: 'LINK_UNAVAILABLE', retryable: true });
  proxy.mend();
  await until('it is up', () => link.state() === 'up', BACK_MS);
});
