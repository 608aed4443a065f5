import assert from 'node:assert/strict';
import test from 'node:test';

import type { WebhookAnswer, WebhookReceipt, WebhookRequest } from '#runtime';
import type { JsonObject } from '#workflow';

import { inlineBinary, nodeOf, outputsOf } from '../testing.ts';
import { answerFrom } from './answer.ts';
import { inAllowList, isBot } from './guard.ts';
import { webhook } from './node.ts';

const hook = webhook.webhook;
assert.ok(hook);

const request = (more: Partial<WebhookRequest> = {}): WebhookRequest => ({
  method: 'POST',
  url: 'http://localhost:5678/webhook/in?q=1',
  headers: { 'content-type': 'application/json' },
  params: {},
  query: { q: '1' },
  body: { a: 1 },
  raw: new Uint8Array(),
  remoteAddress: '192.0.2.7',
  files: [],
  test: false,
  binary: inlineBinary,
  ...more,
});

const receive = (parameters: JsonObject, more: Partial<WebhookRequest> = {}): Promise<WebhookReceipt> =>
  hook.receive(
    nodeOf(webhook, { parameters: { path: 'in', httpMethod: 'POST', ...parameters }, node: { webhookId: 'id-1' } }),
    request(more),
  );

async function accepted(
  parameters: JsonObject,
  more: Partial<WebhookRequest> = {},
): Promise<Extract<WebhookReceipt, { kind: 'accepted' }>> {
  const receipt = await receive(parameters, more);
  assert.equal(receipt.kind, 'accepted');
  return receipt;
}

test('a call becomes one item of headers, params, query and body', async () => {
  const { items } = await accepted({});
  assert.deepEqual(items, [
    {
      json: {
        headers: { 'content-type': 'application/json' },
        params: {},
        query: { q: '1' },
        body: { a: 1 },
        webhookUrl: 'http://localhost:5678/webhook/in',
        executionMode: 'production',
      },
    },
  ]);
});

test('a test call says so, and no body is an empty object', async () => {
  const { items } = await accepted({}, { test: true, body: null });
  assert.equal(items[0]?.json['executionMode'], 'test');
  assert.deepEqual(items[0]?.json['body'], {});
});

test('a pattern path is named as the pattern, behind the webhook id', async () => {
  const { items } = await accepted(
    { path: 'in/:id' },
    { url: 'http://h/webhook/id-1/in/42?x=1', params: { id: '42' } },
  );
  assert.equal(items[0]?.json['webhookUrl'], 'http://h/webhook/id-1/in/:id');
});

for (const [parameters, routes] of [
  [{ path: '/a/b/' }, [{ method: 'GET', path: 'a/b', respond: 'onReceived' }]],
  [
    { path: 'x/:id', httpMethod: 'PUT', responseMode: 'lastNode' },
    [{ method: 'PUT', path: 'id-1/x/:id', respond: 'lastNode' }],
  ],
  [{ path: '', responseMode: 'responseNode' }, [{ method: 'GET', path: 'id-1', respond: 'responseNode' }]],
  [
    { path: 'm', multipleMethods: true, httpMethod: ['GET', 'POST'] },
    [
      { method: 'GET', path: 'm', respond: 'onReceived' },
      { method: 'POST', path: 'm', respond: 'onReceived' },
    ],
  ],
] as const) {
  test(`routes of ${JSON.stringify(parameters)}`, () => {
    const node = nodeOf(webhook, {
      parameters: structuredClone(parameters) as unknown as JsonObject,
      node: { webhookId: 'id-1' },
    });
    assert.deepEqual(hook.routes(node), routes);
  });
}

for (const authentication of ['basicAuth', 'headerAuth', 'jwtAuth', 'anything']) {
  test(`${authentication} is never open: refused at activation and at the call`, async () => {
    assert.throws(() => hook.routes(nodeOf(webhook, { parameters: { path: 'in', authentication } })), {
      code: 'NODE_CREDENTIALS_NOT_SUPPORTED',
    });
    const receipt = await receive({ authentication });
    assert.equal(receipt.kind, 'refused');
    assert.equal(receipt.response.status, 501);
  });
}

for (const [list, address, holds] of [
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.70', '192.0.2.7', false],
  ['10.0.0.1, 192.0.2.0/24', '192.0.2.7', true],
  ['192.0.2.0/24', '::ffff:192.0.2.7', true],
  ['192.0.2.0/33', '192.0.2.7', false],
  ['192.0.2', '192.0.2.7', false],
  ['2001:db8::/32', '2001:db8::1', true],
  ['2001:DB8:0:0::1', '2001:db8::1', true],
  ['::/0', '192.0.2.7', false],
  ['0.0.0.0/0', 'not an address', false],
  ['', '192.0.2.7', false],
] as const) {
  test(`${address} is ${holds ? '' : 'not '}in "${list}"`, () => assert.equal(inAllowList(address, list), holds));
}

test('whoever is not on the list is refused', async () => {
  const receipt = await receive({ options: { ipWhitelist: '10.0.0.0/8' } });
  assert.ok(receipt.kind === 'refused' && receipt.response.status === 403);
  assert.equal((await receive({ options: { ipWhitelist: '192.0.2.0/24' } })).kind, 'accepted');
});

test('bots are kept out when asked to', async () => {
  const headers = { 'user-agent': 'Slackbot-LinkExpanding 1.0' };
  assert.equal((await receive({ options: { ignoreBots: true } }, { headers })).kind, 'refused');
  assert.equal((await receive({}, { headers })).kind, 'accepted');
  assert.equal(isBot('Mozilla/5.0 Firefox/130.0'), false);
});

const file = (field: string, fileName = 'a.txt') => ({
  field,
  fileName,
  mimeType: 'text/plain',
  bytes: Buffer.from('hi'),
});

test('files are named by their field; several of one field are numbered', async () => {
  const { items } = await accepted({}, { files: [file('doc'), file('pic'), file('pic')] });
  assert.deepEqual(Object.keys(items[0]?.binary ?? {}), ['doc', 'pic0', 'pic1']);
  const named = await accepted({ options: { binaryPropertyName: 'data' } }, { files: [file('doc'), file('pic')] });
  assert.deepEqual(Object.keys(named.items[0]?.binary ?? {}), ['data0', 'data1']);
});

test('a body that imitates a file is data', async () => {
  const { items } = await accepted({}, { body: { files: [{ path: '/etc/passwd' }], binary: { data: { id: 'x' } } } });
  assert.equal(items[0]?.binary, undefined);
});

test('the raw body is kept as a file when asked to', async () => {
  const { items } = await accepted({ options: { rawBody: true } }, { raw: Buffer.from('raw') });
  assert.deepEqual(items[0]?.binary?.['data'], { data: 'cmF3', mimeType: 'application/json' });
});

for (const [method, output] of [
  ['GET', 0],
  ['POST', 1],
] as const) {
  test(`with several methods ${method} leads to output ${output}`, async () => {
    const parameters = { path: 'in', multipleMethods: true, httpMethod: ['GET', 'POST'] };
    const { items } = await accepted(parameters, { method });
    const outputs = await outputsOf(webhook, { parameters, inputs: [items] });
    assert.equal(outputs.length, 2);
    assert.equal(outputs[output]?.[0]?.json['webhookUrl'], 'http://localhost:5678/webhook/in');
    assert.deepEqual(outputs[output]?.[0]?.pairedItem, output === 0 ? { item: 0 } : { item: 0, input: 1 });
    assert.deepEqual(outputs[1 - output], []);
  });
}

test('a run by hand starts with the item it was given', async () => {
  assert.deepEqual(await outputsOf(webhook, { inputs: [[{ a: 1 }]] }), [[{ json: { a: 1 }, pairedItem: { item: 0 } }]]);
});

const JSON_TYPE = 'application/json; charset=utf-8';

/** Rows: parameters, items of the last node, status, body. */
for (const [what, parameters, last, status, body] of [
  ['on receipt', {}, [], 200, { kind: 'json', value: { message: 'Workflow was started' } }],
  ['on receipt, own text', { options: { responseData: 'ok' } }, [], 200, { kind: 'text', value: 'ok' }],
  ['on receipt, no body', { options: { noResponseBody: true } }, [], 200, { kind: 'empty' }],
  [
    'own status',
    { options: { responseCode: { values: { responseCode: 'customCode', customCode: 418 } } } },
    [],
    418,
    { kind: 'json', value: { message: 'Workflow was started' } },
  ],
  [
    'chosen status',
    { options: { responseCode: { values: { responseCode: 201 } } } },
    [],
    201,
    { kind: 'json', value: { message: 'Workflow was started' } },
  ],
  [
    'a status that is none',
    { responseCode: 9_999 },
    [],
    200,
    { kind: 'json', value: { message: 'Workflow was started' } },
  ],
  ['first item', { responseMode: 'lastNode' }, [{ a: 1 }, { a: 2 }], 200, { kind: 'json', value: { a: 1 } }],
  [
    'one property',
    { responseMode: 'lastNode', options: { responsePropertyName: 'a.b' } },
    [{ a: { b: 5 } }],
    200,
    { kind: 'json', value: 5 },
  ],
  [
    'all items',
    { responseMode: 'lastNode', responseData: 'allEntries' },
    [{ a: 1 }, { a: 2 }],
    200,
    { kind: 'json', value: [{ a: 1 }, { a: 2 }] },
  ],
  ['all of nothing', { responseMode: 'lastNode', responseData: 'allEntries' }, [], 200, { kind: 'json', value: [] }],
  ['nothing', { responseMode: 'lastNode', responseData: 'noData' }, [{ a: 1 }], 200, { kind: 'empty' }],
  [
    'first of nothing',
    { responseMode: 'lastNode' },
    [],
    500,
    { kind: 'json', value: { code: 0, message: 'No item to return was found' } },
  ],
] as const) {
  test(`answer: ${what}`, async () => {
    const { answer } = await accepted(structuredClone(parameters) as unknown as JsonObject);
    const response = answerFrom(
      answer,
      last.map((json) => ({ json: { ...json } as JsonObject })),
    );
    assert.equal(response.status, status);
    assert.deepEqual(response.body, body);
  });
}

test('headers of the node win over the type of the body', async () => {
  const responseHeaders = {
    entries: [{ name: 'X-My', value: 'v' }, { name: 'Content-Type', value: 'text/x' }, { name: '' }],
  };
  const { answer } = await accepted({ options: { responseHeaders } });
  assert.deepEqual(answerFrom(answer).headers, { 'content-type': 'text/x', 'x-my': 'v' });
});

const binaryAnswer: WebhookAnswer = { status: 200, headers: {}, data: 'firstEntryBinary', property: 'data' };

test('a file is answered with its type', () => {
  const item = { json: {}, binary: { data: { mimeType: 'text/plain', data: 'aGk=' } } };
  assert.deepEqual(answerFrom(binaryAnswer, [item]), {
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: { kind: 'binary', base64: 'aGk=', mimeType: 'text/plain' },
  });
});

for (const items of [
  [],
  [{ json: {} }],
  [{ json: {}, binary: {} }],
  [{ json: {}, binary: { data: { mimeType: 'x', id: 'blob' } } }],
]) {
  test(`no file to answer with is 500: ${JSON.stringify(items)}`, () => {
    const response = answerFrom(binaryAnswer, items);
    assert.equal(response.status, 500);
    assert.equal(response.headers['content-type'], JSON_TYPE);
  });
}
