import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { API_LIMITS } from '../limits.ts';
import { createRig, KEYS, webhookWorkflow, type Rig } from '../testing.ts';

const headers = { 'x-n8n-api-key': KEYS.owner };
const E = '/api/v1/executions';

async function call(rig: Rig, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: JsonObject) {
  const reply = await rig.api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
  return { status: reply.statusCode, body: reply.json() };
}

async function rigWith(count: number): Promise<{ rig: Rig; workflowId: string; ids: string[] }> {
  const rig = createRig();
  const workflowId = await rig.add(webhookWorkflow({ path: 'a', responseMode: 'lastNode' }));
  const ids = Array.from({ length: count }, () => rig.engine.begin(workflowId));
  return { rig, workflowId, ids };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('execute answers 202 with the id once the start is committed', async () => {
  const { rig, workflowId } = await rigWith(0);
  const { status, body } = await call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, {});
  assert.equal(status, 202);
  assert.deepEqual(body, { executionId: '1' });
  assert.equal(rig.engine.starts[0]?.acceptEarly, true);
  assert.equal(rig.engine.starts[0]?.mode, 'trigger');
});

test('execute with wait answers 200 with the run data', async () => {
  const { rig, workflowId } = await rigWith(0);
  const input = [{ a: 1 }, { json: { b: 2 } }, { json: { c: 3 }, extra: true }];
  const { status, body } = await call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, { input, wait: true });
  assert.equal(status, 200);
  assert.equal(body.status, 'success');
  assert.equal(body.data.resultData.lastNodeExecuted, 'Last');
  assert.deepEqual(body.data.resultData.runData.Last[0].data.main, [
    [{ json: { a: 1 } }, { json: { b: 2 } }, { json: { json: { c: 3 }, extra: true } }],
  ]);
});

test('execute without a body starts with one empty item', async () => {
  const { rig, workflowId } = await rigWith(0);
  const reply = await rig.api.inject({ method: 'POST', url: `/api/v1/workflows/${workflowId}/execute`, headers });
  assert.equal(reply.statusCode, 202);
  assert.deepEqual(rig.engine.starts[0]?.items, [{ json: {} }]);
});

test('input cannot bring files along', async () => {
  const { rig, workflowId } = await rigWith(0);
  const input = { json: { a: 1 }, binary: { data: { id: 'blob-of-someone', mimeType: 'x' } } };
  await call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, { input });
  assert.equal(rig.engine.starts[0]?.items[0]?.binary, undefined);
});

test('a failed run is 200 with its error when waited for', async () => {
  const { rig, workflowId } = await rigWith(0);
  rig.engine.script = () => ({ status: 'error' });
  const { status, body } = await call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, { wait: true });
  assert.equal(status, 200);
  assert.equal(body.status, 'error');
  assert.equal(body.data.resultData.error.message, 'boom');
});

test('after EXECUTE_WAIT_MS a waiting caller gets 202 and the id', async () => {
  const { rig, workflowId } = await rigWith(0);
  rig.engine.script = () => ({ until: new Promise<void>(() => {}) });
  const pending = call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, { wait: true });
  while (rig.engine.starts.length === 0) await settle();
  await settle();
  rig.clock.advance(API_LIMITS.EXECUTE_WAIT_MS);
  assert.deepEqual(await pending, { status: 202, body: { executionId: '1' } });
});

test('the same idempotency key is one execution, waited for or not', async () => {
  const { rig, workflowId } = await rigWith(0);
  const url = `/api/v1/workflows/${workflowId}/execute`;
  const first = await call(rig, 'POST', url, { idempotencyKey: 'k', wait: true });
  const again = await call(rig, 'POST', url, { idempotencyKey: 'k', wait: true });
  const quick = await call(rig, 'POST', url, { idempotencyKey: 'k' });
  assert.equal(rig.engine.starts.length, 1);
  assert.deepEqual(again.body, first.body);
  assert.deepEqual(quick.body, { executionId: '1' });
});

test('an overloaded member answers 503 with Retry-After', async () => {
  const { rig, workflowId } = await rigWith(0);
  const { TroupeError } = await import('#workflow');
  const row = { message: () => 'full', status: 503, retryable: true };
  rig.engine.refuse = new TroupeError('OVERLOADED', row, { retryAfterSeconds: 2.2 });
  const url = `/api/v1/workflows/${workflowId}/execute`;
  const reply = await rig.api.inject({ method: 'POST', url, headers, payload: {} });
  assert.equal(reply.statusCode, 503);
  assert.equal(reply.headers['retry-after'], '3');
});

test('a list is newest first, paged, and filtered by status and workflow', async () => {
  const { rig, workflowId, ids } = await rigWith(3);
  rig.engine.append(ids[1] ?? '', { type: 'execution.finished', at: 2 }, 'success');
  const first = await call(rig, 'GET', `${E}?limit=2`);
  assert.deepEqual(
    first.body.data.map(({ id }: { id: string }) => id),
    ['3', '2'],
  );
  const second = await call(rig, 'GET', `${E}?limit=2&cursor=${first.body.nextCursor}`);
  assert.deepEqual(
    second.body.data.map(({ id }: { id: string }) => id),
    ['1'],
  );
  assert.equal(second.body.nextCursor, null);
  assert.equal((await call(rig, 'GET', `${E}?status=success`)).body.data[0].id, '2');
  assert.equal((await call(rig, 'GET', `${E}?workflowId=${workflowId}`)).body.data.length, 3);
  assert.equal((await call(rig, 'GET', `${E}?workflowId=other`)).body.data.length, 0);
});

test('an execution has n8n’s fields, and its data only when asked for', async () => {
  const { rig, workflowId } = await rigWith(0);
  await call(rig, 'POST', `/api/v1/workflows/${workflowId}/execute`, { wait: true });
  const plain = await call(rig, 'GET', `${E}/1`);
  assert.deepEqual(plain.body, {
    id: '1',
    finished: true,
    mode: 'webhook',
    status: 'success',
    retryOf: null,
    retrySuccessId: null,
    startedAt: '1970-01-01T00:00:00.001Z',
    stoppedAt: '1970-01-01T00:00:00.003Z',
    workflowId,
    waitTill: null,
  });
  const whole = await call(rig, 'GET', `${E}/1?includeData=true`);
  assert.equal(whole.body.data.resultData.lastNodeExecuted, 'Last');
  assert.equal(whole.body.workflowData.id, workflowId);
  const listed = await call(rig, 'GET', `${E}?includeData=true`);
  assert.deepEqual(listed.body.data[0], whole.body);
});

test('a journal is paged by seq without gaps', async () => {
  const { rig, ids } = await rigWith(1);
  const id = ids[0] ?? '';
  for (let at = 2; at <= 6; at += 1) {
    rig.engine.append(id, { type: 'node.started', at, node: 'A', run: 0, attempt: 1 }, 'running');
  }
  const seqs: number[] = [];
  let after: number | null = 0;
  while (after !== null) {
    const { body } = await call(rig, 'GET', `${E}/${id}/journal?limit=2&afterSeq=${after}`);
    seqs.push(...body.data.map(({ seq }: { seq: number }) => seq));
    after = body.nextAfterSeq;
  }
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
  const { body } = await call(rig, 'GET', `${E}/${id}/journal?limit=1`);
  assert.deepEqual(body.data, [{ seq: 1, type: 'execution.started', at: 1, mode: 'manual', trigger: 'T', items: [] }]);
});

test('cancel ends a run once', async () => {
  const { rig, ids } = await rigWith(1);
  const url = `${E}/${ids[0]}/cancel`;
  assert.deepEqual(await call(rig, 'POST', url, { reason: 'enough' }), {
    status: 200,
    body: { executionId: '1', status: 'canceled' },
  });
  const again = await call(rig, 'POST', url);
  assert.equal(again.status, 409);
  assert.equal(again.body.code, 'EXECUTION_ENDED');
  assert.deepEqual(rig.engine.journal.get('1')?.events.at(-1)?.event, {
    type: 'execution.canceled',
    at: 3,
    reason: 'enough',
  });
});

test('a signal reaches a waiting run with its items and payload', async () => {
  const { rig, ids } = await rigWith(1);
  const id = ids[0] ?? '';
  rig.engine.append(id, { type: 'execution.waiting', at: 2, node: 'Wait', run: 0, reason: 'webhook' }, 'waiting');
  const message = { items: [{ a: 1 }], payload: { ok: true }, messageId: 'm1' };
  const { status, body } = await call(rig, 'POST', `${E}/${id}/signal`, message);
  assert.equal(status, 202);
  assert.deepEqual(body, { executionId: id });
  assert.deepEqual(rig.engine.resumes, [
    { executionId: id, message: { messageId: 'm1', items: [{ json: { a: 1 } }], payload: { ok: true } } },
  ]);
});

test('an execution is deleted once it has ended', async () => {
  const { rig, ids } = await rigWith(1);
  const url = `${E}/${ids[0]}`;
  assert.equal((await call(rig, 'DELETE', url)).body.code, 'EXECUTION_RUNNING');
  await call(rig, 'POST', `${url}/cancel`);
  assert.equal((await call(rig, 'DELETE', url)).body.id, ids[0]);
  assert.equal((await call(rig, 'GET', url)).status, 404);
});

test('where executions cannot be deleted, 501 says so', async () => {
  const source = await rigWith(1);
  const { remove: _, ...executions } = source.rig.storage.executions;
  const rig = createRig({ storage: { ...source.rig.storage, executions } });
  const { status, body } = await call(rig, 'DELETE', `${E}/1`);
  assert.equal(status, 501);
  assert.equal(body.code, 'EXECUTION_DELETE_UNSUPPORTED');
});

test('the tree is shown, each row with its member, and members that told nothing with the reason', async () => {
  const rig = createRig();
  const silent = { member: 'm2', bootId: 'b2', rows: [], breakers: [], omitted: 0, failure: 'no answer' };
  const own = await rig.engine.trees();
  rig.engine.trees = async () => [...own, silent];
  const { body } = await call(rig, 'GET', '/api/v1/actors');
  assert.deepEqual([body.data[0].path, body.data[0].member], ['/shards', 'test']);
  assert.deepEqual([body.breakers[0].breaker, body.breakers[0].member], ['example.com', 'test']);
  assert.deepEqual(body.members, [
    { member: 'test', bootId: 'test', rows: 1, omitted: 0 },
    { member: 'm2', bootId: 'b2', rows: 0, omitted: 0, failure: 'no answer' },
  ]);
});

test('the state of an execution is told, and an unknown one is 404', async () => {
  const { rig, ids } = await rigWith(1);
  const { status, body } = await call(rig, 'GET', `${E}/${ids[0]}/state`);
  assert.equal(status, 200);
  assert.deepEqual([body.executionId, body.reachable], [ids[0], true]);
  assert.equal((await call(rig, 'GET', `${E}/999/state`)).status, 404);
});
