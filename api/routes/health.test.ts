import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRig, KEYS, webhookWorkflow } from '../testing.ts';

test('liveness answers whatever the dependencies do', async () => {
  const rig = createRig({ ready: () => Promise.reject(new Error('database gone')) });
  for (const url of ['/health', '/healthz']) {
    const reply = await rig.api.inject({ url });
    assert.equal(reply.statusCode, 200);
    assert.deepEqual(reply.json(), { status: 'ok' });
  }
});

test('readiness is 503 with the reasons, and a failing check is a reason', async () => {
  let reasons: readonly string[] = [];
  const rig = createRig({ ready: async () => reasons });
  for (const url of ['/ready', '/healthz/readiness']) {
    reasons = [];
    assert.equal((await rig.api.inject({ url })).statusCode, 200);
    reasons = ['database', 'link'];
    const reply = await rig.api.inject({ url });
    assert.equal(reply.statusCode, 503);
    assert.deepEqual(reply.json(), { status: 'error', reasons });
  }
  const broken = createRig({ ready: () => Promise.reject(new Error('secret address')) });
  const reply = await broken.api.inject({ url: '/ready' });
  assert.equal(reply.statusCode, 503);
  assert.ok(!reply.payload.includes('secret'));
});

test('metrics are public unless given a token', async () => {
  const open = createRig();
  const reply = await open.api.inject({ url: '/metrics' });
  assert.equal(reply.statusCode, 200);
  assert.match(String(reply.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  const closed = createRig({ config: { metricsToken: 'scrape' } });
  for (const [authorization, status] of [
    ['', 401],
    ['Bearer wrong', 401],
    [`Bearer ${KEYS.owner}`, 401],
    ['Bearer scrape', 200],
  ] as const) {
    assert.equal((await closed.api.inject({ url: '/metrics', headers: { authorization } })).statusCode, status);
  }
});

test('answers are counted by route pattern, never by address', async () => {
  const rig = createRig();
  const headers = { 'x-n8n-api-key': KEYS.owner };
  await rig.add(webhookWorkflow({ path: 'a' }));
  for (const id of ['1', '2', '3']) await rig.api.inject({ url: `/api/v1/workflows/${id}`, headers });
  for (const url of ['/webhook/a', '/webhook/b', '/nothing/x', '/nothing/y']) await rig.api.inject({ url });
  const text = await rig.metrics.text();
  assert.match(text, /http_requests_total\{method="GET",endpoint="\/api\/v1\/workflows\/:id",status="404"\} 3/);
  assert.match(text, /http_requests_total\{method="GET",endpoint="\/webhook\/\*",status="200"\} 1/);
  assert.match(text, /http_requests_total\{method="GET",endpoint="\/webhook\/\*",status="404"\} 1/);
  assert.match(text, /http_requests_total\{method="GET",endpoint="unknown",status="404"\} 2/);
  assert.ok(!text.includes('/nothing/x'));
});

test('every answer of the API forbids sniffing, framing and caching, and names the request', async () => {
  const rig = createRig();
  for (const url of ['/health', '/api/v1/workflows', '/none']) {
    const { headers } = await rig.api.inject({ url, headers: { 'x-request-id': 'mine-1' } });
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.equal(headers['x-request-id'], 'mine-1');
  }
  const forged = await rig.api.inject({ url: '/health', headers: { 'x-request-id': 'a b<script>' } });
  assert.match(String(forged.headers['x-request-id']), /^[0-9a-f]+$/);
});

test('pages of other origins may read the API only where they are configured', async () => {
  const preflight = { method: 'OPTIONS' as const, url: '/api/v1/workflows' };
  const origin = 'https://editor.example';
  const closed = await createRig().api.inject({ ...preflight, headers: { origin } });
  assert.equal(closed.headers['access-control-allow-origin'], undefined);
  const rig = createRig({ config: { allowedOrigins: [origin] } });
  const open = await rig.api.inject({ ...preflight, headers: { origin } });
  assert.equal(open.statusCode, 204);
  assert.equal(open.headers['access-control-allow-origin'], origin);
  const foreign = await rig.api.inject({ ...preflight, headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
});
