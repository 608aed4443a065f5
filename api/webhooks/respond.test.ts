import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebhookResponse } from '#workflow';
import { createRig, webhookWorkflow } from '../testing.ts';

async function answered(response: WebhookResponse) {
  const rig = createRig();
  rig.engine.script = () => ({ response });
  const respond = { name: 'R', type: 'n8n-nodes-base.respondToWebhook' };
  await rig.add(webhookWorkflow({ path: 'a', responseMode: 'responseNode' }, respond));
  return rig.api.inject({ url: '/webhook/a' });
}

const file = (mimeType: string): WebhookResponse['body'] => ({ kind: 'binary', base64: 'PGI+', mimeType });

test('HTML from a workflow runs in a sandbox, with or without its own policy', async () => {
  const policies: Record<string, string>[] = [
    {},
    { 'Content-Security-Policy': "default-src 'unsafe-inline'" },
    { 'content-security-policy': '' },
  ];
  for (const headers of policies) {
    const reply = await answered({ status: 200, headers, body: { kind: 'text', value: '<script>1</script>' } });
    const policy = String(reply.headers['content-security-policy']);
    assert.match(policy, /^sandbox /);
    assert.ok(!policy.includes('allow-same-origin'));
  }
});

test('nothing from a workflow is sniffed', async () => {
  const bodies: WebhookResponse['body'][] = [
    { kind: 'json', value: {} },
    { kind: 'text', value: 'x' },
    { kind: 'empty' },
    file('image/png'),
  ];
  for (const body of bodies) {
    const reply = await answered({ status: 200, headers: { 'X-Content-Type-Options': 'none' }, body });
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  }
});

test('files that a browser would run are downloads unless the workflow says otherwise', async () => {
  for (const type of ['text/html', 'image/svg+xml', 'text/html; charset=utf-8', 'application/xhtml+xml']) {
    const reply = await answered({ status: 200, headers: {}, body: file(type) });
    assert.equal(reply.headers['content-disposition'], 'attachment');
    assert.match(String(reply.headers['content-security-policy']), /^sandbox/);
  }
  const headers = { 'Content-Disposition': 'inline' };
  const own = await answered({ status: 200, headers, body: file('text/html') });
  assert.equal(own.headers['content-disposition'], 'inline');
  const image = await answered({ status: 200, headers: {}, body: file('image/png') });
  assert.equal(image.headers['content-disposition'], undefined);
});

test('headers of the connection are not the workflow’s to set', async () => {
  const headers = { 'Content-Length': '9999', 'Transfer-Encoding': 'chunked', Connection: 'upgrade', 'X-Own': 'yes' };
  const reply = await answered({ status: 200, headers, body: { kind: 'text', value: 'four' } });
  assert.equal(reply.headers['content-length'], '4');
  assert.equal(reply.headers['transfer-encoding'], undefined);
  assert.equal(reply.headers['x-own'], 'yes');
});

test('content-length counts bytes, not characters', async () => {
  const reply = await answered({ status: 200, headers: {}, body: { kind: 'text', value: 'é€' } });
  assert.equal(reply.headers['content-length'], '5');
});

test('the workflow may say the type of its answer', async () => {
  const headers = { 'Content-Type': 'text/plain' };
  const reply = await answered({ status: 201, headers, body: { kind: 'text', value: 'x' } });
  assert.equal(reply.headers['content-type'], 'text/plain');
  assert.equal(reply.statusCode, 201);
});
