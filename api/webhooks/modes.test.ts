import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Item, JsonObject, WebhookResponse } from '#workflow';
import { createRig, webhookWorkflow, type Script } from '../testing.ts';

const RESPOND = { name: 'Respond', type: 'n8n-nodes-base.respondToWebhook' };
const JSON_TYPE = 'application/json; charset=utf-8';

interface Case {
  rule: string;
  parameters: JsonObject;
  respond?: boolean;
  script?: Script;
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const items: Item[] = [{ json: { n: 1, deep: { x: 'é' } } }, { json: { n: 2 } }];
const file = { data: Buffer.from('file text').toString('base64'), mimeType: 'text/plain' };
const text = (value: string): WebhookResponse => ({ status: 200, headers: {}, body: { kind: 'text', value } });
const STARTED = '{"message":"Workflow was started"}';
const FAILED = '{"message":"Error in workflow"}';
const last = { responseMode: 'lastNode' };
const node = { responseMode: 'responseNode' };

/** Response mode × how the run ends: what the caller gets. */
const CASES: Case[] = [
  { rule: 'on receipt: the default answer', parameters: {}, status: 200, body: STARTED },
  {
    rule: 'on receipt: own status and headers',
    parameters: {
      options: {
        responseCode: { values: { responseCode: 'customCode', customCode: 418 } },
        responseHeaders: { entries: [{ name: 'X-My', value: 'v1' }] },
      },
    },
    status: 418,
    body: STARTED,
    headers: { 'x-my': 'v1' },
  },
  {
    rule: 'on receipt: a run that fails is answered all the same',
    parameters: {},
    script: { status: 'error' },
    status: 200,
    body: STARTED,
  },
  { rule: 'on receipt: no body', parameters: { options: { noResponseBody: true } }, status: 200, body: '' },
  {
    rule: 'last node: its first item',
    parameters: last,
    script: { items },
    status: 200,
    body: '{"n":1,"deep":{"x":"é"}}',
    headers: { 'content-type': JSON_TYPE },
  },
  {
    rule: 'last node: a property of it',
    parameters: { ...last, options: { responsePropertyName: 'deep' } },
    script: { items },
    status: 200,
    body: '{"x":"é"}',
  },
  {
    rule: 'last node: all items',
    parameters: { ...last, responseData: 'allEntries' },
    script: { items },
    status: 200,
    body: '[{"n":1,"deep":{"x":"é"}},{"n":2}]',
  },
  {
    rule: 'last node: all of none',
    parameters: { ...last, responseData: 'allEntries' },
    script: { items: [] },
    status: 200,
    body: '[]',
  },
  {
    rule: 'last node: no item',
    parameters: last,
    script: { items: [] },
    status: 500,
    body: '{"code":0,"message":"No item to return was found"}',
  },
  {
    rule: 'last node: no data wanted',
    parameters: { ...last, responseData: 'noData' },
    script: { items },
    status: 200,
    body: '',
  },
  {
    rule: 'last node: a file',
    parameters: { ...last, responseData: 'firstEntryBinary' },
    script: { items: [{ json: {}, binary: { data: file } }] },
    status: 200,
    body: 'file text',
    headers: { 'content-type': 'text/plain' },
  },
  {
    rule: 'last node: a file that lies in the store',
    parameters: { ...last, responseData: 'firstEntryBinary' },
    script: { items: [{ json: {}, binary: { data: { id: 'blob', mimeType: 'text/plain' } } }] },
    status: 200,
    body: 'stored',
  },
  { rule: 'last node: the run failed', parameters: last, script: { status: 'error' }, status: 500, body: FAILED },
  {
    rule: 'last node: the run was canceled',
    parameters: last,
    script: { status: 'canceled' },
    status: 500,
    body: FAILED,
  },
  {
    rule: 'last node: the run waits',
    parameters: last,
    script: { status: 'waiting' },
    status: 202,
    body: '{"message":"Workflow is waiting","executionId":"1"}',
  },
  {
    rule: 'respond node: its answer',
    parameters: node,
    respond: true,
    script: { response: text('fine') },
    status: 200,
    body: 'fine',
    headers: { 'content-type': 'text/html; charset=utf-8' },
  },
  {
    rule: 'respond node: its answer although the run fails later',
    parameters: node,
    respond: true,
    script: { status: 'error', response: text('fine') },
    status: 200,
    body: 'fine',
  },
  {
    rule: 'respond node: not reached',
    parameters: node,
    respond: true,
    status: 200,
    body: '',
    headers: { 'content-type': JSON_TYPE },
  },
  {
    rule: 'respond node: the run failed before',
    parameters: node,
    respond: true,
    script: { status: 'error' },
    status: 500,
    body: FAILED,
  },
  {
    rule: 'respond node: the run waits',
    parameters: node,
    respond: true,
    script: { status: 'waiting' },
    status: 202,
    body: '{"message":"Workflow is waiting","executionId":"1"}',
  },
  {
    rule: 'respond node: 204 has neither body nor type',
    parameters: node,
    respond: true,
    script: { response: { status: 204, headers: {}, body: { kind: 'empty' } } },
    status: 204,
    body: '',
  },
  {
    rule: 'respond node: none in the workflow',
    parameters: node,
    status: 500,
    body: '{"code":0,"message":"No Respond to Webhook node found in the workflow"}',
  },
  {
    rule: 'last node with a respond node behind it',
    parameters: last,
    respond: true,
    status: 500,
    body: '{"code":0,"message":"Unused Respond to Webhook node found in the workflow"}',
  },
];

for (const { rule, parameters, respond = false, script = {}, status, body, headers = {} } of CASES) {
  test(rule, async () => {
    const rig = createRig({
      binary: { read: async () => Buffer.from('stored'), write: async (_bytes, meta) => ({ id: 'x', ...meta }) },
    });
    rig.engine.script = () => script;
    const next = respond ? [RESPOND] : [];
    await rig.add(webhookWorkflow({ path: 'a', httpMethod: 'POST', ...parameters }, ...next));
    const reply = await rig.api.inject({ method: 'POST', url: '/webhook/a', payload: { a: 1 } });
    assert.equal(reply.payload, body);
    assert.equal(reply.statusCode, status);
    for (const [name, value] of Object.entries(headers)) assert.equal(reply.headers[name], value);
    if (status === 204) assert.equal(reply.headers['content-type'], undefined);
  });
}

test('on receipt the start is committed at once; other modes leave it to the first commit', async () => {
  for (const [mode, early] of [
    ['onReceived', true],
    ['lastNode', false],
    ['responseNode', false],
  ] as const) {
    const rig = createRig();
    const next = mode === 'responseNode' ? [RESPOND] : [];
    await rig.add(webhookWorkflow({ path: 'a', responseMode: mode }, ...next));
    await rig.api.inject({ url: '/webhook/a' });
    assert.equal(rig.engine.starts[0]?.acceptEarly, early);
  }
});

test('the answer waits for the end of the run', async () => {
  const rig = createRig();
  let finish: () => void = () => {};
  const until = new Promise<void>((resolve) => (finish = resolve));
  rig.engine.script = () => ({ until });
  await rig.add(webhookWorkflow({ path: 'a', responseMode: 'lastNode' }));
  let answered = false;
  const call = rig.api.inject({ url: '/webhook/a' }).then((reply) => {
    answered = true;
    return reply;
  });
  while (rig.engine.starts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  finish();
  assert.equal((await call).statusCode, 200);
});

test('an answer whose status or header cannot be sent is 500 and no crash', async () => {
  const answers: WebhookResponse[] = [
    { status: 99, headers: {}, body: { kind: 'empty' } },
    { status: 1000, headers: {}, body: { kind: 'empty' } },
    { status: 200.5, headers: {}, body: { kind: 'empty' } },
    { status: 200, headers: { 'bad name': 'x' }, body: { kind: 'empty' } },
    { status: 200, headers: { x: 'a\r\nset-cookie: b' }, body: { kind: 'empty' } },
  ];
  for (const response of answers) {
    const rig = createRig();
    rig.engine.script = () => ({ response });
    await rig.add(webhookWorkflow({ path: 'a', ...node }, RESPOND));
    const reply = await rig.api.inject({ url: '/webhook/a' });
    assert.equal(reply.statusCode, 500);
    assert.equal(reply.json().code, 'WEBHOOK_ANSWER_INVALID');
    assert.equal(reply.headers['set-cookie'], undefined);
  }
});
