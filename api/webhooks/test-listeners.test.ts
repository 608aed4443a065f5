import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_LIMITS } from '../limits.ts';
import { createRig, KEYS, webhookWorkflow } from '../testing.ts';

async function listening() {
  const rig = createRig();
  const id = await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST' }), false);
  const ask = () =>
    rig.api.inject({
      method: 'POST',
      url: `/api/v1/workflows/${id}/test-webhook`,
      headers: { 'x-n8n-api-key': KEYS.owner },
    });
  const call = () => rig.api.inject({ method: 'POST', url: '/webhook-test/a', payload: {} });
  return { rig, ask, call };
}

test('a test address answers only after it was asked for, and once', async () => {
  const { rig, ask, call } = await listening();
  assert.equal((await call()).statusCode, 404);
  const asked = await ask();
  assert.deepEqual(asked.json().webhooks, [{ method: 'POST', path: '/webhook-test/a' }]);
  assert.equal((await call()).statusCode, 200);
  assert.equal((await call()).statusCode, 404);
  assert.deepEqual(
    rig.engine.starts.map(({ mode }) => mode),
    ['manual'],
  );
});

test('a test call is marked as such', async () => {
  const { rig, ask, call } = await listening();
  await ask();
  await call();
  assert.equal(rig.engine.starts[0]?.items[0]?.json['executionMode'], 'test');
});

test('after TEST_WEBHOOK_MS the address listens no more; asking again starts the time anew', async () => {
  const { rig, ask, call } = await listening();
  await ask();
  rig.clock.advance(API_LIMITS.TEST_WEBHOOK_MS - 1);
  await ask();
  rig.clock.advance(API_LIMITS.TEST_WEBHOOK_MS - 1);
  assert.equal((await call()).statusCode, 200);
  await ask();
  rig.clock.advance(API_LIMITS.TEST_WEBHOOK_MS);
  assert.equal((await call()).statusCode, 404);
});

test('the production address is not opened by it', async () => {
  const { rig, ask } = await listening();
  await ask();
  assert.equal((await rig.api.inject({ method: 'POST', url: '/webhook/a' })).statusCode, 404);
});
