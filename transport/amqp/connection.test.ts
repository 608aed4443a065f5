import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumeMessage } from 'amqplib';
import { realClock, realRandom, seededRandom, SimulatedClock } from '#runtime';
import { AMQP_LIMITS } from '../limits.ts';
import { Backoff } from './backoff.ts';
import type { BrokerChannel } from './channel.ts';
import { openBroker, type Broker } from './connection.ts';
import { FakeNetwork, settle } from './test-broker.ts';

const { CONNECT_DEADLINE_MS, SETUP_DEADLINE_MS, RECONNECT_FIRST_MS, RECONNECT_MAX_MS, RECONNECT_STABLE_MS } =
  AMQP_LIMITS;

/** A broker that is up, with one consuming channel whose setups are counted. */
async function withChannel() {
  const network = new FakeNetwork();
  const broker = network.broker();
  const channels: BrokerChannel[] = [];
  const heard: number[] = [];
  const handle = broker.channel('consume', async (channel) => {
    channels.push(channel);
    await channel.consume('q', ({ fields }) => void heard.push(fields.deliveryTag));
  });
  await settle();
  return { network, broker, channels, heard, handle };
}

const delivery = (tag: number): ConsumeMessage => ({ fields: { deliveryTag: tag } }) as ConsumeMessage; // Only the tag is read.

test('waits between attempts double up to RECONNECT_MAX_MS, half of each by chance', () => {
  const backoff = new Backoff(new SimulatedClock(), seededRandom(1), AMQP_LIMITS);
  for (let failure = 0; failure < 40; failure += 1) {
    const most = Math.min(RECONNECT_MAX_MS, RECONNECT_FIRST_MS * 2 ** failure);
    const wait = backoff.next();
    assert.ok(wait >= most / 2 && wait <= most, `${wait} for failure ${failure}`);
  }
});

test('a success counts only when it lasts', () => {
  const clock = new SimulatedClock();
  const backoff = new Backoff(clock, seededRandom(1), AMQP_LIMITS);
  for (let failure = 0; failure < 10; failure += 1) backoff.next();
  backoff.succeeded();
  clock.advanceSync(RECONNECT_STABLE_MS - 1);
  assert.ok(backoff.next() >= RECONNECT_MAX_MS / 2);
  backoff.succeeded();
  clock.advanceSync(RECONNECT_STABLE_MS);
  assert.ok(backoff.next() <= RECONNECT_FIRST_MS);
});

for (const url of ['', 'localhost', 'http://user:hidden@host', 'amqp://', 'amqp:user:hidden']) {
  test(`${JSON.stringify(url)} is no address of a broker, and the refusal does not repeat it`, () => {
    const log = { debug: assert.fail, info: assert.fail, warn: assert.fail, error: assert.fail };
    assert.throws(
      () => openBroker({ url, clock: realClock, random: realRandom, log, name: 'x' }),
      (error: Error & { code: string }) => error.code === 'BROKER_URL_INVALID' && !error.message.includes('hidden'),
    );
  });
}

test('a lost connection comes back, and its channels are set up anew under a higher generation', async () => {
  const { network, broker, channels, handle } = await withChannel();
  assert.equal(broker.state(), 'up');
  network.line('consume').end(new Error('read ECONNRESET'));
  assert.equal(broker.state(), 'down');
  assert.equal(handle.current, undefined);
  await network.clock.advance(RECONNECT_FIRST_MS);
  assert.equal(broker.state(), 'up');
  assert.equal(channels.length, 2);
  assert.equal(handle.current, channels[1]);
  assert.ok((channels[1]?.generation ?? 0) > (channels[0]?.generation ?? 0));
  assert.match(broker.lastFailure(), /ECONNRESET/);
  assert.equal(network.dialed.publish, 1, 'the other connection was left alone');
});

test('while the broker refuses, attempts go on; each is waited for', async () => {
  const network = new FakeNetwork();
  network.mode = 'refusing';
  const broker = network.broker();
  await network.clock.advance(60_000);
  assert.ok(network.dialed.publish > 10 && network.dialed.publish < 40, `${network.dialed.publish} attempts`);
  network.mode = 'up';
  await network.clock.advance(RECONNECT_MAX_MS);
  assert.equal(broker.state(), 'up');
});

test('an attempt that hangs is cut after CONNECT_DEADLINE_MS', async () => {
  const network = new FakeNetwork();
  network.mode = 'hanging';
  const broker = network.broker();
  await network.clock.advance(CONNECT_DEADLINE_MS + RECONNECT_FIRST_MS);
  assert.equal(network.dialed.publish, 2);
  network.mode = 'up';
  await network.clock.advance(CONNECT_DEADLINE_MS + RECONNECT_MAX_MS);
  assert.equal(broker.state(), 'up');
});

test('a connection on which channels do not open is cut after SETUP_DEADLINE_MS', async () => {
  const network = new FakeNetwork();
  network.silent = true;
  const broker = network.broker();
  const handle = broker.channel('consume', async () => {});
  await settle();
  assert.equal(broker.state(), 'up');
  network.silent = false;
  const silent = network.line('consume');
  await network.clock.advance(SETUP_DEADLINE_MS + RECONNECT_FIRST_MS);
  assert.ok(silent.closed, 'its socket was left open');
  assert.ok(handle.current);
  await network.clock.advance(RECONNECT_MAX_MS);
  assert.equal(network.dialed.consume, 2, 'one loss made several attempts');
});

test('a channel of a lost connection asks nothing of it while the next one is on its way', async () => {
  const { network } = await withChannel();
  network.mode = 'hanging';
  network.line('consume').end(new Error('read ECONNRESET'));
  await network.clock.advance(RECONNECT_MAX_MS);
  assert.equal(network.dialed.consume, 2);
});

test('a connection that is made when the broker was closed meanwhile is cut', async () => {
  const network = new FakeNetwork();
  const broker = network.broker();
  await broker.close();
  await settle();
  assert.equal(broker.state(), 'down');
  assert.ok(network.line('publish').closed && network.line('consume').closed);
});

test('a channel that is lost in its setup is one failure and not two', async () => {
  const network = new FakeNetwork();
  let tries = 0;
  network.broker().channel('consume', async () => {
    tries += 1;
    network.channel('consume').end(new Error('PRECONDITION_FAILED'));
    throw new Error('Operation failed');
  });
  await network.clock.advance(RECONNECT_FIRST_MS);
  assert.equal(tries, 2);
});

test('a channel that is lost alone is opened again on the same connection', async () => {
  const { network, channels, handle } = await withChannel();
  network.channel('consume').end(new Error('PRECONDITION_FAILED'));
  assert.equal(handle.current, undefined);
  await network.clock.advance(RECONNECT_FIRST_MS);
  assert.equal(channels.length, 2);
  assert.ok(handle.current);
  assert.equal(network.dialed.consume, 1);
});

test('a setup that fails is tried again, and is never two channels at a time', async () => {
  const network = new FakeNetwork();
  const broker = network.broker();
  let tries = 0;
  const handle = broker.channel('consume', async () => {
    tries += 1;
    if (tries < 4) throw new Error('no such exchange');
  });
  await network.clock.advance(10_000);
  assert.equal(tries, 4);
  assert.ok(handle.current);
  const open = network.line('consume').channels.filter(({ closed }) => !closed);
  assert.equal(open.length, 1);
});

test('a consumer that the broker ends makes a new channel', async () => {
  const { network, channels } = await withChannel();
  network.channel('consume').deliver(null);
  await network.clock.advance(RECONNECT_FIRST_MS);
  assert.equal(channels.length, 2);
});

test('deliveries are answered on their own channel; when that is lost nothing is said to the next', async () => {
  const { network, channels, heard } = await withChannel();
  const first = network.channel('consume');
  first.deliver(1);
  channels[0]?.ack(delivery(1));
  channels[0]?.reject(delivery(2), 'dead');
  channels[0]?.reject(delivery(3), 'queue');
  assert.deepEqual(
    [heard, first.acked, first.rejected],
    [
      [1],
      [1],
      [
        [2, false],
        [3, true],
      ],
    ],
  );
  network.line('consume').end();
  await network.clock.advance(RECONNECT_FIRST_MS);
  channels[0]?.ack(delivery(1));
  channels[0]?.reject(delivery(1), 'queue');
  channels[0]?.renew('late');
  const second = network.channel('consume');
  assert.deepEqual([second.acked, second.rejected, second.closed], [[], [], false]);
});

test('what a consumer throws is logged and ends nothing', async () => {
  const network = new FakeNetwork();
  const broker = network.broker();
  const handle = broker.channel('consume', (channel) =>
    channel.consume('q', () => {
      throw new Error('no');
    }),
  );
  await settle();
  network.channel('consume').deliver(1);
  assert.ok(handle.current);
  assert.ok(network.logged.includes('A consumer threw.'));
});

test('errors of connections and channels are never without a listener', async () => {
  const { network } = await withChannel();
  for (const emitter of [network.line('consume'), network.line('publish'), network.channel('consume')]) {
    emitter.emit('error', new Error('odd'));
    emitter.emit('handler-error', new Error('odd'), 'ack');
  }
});

test('the state is that of both connections; only the publishing one is blocked', async () => {
  const { network, broker } = await withChannel();
  const states: string[] = [];
  broker.watch(() => void states.push(broker.state()));
  network.line('consume').emit('blocked', 'low on memory');
  assert.equal(broker.state(), 'up');
  network.line('publish').emit('blocked', 'low on memory');
  network.line('publish').emit('unblocked');
  network.line('publish').end();
  assert.deepEqual(states.slice(1), ['blocked', 'up', 'down']);
});

test('a watcher that throws disturbs no other', async () => {
  const { network, broker } = await withChannel();
  let told = 0;
  broker.watch(() => {
    throw new Error('no');
  });
  const unwatch = broker.watch(() => (told += 1));
  network.line('publish').emit('blocked', 'x');
  assert.equal(told, 1);
  unwatch();
  network.line('publish').emit('unblocked');
  assert.equal(told, 1);
});

test('over CHANNELS a channel and a publisher are refused, and closed ones do not count', async () => {
  const network = new FakeNetwork();
  const broker = network.broker({ CHANNELS: 2 });
  const first = broker.channel('consume', async () => {});
  broker.publisher();
  assert.throws(() => broker.channel('publish', async () => {}), { code: 'BROKER_CHANNELS_EXCEEDED' });
  assert.throws(() => broker.publisher(), { code: 'BROKER_CHANNELS_EXCEEDED' });
  await first.close();
  broker.channel('publish', async () => {});
});

async function leavesNothing(broker: Broker, network: FakeNetwork): Promise<void> {
  await Promise.all([broker.close(), broker.close(), network.clock.advance(AMQP_LIMITS.CLOSE_DEADLINE_MS)]);
  assert.equal(broker.state(), 'down');
  assert.equal(network.clock.pending, 0, 'a timer was left');
  const dialed = { ...network.dialed };
  await network.clock.advance(60_000);
  assert.deepEqual(network.dialed, dialed);
}

test('closing leaves nothing behind, whatever state the broker was in', async () => {
  const up = await withChannel();
  await leavesNothing(up.broker, up.network);
  for (const mode of ['refusing', 'hanging'] as const) {
    const network = new FakeNetwork();
    network.mode = mode;
    const broker = network.broker();
    broker.channel('consume', async () => {});
    await settle();
    await leavesNothing(broker, network);
  }
});

test('closing ends although the broker does not say goodbye', async () => {
  const { network, broker, handle } = await withChannel();
  network.line('consume').close = () => new Promise(() => {});
  network.channel('consume').close = () => new Promise(() => {});
  const closed = Promise.all([handle.close(), broker.close()]);
  await network.clock.advance(3 * AMQP_LIMITS.CLOSE_DEADLINE_MS);
  await closed;
  assert.ok(network.line('consume').closed, 'the socket was cut');
});
