import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AmqpLimits } from '../limits.ts';
import { AMQP_LIMITS } from '../limits.ts';
import type { Outgoing } from './publisher.ts';
import { FakeNetwork, settle } from './test-broker.ts';

function message(id: string, more: Partial<Outgoing> = {}): Outgoing {
  return { exchange: 'x', key: 'k', content: Buffer.from(id), id, ...more };
}

async function open(limits: Partial<AmqpLimits> = {}) {
  const network = new FakeNetwork();
  const broker = network.broker();
  const publisher = broker.publisher({ limits });
  await settle();
  const outcomes: Record<string, string> = {};
  const publish = (id: string, more: Partial<Outgoing> = {}): void => {
    void publisher.publish(message(id, more)).then((outcome) => (outcomes[id] = outcome));
  };
  const ids = (): string[] => network.channel('publish').published.map(({ id }) => id);
  return { network, broker, publisher, outcomes, publish, ids };
}

/** Loses the connection and waits for the next one. */
async function reconnect(network: FakeNetwork): Promise<void> {
  network.line('publish').end(new Error('gone'));
  await network.clock.advance(AMQP_LIMITS.RECONNECT_MAX_MS);
}

test('every message is mandatory and carries its id and properties', async () => {
  const { network, publish } = await open();
  publish('a', { properties: { persistent: true, type: 't' } });
  const [seen] = network.channel('publish').published;
  assert.deepEqual(seen?.options, { persistent: true, type: 't', mandatory: true, messageId: 'a' });
});

test('confirms settle one or many, in any order', async () => {
  const { network, publish, outcomes, publisher } = await open();
  for (const id of ['a', 'b', 'c', 'd', 'e']) publish(id);
  const channel = network.channel('publish');
  channel.confirm(4);
  channel.confirm(2, true);
  await settle();
  assert.deepEqual({ ...outcomes }, { d: 'confirmed', a: 'confirmed', b: 'confirmed' });
  channel.confirm(3, false, false);
  channel.confirm(5, true);
  channel.confirm(5, true);
  channel.confirm(99);
  await settle();
  assert.deepEqual([outcomes['c'], outcomes['e'], publisher.pending], ['refused', 'confirmed', 0]);
});

test('a returned message is told apart by its id', async () => {
  const { network, publish, outcomes } = await open();
  for (const id of ['a', 'b']) publish(id);
  const channel = network.channel('publish');
  channel.emit('return', { properties: { messageId: 'b' } });
  channel.emit('return', { properties: { messageId: 'unknown' } });
  channel.emit('return', { properties: {} });
  channel.confirm(2, true);
  await settle();
  assert.deepEqual(outcomes, { a: 'confirmed', b: 'returned' });
});

test('what was not confirmed goes out again under its id, and an ack of the old channel counts for nothing', async () => {
  const { network, publish, outcomes, ids } = await open();
  for (const id of ['a', 'b', 'c']) publish(id);
  const old = network.channel('publish');
  old.confirm(2);
  await reconnect(network);
  assert.deepEqual(ids(), ['a', 'c']);
  old.confirm(3, true);
  await settle();
  assert.deepEqual({ ...outcomes }, { b: 'confirmed' });
  network.channel('publish').confirm(2, true);
  await settle();
  assert.deepEqual(outcomes, { a: 'confirmed', b: 'confirmed', c: 'confirmed' });
});

test('a full write buffer holds messages back until it has drained', async () => {
  const { network, publish, ids } = await open();
  const channel = network.channel('publish');
  channel.room = false;
  publish('a');
  publish('b');
  assert.deepEqual(ids(), ['a']);
  channel.room = true;
  channel.emit('drain');
  assert.deepEqual(ids(), ['a', 'b']);
});

test('a broker that takes nothing holds messages back until it takes again, also of a publisher opened meanwhile', async () => {
  const { network, broker, publish, ids } = await open();
  const channel = network.channel('publish');
  network.line('publish').emit('blocked', 'low on memory');
  publish('a');
  assert.deepEqual(ids(), []);
  const second = broker.publisher();
  await settle();
  void second.publish(message('b'));
  assert.deepEqual(network.channel('publish').published, []);
  network.line('publish').emit('unblocked');
  assert.deepEqual([channel.published.length, network.channel('publish').published.length], [1, 1]);
});

test('the next connection is not held back by the blockade of the last one', async () => {
  const { network, publish, ids } = await open();
  network.line('publish').emit('blocked', 'low on memory');
  publish('a');
  await reconnect(network);
  assert.deepEqual(ids(), ['a']);
});

test('without a connection a message is answered down, a patient one waits for its deadline', async () => {
  const { network, publish, outcomes, ids } = await open();
  network.mode = 'refusing';
  network.line('publish').end();
  publish('now');
  publish('patient', { patient: true, deadlineMs: 60_000 });
  publish('short', { patient: true, deadlineMs: 1_000 });
  await network.clock.advance(2_000);
  assert.deepEqual(outcomes, { now: 'down', short: 'expired' });
  network.mode = 'up';
  await network.clock.advance(AMQP_LIMITS.RECONNECT_MAX_MS);
  assert.deepEqual(ids(), ['patient']);
});

test('no confirm within the deadline is expired, and no timer stays when nothing is pending', async () => {
  const { network, publish, outcomes } = await open();
  publish('a', { deadlineMs: 500 });
  await network.clock.advance(500 + AMQP_LIMITS.PUBLISH_TICK_MS);
  assert.deepEqual(outcomes, { a: 'expired' });
  assert.equal(network.clock.pending, 0);
});

test('a channel that takes nothing is given up, and the message goes out on the next one', async () => {
  const { network, publish, outcomes, ids } = await open();
  network.channel('publish').publish = () => {
    throw new Error('IllegalOperation');
  };
  publish('a');
  await network.clock.advance(AMQP_LIMITS.RECONNECT_MAX_MS);
  assert.deepEqual(ids(), ['a']);
  network.channel('publish').confirm(1);
  await settle();
  assert.deepEqual(outcomes, { a: 'confirmed' });
});

test('over the window messages wait, over what may wait they are refused', async () => {
  const { network, publish, outcomes, ids } = await open({ WINDOW_MESSAGES: 2, WAITING_MESSAGES: 1 });
  for (const id of ['a', 'b', 'c', 'd']) publish(id);
  await settle();
  assert.deepEqual([ids(), outcomes], [['a', 'b'], { d: 'full' }]);
  network.channel('publish').confirm(1);
  assert.deepEqual(ids(), ['a', 'b', 'c']);
});

test('settled resolves when nothing is pending; closing answers the rest with down', async () => {
  const { network, publisher, publish, outcomes } = await open();
  await publisher.settled();
  publish('a');
  let settled = false;
  void publisher.settled().then(() => (settled = true));
  await settle();
  assert.equal(settled, false);
  network.channel('publish').confirm(1);
  await settle();
  assert.equal(settled, true);
  publish('b');
  await publisher.close();
  await publisher.close();
  publish('c');
  await settle();
  assert.deepEqual([outcomes['b'], outcomes['c'], publisher.open], ['down', 'down', false]);
});

test('the setup runs on each channel before anything is sent', async () => {
  const network = new FakeNetwork();
  const broker = network.broker();
  const order: string[] = [];
  const publisher = broker.publisher({
    setup: async () => {
      await settle();
      order.push(`declared with ${network.channel('publish').published.length} sent`);
    },
  });
  void publisher.publish(message('a', { patient: true }));
  await settle();
  await settle();
  assert.deepEqual(order, ['declared with 0 sent']);
  await reconnect(network);
  await settle();
  assert.equal(order.length, 2);
  assert.equal(publisher.open, true);
});
