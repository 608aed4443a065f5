import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openStorage, type Storage } from '#storage';
import { createCatalog } from '#nodes';
import { testDatabase, type TestDatabase } from '../storage/testing.ts';
import { webhookAddresses } from './activation.ts';
import { createRig, webhookWorkflow, type Rig } from './testing.ts';

/** Two gateways over one real database and without a link between them. */

const catalog = createCatalog();
let database: TestDatabase;
let stores: Storage[] = [];
let rigs: Rig[] = [];
let headers: Record<string, string> = {};

before(async () => {
  database = await testDatabase();
  const { connection } = database;
  const addressesOf = (id: string, source: Parameters<typeof webhookAddresses>[1]) =>
    webhookAddresses(id, source, catalog);
  stores = [await openStorage({ connection, addressesOf }), await openStorage({ connection, addressesOf })];
  rigs = stores.map((storage) => createRig({ storage }));
  for (const { api } of rigs) await api.activation.restore();
  const owner = await stores[0]?.users.create({ email: 'owner@example.com', role: 'owner' });
  const key = await stores[0]?.apiKeys.create({ userId: owner?.id ?? '', label: 'test' });
  headers = { 'x-n8n-api-key': key?.key ?? '' };
});
after(async () => {
  for (const { api } of rigs) api.activation.stop();
  for (const storage of stores) await storage.close();
  await database.dispose();
});

function on(index: number): Rig {
  const rig = rigs[index];
  assert.ok(rig);
  return rig;
}

const send = (index: number, method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
  on(index).api.inject({ method, url: `/api/v1/workflows${url}`, headers, ...(payload && { payload }) });

const call = async (index: number, path: string) => (await on(index).api.inject({ url: path })).statusCode;

async function stored(path: string): Promise<string> {
  const made = await send(0, 'POST', '', webhookWorkflow({ path }));
  assert.equal(made.statusCode, 200, made.body);
  return String(made.json().id);
}

test('what one gateway activates, changes and ends, the other answers by', async () => {
  const id = await stored('one');
  await send(0, 'POST', `/${id}/activate`);
  assert.equal(await call(1, '/webhook/one'), 200);
  assert.equal((await send(1, 'PUT', `/${id}`, webhookWorkflow({ path: 'two' }))).statusCode, 200);
  assert.equal(await call(0, '/webhook/two'), 200);
  assert.equal(await call(0, '/webhook/one'), 404);
  assert.equal((await send(0, 'DELETE', `/${id}`)).statusCode, 200);
  await on(1).api.activation.look();
  assert.equal(await call(1, '/webhook/two'), 404);
});

test('of two activations of one address at the same time one is refused with the name of the other', async () => {
  for (let round = 0; round < 5; round += 1) {
    const ids = [await stored(`race-${round}`), await stored(`race-${round}`)];
    const answers = await Promise.all(ids.map((id, index) => send(index, 'POST', `/${id}/activate`)));
    const refused = answers.findIndex(({ statusCode }) => statusCode === 409);
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).toSorted(), [200, 409]);
    assert.equal(answers[refused]?.json().code, 'WEBHOOK_TAKEN');
    assert.match(answers[refused]?.json().message, new RegExp(String(ids[1 - refused])));
    for (const index of [0, 1]) assert.equal(await call(index, `/webhook/race-${round}`), 200);
  }
});

test('an import beside a running gateway is in effect with its next look', async () => {
  const id = await stored('imported');
  await send(0, 'POST', `/${id}/activate`);
  await stores[1]?.workflows.save({ ...webhookWorkflow({ path: 'imported-2' }), id });
  assert.equal(await call(0, '/webhook/imported-2'), 200);
  assert.equal(await call(0, '/webhook/imported'), 404);
});

test('a test address that one gateway opens is called at the other, once', async () => {
  const id = await stored('try');
  assert.equal((await send(0, 'POST', `/${id}/test-webhook`)).statusCode, 200);
  assert.deepEqual([await call(1, '/webhook-test/try'), await call(0, '/webhook-test/try')], [200, 404]);
});
