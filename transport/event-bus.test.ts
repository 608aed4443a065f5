import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboxEvent } from '#runtime';
import { createMemoryBus } from './event-bus.ts';
import { BUS_LIMITS } from './limits.ts';

function event(type: string, id = 'e1'): OutboxEvent {
  return { id, type, aggregateId: 'a', aggregateType: 'workflow', timestamp: 1, version: 1, payload: {}, metadata: {} };
}

/** Pattern × type: as topic exchanges match them. */
const MATCHES: readonly (readonly [string, string, boolean])[] = [
  ['workflow.created', 'workflow.created', true],
  ['workflow.created', 'workflow.deleted', false],
  ['workflow.*', 'workflow.created', true],
  ['workflow.*', 'workflow', false],
  ['workflow.*', 'workflow.a.b', false],
  ['*.created', 'workflow.created', true],
  ['#', 'workflow.created', true],
  ['#', 'x', true],
  ['workflow.#', 'workflow', true],
  ['workflow.#', 'workflow.a.b', true],
  ['#.b', 'workflow.a.b', true],
  ['#.b', 'workflow.a.c', false],
  ['*', 'workflow.created', false],
];

for (const [pattern, type, expected] of MATCHES) {
  test(`${pattern} ${expected ? 'takes' : 'does not take'} ${type}`, async () => {
    const bus = createMemoryBus();
    let taken = false;
    bus.listen(pattern, () => void (taken = true));
    await bus.publish(event(type));
    assert.equal(taken, expected);
  });
}

test('events of one aggregate come in the order in which they were published', async () => {
  const bus = createMemoryBus();
  const ids: string[] = [];
  bus.listen('#', ({ id }) => void ids.push(id));
  await Promise.all([bus.publish(event('a', '1')), bus.publish(event('b', '2')), bus.publish(event('a', '3'))]);
  assert.deepEqual(ids, ['1', '2', '3']);
});

test('a listener that throws is counted as failed and disturbs no other', async () => {
  const counted: string[] = [];
  const bus = createMemoryBus({
    published: (type) => counted.push(`published ${type}`),
    consumed: (type, status) => counted.push(`${status} ${type}`),
  });
  bus.listen('#', () => {
    throw new Error('no');
  });
  bus.listen('#', () => {});
  await bus.publish(event('user.created'));
  assert.deepEqual(counted, ['published user.created', 'failed user.created', 'ok user.created']);
});

test('after unlisten nothing comes', async () => {
  const bus = createMemoryBus();
  const stop = bus.listen('#', () => assert.fail('delivered'));
  stop();
  await bus.publish(event('a'));
});

test('over BUS_LISTENERS a listener is refused', () => {
  const bus = createMemoryBus();
  for (let count = 0; count < BUS_LIMITS.BUS_LISTENERS; count += 1) bus.listen('#', () => {});
  assert.throws(() => bus.listen('#', () => {}), { code: 'BUS_LISTENERS_EXCEEDED' });
});
