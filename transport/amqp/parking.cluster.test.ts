import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { realClock, realRandom } from '#runtime';
import { startRabbit, type TestService } from '../../test/services/index.ts';
import { LINK_LIMITS } from '../limits.ts';
import { openBroker, type Broker } from './connection.ts';
import { openParking, type Parking } from './parking.ts';
import type { Publisher } from './publisher.ts';
import { Members, silent, until } from './test-members.ts';
import { declareLane, declareLink, laneKey, LINK_EXCHANGE } from './topology.ts';

let rabbit: TestService;
let members: Members;
let broker: Broker;
let parking: Parking;
let anybody: Publisher;
before(async () => {
  rabbit = await startRabbit();
  members = new Members(rabbit.url);
  broker = openBroker({ url: rabbit.url, clock: realClock, random: realRandom, log: silent, name: 'test' });
  parking = openParking({ broker, clock: realClock });
  anybody = broker.publisher({ setup: ({ raw }) => declareLink(raw) });
});
after(async () => {
  await parking.close();
  await members.dispose();
  await broker.close();
  await rabbit.stop();
});

/** What anybody with access to the broker may send. */
async function inject(to: string, id: string, content: string | Buffer): Promise<void> {
  const properties = { type: 'odd', appId: 'stranger' };
  const message = { exchange: LINK_EXCHANGE, key: laneKey(to, 'normal'), id, properties, patient: true };
  assert.equal(await anybody.publish({ ...message, content: Buffer.from(content) }), 'confirmed');
}

async function parked(count: number): Promise<Awaited<ReturnType<Parking['look']>>> {
  for (;;) {
    const found = await parking.look(100);
    if (found.length >= count) return found;
  }
}

test('unreadable messages are parked with the reason, and the member goes on', async () => {
  const a = await members.enter('a.1');
  await inject('a.1', '1', '');
  await inject('a.1', '2', Buffer.from([1, 0, 0x7b]));
  await inject('a.1', '3', 'a later version');
  const found = await parked(3);
  assert.deepEqual(
    found.map(({ id, kind, from, to, why }) => [id, kind, from, to, why === undefined]),
    ['1', '2', '3'].map((id) => [id, 'odd', 'stranger', 'a.1.normal', false]),
  );
  assert.match(found[2]?.why ?? '', /version is 97/);
  assert.equal(found[2]?.preview, 'a later version');
  assert.ok(Math.abs((found[0]?.parkedAt ?? 0) - Date.now()) < 60_000);
  assert.deepEqual(await a.link.ask('a.1', { kind: 'echo', body: { n: 1 } }, 5_000), { n: 1 });
  assert.deepEqual(await parking.look(100), found, 'looking changes nothing');
  assert.equal((await parking.look(2)).length, 2);
});

test('what is replayed goes to its receiver again, and stays parked when that is gone', async () => {
  assert.deepEqual(await parking.replay(['2']), { replayed: 1, kept: 0 });
  // The receiver cannot read it this time either.
  await parked(3);
  await members.of('a.1').link.stop();
  assert.deepEqual(await parking.replay(), { replayed: 0, kept: 3 });
  assert.equal((await parked(3)).length, 3);
});

test('purge removes what is named, or all', async () => {
  assert.equal(await parking.purge(['1', 'unknown']), 1);
  assert.deepEqual((await parking.look(100)).map(({ id }) => id).toSorted(), ['2', '3']);
  assert.equal(await parking.purge(), 2);
  assert.deepEqual(await parking.look(100), []);
});

test('a full queue refuses: its senders are told false, and nothing is lost of what was confirmed', async () => {
  const slow = broker.channel('consume', async ({ raw }) => {
    await declareLink(raw);
    await declareLane(raw, 'slow', 'control', 'x');
  });
  await until('the queue is there', () => slow.current !== undefined);
  const b = await members.enter('b');
  const count = LINK_LIMITS.CONTROL_QUEUE_MESSAGES + 50;
  const told = Array.from({ length: count }, (_, n) =>
    b.link.tell('slow', { kind: `k${n}`, body: {}, lane: 'control' }),
  );
  const confirmed = (await Promise.all(told)).filter(Boolean).length;
  assert.ok(confirmed >= LINK_LIMITS.CONTROL_QUEUE_MESSAGES && confirmed < count, `${confirmed} of ${count}`);
  await slow.close();
});

test('messages at the limit of their size pass', async () => {
  const [c, d] = [await members.enter('c'), await members.enter('d')];
  assert.equal(
    await c.link.tell(d.bootId, { kind: 'big', body: { text: 'x'.repeat(members.messageBytes * 3) } }),
    true,
  );
  await until('it is there', () => d.told.length === 1);
});
