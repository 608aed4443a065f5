import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_LIMITS } from '../limits.ts';
import { createRig, webhookWorkflow, type Rig } from '../testing.ts';

const RESPOND = { name: 'R', type: 'n8n-nodes-base.respondToWebhook' };
const headers = { 'idempotency-key': 'k1' };

async function rigOf(responseMode: string): Promise<Rig> {
  const rig = createRig();
  const next = responseMode === 'responseNode' ? [RESPOND] : [];
  await rig.add(webhookWorkflow({ path: 'a', responseMode }, ...next));
  return rig;
}

const call = (rig: Rig, key = 'k1') => rig.api.inject({ url: '/webhook/a', headers: { 'idempotency-key': key } });

for (const mode of ['onReceived', 'lastNode', 'responseNode']) {
  test(`${mode}: the same key runs once and both callers get the same answer`, async () => {
    const rig = await rigOf(mode);
    rig.engine.script = () => ({
      items: [{ json: { run: rig.engine.starts.length } }],
      response: { status: 201, headers: { 'x-run': '1' }, body: { kind: 'json', value: rig.engine.starts.length } },
    });
    const first = await call(rig);
    const second = await call(rig);
    assert.equal(rig.engine.starts.length, 1);
    assert.equal(second.payload, first.payload);
    assert.equal(second.statusCode, first.statusCode);
    assert.equal(second.headers['x-run'], first.headers['x-run']);
  });

  test(`${mode}: another key is another run`, async () => {
    const rig = await rigOf(mode);
    await call(rig, 'k1');
    await call(rig, 'k2');
    assert.deepEqual(
      rig.engine.starts.map(({ idempotencyKey }) => idempotencyKey),
      ['k1', 'k2'],
    );
  });
}

test('a repeated call whose first one failed gets the failure again', async () => {
  const rig = await rigOf('lastNode');
  rig.engine.script = () => ({ status: 'error' });
  const replies = [await call(rig), await call(rig)];
  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [500, 500],
  );
  assert.equal(rig.engine.starts.length, 1);
});

test('a repeated call waits for the first one', async () => {
  const rig = await rigOf('lastNode');
  let finish: () => void = () => {};
  rig.engine.script = () => ({ until: new Promise<void>((resolve) => (finish = resolve)) });
  const first = call(rig);
  while (rig.engine.starts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = call(rig);
  while (rig.hub.subscriptions === 0) await new Promise((resolve) => setImmediate(resolve));
  finish();
  assert.equal((await second).payload, (await first).payload);
  assert.equal(rig.hub.subscriptions, 0);
});

test('a repeated call finds the end of a first run of which no word comes: another member performs it', async () => {
  const rig = await rigOf('lastNode');
  rig.engine.script = () => ({ until: new Promise<void>(() => {}) });
  void call(rig);
  while (rig.engine.starts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = call(rig);
  while (rig.hub.subscriptions === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  for (const run of rig.engine.journal.values()) run.record = { ...run.record, status: 'error', stoppedAt: 3 };
  rig.clock.advance(2_000);
  assert.equal((await second).statusCode, 500);
  assert.equal(rig.hub.subscriptions, 0);
});

test('after DUPLICATE_WAIT_MS a repeated call is told to come again', async () => {
  const rig = await rigOf('lastNode');
  rig.engine.script = () => ({ until: new Promise<void>(() => {}) });
  void call(rig);
  while (rig.engine.starts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = call(rig);
  while (rig.hub.subscriptions === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  rig.clock.advance(API_LIMITS.DUPLICATE_WAIT_MS);
  const reply = await second;
  assert.equal(reply.statusCode, 409);
  assert.equal(reply.json().code, 'IDEMPOTENT_CALL_RUNNING');
  assert.equal(rig.hub.subscriptions, 0);
});

test('a key over IDEMPOTENCY_KEY_CHARACTERS is refused, and nothing starts', async () => {
  const rig = await rigOf('lastNode');
  const long = { 'idempotency-key': 'x'.repeat(API_LIMITS.IDEMPOTENCY_KEY_CHARACTERS + 1) };
  for (const bad of [long, { 'idempotency-key': '' }]) {
    const reply = await rig.api.inject({ url: '/webhook/a', headers: bad });
    assert.equal(reply.statusCode, 400);
    assert.equal(reply.json().code, 'IDEMPOTENCY_KEY_INVALID');
  }
  assert.equal(rig.engine.starts.length, 0);
  assert.equal((await rig.api.inject({ url: '/webhook/a', headers })).statusCode, 200);
});
