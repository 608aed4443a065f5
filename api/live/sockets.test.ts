import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { io, type Socket } from 'socket.io-client';
import type { RunEvent } from '#workflow';
import { createRig, KEYS, webhookWorkflow, type Rig } from '../testing.ts';

let rig: Rig;
let url: string;
let workflowId: string;
const sockets: Socket[] = [];

before(async () => {
  rig = createRig({ limits: { SOCKET_SUBSCRIPTIONS: 3, REPLAY_ROWS: 4 } });
  workflowId = await rig.add(webhookWorkflow({ path: 'a' }));
  url = await rig.api.listen();
});

after(async () => {
  for (const socket of sockets) socket.disconnect();
  await rig.api.close();
});

/** What comes with the next event of that name. */
function once(socket: Socket, name: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(name, resolve));
}

interface LiveEvent {
  seq: number;
  type: string;
  executionId: string;
  outputs?: unknown;
}

/** A connected client that remembers what it got. */
async function connect(auth: Record<string, unknown> = { apiKey: KEYS.owner }) {
  const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
  sockets.push(socket);
  const events: LiveEvent[] = [];
  const tree: { type: string }[] = [];
  socket.on('event', (event: LiveEvent) => void events.push(event));
  socket.on('tree', (event: { type: string }) => void tree.push(event));
  await once(socket, 'connect');
  const ask = (name: string, topic: unknown): Promise<{ ok?: true; error?: { code: string } }> =>
    socket.emitWithAck(name, topic);
  /** Resolves when `seq` of the execution has come. */
  const until = async (seq: number): Promise<void> => {
    while (!events.some((event) => event.seq >= seq)) await once(socket, 'event');
  };
  return { socket, events, tree, ask, until };
}

async function refusalOf(auth: Record<string, unknown>): Promise<Error & { data?: { code?: string } }> {
  const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
  const error = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
  socket.disconnect();
  return error;
}

const step = (node: string): RunEvent => ({ type: 'node.started', at: 1, node, run: 0, attempt: 1 });

test('a socket without a key, or with a wrong one, is refused with the error of the table', async () => {
  for (const auth of [{}, { apiKey: 'wrong' }, { token: 7 }, { apiKey: { $ne: '' } }]) {
    const refusal = await refusalOf(auth);
    assert.equal(refusal.data?.code, 'UNAUTHORIZED');
    assert.equal(refusal.message, 'Unauthorized');
  }
});

test('a key may come as apiKey, as token, or as a header', async () => {
  await connect({ apiKey: KEYS.reader });
  await connect({ token: KEYS.reader });
  const options = { transports: ['websocket'], reconnection: false, forceNew: true };
  const socket = io(url, { ...options, extraHeaders: { 'x-n8n-api-key': KEYS.reader } });
  sockets.push(socket);
  await once(socket, 'connect');
});

test('events come in seq order: first what was committed, then what happens', async () => {
  const id = rig.engine.begin(workflowId);
  for (const node of ['A', 'B', 'C']) rig.engine.append(id, step(node), 'running');
  const { events, ask, until } = await connect();
  assert.deepEqual(await ask('subscribe', { executionId: id }), { ok: true });
  for (const node of ['D', 'E']) rig.engine.append(id, step(node), 'running');
  rig.engine.append(id, { type: 'execution.finished', at: 2 }, 'success');
  await until(7);
  assert.deepEqual(
    events.map(({ seq }) => seq),
    [1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal(events.at(-1)?.type, 'execution.finished');
  assert.ok(events.every((event) => event.executionId === id));
});

test('a client that comes back with afterSeq gets every event once, in order', async () => {
  const id = rig.engine.begin(workflowId);
  const seen: number[] = [];
  let written = 1;
  for (let round = 0; round < 8; round += 1) {
    const { socket, events, ask, until } = await connect();
    await ask('subscribe', { executionId: id, afterSeq: seen.at(-1) ?? 0 });
    for (let count = 0; count < 5; count += 1) rig.engine.append(id, step(`N${(written += 1)}`), 'running');
    await until((seen.at(-1) ?? 0) + 2);
    socket.disconnect();
    seen.push(...events.map(({ seq }) => seq));
    // Written while nobody is connected.
    for (let count = 0; count < 3; count += 1) rig.engine.append(id, step(`N${(written += 1)}`), 'running');
  }
  const { events, ask, until } = await connect();
  await ask('subscribe', { executionId: id, afterSeq: seen.at(-1) ?? 0 });
  await until(written);
  seen.push(...events.map(({ seq }) => seq));
  assert.deepEqual(
    seen,
    Array.from({ length: written }, (_, index) => index + 1),
  );
});

test('events carry counts of items, and the items only when asked for', async () => {
  const id = rig.engine.begin(workflowId);
  const items = [{ json: { a: 1 } }];
  rig.engine.append(id, { type: 'node.finished', at: 2, node: 'A', run: 0, outputs: [items] }, 'running');
  const brief = await connect();
  await brief.ask('subscribe', { executionId: id });
  await brief.until(2);
  assert.deepEqual(brief.events[1]?.outputs, [1]);
  const whole = await connect();
  await whole.ask('subscribe', { executionId: id, data: true });
  await whole.until(2);
  assert.deepEqual(whole.events[1]?.outputs, [items]);
});

test('a workflow subscription follows executions that begin later', async () => {
  const { events, ask, until } = await connect();
  assert.deepEqual(await ask('subscribe', { workflowId }), { ok: true });
  const id = rig.engine.begin(workflowId);
  rig.engine.append(id, step('A'), 'running');
  rig.engine.append(id, { type: 'execution.finished', at: 2 }, 'success');
  await until(3);
  assert.deepEqual(
    events.filter((event) => event.executionId === id).map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test('after unsubscribe no event comes', async () => {
  const id = rig.engine.begin(workflowId);
  const { events, ask } = await connect();
  await ask('subscribe', { executionId: id, afterSeq: 1 });
  await ask('unsubscribe', { executionId: id });
  rig.engine.append(id, step('A'), 'running');
  await ask('unsubscribe', { executionId: id });
  assert.deepEqual(events, []);
});

test('what cannot be subscribed to is answered with an error, and the socket lives on', async () => {
  const { ask } = await connect();
  const faults: [unknown, string][] = [
    [{}, 'INPUT_INVALID'],
    [null, 'INPUT_INVALID'],
    ['1', 'INPUT_INVALID'],
    [{ executionId: 7 }, 'INPUT_INVALID'],
    [{ executionId: '../7' }, 'INPUT_INVALID'],
    [{ executionId: '1', afterSeq: -1 }, 'INPUT_INVALID'],
    [{ executionId: '1', afterSeq: '0' }, 'INPUT_INVALID'],
    [{ executionId: '1', workflowId: 'w1' }, 'INPUT_INVALID'],
    [{ tree: 'yes' }, 'INPUT_INVALID'],
    [{ executionId: '999999' }, 'EXECUTION_UNKNOWN'],
    [{ workflowId: 'nope' }, 'WORKFLOW_UNKNOWN'],
  ];
  for (const [topic, code] of faults) assert.equal((await ask('subscribe', topic)).error?.code, code);
});

test('over SOCKET_SUBSCRIPTIONS a subscription is refused; the same topic again is no new one', async () => {
  const { ask } = await connect();
  const ids = [1, 2, 3, 4].map(() => rig.engine.begin(workflowId));
  for (const executionId of ids.slice(0, 3)) assert.deepEqual(await ask('subscribe', { executionId }), { ok: true });
  assert.equal((await ask('subscribe', { executionId: ids[3] })).error?.code, 'SOCKETS_EXCEEDED');
  assert.deepEqual(await ask('subscribe', { executionId: ids[0] }), { ok: true });
});

test('tree events reach those with cluster:read and nobody else', async () => {
  const owner = await connect();
  const reader = await connect({ apiKey: KEYS.reader });
  assert.equal((await reader.ask('subscribe', { tree: true })).error?.code, 'FORBIDDEN');
  rig.hub.treeChanged({ type: 'breaker.opened', breaker: 'h', failures: 5 });
  if (owner.tree.length === 0) await once(owner.socket, 'tree');
  await reader.ask('unsubscribe', { executionId: '1' });
  assert.deepEqual(
    owner.tree.map(({ type }) => type),
    ['breaker.opened'],
  );
  assert.deepEqual(reader.tree, []);
});

test('starts of executions are told only to who asked for the tree', async () => {
  const asked = await connect();
  const silent = await connect();
  await asked.ask('subscribe', { tree: true });
  rig.hub.treeChanged({ type: 'actor.started', path: '/shards/1/execution-1', uid: 1, kind: 'execution' });
  rig.hub.treeChanged({ type: 'actor.started', path: '/shards/1', uid: 1, kind: 'shard' });
  while (asked.tree.length < 2) await once(asked.socket, 'tree');
  if (silent.tree.length === 0) await once(silent.socket, 'tree');
  assert.equal(silent.tree.length, 1);
});

test('a message over SOCKET_MESSAGE_BYTES ends that connection only', async () => {
  const bystander = await connect();
  const { socket } = await connect();
  const gone = once(socket, 'disconnect');
  socket.emit('subscribe', { executionId: 'x'.repeat(200_000) });
  await gone;
  assert.equal(bystander.socket.connected, true);
});

test('a socket that is gone leaves no subscription behind', async () => {
  const before = rig.hub.subscriptions;
  const { socket, ask } = await connect();
  const id = rig.engine.begin(workflowId);
  await ask('subscribe', { executionId: id });
  assert.equal(rig.hub.subscriptions, before + 2);
  socket.disconnect();
  while (rig.hub.subscriptions > before) await new Promise((resolve) => setImmediate(resolve));
});
