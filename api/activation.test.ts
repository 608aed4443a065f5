import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lonePeers, type LinkMessage } from '#runtime';
import type { JsonObject } from '#workflow';
import { createRig, HandClock, KEYS, webhookWorkflow } from './testing.ts';

const hook = (path: string) => webhookWorkflow({ path });
const headers = { 'x-n8n-api-key': KEYS.owner };

/** Two gateways over one storage. Their link carries words only while it is `up`. */
async function pair() {
  const clock = new HandClock();
  const a = createRig({ clock });
  const heard: LinkMessage[] = [];
  let up = true;
  let tell: (() => void) | undefined;
  const alone = lonePeers({ bootId: 'a', name: 'a', tags: [], draining: false });
  const link = {
    ...alone.link,
    broadcast(message: LinkMessage) {
      heard.push(message);
      if (up) tell?.();
    },
  };
  const peers = {
    ...alone,
    link,
    told: (_kind: string, handler: (from: string, body: JsonObject) => void) => {
      tell = () => handler('a', {});
      return () => void (tell = undefined);
    },
  };
  const first = createRig({ clock, storage: a.storage, peers: { ...alone, link } });
  const second = createRig({ clock, storage: a.storage, peers });
  await first.api.activation.restore();
  await second.api.activation.restore();
  const call = async (rig: typeof a, path: string) => (await rig.api.inject({ url: path })).statusCode;
  return { a: first, b: second, heard, clock, call, cut: () => void (up = false) };
}

/** Lets what was begun come to its end; nothing here waits for time. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a workflow activated on one member answers at once on the other, though no word came', async () => {
  const { a, b, call, cut } = await pair();
  cut();
  await a.add(hook('fresh'));
  assert.equal(await call(b, '/webhook/fresh'), 200);
});

test('a preflight of a freshly activated address finds it too', async () => {
  const { a, b, cut } = await pair();
  cut();
  await a.add(hook('fresh'));
  const answer = await b.api.inject({
    method: 'OPTIONS',
    url: '/webhook/fresh',
    headers: { origin: 'https://x.test' },
  });
  assert.equal(answer.statusCode, 204);
});

test('word of a change makes the others look at once', async () => {
  const { a, b, heard, call } = await pair();
  const id = await a.add(hook('old'));
  await a.api.inject({ method: 'PUT', url: `/api/v1/workflows/${id}`, headers, payload: hook('new') });
  assert.deepEqual(heard.at(-1), { kind: 'workflow.changed', body: { workflowId: id } });
  await turn();
  assert.equal(await call(b, '/webhook/old'), 404);
  assert.equal(await call(b, '/webhook/new'), 200);
});

test('without a word a deactivation is known to the others after one pause', async () => {
  const { a, b, clock, call, cut } = await pair();
  const id = await a.add(hook('path'));
  assert.equal(await call(b, '/webhook/path'), 200);
  cut();
  await a.api.inject({ method: 'POST', url: `/api/v1/workflows/${id}/deactivate`, headers });
  clock.advance(1_000);
  await turn();
  assert.equal(await call(b, '/webhook/path'), 404);
  assert.equal(await call(a, '/webhook/path'), 404);
});

test('an address that another member has just freed can be taken here', async () => {
  const { a, b, call, cut } = await pair();
  const first = await a.add(hook('path'));
  await b.api.activation.look();
  cut();
  await a.api.inject({ method: 'DELETE', url: `/api/v1/workflows/${first}`, headers });
  const second = await b.add(hook('path'), false);
  const taken = await b.api.inject({ method: 'POST', url: `/api/v1/workflows/${second}/activate`, headers });
  assert.equal(taken.statusCode, 200);
  assert.equal(await call(b, '/webhook/path'), 200);
});

test('schedules of a workflow begin on every member, at the moment the database has', async () => {
  const clock = new HandClock();
  const since: number[] = [];
  const triggers = {
    activated: (_: unknown, __: number, activeSince: number) => void since.push(activeSince),
    deactivated: () => {},
  };
  const a = createRig({ clock, triggers });
  const b = createRig({ clock, storage: a.storage, triggers });
  const at = clock.now();
  await a.add(hook('x'));
  clock.advance(500);
  await b.api.activation.look();
  assert.deepEqual(since, [at, at]);
});

test('a test call that arrives at another member than the wish to listen is answered there, once', async () => {
  const { a, b, call } = await pair();
  const id = await a.add(hook('try'), false);
  await a.api.inject({ method: 'POST', url: `/api/v1/workflows/${id}/test-webhook`, headers });
  assert.equal(await call(b, '/webhook-test/try'), 200);
  assert.equal(await call(a, '/webhook-test/try'), 404);
  assert.equal(await call(b, '/webhook-test/try'), 404);
});

test('a database that is away is no 404: nobody knows whether the address exists', async () => {
  const { b } = await pair();
  b.storage.activations.changes = () => Promise.reject(new Error('away'));
  assert.equal((await b.api.inject({ url: '/webhook/none' })).statusCode, 500);
});

test('a gateway that closed follows no more', async () => {
  const { a, b, clock } = await pair();
  b.api.activation.stop();
  let looks = 0;
  const { changes } = b.storage.activations;
  b.storage.activations.changes = (...query) => {
    looks += 1;
    return changes(...query);
  };
  a.api.activation.stop();
  clock.advance(10_000);
  await turn();
  assert.equal(looks, 0);
});
