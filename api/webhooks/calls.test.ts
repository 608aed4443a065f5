import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { JsonObject } from '#workflow';
import type { InjectOptions } from 'fastify';
import { createRig, webhookWorkflow } from '../testing.ts';

/** What the run of a call was started with. */
async function received(options: InjectOptions, parameters: JsonObject = {}) {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST', ...parameters }));
  const reply = await rig.api.inject({ method: 'POST', url: '/webhook/a', ...options });
  const item = rig.engine.starts[0]?.items[0];
  return { reply, json: item?.json ?? {}, binary: item?.binary };
}

const typed = (type: string, payload: string | Buffer, more: Record<string, string> = {}) => ({
  payload,
  headers: { 'content-type': type, ...more },
});

/** Content type × body: what the node sees as its body. */
const BODIES: readonly (readonly [string, string, unknown])[] = [
  ['application/json', '{"a":[1,null,"é"]}', { a: [1, null, 'é'] }],
  ['application/json; charset=UTF-8', '"text"', 'text'],
  ['application/vnd.api+json', '[1]', [1]],
  ['application/x-www-form-urlencoded', 'a=1&b[]=x&b[]=y', { a: '1', b: ['x', 'y'] }],
  ['text/plain', 'just text', 'just text'],
  ['text/plain;charset=utf-8', 'é', 'é'],
  ['text/html', '<b>', '<b>'],
  ['application/xml', '<a/>', '<a/>'],
  ['text/xml', '<a/>', '<a/>'],
  ['image/svg+xml', '<svg/>', '<svg/>'],
  ['application/octet-stream', 'bytes', {}],
  ['image/png', 'bytes', {}],
  ['application/json', '', {}],
  ['TEXT/PLAIN', 'x', 'x'],
];

for (const [type, payload, expected] of BODIES) {
  test(`a body ${payload === '' ? 'that is empty' : payload} of ${type} is read as ${JSON.stringify(expected)}`, async () => {
    const { reply, json } = await received(typed(type, payload));
    assert.equal(reply.statusCode, 200);
    assert.deepEqual(json['body'], expected);
  });
}

test('latin1 text is read as such', async () => {
  const { json } = await received(typed('text/plain; charset=iso-8859-1', Buffer.from([0xe9])));
  assert.equal(json['body'], 'é');
});

test('compressed bodies are unfolded', async () => {
  const text = '{"a":1}';
  for (const [encoding, packed] of [
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
  ] as const) {
    const { json } = await received(typed('application/json', packed, { 'content-encoding': encoding }));
    assert.deepEqual(json['body'], { a: 1 }, encoding);
  }
});

test('a call without a body has an empty object as its body, and its method, params and query', async () => {
  const { json } = await received({ url: '/webhook/a?x=1&o[k]=v&z[]=1' });
  assert.deepEqual(json['body'], {});
  assert.deepEqual(json['query'], { x: '1', o: { k: 'v' }, z: ['1'] });
  assert.deepEqual(json['params'], {});
  assert.equal(json['executionMode'], 'production');
  assert.match(String(json['webhookUrl']), /^http:\/\/[^/]+\/webhook\/a$/);
});

test('the address the caller used is the public one where it is configured', async () => {
  const rig = createRig({ config: { publicUrl: 'https://hooks.example' } });
  await rig.add(webhookWorkflow({ path: 'a' }));
  await rig.api.inject({ url: '/webhook/a?x=1' });
  assert.equal(rig.engine.starts[0]?.items[0]?.json['webhookUrl'], 'https://hooks.example/webhook/a');
});

test('files come from multipart calls only, as binaries of the item', async () => {
  const payload =
    '--B\r\ncontent-disposition: form-data; name="doc"; filename="d.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n' +
    '--B\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--B--\r\n';
  const { json, binary } = await received(typed('multipart/form-data; boundary=B', payload));
  assert.deepEqual(json['body'], { a: '1' });
  assert.deepEqual(Object.keys(binary ?? {}), ['doc']);
  assert.equal(binary?.['doc']?.data, Buffer.from('hello').toString('base64'));
});

test('a JSON body that looks like a file is data', async () => {
  const fake = { files: [{ filepath: '/etc/passwd' }], binary: { data: { id: 'blob', data: 'eA==', mimeType: 'x' } } };
  const { json, binary } = await received({ payload: fake });
  assert.deepEqual(json['body'], fake);
  assert.equal(binary, undefined);
});

test('header names of members of all objects show nothing of them', async () => {
  const { json } = await received({ headers: { constructor: 'x', 'x-own': 'yes' } });
  const headers = json['headers'];
  assert.ok(typeof headers === 'object' && headers !== null && !Array.isArray(headers));
  assert.equal(headers['x-own'], 'yes');
  assert.ok(!JSON.stringify(headers).includes('native code'));
});

test('text that looks like an expression stays text', async () => {
  const { json } = await received({ payload: { a: '={{ $env.SECRET }}', b: '{{ 1 + 1 }}' } });
  assert.deepEqual(json['body'], { a: '={{ $env.SECRET }}', b: '{{ 1 + 1 }}' });
});

test('a path with names reaches its node under the webhook id', async () => {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'o/:id/part' }));
  const reply = await rig.api.inject({ url: '/webhook/hook-id/o/42/part?y=a%20b' });
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(rig.engine.starts[0]?.items[0]?.json['params'], { id: '42' });
});

test('a call to an address that nobody listens on starts nothing', async () => {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST' }));
  for (const [method, url] of [
    ['GET', '/webhook/a'],
    ['POST', '/webhook/b'],
    ['HEAD', '/webhook/a'],
    ['POST', '/webhook/'],
    ['POST', '/webhook-test/a'],
  ] as const) {
    const reply = await rig.api.inject({ method, url });
    assert.equal(reply.statusCode, 404, `${method} ${url}`);
  }
  assert.equal(rig.engine.starts.length, 0);
});

test('a preflight is answered for registered paths with their methods, and starts nothing', async () => {
  const rig = createRig();
  const options = { allowedOrigins: 'https://a.example, https://b.example' };
  await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST', options }));
  const ask = (origin: string) => ({
    method: 'OPTIONS' as const,
    url: '/webhook/a',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-own' },
  });
  const good = await rig.api.inject(ask('https://b.example'));
  assert.equal(good.statusCode, 204);
  assert.equal(good.headers['access-control-allow-origin'], 'https://b.example');
  assert.equal(good.headers['access-control-allow-methods'], 'OPTIONS, POST');
  assert.equal(good.headers['access-control-allow-headers'], 'x-own');
  assert.equal(good.headers['access-control-max-age'], '300');
  const foreign = await rig.api.inject(ask('https://evil.example'));
  assert.equal(foreign.headers['access-control-allow-origin'], undefined);
  assert.equal((await rig.api.inject({ method: 'OPTIONS', url: '/webhook/none' })).statusCode, 404);
  assert.equal(rig.engine.starts.length, 0);
});

test('a browser of an allowed origin may read the answer, also an error', async () => {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST' }));
  const headers = { origin: 'https://a.example' };
  const reply = await rig.api.inject({ method: 'POST', url: '/webhook/a', headers });
  assert.equal(reply.headers['access-control-allow-origin'], 'https://a.example');
  const bad = typed('application/json', '{', headers);
  const refused = await rig.api.inject({ method: 'POST', url: '/webhook/a', ...bad });
  assert.equal(refused.statusCode, 400);
  assert.equal(refused.headers['access-control-allow-origin'], 'https://a.example');
});

test('a member that is overloaded or draining says when to come back', async () => {
  for (const [code, status] of [
    ['OVERLOADED', 503],
    ['DRAINING', 503],
    ['BUSY', 429],
  ] as const) {
    const rig = createRig();
    await rig.add(webhookWorkflow({ path: 'a' }));
    const { TroupeError } = await import('#workflow');
    rig.engine.refuse = new TroupeError(code, { message: () => 'full', status, retryable: true }, {});
    const reply = await rig.api.inject({ url: '/webhook/a' });
    assert.equal(reply.statusCode, status);
    assert.equal(reply.json().code, code);
    assert.ok(Number(reply.headers['retry-after']) >= 1);
  }
});

test('an unforeseen fault is 500 without its message', async () => {
  const rig = createRig();
  await rig.add(webhookWorkflow({ path: 'a' }));
  rig.engine.refuse = new Error('postgres://user:secret@host');
  const reply = await rig.api.inject({ url: '/webhook/a' });
  assert.equal(reply.statusCode, 500);
  assert.equal(reply.json().code, 'INTERNAL');
  assert.ok(!reply.payload.includes('secret'));
});
