import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '#workflow';
import { at, END_OF_FILE, inProcess, type TestMember, textOf, until } from './member.ts';
import { code, end, hook, line, node, workflow } from './workflows.ts';

/** Webhooks as callers see them, on the real engine. */

let member: TestMember;
before(async () => {
  member = await inProcess();
});
after(() => member?.stop(), END_OF_FILE);

const call = (path: string, body?: unknown, headers?: Record<string, string>): ReturnType<TestMember['ask']> =>
  member.ask('POST', path, body, headers);

/** The only execution of a workflow, once it has ended. */
async function onlyRun(workflowId: string): Promise<JsonObject> {
  const runs = await member.executionsOf(workflowId);
  assert.equal(runs.length, 1, JSON.stringify(runs));
  return member.settled(textOf(runs[0]?.['id']));
}

const pause = (seconds: number): object => node('Pause', 'wait', 1.1, { amount: seconds, unit: 'seconds' });

test('onReceived answers at once that the workflow was started, and the run goes on', async () => {
  const id = await member.activate(
    workflow('early', [hook('early', { responseMode: 'onReceived' }), pause(0.5), end()]),
  );
  const begun = performance.now();
  const { status, json } = await call('/webhook/early', { n: 1 });
  assert.deepEqual([status, json], [200, { message: 'Workflow was started' }]);
  assert.ok(performance.now() - begun < 450, 'answered before the run ended');
  const run = await onlyRun(id);
  assert.deepEqual([run['status'], run['mode']], ['success', 'webhook']);
});

test('lastNode answers with the first item of the node that ran last', async () => {
  await member.activate(
    workflow('last', [
      hook('last', { responseMode: 'lastNode' }),
      node('Double', 'set', 3.4, {
        mode: 'raw',
        jsonOutput: '={{ { twice: $json.body.n * 2, method: $json.headers["x-own"] } }}',
        options: {},
      }),
    ]),
  );
  const { status, json, headers } = await call('/webhook/last', { n: 21 }, { 'x-own': 'yes' });
  assert.deepEqual([status, json], [200, { twice: 42, method: 'yes' }]);
  assert.match(headers.get('content-type') ?? '', /^application\/json/);
});

test('lastNode with all entries answers with the list, and a run that fails with 500', async () => {
  const parameters = { responseMode: 'lastNode', responseData: 'allEntries' };
  await member.activate(
    workflow('all', [
      hook('all', parameters),
      code('Make', "if ($json.body.bad) throw new Error('bad');\nreturn [1, 2, 3].map((n) => ({json: {n}}));"),
    ]),
  );
  assert.equal((await call('/webhook/all', {})).text, '[{"n":1},{"n":2},{"n":3}]');
  const failed = await call('/webhook/all', { bad: true });
  assert.deepEqual([failed.status, failed.json['message']], [500, 'Error in workflow']);
});

const respond = (name: string, value: string, more: JsonObject = {}): object =>
  node(name, 'respondToWebhook', 1.1, { respondWith: 'json', responseBody: value, options: more });

test('a Respond node in the middle answers while the run goes on behind it', async () => {
  const answer = respond('Answer', '={{ { "got": $json.body.n } }}', {
    responseCode: 201,
    responseHeaders: { entries: [{ name: 'X-Kind', value: 'early' }] },
  });
  const id = await member.activate(
    workflow('middle', [hook('middle', { responseMode: 'responseNode' }), answer, pause(0.5), end()]),
  );
  const begun = performance.now();
  const { status, json, headers } = await call('/webhook/middle', { n: 7 });
  assert.deepEqual([status, json, headers.get('x-kind')], [201, { got: 7 }, 'early']);
  assert.ok(performance.now() - begun < 450, 'answered before the run ended');
  const run = await onlyRun(id);
  assert.deepEqual([run['status'], at(run, 'data', 'resultData', 'lastNodeExecuted')], ['success', 'End']);
});

test('of two Respond nodes the first one answers; a run that reaches none is answered at its end', async () => {
  await member.activate(
    workflow('two', [
      hook('two', { responseMode: 'responseNode' }),
      respond('First', '{"by": "first"}'),
      respond('Second', '{"by": "second"}'),
    ]),
  );
  assert.deepEqual((await call('/webhook/two', {})).json, { by: 'first' });
  const none = node('Never', 'filter', 2.2, {
    conditions: {
      options: { caseSensitive: true, typeValidation: 'strict', version: 2 },
      combinator: 'and',
      conditions: [{ leftValue: '={{ 1 }}', rightValue: 2, operator: { type: 'number', operation: 'equals' } }],
    },
  });
  await member.activate(
    workflow('none', [hook('none', { responseMode: 'responseNode' }), none, respond('Answer', '{}')]),
  );
  const unanswered = await call('/webhook/none', {});
  assert.equal(unanswered.status, 200);
});

test('the same idempotency key runs once, however often and however concurrently it is sent', async () => {
  const id = await member.activate(
    workflow('once', [
      hook('once', { responseMode: 'lastNode' }),
      code('Make', 'return [{json: {n: $json.body.n, made: Math.random()}}];'),
    ]),
  );
  const key = { 'idempotency-key': 'order-17' };
  const answers = await Promise.all(Array.from({ length: 10 }, () => call('/webhook/once', { n: 1 }, key)));
  const later = await call('/webhook/once', { n: 2 }, key);
  const [first] = answers;
  for (const { status, text } of [...answers, later]) assert.deepEqual([status, text], [200, first?.text]);
  await onlyRun(id);
  const other = await call('/webhook/once', { n: 3 }, { 'idempotency-key': 'order-18' });
  assert.equal(other.json['n'], 3);
  assert.equal((await member.executionsOf(id)).length, 2);
});

test('a file goes through a workflow and comes back byte by byte, small ones and ones that become blobs', async () => {
  await member.activate(
    workflow('file', [
      hook('file', { responseMode: 'responseNode' }),
      node('Answer', 'respondToWebhook', 1.1, { respondWith: 'binary', options: {} }),
    ]),
  );
  for (const size of [10, 16 * 1024, 700_001]) {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) % 256);
    const form = new FormData();
    form.set('data', new Blob([bytes], { type: 'image/png' }), 'a picture.png');
    const response = await fetch(`${member.base}/webhook/file`, { method: 'POST', body: form });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'image/png');
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes);
  }
});

test('a run that waits for a call goes on with it, and tells callers 404 and 409 otherwise', async () => {
  const id = await member.activate(
    workflow('approve', [
      hook('approve', { responseMode: 'onReceived' }),
      node('Approval', 'wait', 1.1, {
        resume: 'webhook',
        httpMethod: 'POST',
        responseMode: 'lastNode',
        options: { webhookSuffix: 'sign' },
      }),
      node('Result', 'set', 3.4, {
        mode: 'raw',
        jsonOutput: '={{ { by: $json.body.by, order: $("Webhook").item.json.body.order } }}',
        options: {},
      }),
    ]),
  );
  await call('/webhook/approve', { order: 5 });
  const [run] = await member.executionsOf(id);
  const executionId = textOf(run?.['id']);
  await member.settled(executionId, 'waiting');
  const address = `/webhook-waiting/${executionId}`;
  for (const [path, method, status, wanted] of [
    ['/webhook-waiting/999', 'POST', 404, 'EXECUTION_UNKNOWN'],
    [address, 'POST', 404, 'WEBHOOK_UNKNOWN'],
    [`${address}/sign`, 'GET', 404, 'WEBHOOK_UNKNOWN'],
  ] as const) {
    const refused = await member.ask(method, path);
    assert.deepEqual([refused.status, refused.json['code']], [status, wanted], path);
  }
  const both = await Promise.all([1, 2].map((n) => call(`${address}/sign`, { by: `chief ${n}` })));
  for (const { status, json } of both) {
    assert.ok(status === 200 || status === 409, JSON.stringify(json));
    if (status === 200) assert.equal(json['order'], 5);
  }
  const ended = await member.settled(executionId);
  assert.equal(ended['status'], 'success');
  const events = await member.journal(executionId);
  assert.equal(events.filter(({ type }) => type === 'execution.resumed').length, 1);
  const late = await call(`${address}/sign`, {});
  assert.deepEqual([late.status, late.json['code']], [409, 'EXECUTION_NOT_WAITING']);
});

test('$execution.resumeUrl leads to the waiting run', async () => {
  const parameters = { mode: 'raw', jsonOutput: '={{ { url: $execution.resumeUrl } }}', options: {} };
  const id = await member.store(
    workflow('resume url', [
      node('Start', 'manualTrigger', 1),
      node('Url', 'set', 3.4, parameters),
      node('Approval', 'wait', 1.1, { resume: 'webhook', options: {} }),
      end(),
    ]),
  );
  const executionId = await member.execute(id);
  const waiting = await member.settled(executionId, 'waiting');
  const url = textOf(at(waiting, 'data', 'resultData', 'runData', 'Url', 0, 'data', 'main', 0, 0, 'json', 'url'));
  assert.ok(url.endsWith(`/webhook-waiting/${executionId}`), url);
  assert.equal((await fetch(url)).status, 200);
  assert.equal((await member.settled(executionId))['status'], 'success');
});

test('200 calls at once are all answered with their own data, each by one execution', async () => {
  const id = await member.activate(
    workflow('many', [
      hook('many', { responseMode: 'lastNode' }),
      node('Echo', 'set', 3.4, {
        mode: 'raw',
        jsonOutput: '={{ { n: $json.body.n, id: $execution.id } }}',
        options: {},
      }),
    ]),
  );
  const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => call('/webhook/many', { n })));
  assert.deepEqual(
    answers.map(({ status, json }) => [status, json['n']]),
    answers.map((_, n) => [200, n]),
  );
  assert.equal(new Set(answers.map(({ json }) => json['id'])).size, 200);
  const rows = await member.executionsOf(id);
  assert.deepEqual([rows.length, new Set(rows.map(({ status }) => status))], [200, new Set(['success'])]);
});

test('what is not listened to is 404 with a hint: unknown paths, other methods, and after deactivation', async () => {
  const id = await member.activate(workflow('gone', [hook('gone', { responseMode: 'lastNode' })]));
  assert.equal((await call('/webhook/gone', {})).status, 200);
  for (const [method, path] of [
    ['POST', '/webhook/nowhere'],
    ['GET', '/webhook/gone'],
    ['POST', '/webhook-test/gone'],
  ] as const) {
    const { status, json } = await member.ask(method, path);
    assert.equal(status, 404);
    assert.deepEqual(Object.keys(json).toSorted(), ['code', 'hint', 'message']);
  }
  await member.must('POST', `/api/v1/workflows/${id}/deactivate`);
  assert.equal((await call('/webhook/gone', {})).status, 404);
});

test('a new version answers from the moment it is stored; runs under way keep theirs', async () => {
  const versioned = (answer: string): object =>
    workflow('versioned', [
      hook('versioned', { responseMode: 'lastNode' }),
      pause(0.4),
      code('Answer', `return [{json: {answer: '${answer}'}}];`),
    ]);
  const id = await member.activate(versioned('old'));
  const before = call('/webhook/versioned', {});
  await until('the run', async () => ((await member.executionsOf(id)).length > 0 ? true : undefined));
  await member.must('PUT', `/api/v1/workflows/${id}`, versioned('new'));
  const later = await call('/webhook/versioned', {});
  assert.deepEqual([(await before).json, later.json], [{ answer: 'old' }, { answer: 'new' }]);
});

test('branches: every one runs before the answer of the last node', async () => {
  await member.activate(
    workflow(
      'branches',
      [
        hook('branches', { responseMode: 'lastNode' }),
        code('A', 'return [{json: {at: "A"}}];'),
        end('B'),
        node('Join', 'merge', 3.2, { mode: 'append' }),
      ],
      {
        connections: {
          Webhook: {
            main: [
              [
                { node: 'A', type: 'main', index: 0 },
                { node: 'B', type: 'main', index: 0 },
              ],
            ],
          },
          ...line('A', 'Join'),
          B: { main: [[{ node: 'Join', type: 'main', index: 1 }]] },
        },
      },
    ),
  );
  const { status, json } = await call('/webhook/branches', {});
  assert.deepEqual([status, json], [200, { at: 'A' }]);
});
