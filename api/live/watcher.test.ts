import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { LiveEvent, TreeEvent } from '#transport';
import { API_LIMITS } from '../limits.ts';
import type { Identity } from '../permissions.ts';
import { createRig, webhookWorkflow } from '../testing.ts';
import { Watcher } from './watcher.ts';

const OWNER: Identity = { ownerId: 'o', permissions: 'all' };

async function watching(identity: Identity = OWNER) {
  const rig = createRig();
  const workflowId = await rig.add(webhookWorkflow({ path: 'a' }));
  const id = rig.engine.begin(workflowId);
  const gate: { opened: Promise<void>; open: () => void } = { opened: Promise.resolve(), open: () => {} };
  const { execution, read } = rig.storage.journal;
  const journal = {
    read,
    execution: async (executionId: string) => {
      await gate.opened;
      return execution(executionId);
    },
  };
  const events: LiveEvent[] = [];
  const tree: TreeEvent[] = [];
  const watcher = new Watcher({
    deps: { hub: rig.hub, storage: { ...rig.storage, journal }, log: pino({ level: 'silent' }) },
    limits: { ...API_LIMITS, SOCKET_SUBSCRIPTIONS: 2 },
    identity,
    event: (event) => void events.push(event),
    tree: (event) => void tree.push(event),
  });
  const slow = (): void => {
    gate.opened = new Promise((resolve) => (gate.open = resolve));
  };
  return { rig, id, workflowId, watcher, events, tree, gate, slow };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('a socket that goes away while its subscription is opened leaves nothing behind', async () => {
  const { rig, id, watcher, gate, slow } = await watching();
  slow();
  const opening = watcher.subscribe({ executionId: id });
  watcher.close();
  gate.open();
  (await opening)();
  assert.equal(rig.hub.subscriptions, 0);
});

test('what is unsubscribed while it is opened never begins', async () => {
  const { rig, id, watcher, events, gate, slow } = await watching();
  slow();
  const opening = watcher.subscribe({ executionId: id });
  watcher.unsubscribe({ executionId: id });
  gate.open();
  (await opening)();
  await turns();
  assert.equal(rig.hub.subscriptions, 1);
  assert.deepEqual(events, []);
});

test('subscriptions being opened count against the limit', async () => {
  const { id, rig, workflowId, watcher, gate, slow } = await watching();
  const others = [rig.engine.begin(workflowId), rig.engine.begin(workflowId)];
  slow();
  const opening = [id, others[0] ?? ''].map((executionId) => watcher.subscribe({ executionId }));
  await assert.rejects(watcher.subscribe({ executionId: others[1] ?? '' }), { code: 'SOCKETS_EXCEEDED' });
  gate.open();
  await Promise.all(opening);
});

test('a topic that is not there gives its place back', async () => {
  const { watcher, id, workflowId } = await watching();
  for (let count = 0; count < 5; count += 1) {
    await assert.rejects(watcher.subscribe({ executionId: '999' }), { code: 'EXECUTION_UNKNOWN' });
    await assert.rejects(watcher.subscribe({ workflowId: 'nope' }), { code: 'WORKFLOW_UNKNOWN' });
  }
  await watcher.subscribe({ executionId: id });
  await watcher.subscribe({ workflowId });
});

test('nothing is sent before the caller has its answer', async () => {
  const { rig, id, watcher, events } = await watching();
  const begin = await watcher.subscribe({ executionId: id });
  rig.engine.append(id, { type: 'execution.finished', at: 2 }, 'success');
  await turns();
  assert.deepEqual(events, []);
  begin();
  await turns();
  assert.deepEqual(
    events.map(({ seq }) => seq),
    [1, 2],
  );
});

test('the end of a run ends its subscription', async () => {
  const { rig, id, watcher } = await watching();
  (await watcher.subscribe({ executionId: id }))();
  await turns();
  assert.equal(rig.hub.subscriptions, 2);
  rig.engine.append(id, { type: 'execution.finished', at: 2 }, 'success');
  await turns();
  assert.equal(rig.hub.subscriptions, 1);
});

test('a run that had ended before is replayed and its subscription ends', async () => {
  const { rig, id, watcher, events } = await watching();
  rig.engine.append(id, { type: 'execution.canceled', at: 2, reason: 'x' }, 'canceled');
  (await watcher.subscribe({ executionId: id }))();
  await turns();
  assert.equal(events.length, 2);
  assert.equal(rig.hub.subscriptions, 1);
});

test('who may not see the cluster gets no tree and who may not see executions no events', async () => {
  const { rig, id, watcher, tree } = await watching({ ownerId: 'x', permissions: new Set() });
  await assert.rejects(watcher.subscribe({ executionId: id }), { code: 'FORBIDDEN' });
  await assert.rejects(watcher.subscribe({ tree: true }), { code: 'FORBIDDEN' });
  rig.hub.treeChanged({ type: 'breaker.closed', breaker: 'h', failures: 0 });
  await turns();
  assert.deepEqual(tree, []);
});
