import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { realClock } from '#runtime';
import { createRig, KEYS, webhookWorkflow, type Rig } from './testing.ts';

const hook = webhookWorkflow({ path: 'a', httpMethod: 'POST', responseMode: 'lastNode' });

async function serving(rig: Rig, work: (url: string) => Promise<void>): Promise<void> {
  await rig.add(hook);
  const url = await rig.api.listen();
  try {
    await work(url);
  } finally {
    await rig.api.close();
  }
}

/** A run that ends when told to. */
function held(rig: Rig): () => void {
  let finish: () => void = () => {};
  const until = new Promise<void>((resolve) => (finish = resolve));
  rig.engine.script = () => ({ until });
  return finish;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const post = (url: string, body: string | Uint8Array<ArrayBuffer>, headers = {}) =>
  fetch(`${url}/webhook/a`, { method: 'POST', body, headers });

test('over a real port webhooks and the API answer side by side', async () => {
  const rig = createRig();
  await serving(rig, async (url) => {
    const reply = await post(url, '{"a":1}', { 'content-type': 'application/json' });
    assert.equal(reply.status, 200);
    assert.deepEqual(Reflect.get(Object(await reply.json()), 'body'), { a: 1 });
    const list = await fetch(`${url}/api/v1/workflows`, { headers: { 'x-n8n-api-key': KEYS.owner } });
    assert.equal(list.status, 200);
    assert.equal(rig.api.address()?.port, Number(new URL(url).port));
  });
  assert.equal(rig.api.address(), undefined);
});

test('a stored active workflow listens from the first moment', async () => {
  const rig = createRig();
  const { id } = await rig.storage.workflows.create(webhookWorkflow({ path: 'stored' }));
  await rig.storage.workflows.setActive(id, true);
  await serving(rig, async (url) => assert.equal((await fetch(`${url}/webhook/stored`)).status, 200));
});

test('a body over the limit is answered with 413 while the caller still sends', async () => {
  const rig = createRig({ limits: { WEBHOOK_BODY_BYTES: 1000, API_BODY_BYTES: 1000 } });
  await serving(rig, async (url) => {
    const big = Buffer.alloc(8_000_000, 97);
    assert.equal((await post(url, big, { 'content-type': 'text/plain' })).status, 413);
    const headers = { 'x-n8n-api-key': KEYS.owner, 'content-type': 'application/json' };
    const reply = await fetch(`${url}/api/v1/workflows`, { method: 'POST', body: big, headers });
    assert.equal(reply.status, 413);
    assert.equal((await post(url, '{}', { 'content-type': 'application/json' })).status, 200);
  });
  assert.equal(rig.engine.starts.length, 1);
});

test('a chunked body is counted as it comes', async () => {
  const rig = createRig({ limits: { WEBHOOK_BODY_BYTES: 1000 } });
  await serving(rig, async (url) => {
    const chunks = async function* () {
      for (let count = 0; count < 50; count += 1) yield Buffer.alloc(100);
    };
    const options = { method: 'POST', body: ReadableStream.from(chunks()), duplex: 'half' } as const;
    assert.equal((await fetch(`${url}/webhook/a`, options)).status, 413);
  });
  assert.equal(rig.engine.starts.length, 0);
});

test('a caller that goes away mid-body starts nothing and harms nobody', async () => {
  const rig = createRig();
  await serving(rig, async (url) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /webhook/a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a":');
    await turn();
    socket.destroy();
    await once(socket, 'close');
    assert.equal((await post(url, '{}', { 'content-type': 'application/json' })).status, 200);
  });
  assert.equal(rig.engine.starts.length, 1);
});

test('a caller that goes away while its run works leaves the run alone', async () => {
  const rig = createRig();
  await serving(rig, async (url) => {
    const finish = held(rig);
    const stop = new AbortController();
    const call = fetch(`${url}/webhook/a`, { method: 'POST', signal: stop.signal });
    while (rig.engine.starts.length === 0) await turn();
    stop.abort();
    await assert.rejects(call);
    finish();
    while (rig.engine.journal.get('1')?.record.status !== 'success') await turn();
    assert.equal((await fetch(`${url}/health`)).status, 200);
  });
});

test('close lets calls in flight finish and takes no new ones', async () => {
  const rig = createRig();
  await rig.add(hook);
  const url = await rig.api.listen();
  const finish = held(rig);
  const call = post(url, '{}', { 'content-type': 'application/json' });
  while (rig.engine.starts.length === 0) await turn();
  const closed = rig.api.close();
  await turn();
  await assert.rejects(fetch(`${url}/health`));
  finish();
  assert.equal((await call).status, 200);
  await closed;
});

test('a call over a kept connection during close is told to go elsewhere', async () => {
  const rig = createRig();
  await rig.add(hook);
  await rig.api.listen();
  const closed = rig.api.close();
  const reply = await rig.api.inject({ method: 'POST', url: '/webhook/a' });
  assert.equal(reply.statusCode, 503);
  assert.equal(reply.headers['connection'], 'close');
  assert.ok(Number(reply.headers['retry-after']) >= 1);
  await closed;
});

test('calls that outlast CLOSE_MS are cut, and close resolves', async () => {
  const rig = createRig();
  await rig.add(hook);
  const url = await rig.api.listen();
  held(rig);
  const call = post(url, '{}', { 'content-type': 'application/json' });
  call.catch(() => {});
  while (rig.engine.starts.length === 0) await turn();
  const closed = rig.api.close();
  await turn();
  rig.clock.advance(60_000);
  await closed;
  await assert.rejects(call);
});

test('close without listen, and twice, is fine', async () => {
  const rig = createRig({ clock: realClock });
  await rig.api.close();
  await rig.api.close();
});
