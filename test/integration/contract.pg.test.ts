import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { at, END_OF_FILE, inProcess, list, object, type TestMember, textOf, until } from './member.ts';
import { stub, type Stub } from './stub.ts';
import { code, end, hook, http, node, start, workflow } from './workflows.ts';

/** The shapes that people and programs rely on, as a member gives them over its port. */

const dataDir = mkdtempSync(join(tmpdir(), 'troupe-contract-'));
let member: TestMember;
let target: Stub;
before(async () => {
  member = await inProcess({ dataDir });
  target = await stub();
});
after(async () => {
  await member?.stop();
  await target?.close();
  rmSync(dataDir, { recursive: true, force: true });
}, END_OF_FILE);

const quick = (name: string): object => workflow(name, [start(), end()]);

test('health and readiness are public and say ok', async () => {
  for (const path of ['/health', '/healthz', '/ready', '/healthz/readiness']) {
    const response = await fetch(member.base + path);
    assert.deepEqual([response.status, await response.json()], [200, { status: 'ok' }], path);
  }
});

test('everything under /api/v1 refuses strangers with message, code and hint', async () => {
  for (const [method, path] of [
    ['GET', '/api/v1/workflows'],
    ['GET', '/api/v1/actors'],
    ['POST', '/api/v1/workflows/x/execute'],
    ['GET', '/api/v1/executions/1/journal'],
  ] as const) {
    const response = await fetch(member.base + path, { method });
    const body = object(await response.json());
    assert.equal(response.status, 401, path);
    assert.deepEqual([Object.keys(body).toSorted(), body['code']], [['code', 'hint', 'message'], 'UNAUTHORIZED']);
  }
  const bearer = await fetch(`${member.base}/api/v1/workflows`, {
    headers: { authorization: `Bearer integration-0123456789abcdef` },
  });
  assert.equal(bearer.status, 200);
});

test('errors have message, code and hint, whatever is wrong', async () => {
  const id = await member.store(quick('errors'));
  const bad = { ...quick('bad'), nodes: [node('X', 'noSuchNode', 1)] };
  for (const [method, path, body, status, wanted] of [
    ['GET', '/api/v1/workflows/nobody', undefined, 404, 'WORKFLOW_UNKNOWN'],
    ['GET', '/api/v1/executions/1', undefined, 404, 'EXECUTION_UNKNOWN'],
    ['GET', '/api/v1/executions?limit=0', undefined, 400, 'INPUT_INVALID'],
    ['GET', '/api/v1/executions?cursor=%22x', undefined, 400, 'CURSOR_INVALID'],
    ['GET', '/nowhere', undefined, 404, 'ROUTE_UNKNOWN'],
    ['POST', '/api/v1/workflows', bad, 400, 'WORKFLOW_INVALID'],
    ['POST', `/api/v1/workflows/${id}/activate`, undefined, 400, 'TRIGGER_MISSING'],
    ['POST', `/api/v1/workflows/${id}/execute`, { nope: 1 }, 400, 'INPUT_INVALID'],
    ['POST', '/api/v1/executions/1/cancel', undefined, 404, 'EXECUTION_UNKNOWN'],
    ['POST', '/api/v1/executions/1/signal', {}, 404, 'EXECUTION_UNKNOWN'],
  ] as const) {
    const answer = await member.ask(method, path, body);
    assert.deepEqual([answer.status, answer.json['code']], [status, wanted], `${method} ${path} ${answer.text}`);
    const keys = new Set(Object.keys(answer.json));
    assert.ok(keys.has('message') && keys.has('hint'), answer.text);
  }
});

test('a workflow has the members of n8n, from its making to its end', async () => {
  const source = workflow('members', [hook('members', { responseMode: 'lastNode' }), end()]);
  const created = await member.must('POST', '/api/v1/workflows', source);
  const { nodes, connections, settings } = object(source);
  for (const [key, value] of Object.entries({ name: 'members', active: false, nodes, connections, settings })) {
    assert.deepEqual(created[key], value, key);
  }
  for (const key of ['createdAt', 'updatedAt']) {
    assert.match(textOf(created[key]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  const id = textOf(created['id']);
  assert.equal((await member.must('POST', `/api/v1/workflows/${id}/activate`))['active'], true);
  const page = await member.must('GET', '/api/v1/workflows?limit=1');
  assert.equal(list(page['data']).length, 1);
  const next = await member.must('GET', `/api/v1/workflows?limit=250&cursor=${textOf(page['nextCursor'])}`);
  assert.ok(list(next['data']).some((each) => each['id'] === id));
  assert.equal(next['nextCursor'], null);
  assert.equal((await member.must('DELETE', `/api/v1/workflows/${id}`))['id'], id);
  assert.equal((await member.ask('GET', `/api/v1/workflows/${id}`)).status, 404);
  assert.equal((await member.ask('POST', '/webhook/members', {})).status, 404);
});

test('execute answers 202 with the id, and with wait 200 with the run data', async () => {
  const id = await member.store(workflow('shape', [start(), code('Make', 'return [{json: {n: 1}}, {json: {n: 2}}];')]));
  const begun = await member.ask('POST', `/api/v1/workflows/${id}/execute`);
  assert.deepEqual([begun.status, Object.keys(begun.json)], [202, ['executionId']]);
  const waited = await member.ask('POST', `/api/v1/workflows/${id}/execute`, { wait: true, input: { hello: 'you' } });
  assert.equal(waited.status, 200);
  const { executionId, workflowId, status, startedAt, stoppedAt, data } = waited.json;
  assert.match(textOf(executionId), /^\d+$/);
  assert.deepEqual([workflowId, status], [id, 'success']);
  assert.ok(Date.parse(textOf(startedAt)) <= Date.parse(textOf(stoppedAt)));
  assert.equal(at(data, 'resultData', 'lastNodeExecuted'), 'Make');
  const [made] = list(at(data, 'resultData', 'runData', 'Make'));
  const { startTime, executionTime, ...rest } = object(made);
  assert.ok(Number(startTime) > 1.7e12 && Number(executionTime) >= 0);
  assert.deepEqual(rest, {
    executionIndex: 1,
    executionStatus: 'success',
    source: [{ previousNode: 'Start', previousNodeOutput: 0, previousNodeRun: 0 }],
    data: {
      main: [
        [
          { json: { n: 1 }, pairedItem: { item: 0 } },
          { json: { n: 2 }, pairedItem: { item: 0 } },
        ],
      ],
    },
  });
});

test('the idempotency key of execute starts a workflow once', async () => {
  const id = await member.store(quick('once'));
  const body = { idempotencyKey: 'k-1' };
  const ids = await Promise.all(Array.from({ length: 6 }, () => member.execute(id, body)));
  assert.equal(new Set(ids).size, 1);
  const waited = await member.run(id, body);
  assert.deepEqual([waited['executionId'], waited['status']], [ids[0], 'success']);
  assert.equal((await member.executionsOf(id)).length, 1);
});

test('executions have the members of n8n, in pages, newest first, by status; their journal is paged by seq', async () => {
  const id = await member.store(quick('executions'));
  const runs: string[] = [];
  for (let count = 0; count < 5; count += 1) runs.push(textOf((await member.run(id))['executionId']));
  const first = await member.must('GET', `/api/v1/executions?workflowId=${id}&limit=3`);
  const cursor = textOf(first['nextCursor']);
  const second = await member.must('GET', `/api/v1/executions?workflowId=${id}&limit=3&cursor=${cursor}`);
  const rows = [...list(first['data']), ...list(second['data'])];
  assert.deepEqual(
    rows.map((row) => row['id']),
    runs.toReversed(),
  );
  const { startedAt, stoppedAt, ...row } = object(rows[0]);
  assert.ok(Date.parse(textOf(stoppedAt)) >= Date.parse(textOf(startedAt)));
  assert.deepEqual(row, {
    id: runs[4],
    finished: true,
    mode: 'trigger',
    status: 'success',
    retryOf: null,
    retrySuccessId: null,
    workflowId: id,
    waitTill: null,
  });
  assert.deepEqual((await member.must('GET', `/api/v1/executions?workflowId=${id}&status=error`))['data'], []);
  const whole = await member.journal(runs[0] ?? '');
  assert.deepEqual(
    whole.map(({ seq, type }) => [seq, type]),
    ['execution.started', 'node.started', 'node.finished', 'node.started', 'node.finished', 'execution.finished'].map(
      (type, index) => [index + 1, type],
    ),
  );
  const page = await member.must('GET', `/api/v1/executions/${runs[0]}/journal?afterSeq=2&limit=2`);
  assert.deepEqual(
    list(page['data']).map(({ seq }) => seq),
    [3, 4],
  );
  assert.equal(page['nextAfterSeq'], 4);
});

test('the members show this one with its shards', async () => {
  const members = list((await member.must('GET', '/api/v1/cluster/members'))['data']);
  assert.equal(members.length, 1);
});

/** Every metric of the contract that a single member has, with its labels. */
const METRICS: Record<string, readonly string[]> = {
  http_requests_total: ['method', 'endpoint', 'status'],
  http_request_duration_seconds: [],
  http_response_size_bytes: [],
  workflows_created_total: [],
  workflows_executed_total: [],
  execution_duration_seconds: ['status'],
  execution_status_total: ['status'],
  node_executions_total: ['node_type', 'status'],
  database_connections_active: [],
  cache_hit_rate: [],
  queue_depth: [],
  events_published_total: ['event_type'],
  events_consumed_total: [],
  actor_restarts_total: [],
  mailbox_length: ['kind'],
  dead_letters_total: [],
  breaker_state: ['breaker'],
  journal_commit_seconds: [],
  journal_batch_rows: [],
  journal_fenced_total: [],
  shards_owned: [],
  shard_takeovers_total: [],
  lease_renewal_seconds: [],
};

test('after traffic every metric of the contract is there, with its labels and no execution ids', async () => {
  const dead = await stub();
  await dead.close();
  const failing = await member.store(workflow('dead target', [start(), http('Call', `${dead.url}/`)]));
  for (let count = 0; count < 5; count += 1) await member.run(failing);
  await member.run(await member.store(workflow('live target', [start(), http('Call', `${target.url}/`)])));
  const text = await (await fetch(`${member.base}/metrics`)).text();
  for (const [name, labels] of Object.entries(METRICS)) {
    assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'), name);
    if (labels.length === 0) continue;
    const sample = text.split('\n').find((each) => new RegExp(`^${name}(_count|_sum|_bucket)?\\{`).test(each)) ?? '';
    for (const label of labels) assert.match(sample, new RegExp(`[{,]${label}="`), `${name}: ${sample}`);
  }
  const value = (start: string): number =>
    Number(
      text
        .split('\n')
        .find((each) => each.startsWith(start))
        ?.split(' ')
        .at(-1) ?? NaN,
    );
  assert.equal(value('breaker_state{breaker="127.0.0.1:'), 2);
  assert.equal(value('shards_owned '), 512);
  assert.ok(value('execution_status_total{status="error"}') >= 5);
  assert.ok(value('node_executions_total{node_type="n8n-nodes-base.httpRequest",status="success"}') >= 1);
  assert.ok(value('events_published_total{event_type="workflow.created"}') >= 1);
  const rate = value('cache_hit_rate ');
  assert.ok(rate > 0 && rate < 1, `cache_hit_rate ${rate}`);
  assert.doesNotMatch(text, /executionId|execution_id/);
  assert.match(text, /http_requests_total\{method="POST",endpoint="\/api\/v1\/workflows\/:id\/execute"/);
});

function postmaster(): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

test(
  'while the database is down the member is healthy but not ready, says why, and loses nothing',
  { timeout: 60_000 },
  async () => {
    const slow = node('Pause', 'wait', 1.1, { amount: 1, unit: 'seconds' });
    const id = await member.store(workflow('survives', [start(), slow, http('Call', `${target.url}/once`), end()]));
    const runs = await Promise.all(Array.from({ length: 10 }, () => member.execute(id)));
    process.kill(postmaster(), 'SIGKILL');
    const refusal = await until('not ready', async () => {
      const response = await fetch(`${member.base}/ready`);
      const body: unknown = await response.json();
      return response.status === 503 ? object(body) : undefined;
    });
    assert.equal(refusal['status'], 'error');
    assert.ok(
      texts(refusal['reasons']).some((reason) => reason.startsWith('database: ')),
      JSON.stringify(refusal),
    );
    assert.equal((await fetch(`${member.base}/health`)).status, 200);
    await until(
      'ready again',
      async () => ((await fetch(`${member.base}/ready`)).status === 200 ? true : undefined),
      30_000,
    );
    for (const run of runs) {
      const ended = await member.settled(run);
      assert.equal(ended['status'], 'success', JSON.stringify(at(ended, 'data', 'resultData', 'error')));
    }
    await pause(200);
    const keys = target.calls.filter(({ url }) => url === '/once').map(({ headers }) => headers['idempotency-key']);
    assert.equal(new Set(keys).size, runs.length);
  },
);

function texts(value: unknown): string[] {
  assert.ok(Array.isArray(value));
  return value.map(textOf);
}
