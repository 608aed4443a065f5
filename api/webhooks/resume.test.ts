import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { createRig, webhookWorkflow, type Rig } from '../testing.ts';

/** A gateway with one execution that waits for a call at its Wait node. */
async function waiting(resume: JsonObject): Promise<{ rig: Rig; id: string }> {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a' }, { name: 'Wait', type: 'n8n-nodes-base.wait' }));
  rig.engine.script = () => ({ status: 'waiting', resume });
  await rig.api.inject({ url: '/webhook/a' });
  const [id = ''] = rig.engine.journal.keys();
  await new Promise((resolve) => setImmediate(resolve));
  return { rig, id };
}

const GET = { method: 'GET', suffix: '', respond: 'onReceived', status: 200, data: 'firstEntryJson' };

test('a call hands its items to the waiting node and is answered', async () => {
  const { rig, id } = await waiting({ ...GET, method: 'POST' });
  const reply = await rig.api.inject({ method: 'POST', url: `/webhook-waiting/${id}?x=1`, payload: { a: 1 } });
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(reply.json(), { message: 'Workflow was started' });
  const json = rig.engine.resumes[0]?.message.items?.[0]?.json;
  assert.deepEqual(json?.['body'], { a: 1 });
  assert.deepEqual(json?.['query'], { x: '1' });
});

test('the answer follows what the waiting node asked for', async () => {
  const last = await waiting({ ...GET, respond: 'lastNode', status: 202 });
  const reply = await last.rig.api.inject({ url: `/webhook-waiting/${last.id}` });
  assert.equal(reply.statusCode, 202);
  assert.deepEqual(reply.json().body, {});
});

test('an execution that does not exist is 404, one that has ended or runs is 409', async () => {
  const { rig, id } = await waiting(GET);
  for (const unknown of ['999', 'abc', '../1', '1e3', '', '99999999999999999999']) {
    const reply = await rig.api.inject({ url: `/webhook-waiting/${encodeURIComponent(unknown)}` });
    assert.equal(reply.statusCode, 404, unknown);
  }
  assert.equal((await rig.api.inject({ url: `/webhook-waiting/${id}` })).statusCode, 200);
  await new Promise((resolve) => setImmediate(resolve));
  const again = await rig.api.inject({ url: `/webhook-waiting/${id}` });
  assert.equal(again.statusCode, 409);
  assert.equal(again.json().code, 'EXECUTION_NOT_WAITING');
});

test('another method or suffix is 404 and resumes nothing', async () => {
  const { rig, id } = await waiting({ ...GET, suffix: 'approve' });
  for (const [method, path] of [
    ['POST', `${id}/approve`],
    ['GET', id],
    ['GET', `${id}/reject`],
    ['GET', `${id}/approve/more`],
  ] as const) {
    const reply = await rig.api.inject({ method, url: `/webhook-waiting/${path}` });
    assert.equal(reply.statusCode, 404, `${method} ${path}`);
  }
  assert.equal(rig.engine.resumes.length, 0);
  assert.equal((await rig.api.inject({ url: `/webhook-waiting/${id}/approve` })).statusCode, 200);
});

test('calls for the same wait carry the same message id', async () => {
  const { rig, id } = await waiting(GET);
  await rig.api.inject({ url: `/webhook-waiting/${id}` });
  assert.equal(rig.engine.resumes[0]?.message.messageId, `call:${id}:3`);
});

test('an execution that waits for something else takes no call', async () => {
  const rig = createRig();
  const workflowId = await rig.add(webhookWorkflow({ path: 'a' }));
  const id = rig.engine.begin(workflowId);
  rig.engine.append(id, { type: 'execution.waiting', at: 2, node: 'Webhook', run: 0, reason: 'timer' }, 'waiting');
  const reply = await rig.api.inject({ url: `/webhook-waiting/${id}` });
  assert.equal(reply.statusCode, 409);
  assert.equal(reply.json().code, 'WEBHOOK_NODE_UNSUPPORTED');
});
