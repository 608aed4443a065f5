import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '#workflow';
import type { InspectionEvent } from '#runtime';
import { createHub, type HubOptions } from './hub.ts';
import type { LiveEvent, TreeEvent } from './live-event.ts';
import type { Delivery } from './subscription.ts';

const started = (node: string): RunEvent => ({ type: 'node.started', at: 1, node, run: 0, attempt: 1 });
const restarted: InspectionEvent = {
  type: 'actor.restarted',
  path: '/shards/1',
  kind: 'shard',
  uid: 2,
  cause: 'boom',
  restartsUsed: 1,
  restartsAllowed: 3,
  windowMs: 1000,
  backoffMs: 10,
};

/** A hub whose deliveries happen when the test says so. */
function handHub(options: HubOptions = {}) {
  const due: (() => void)[] = [];
  const hub = createHub({ ...options, defer: (run) => void due.push(run) });
  return { hub, deliver: () => due.splice(0).forEach((run) => run()) };
}

function collector<E>() {
  const got: Delivery<E>[] = [];
  return { got, listener: (delivery: Delivery<E>) => void got.push(delivery) };
}

const seqs = (got: Delivery<LiveEvent>[]) =>
  got.flatMap<number | string>((delivery) =>
    delivery.kind === 'events' ? delivery.events.map(({ seq }) => seq) : ['resync'],
  );

test('a subscriber of an execution gets its events and no others', () => {
  const { hub, deliver } = handHub();
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ executionId: '1' }, listener);
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  hub.published('2', 'w', [{ seq: 7, event: started('A') }]);
  hub.published('1', 'w', [{ seq: 2, event: started('B') }]);
  deliver();
  assert.deepEqual(seqs(got), [1, 2]);
});

test('a subscriber of a workflow gets the events of all its executions', () => {
  const { hub, deliver } = handHub();
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ workflowId: 'w' }, listener);
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  hub.published('2', 'w', [{ seq: 1, event: started('A') }]);
  hub.published('3', 'other', [{ seq: 1, event: started('A') }]);
  deliver();
  assert.deepEqual(
    got.flatMap((delivery) => (delivery.kind === 'events' ? delivery.events.map((event) => event.executionId) : [])),
    ['1', '2'],
  );
});

test('nothing is delivered within publish: a commit is not held up', () => {
  const { hub, deliver } = handHub();
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ executionId: '1' }, listener);
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  assert.equal(got.length, 0);
  deliver();
  assert.equal(got.length, 1);
});

test('with no subscriber of the run or its workflow no live event is made', () => {
  const { hub } = handHub();
  hub.subscribe({ executionId: 'other' }, () => {});
  const trap: RunEvent = started('A');
  Object.defineProperty(trap, 'node', { get: () => assert.fail('the event was read') });
  hub.published('1', 'w', [{ seq: 1, event: trap }]);
});

test('after unsubscribe nothing comes, not even what was waiting', () => {
  const { hub, deliver } = handHub();
  const { got, listener } = collector<LiveEvent>();
  const leave = hub.subscribe({ executionId: '1' }, listener);
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  leave();
  deliver();
  assert.deepEqual(got, []);
});

test('unsubscribing twice counts once', () => {
  const { hub } = handHub();
  const first = hub.subscribe({ executionId: '1' }, () => {});
  hub.subscribe({ executionId: '1' }, () => {});
  first();
  first();
  assert.equal(hub.subscriptions, 1);
});

test('over SUBSCRIPTIONS a subscription is refused, and room is made by unsubscribing', () => {
  const { hub } = handHub({ limits: { SUBSCRIPTIONS: 2 } });
  const leave = hub.subscribe({ executionId: '1' }, () => {});
  hub.subscribeTree(() => {});
  assert.throws(() => hub.subscribe({ workflowId: 'w' }, () => {}), { code: 'SUBSCRIPTIONS_EXCEEDED' });
  leave();
  hub.subscribe({ workflowId: 'w' }, () => {});
});

test('a subscriber that does not keep up is told to resync and keeps what came after', () => {
  const { hub, deliver } = handHub({ limits: { SUBSCRIBER_BUFFER_EVENTS: 3 } });
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ executionId: '1' }, listener);
  for (let seq = 1; seq <= 4; seq += 1) hub.published('1', 'w', [{ seq, event: started('A') }]);
  deliver();
  assert.deepEqual(seqs(got), ['resync', 4]);
});

test('one slow subscriber does not slow another one', async () => {
  const { hub, deliver } = handHub({ limits: { SUBSCRIBER_BUFFER_EVENTS: 2 } });
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ executionId: '1' }, () => new Promise<void>(() => {}));
  hub.subscribe({ executionId: '1' }, listener);
  for (let seq = 1; seq <= 5; seq += 1) {
    hub.published('1', 'w', [{ seq, event: started('A') }]);
    deliver();
    await Promise.resolve();
  }
  assert.deepEqual(seqs(got), [1, 2, 3, 4, 5]);
});

test('what a listener throws is reported and ends nothing', () => {
  const failures: unknown[] = [];
  const { hub, deliver } = handHub({ failed: (error) => failures.push(error) });
  let calls = 0;
  hub.subscribe({ executionId: '1' }, () => {
    calls += 1;
    throw new Error('listener');
  });
  for (const seq of [1, 2]) {
    hub.published('1', 'w', [{ seq, event: started('A') }]);
    deliver();
  }
  assert.equal(failures.length, calls);
  assert.ok(calls >= 1);
});

test('tree subscribers get restarts and breakers, never dead letters', () => {
  const { hub, deliver } = handHub();
  const { got, listener } = collector<TreeEvent>();
  hub.subscribeTree(listener);
  hub.treeChanged(restarted);
  hub.treeChanged({ type: 'deadLetter', to: '/x', kind: 'x', messageType: 'm', reason: 'gone' });
  hub.treeChanged({ type: 'actor.stopOverran', path: '/x', kind: 'x', deadlineMs: 1 });
  hub.treeChanged({ type: 'breaker.opened', breaker: 'h', failures: 5 });
  deliver();
  const types = got.flatMap((delivery) => (delivery.kind === 'events' ? delivery.events.map(({ type }) => type) : []));
  assert.deepEqual(types, ['actor.restarted', 'breaker.opened']);
});

test('a tap sees every event at once and whole', () => {
  const { hub } = handHub();
  const seen: RunEvent[] = [];
  const untap = hub.tap((_execution, _workflow, event) => void seen.push(event));
  const event = started('A');
  hub.published('1', 'w', [{ seq: 1, event }]);
  assert.equal(seen[0], event);
  untap();
  hub.published('1', 'w', [{ seq: 2, event }]);
  assert.equal(seen.length, 1);
});

test('a tap that throws is reported; other taps and the publisher go on', () => {
  const failures: unknown[] = [];
  const { hub } = handHub({ failed: (error) => failures.push(error) });
  let seen = 0;
  hub.tap(() => {
    throw new Error('tap');
  });
  hub.tap(() => void (seen += 1));
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  assert.equal(seen, 1);
  assert.equal(failures.length, 1);
});

test('over TAPS a tap is refused', () => {
  const { hub } = handHub({ limits: { TAPS: 1 } });
  hub.tap(() => {});
  assert.throws(() => hub.tap(() => {}), { code: 'TAPS_EXCEEDED' });
});

test('without options deliveries happen after the current turn', async () => {
  const hub = createHub();
  const { got, listener } = collector<LiveEvent>();
  hub.subscribe({ executionId: '1' }, listener);
  hub.published('1', 'w', [{ seq: 1, event: started('A') }]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seqs(got), [1]);
});
