import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject, WebhookResponse } from '#workflow';

import { contextFor, nodeOf, outputsOf, type Scene } from '../testing.ts';
import { respondToWebhook } from './node.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

async function response(parameters: JsonObject, scene: Scene = {}): Promise<WebhookResponse> {
  const inputs = [[{ n: 1 }, { n: 2 }]];
  const result = await respondToWebhook.execute(contextFor(respondToWebhook, { inputs, ...scene, parameters }));
  assert.ok(result.kind === 'outputs' && result.response);
  return result.response;
}

for (const [parameters, expected] of [
  [{}, { status: 200, headers: JSON_TYPE, body: { kind: 'json', value: { n: 1 } } }],
  [
    { options: { responseKey: 'data.first' } },
    { status: 200, headers: JSON_TYPE, body: { kind: 'json', value: { data: { first: { n: 1 } } } } },
  ],
  [
    { respondWith: 'allIncomingItems' },
    { status: 200, headers: JSON_TYPE, body: { kind: 'json', value: [{ n: 1 }, { n: 2 }] } },
  ],
  [
    { respondWith: 'json', responseBody: '[1, 2]' },
    { status: 200, headers: JSON_TYPE, body: { kind: 'json', value: [1, 2] } },
  ],
  [
    { respondWith: 'json', responseBody: { a: 1 } },
    { status: 200, headers: JSON_TYPE, body: { kind: 'json', value: { a: 1 } } },
  ],
  [
    { respondWith: 'text', responseBody: 'é' },
    { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: { kind: 'text', value: 'é' } },
  ],
  [{ respondWith: 'noData' }, { status: 200, headers: JSON_TYPE, body: { kind: 'empty' } }],
  [
    { respondWith: 'noData', options: { responseCode: 204 } },
    { status: 204, headers: {}, body: { kind: 'empty' } },
  ],
  [
    { respondWith: 'redirect', redirectURL: 'http://x' },
    { status: 307, headers: { ...JSON_TYPE, location: 'http://x' }, body: { kind: 'empty' } },
  ],
  [
    { respondWith: 'redirect', redirectURL: 'http://x', options: { responseCode: 301 } },
    { status: 301, headers: { ...JSON_TYPE, location: 'http://x' }, body: { kind: 'empty' } },
  ],
  [
    {
      respondWith: 'text',
      responseBody: 'x',
      options: { responseHeaders: { entries: [{ name: 'Content-Type', value: 'text/plain' }] } },
    },
    { status: 200, headers: { 'content-type': 'text/plain' }, body: { kind: 'text', value: 'x' } },
  ],
] as const) {
  test(`answer of ${JSON.stringify(parameters)}`, async () => {
    assert.deepEqual(await response(structuredClone(parameters) as unknown as JsonObject), expected);
  });
}

test('a file of the first item is the body', async () => {
  const inputs = [[{ json: {}, binary: { pic: { mimeType: 'image/png', data: 'aGk=' } } }]];
  const expected = {
    status: 200,
    headers: { 'content-type': 'image/png' },
    body: { kind: 'binary', base64: 'aGk=', mimeType: 'image/png' },
  };
  assert.deepEqual(await response({ respondWith: 'binary' }, { inputs }), expected);
  assert.deepEqual(
    await response({ respondWith: 'binary', responseDataSource: 'set', inputFieldName: 'pic' }, { inputs }),
    expected,
  );
});

for (const [parameters, code] of [
  [{ respondWith: 'json', responseBody: '{ bad' }, 'NODE_RESPONSE_JSON_INVALID'],
  [{ respondWith: 'jwt' }, 'NODE_NOT_SUPPORTED'],
  [{ respondWith: 'binary' }, 'NODE_BINARY_MISSING'],
  [{ respondWith: 'redirect' }, 'NODE_PARAMETER_MISSING'],
] as const) {
  test(`${JSON.stringify(parameters)} fails with ${code}`, async () => {
    await assert.rejects(response({ ...parameters }), { code });
  });
}

test('the items go on unchanged', async () => {
  assert.deepEqual((await outputsOf(respondToWebhook, { inputs: [[{ n: 1 }]] }))[0], [
    { json: { n: 1 }, pairedItem: { item: 0 } },
  ]);
});

test('the response is a second output where the node has one', async () => {
  const parameters = { enableResponseOutput: true, respondWith: 'json', responseBody: '{"ok":true}' };
  const [, second] = await outputsOf(respondToWebhook, { parameters });
  assert.deepEqual(second, [{ json: { response: { body: { ok: true }, headers: {}, statusCode: 200 } } }]);
  assert.equal(respondToWebhook.facts(nodeOf(respondToWebhook, { parameters })).outputs, 2);
  assert.equal(respondToWebhook.facts(nodeOf(respondToWebhook, { parameters, version: 1.1 })).outputs, 1);
});
