import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { InjectOptions } from 'fastify';
import type { JsonObject } from '#workflow';
import { API_LIMITS } from '../limits.ts';
import { createRig, KEYS, webhookWorkflow, type Rig } from '../testing.ts';

let rig: Rig;
let running = '';

before(async () => {
  rig = createRig();
  const id = await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST' }));
  running = rig.engine.begin(id);
});

const json = 'application/json';
const good = webhookWorkflow({ path: 'b' });
const nodes = good['nodes'];
const deep = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);

type Bad = readonly [what: string, call: InjectOptions & { type?: string }, status: number, code: string];

const post = (url: string, payload: string | Buffer | object, type = json, headers: Record<string, string> = {}) =>
  ({
    method: 'POST',
    url,
    payload: typeof payload === 'object' && !Buffer.isBuffer(payload) ? JSON.stringify(payload) : payload,
    headers: { 'content-type': type, ...headers },
  }) satisfies InjectOptions;
const get = (url: string): InjectOptions => ({ method: 'GET', url });
const put = (url: string, payload: object): InjectOptions => ({ ...post(url, payload), method: 'PUT' });
const without = (key: string): JsonObject => Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));

const W = '/api/v1/workflows';
const E = '/api/v1/executions';
const bomb = gzipSync(Buffer.alloc(API_LIMITS.WEBHOOK_BODY_BYTES * 2));
const wide = gzipSync(Buffer.alloc(API_LIMITS.INFLATE_FREE_BYTES * 4));

const BAD: Bad[] = [
  ['a path that does not exist', get('/api/v1/nothing'), 404, 'ROUTE_UNKNOWN'],
  ['the root of the API', get('/api/v1'), 404, 'ROUTE_UNKNOWN'],
  ['another version', get('/api/v2/workflows'), 404, 'ROUTE_UNKNOWN'],
  ['a method the path does not take', { method: 'PATCH', url: W }, 404, 'ROUTE_UNKNOWN'],
  ['a path outside of everything', get('/../../etc/passwd'), 404, 'ROUTE_UNKNOWN'],
  ['a path that is not UTF-8', get('/api/v1/workflows/%ff'), 400, 'URL_INVALID'],
  ['limit 0', get(`${W}?limit=0`), 400, 'INPUT_INVALID'],
  ['limit over the most', get(`${W}?limit=251`), 400, 'INPUT_INVALID'],
  ['limit as a word', get(`${W}?limit=many`), 400, 'INPUT_INVALID'],
  ['limit with a fraction', get(`${W}?limit=1.5`), 400, 'INPUT_INVALID'],
  ['limit twice', get(`${W}?limit=1&limit=2`), 400, 'INPUT_INVALID'],
  ['active as a word', get(`${W}?active=maybe`), 400, 'INPUT_INVALID'],
  ['a filter that does not exist', get(`${W}?owner=me`), 400, 'INPUT_INVALID'],
  ['a name that is too long', get(`${W}?name=${'x'.repeat(200)}`), 400, 'INPUT_INVALID'],
  ['a foreign cursor', get(`${W}?cursor=abc`), 400, 'CURSOR_INVALID'],
  [
    'a cursor of another shape',
    get(`${W}?cursor=${Buffer.from('{"after":7}').toString('base64url')}`),
    400,
    'CURSOR_INVALID',
  ],
  ['a cursor that is too long', get(`${W}?cursor=${'x'.repeat(600)}`), 400, 'INPUT_INVALID'],
  ['a workflow that is no JSON', post(W, '{'), 400, 'BODY_NOT_JSON'],
  ['a workflow that is a list', post(W, '[]'), 400, 'INPUT_INVALID'],
  ['a workflow that is text', post(W, '"x"'), 400, 'INPUT_INVALID'],
  ['a workflow that is null', post(W, 'null'), 400, 'INPUT_INVALID'],
  ['a workflow that is empty', post(W, ''), 400, 'INPUT_INVALID'],
  ['a workflow as a form', post(W, 'name=x', 'application/x-www-form-urlencoded'), 415, 'BODY_TYPE_UNSUPPORTED'],
  ['a workflow as text', post(W, 'x', 'text/plain'), 415, 'BODY_TYPE_UNSUPPORTED'],
  ['a workflow as XML', post(W, '<a/>', 'application/xml'), 415, 'BODY_TYPE_UNSUPPORTED'],
  ['a workflow without name', post(W, without('name')), 400, 'INPUT_INVALID'],
  ['a workflow without nodes', post(W, without('nodes')), 400, 'INPUT_INVALID'],
  ['a workflow without connections', post(W, without('connections')), 400, 'INPUT_INVALID'],
  ['a workflow without settings', post(W, without('settings')), 400, 'INPUT_INVALID'],
  ['an empty name', post(W, { ...good, name: '' }), 400, 'INPUT_INVALID'],
  ['a name over the limit', post(W, { ...good, name: 'x'.repeat(129) }), 400, 'INPUT_INVALID'],
  ['a name that is a number', post(W, { ...good, name: 7 }), 400, 'INPUT_INVALID'],
  ['a read-only field', post(W, { ...good, active: true }), 400, 'INPUT_INVALID'],
  ['an id of one’s own', post(W, { ...good, id: 'mine' }), 400, 'INPUT_INVALID'],
  ['an unknown field', post(W, { ...good, shell: 'rm' }), 400, 'INPUT_INVALID'],
  ['nodes that are an object', post(W, { ...good, nodes: {} }), 400, 'INPUT_INVALID'],
  ['a node that is text', post(W, { ...good, nodes: ['x'] }), 400, 'INPUT_INVALID'],
  [
    'a node without type',
    post(W, { ...good, nodes: [{ name: 'A', position: [0, 0], parameters: {} }] }),
    400,
    'WORKFLOW_INVALID',
  ],
  [
    'a node of an unknown type',
    post(W, {
      ...good,
      nodes: [{ id: '1', name: 'A', type: 'x.y', typeVersion: 1, position: [0, 0], parameters: {} }],
      connections: {},
    }),
    400,
    'WORKFLOW_INVALID',
  ],
  ['two nodes of one name', post(W, { ...good, nodes: [...(nodes as []), ...(nodes as [])] }), 400, 'WORKFLOW_INVALID'],
  [
    'a connection to nowhere',
    post(W, { ...good, connections: { Webhook: { main: [[{ node: 'Gone', type: 'main', index: 0 }]] } } }),
    400,
    'WORKFLOW_INVALID',
  ],
  ['an order that does not exist', post(W, { ...good, settings: { executionOrder: 'v9' } }), 400, 'WORKFLOW_INVALID'],
  ['settings that are a list', post(W, { ...good, settings: [] }), 400, 'INPUT_INVALID'],
  ['the key __proto__', post(W, '{"__proto__":{},"name":"x"}'), 400, 'BODY_KEY_REFUSED'],
  ['the key __proto__ in escapes', post(W, '{"a":{"\\u005f_proto__":{}}}'), 400, 'BODY_KEY_REFUSED'],
  ['JSON nested too deep', post(W, deep(100_000)), 400, 'BODY_TOO_DEEP'],
  ['JSON objects nested too deep', post(W, deep(50_000, '{"a":', '}')), 400, 'BODY_TOO_DEEP'],
  ['a body over API_BODY_BYTES', post(W, `"${'x'.repeat(API_LIMITS.API_BODY_BYTES)}"`), 413, 'BODY_TOO_LARGE'],
  ['a workflow that does not exist', get(`${W}/nope`), 404, 'WORKFLOW_UNKNOWN'],
  ['an id with other characters', get(`${W}/a%2F..%2Fb`), 400, 'INPUT_INVALID'],
  ['an id that is too long', get(`${W}/${'x'.repeat(100)}`), 400, 'INPUT_INVALID'],
  ['changing what does not exist', put(`${W}/nope`, good), 404, 'WORKFLOW_UNKNOWN'],
  ['deleting what does not exist', { method: 'DELETE', url: `${W}/nope` }, 404, 'WORKFLOW_UNKNOWN'],
  ['activating what does not exist', post(`${W}/nope/activate`, ''), 404, 'WORKFLOW_UNKNOWN'],
  ['deactivating what does not exist', post(`${W}/nope/deactivate`, ''), 404, 'WORKFLOW_UNKNOWN'],
  ['executing what does not exist', post(`${W}/nope/execute`, {}), 404, 'WORKFLOW_UNKNOWN'],
  ['testing what does not exist', post(`${W}/nope/test-webhook`, ''), 404, 'WORKFLOW_UNKNOWN'],
  ['an unknown trigger', post(`${W}/w1/execute`, { trigger: 'Nope' }), 400, 'TRIGGER_UNKNOWN'],
  ['a trigger that is a number', post(`${W}/w1/execute`, { trigger: 7 }), 400, 'INPUT_INVALID'],
  ['wait as text', post(`${W}/w1/execute`, { wait: 'yes' }), 400, 'INPUT_INVALID'],
  ['input as text', post(`${W}/w1/execute`, { input: 'x' }), 400, 'INPUT_INVALID'],
  ['input as a number', post(`${W}/w1/execute`, { input: 7 }), 400, 'INPUT_INVALID'],
  ['input as a list of numbers', post(`${W}/w1/execute`, { input: [1] }), 400, 'INPUT_INVALID'],
  ['an empty idempotency key', post(`${W}/w1/execute`, { idempotencyKey: '' }), 400, 'INPUT_INVALID'],
  ['a long idempotency key', post(`${W}/w1/execute`, { idempotencyKey: 'x'.repeat(256) }), 400, 'INPUT_INVALID'],
  ['an unknown option of execute', post(`${W}/w1/execute`, { mode: 'manual' }), 400, 'INPUT_INVALID'],
  ['a status that does not exist', get(`${E}?status=crashed2`), 400, 'INPUT_INVALID'],
  ['an execution that does not exist', get(`${E}/999`), 404, 'EXECUTION_UNKNOWN'],
  ['an execution id that is no number', get(`${E}/abc`), 400, 'INPUT_INVALID'],
  ['an execution id that is negative', get(`${E}/-1`), 400, 'INPUT_INVALID'],
  ['an execution id over 2^53', get(`${E}/99999999999999999`), 400, 'INPUT_INVALID'],
  ['a journal that does not exist', get(`${E}/999/journal`), 404, 'EXECUTION_UNKNOWN'],
  ['a journal before its start', get(`${E}/1/journal?afterSeq=-1`), 400, 'INPUT_INVALID'],
  ['a journal page over the most', get(`${E}/1/journal?limit=1001`), 400, 'INPUT_INVALID'],
  ['canceling what does not exist', post(`${E}/999/cancel`, ''), 404, 'EXECUTION_UNKNOWN'],
  ['a reason that is too long', post(`${E}/1/cancel`, { reason: 'x'.repeat(501) }), 400, 'INPUT_INVALID'],
  ['signalling what does not exist', post(`${E}/999/signal`, {}), 404, 'EXECUTION_UNKNOWN'],
  ['signalling what does not wait', post(`${E}/1/signal`, {}), 409, 'EXECUTION_NOT_WAITING'],
  ['a signal with items that are text', post(`${E}/1/signal`, { items: ['x'] }), 400, 'INPUT_INVALID'],
  ['a webhook nobody has', get('/webhook/none'), 404, 'WEBHOOK_UNKNOWN'],
  ['a webhook path that is not UTF-8', post('/webhook/%ff', '{}'), 400, 'URL_INVALID'],
  [
    'a webhook address that is too long',
    post(`/webhook/a?${'x'.repeat(API_LIMITS.URL_CHARACTERS)}`, '{}'),
    400,
    'URL_INVALID',
  ],
  ['a webhook call with broken JSON', post('/webhook/a', '{"a":'), 400, 'BODY_NOT_JSON'],
  ['a webhook call with deep JSON', post('/webhook/a', deep(100_000)), 400, 'BODY_TOO_DEEP'],
  [
    'a webhook call with the key __proto__',
    post('/webhook/a', '{"a":[{"__proto__":{"x":1}}]}'),
    400,
    'BODY_KEY_REFUSED',
  ],
  [
    'a form with the key __proto__',
    post('/webhook/a', '__proto__[x]=1', 'application/x-www-form-urlencoded'),
    400,
    'BODY_KEY_REFUSED',
  ],
  ['a query with the key __proto__', post('/webhook/a?__proto__[x]=1', '{}'), 400, 'BODY_KEY_REFUSED'],
  [
    'a form with too many fields',
    post('/webhook/a', 'a=1&'.repeat(3000), 'application/x-www-form-urlencoded'),
    400,
    'BODY_MALFORMED',
  ],
  ['a multipart body without boundary', post('/webhook/a', 'x', 'multipart/form-data'), 400, 'BODY_MALFORMED'],
  [
    'a multipart body that is cut',
    post('/webhook/a', '--B\r\nContent-', 'multipart/form-data; boundary=B'),
    400,
    'BODY_MALFORMED',
  ],
  ['an unknown charset', post('/webhook/a', 'x', 'text/plain; charset=klingon'), 415, 'BODY_TYPE_UNSUPPORTED'],
  ['an unknown encoding', post('/webhook/a', 'x', json, { 'content-encoding': 'lzma' }), 415, 'BODY_TYPE_UNSUPPORTED'],
  ['a body that is not gzip', post('/webhook/a', 'x', json, { 'content-encoding': 'gzip' }), 400, 'BODY_MALFORMED'],
  [
    'a gzip that is cut',
    post('/webhook/a', gzipSync('{"a":1}').subarray(0, 12), json, { 'content-encoding': 'gzip' }),
    400,
    'BODY_MALFORMED',
  ],
  ['a zip bomb over the size', post('/webhook/a', bomb, json, { 'content-encoding': 'gzip' }), 413, 'BODY_TOO_LARGE'],
  ['a zip bomb over the ratio', post('/webhook/a', wide, json, { 'content-encoding': 'gzip' }), 413, 'BODY_TOO_LARGE'],
  [
    'a body over WEBHOOK_BODY_BYTES',
    post('/webhook/a', Buffer.alloc(API_LIMITS.WEBHOOK_BODY_BYTES + 1)),
    413,
    'BODY_TOO_LARGE',
  ],
  ['a test webhook nobody asked for', post('/webhook-test/a', '{}'), 404, 'WEBHOOK_TEST_UNKNOWN'],
  ['resuming what does not exist', get('/webhook-waiting/999'), 404, 'EXECUTION_UNKNOWN'],
  ['resuming what runs', get('/webhook-waiting/1'), 409, 'EXECUTION_NOT_WAITING'],
];

for (const [what, call, status, code] of BAD) {
  test(`${what} is ${status} ${code}`, async () => {
    assert.equal(running, '1');
    const reply = await rig.api.inject({ ...call, headers: { 'x-n8n-api-key': KEYS.owner, ...call.headers } });
    assert.equal(reply.statusCode, status, reply.payload.slice(0, 300));
    const body = reply.json();
    assert.equal(body.code, code);
    assert.equal(typeof body.message, 'string');
    assert.ok(body.message.length < 500);
    assert.equal(typeof body.hint, 'string');
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  });
}

test('none of this has started, changed or polluted anything', async () => {
  assert.equal(rig.engine.starts.length, 0);
  assert.equal((await rig.storage.workflows.list({ limit: 100 })).rows.length, 1);
  assert.equal(Object.keys(Object.prototype).length, 0);
  assert.equal(Reflect.get({}, 'x'), undefined);
});
