import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { createRig, KEYS, webhookWorkflow, type Rig } from '../testing.ts';

const headers = { 'x-n8n-api-key': KEYS.owner };
const W = '/api/v1/workflows';
const hook = (path: string): JsonObject => webhookWorkflow({ path });

function client(rig: Rig) {
  const send = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: JsonObject) => {
    const reply = await rig.api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: reply.statusCode, body: reply.json() };
  };
  return {
    get: (url: string) => send('GET', url),
    post: (url: string, payload?: JsonObject) => send('POST', url, payload),
    put: (url: string, payload: JsonObject) => send('PUT', url, payload),
    remove: (url: string) => send('DELETE', url),
  };
}

test('a saved workflow has the shape of n8n’s API', async () => {
  const rig = createRig();
  const { status, body } = await client(rig).post(W, hook('a'));
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).toSorted(), [
    'active',
    'connections',
    'createdAt',
    'id',
    'isArchived',
    'meta',
    'name',
    'nodes',
    'pinData',
    'settings',
    'staticData',
    'tags',
    'updatedAt',
    'versionId',
  ]);
  assert.equal(body.active, false);
  assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.deepEqual(body.nodes, hook('a')['nodes']);
});

test('what was saved is what is read', async () => {
  const rig = createRig();
  const { get, post } = client(rig);
  const { body } = await post(W, hook('a'));
  assert.deepEqual((await get(`${W}/${body.id}`)).body.nodes, body.nodes);
});

test('a list is paged by cursor and ends with null', async () => {
  const rig = createRig();
  for (const path of ['a', 'b', 'c', 'd', 'e']) await rig.add(hook(path), false);
  const { get } = client(rig);
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await get(`${W}?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    ids.push(...page.body.data.map(({ id }: { id: string }) => id));
    assert.ok(page.body.data.length <= 2);
    cursor = page.body.nextCursor;
  }
  assert.deepEqual(ids, ['w1', 'w2', 'w3', 'w4', 'w5']);
});

test('a list is filtered by active and name', async () => {
  const rig = createRig();
  await rig.add(hook('a'), true);
  await rig.add({ ...hook('b'), name: 'Other' }, false);
  const { get } = client(rig);
  const idsOf = async (query: string) => (await get(`${W}?${query}`)).body.data.map(({ id }: { id: string }) => id);
  assert.deepEqual(await idsOf('active=true'), ['w1']);
  assert.deepEqual(await idsOf('active=false'), ['w2']);
  assert.deepEqual(await idsOf('name=Other'), ['w2']);
  assert.deepEqual(await idsOf('name=None'), []);
});

test('an active workflow answers, an inactive one does not', async () => {
  const rig = createRig();
  const id = await rig.add(hook('a'), false);
  const { post } = client(rig);
  const call = async () => (await rig.api.inject({ url: '/webhook/a' })).statusCode;
  assert.equal(await call(), 404);
  assert.equal((await post(`${W}/${id}/activate`)).body.active, true);
  assert.equal(await call(), 200);
  assert.equal((await post(`${W}/${id}/deactivate`)).body.active, false);
  assert.equal(await call(), 404);
});

test('changing an active workflow changes its address at once', async () => {
  const rig = createRig();
  const id = await rig.add(hook('old'));
  assert.equal((await client(rig).put(`${W}/${id}`, hook('new'))).status, 200);
  assert.equal((await rig.api.inject({ url: '/webhook/old' })).statusCode, 404);
  assert.equal((await rig.api.inject({ url: '/webhook/new' })).statusCode, 200);
  assert.equal(rig.engine.starts[0]?.workflowVersion, 2);
});

test('a deleted workflow answers no more and is gone', async () => {
  const rig = createRig();
  const id = await rig.add(hook('a'));
  const { remove, get } = client(rig);
  assert.equal((await remove(`${W}/${id}`)).body.id, id);
  assert.equal((await rig.api.inject({ url: '/webhook/a' })).statusCode, 404);
  assert.equal((await get(`${W}/${id}`)).status, 404);
});

test('an address that is taken refuses the activation, and the workflow stays inactive', async () => {
  const rig = createRig();
  await rig.add(hook('a'));
  const id = await rig.add(hook('a'), false);
  const { post, get } = client(rig);
  const refused = await post(`${W}/${id}/activate`);
  assert.equal(refused.status, 409);
  assert.equal(refused.body.code, 'WEBHOOK_TAKEN');
  assert.equal((await get(`${W}/${id}`)).body.active, false);
});

test('an address that is taken refuses a change of an active workflow, and nothing is saved', async () => {
  const rig = createRig();
  await rig.add(hook('a'));
  const id = await rig.add(hook('b'));
  const refused = await client(rig).put(`${W}/${id}`, hook('a'));
  assert.equal(refused.body.code, 'WEBHOOK_TAKEN');
  assert.equal((await rig.storage.workflows.get(id))?.version, 1);
  assert.equal((await rig.api.inject({ url: '/webhook/b' })).statusCode, 200);
});

test('a workflow that nothing can start is not activated', async () => {
  const rig = createRig();
  const id = await rig.add({ name: 'x', nodes: [], connections: {}, settings: {} }, false);
  const refused = await client(rig).post(`${W}/${id}/activate`);
  assert.equal(refused.status, 400);
  assert.equal(refused.body.code, 'TRIGGER_MISSING');
});

test('the trigger switch hears of every change of what is active', async () => {
  const heard: string[] = [];
  const rig = createRig({
    triggers: {
      activated: (workflow, version) => void heard.push(`on ${workflow.id} ${version}`),
      deactivated: (id) => void heard.push(`off ${id}`),
    },
  });
  const id = await rig.add(hook('a'), false);
  const { post, put, remove } = client(rig);
  await post(`${W}/${id}/activate`);
  await put(`${W}/${id}`, hook('b'));
  await post(`${W}/${id}/deactivate`);
  await put(`${W}/${id}`, hook('c'));
  await remove(`${W}/${id}`);
  assert.deepEqual(heard, ['on w1 1', 'on w1 2', 'off w1']);
});

test('every change of a workflow is stored in the name of whoever made it', async (t) => {
  const rig = createRig();
  const by = t.mock.method(rig.storage.workflows, 'by');
  const { post, put, remove } = client(rig);
  await post(W, hook('a'));
  await post(`${W}/w1/activate`);
  await put(`${W}/w1`, hook('b'));
  await post(`${W}/w1/deactivate`);
  await remove(`${W}/w1`);
  assert.deepEqual(
    by.mock.calls.map(({ arguments: [userId] }) => userId),
    Array.from({ length: 5 }, () => 'owner'),
  );
});

test('at the start everything that is stored as active listens; what cannot is left out', async () => {
  const rig = createRig();
  const ids = [await rig.add(hook('a'), false), await rig.add(hook('a'), false), await rig.add(hook('b'), false)];
  for (const id of ids) await rig.storage.workflows.setActive(id, true);
  assert.equal(await rig.api.activation.restore(), 2);
  assert.equal((await rig.api.inject({ url: '/webhook/a' })).statusCode, 200);
  assert.equal((await rig.api.inject({ url: '/webhook/b' })).statusCode, 200);
});

test('a workflow with faults is refused with each of them', async () => {
  const rig = createRig();
  const broken = hook('a');
  for (const node of broken['nodes'] as JsonObject[]) node['type'] = 'no.such';
  const { status, body } = await client(rig).post(W, broken);
  assert.equal(status, 400);
  assert.equal(body.code, 'WORKFLOW_INVALID');
  assert.equal(body.issues[0].node, 'Webhook');
});
