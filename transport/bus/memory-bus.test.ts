import assert from 'node:assert/strict';
import test from 'node:test';
import { eventBusConformance, quiet, SimulatedClock, type OutboxEvent } from '#runtime';
import { createMemoryBus } from './memory-bus.ts';
import { BUS_LIMITS } from './limits.ts';
import { event, numbered, RETRY } from './test-events.ts';

for (const { rule, check } of eventBusConformance(async () => {
  const clock = new SimulatedClock();
  const bus = createMemoryBus({ clock, retry: RETRY });
  return {
    bus,
    attempts: RETRY.attempts,
    until: (condition) => clock.runUntil(condition),
    elapse: (ms) => clock.advance(ms),
    dispose: () => bus.close(),
  };
})) {
  test(`in memory: ${rule}`, check);
}

test('every event that is taken over and every try to handle one is counted', async () => {
  const counted: string[] = [];
  const clock = new SimulatedClock();
  const bus = createMemoryBus({
    clock,
    retry: { ...RETRY, attempts: 2 },
    observer: {
      published: (type) => counted.push(`published ${type}`),
      consumed: (type, status) => counted.push(`${status} ${type}`),
    },
  });
  await bus.subscribe({ patterns: ['user.*'], handle: () => Promise.reject(new TypeError('no')) });
  await bus.subscribe({ patterns: ['#'], handle: () => {} });
  await bus.publish([event('user.created')]);
  await clock.advance(10_000);
  const failed = counted.filter((line) => line === 'failed user.created').length;
  assert.deepEqual([counted[0], failed, counted.length], ['published user.created', 2, 4]);
});

test('a type is wanted while somebody takes it, and by a group from then on', async () => {
  const bus = createMemoryBus({ clock: new SimulatedClock() });
  assert.equal(bus.wants('execution.completed'), false);
  const alone = await bus.subscribe({ patterns: ['execution.*'], handle: () => {} });
  assert.equal(bus.wants('execution.completed'), true);
  assert.equal(bus.wants('workflow.created'), false);
  await alone.close();
  assert.equal(bus.wants('execution.completed'), false);
  const member = await bus.subscribe({ patterns: ['workflow.#'], group: 'g', handle: () => {} });
  await member.close();
  assert.equal(bus.wants('workflow.created'), true);
});

test('a group that nobody serves keeps its newest events', async () => {
  const dropped: string[] = [];
  const bus = createMemoryBus({ clock: new SimulatedClock(), dropped: ({ id }) => dropped.push(id) });
  await (await bus.subscribe({ patterns: ['#'], group: 'g', handle: () => {} })).close();
  await bus.publish(numbered(BUS_LIMITS.WAITING_EVENTS + 2));
  assert.deepEqual(dropped, ['0', '1']);
  const taken: string[] = [];
  await bus.subscribe({ patterns: ['#'], group: 'g', handle: ({ id }) => void taken.push(id) });
  await quiet(5);
  assert.equal(taken[0], '2');
});

test('a group whose member does not keep up stops the publisher, which loses nothing', async () => {
  const bus = createMemoryBus({ clock: new SimulatedClock() });
  const never = new Promise<void>(() => {});
  void (await bus.subscribe({ patterns: ['#'], group: 'g', handle: () => never }));
  await bus.publish(numbered(BUS_LIMITS.WAITING_EVENTS));
  await assert.rejects(bus.publish([event('a')]), { code: 'BUS_UNAVAILABLE' });
});

test('a subscriber of its own that does not keep up loses the oldest and stops nobody', async () => {
  const dropped: OutboxEvent[] = [];
  const bus = createMemoryBus({ clock: new SimulatedClock(), dropped: (lost) => dropped.push(lost) });
  const never = new Promise<void>(() => {});
  void (await bus.subscribe({ patterns: ['#'], handle: () => never }));
  await bus.publish(numbered(BUS_LIMITS.WAITING_EVENTS + 1));
  assert.equal(dropped.length, 1);
});

test('parked events are bounded, the oldest goes', async () => {
  const clock = new SimulatedClock();
  const bus = createMemoryBus({ clock, retry: { ...RETRY, attempts: 1 } });
  const refuse = (): never => assert.fail('no');
  void (await bus.subscribe({ patterns: ['#'], group: 'g', handle: refuse }));
  for (let part = 0; part <= 10; part += 1) {
    await bus.publish(numbered(BUS_LIMITS.PARKED_EVENTS / 10, part * 1_000));
    await quiet(3);
  }
  const parked = await bus.parked('g', BUS_LIMITS.PARKED_EVENTS * 2);
  assert.deepEqual([parked.length, parked[0]?.event.id], [BUS_LIMITS.PARKED_EVENTS, '1000']);
});

test('one more than the limit of subscriptions is refused', async () => {
  const bus = createMemoryBus({ clock: new SimulatedClock() });
  const one = { patterns: ['#'], handle: () => {} };
  for (let count = 0; count < BUS_LIMITS.BUS_LISTENERS; count += 1) await bus.subscribe(one);
  await assert.rejects(bus.subscribe(one), { code: 'BUS_LISTENERS_EXCEEDED' });
});
