import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import { eventBusConformance, realClock, realRandom, type OutboxEvent } from '#runtime';
import { startRabbit, type TestService } from '../../../test/services/index.ts';
import { openBroker, type Broker } from '../../amqp/connection.ts';
import type { Log } from '../../log.ts';
import type { SelectiveBus } from '../selective.ts';
import { event, RETRY } from '../test-events.ts';
import { createRabbitBus } from './rabbit-bus.ts';

const UNTIL_MS = 60_000;
const LOOK_MS = 10;
/** More than a consumer holds at once. */
const COUNT = 1_000;
/** RabbitMQ writes down a new quorum queue half a second after it has confirmed it. */
const DECLARED_MS = 1_500;

const said: string[] = [];
const note = (_: object, message: string): void => void said.push(message);
const log: Log = { debug: () => {}, info: note, warn: note, error: note };

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!condition()) {
    ok(performance.now() < deadline, `the awaited state did not come; said: ${said.slice(-5).join(' ')}`);
    await pause(LOOK_MS);
  }
}

describe('the bus on RabbitMQ', () => {
  let rabbit: TestService;
  let broker: Broker;
  before(
    async () => {
      rabbit = await startRabbit({ mayKill: true });
      broker = openBroker({ url: rabbit.url, clock: realClock, random: realRandom, log, name: 'bus test' });
    },
    { timeout: 120_000 },
  );
  after(
    async () => {
      await broker?.close();
      await rabbit?.stop();
    },
    { timeout: 60_000 },
  );

  const open = async (through: Broker = broker): Promise<SelectiveBus> => {
    const bus = createRabbitBus({ broker: through, clock: realClock, log, retry: RETRY });
    await until(() => bus.state() === 'up');
    return bus;
  };
  const numbers = (type: string, count: number, from = 0): OutboxEvent[] =>
    Array.from({ length: count }, (_, index) => {
      const n = from + index;
      return event(type, { id: `${type}-${n}`, aggregateId: `a${n % 5}`, payload: { n } });
    });
  const inOrder = (taken: readonly OutboxEvent[]): void => {
    const last = new Map<string, number>();
    for (const { aggregateId, payload } of taken) {
      ok(Number(payload['n']) > (last.get(aggregateId) ?? -1), `${aggregateId} is out of order`);
      last.set(aggregateId, Number(payload['n']));
    }
  };

  for (const { rule, check } of eventBusConformance(async () => {
    const bus = await open();
    const elapse = (ms: number): Promise<void> => pause(ms);
    return { bus, attempts: RETRY.attempts, until, elapse, dispose: () => bus.close() };
  })) {
    test(rule, check);
  }

  test('a message carries type, trace and id where those find them who read no content', async () => {
    const bus = await open();
    const connection = await connect(rabbit.url);
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'troupe.events', 'wire.*');
    const sent = event('wire.seen', { id: 'w1', timestamp: 5_000, metadata: { traceId: 'ab'.repeat(16) } });
    await bus.publish([sent]);
    const message = await channel.get(queue);
    ok(message);
    deepEqual(JSON.parse(message.content.toString()), sent);
    const { properties, fields } = message;
    deepEqual(
      [fields.routingKey, properties.messageId, properties.type, properties.deliveryMode, properties.timestamp],
      ['wire.seen', 'w1', 'wire.seen', 2, 5],
    );
    const headers = { 'event-type': 'wire.seen', 'aggregate-id': 'a', 'trace-id': 'ab'.repeat(16) };
    deepEqual({ ...properties.headers }, headers);
    await connection.close();
    await bus.close();
  });

  test('what is no event is parked and stops nobody', async () => {
    const bus = await open();
    const taken: string[] = [];
    await bus.subscribe({ patterns: ['odd.*'], group: 'odd', handle: ({ id }) => void taken.push(id) });
    const connection = await connect(rabbit.url);
    const channel = await connection.createConfirmChannel();
    channel.publish('troupe.events', 'odd.one', Buffer.from('{"no":"event"}'), { messageId: 'm1' });
    await channel.waitForConfirms();
    await connection.close();
    await bus.publish([event('odd.two', { id: 'o2' })]);
    await until(() => taken.length > 0);
    const [parked] = await bus.parked('odd', 10);
    deepEqual(
      [parked?.event.id, parked?.event.type, parked?.event.payload, parked?.reason],
      ['m1', 'odd.one', { text: '{"no":"event"}' }, 'no event: the message cannot be read'],
    );
    await bus.close();
  });

  test('a type is wanted until one of it came back, and again at once when somebody takes it', async () => {
    const bus = await open();
    equal(bus.wants('nobody.takes'), true);
    await bus.publish([event('nobody.takes', { id: 'n1' })]);
    equal(bus.wants('nobody.takes'), false);
    await bus.subscribe({ patterns: ['nobody.*'], handle: () => {} });
    equal(bus.wants('nobody.takes'), true);
    await bus.publish([event('nobody.takes', { id: 'n2' })]);
    equal(bus.wants('nobody.takes'), true);
    await bus.close();
  });

  test('patterns of earlier days bring nothing any more', async () => {
    const bus = await open();
    await (await bus.subscribe({ patterns: ['old.*'], group: 'changed', handle: () => {} })).close();
    const taken: string[] = [];
    await bus.subscribe({ patterns: ['new.*'], group: 'changed', handle: ({ type }) => void taken.push(type) });
    await bus.publish([event('old.one', { id: 'x1' }), event('new.one', { id: 'x2' })]);
    await until(() => taken.length > 0);
    deepEqual(taken, ['new.one']);
    await bus.close();
  });

  test('a member of a group in another process takes over in order when the first dies without a word', async () => {
    const second = openBroker({ url: rabbit.url, clock: realClock, random: realRandom, log, name: 'other member' });
    const [bus, other] = [await open(), await open(second)];
    const [dying, standby]: [OutboxEvent[], OutboxEvent[]] = [[], []];
    const gate = Promise.withResolvers<void>();
    // It takes ten and then hangs, so that what follows is unsettled in its hands.
    const hang = (taken: OutboxEvent): void | Promise<void> =>
      dying.length < 10 ? void dying.push(taken) : gate.promise;
    void (await other.subscribe({ patterns: ['over.*'], group: 'over', handle: hang }));
    await bus.subscribe({ patterns: ['over.*'], group: 'over', handle: (taken) => void standby.push(taken) });
    await bus.publish(numbers('over.taken', COUNT));
    await until(() => dying.length === 10);
    equal(standby.length, 0);
    await second.close();
    await until(() => standby.some(({ payload }) => payload['n'] === COUNT - 1));
    inOrder(dying);
    inOrder(standby);
    equal(new Set([...dying, ...standby].map(({ id }) => id)).size, COUNT);
    gate.resolve();
    await Promise.all([bus.close(), other.close()]);
  });

  test('the broker restarts in the middle of publishing: everything arrives, each event is handled once, in order', async () => {
    const bus = await open();
    const taken: OutboxEvent[] = [];
    const slow = async (each: OutboxEvent): Promise<void> => {
      await pause(1);
      taken.push(each);
    };
    await bus.subscribe({ patterns: ['restart.*'], group: 'restart', handle: slow });
    await pause(DECLARED_MS);
    const all = numbers('restart.seen', COUNT);
    let published = 0;
    /** As the relay does: a batch that was not confirmed is published again as a whole. */
    const publishAll = async (): Promise<void> => {
      for (let at = 0; at < all.length; at += 50) {
        while (
          !(await bus.publish(all.slice(at, at + 50)).then(
            () => true,
            () => false,
          ))
        ) {
          await pause(200);
        }
        published += 50;
        await pause(20);
      }
    };
    const publishing = publishAll();
    await until(() => taken.length > 100);
    await rabbit.kill('SIGKILL');
    ok(published < all.length, 'the restart is in the middle');
    await until(() => bus.state() === 'down');
    await rejects(bus.publish([event('other.one')]), { code: 'BUS_UNAVAILABLE' });
    await rabbit.restart();
    await publishing;
    await until(() => taken.length >= all.length);
    await pause(300);
    inOrder(taken);
    equal(taken.length, all.length);
    equal(bus.state(), 'up');
    await bus.close();
  });

  test('a subscription asked for while the broker is away begins when it is back', async () => {
    const bus = await open();
    await rabbit.kill('SIGKILL');
    await until(() => bus.state() === 'down');
    const taken: string[] = [];
    const asked = bus.subscribe({ patterns: ['later.*'], group: 'later', handle: ({ id }) => void taken.push(id) });
    await rabbit.restart();
    await asked;
    await until(() => bus.state() === 'up');
    await bus.publish([event('later.one', { id: 'l1' })]);
    await until(() => taken.length > 0);
    deepEqual(taken, ['l1']);
    await bus.close();
  });
});
