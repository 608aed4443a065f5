import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { JsonObject } from '#workflow';
import { asProcess, END_OF_FILE, inProcess, type Caller, type TestMember, textOf } from './member.ts';
import { end, hook, node, workflow } from './workflows.ts';

/** Limits of workflows as callers and people see them, on the real engine. */

let member: TestMember;
before(async () => {
  member = await inProcess();
});
after(() => member?.stop(), END_OF_FILE);

const pause = (seconds: number): object => node('Pause', 'wait', 1.1, { amount: seconds, unit: 'seconds' });

function limited(name: string, settings: JsonObject, seconds: number, responseMode = 'onReceived'): object {
  return workflow(name, [hook(name, { responseMode }), pause(seconds), end()], { settings });
}

/** When a run began and ended, by its journal. */
async function spanOf(caller: Caller, executionId: string): Promise<{ from: number; to: number }> {
  const events = await caller.journal(executionId);
  const turn = events.findLast(({ type }) => type === 'execution.resumed' || type === 'execution.started');
  const first = events.find(({ type }) => type === 'node.started');
  assert.ok(turn);
  return { from: Number(first?.['at']), to: Number(events.at(-1)?.['at']) };
}

/** The most runs that were under way at the same moment. */
function most(spans: readonly { from: number; to: number }[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((other) => other.from <= from && from < other.to).length));
}

test('runs of one key wait for each other, those of another do not; all callers are answered in the end', async () => {
  const key = '={{ $json.body.customer }}';
  const id = await member.activate(limited('keyed', { concurrency: { limit: 1, key } }, 0.2, 'lastNode'));
  const customers = ['a', 'b', 'a', 'a', 'b'];
  const answers = await Promise.all(customers.map((customer) => member.ask('POST', '/webhook/keyed', { customer })));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  const runs = await member.executionsOf(id);
  assert.equal(runs.length, 5);
  const spans = await Promise.all(runs.map((run) => spanOf(member, textOf(run['id']))));
  assert.equal(most(spans), 2);
});

test('a queued execution is shown as waiting, with its reason in the journal, and can be canceled', async () => {
  const id = await member.activate(limited('queue', { concurrency: 1 }, 1));
  for (let call = 0; call < 3; call += 1) assert.equal((await member.ask('POST', '/webhook/queue', {})).status, 200);
  const [first, second, third] = (await member.executionsOf(id)).map((run) => textOf(run['id']));
  const queued = await member.settled(second ?? '', 'waiting');
  assert.equal(queued['waitTill'], null);
  const signal = await member.ask('POST', `/api/v1/executions/${second}/signal`, { payload: 1 });
  assert.equal(signal.status, 409, signal.text);
  const events = await member.journal(second ?? '');
  assert.equal(events[1]?.['reason'], 'concurrency');
  await member.must('POST', `/api/v1/executions/${second}/cancel`);
  assert.equal((await member.settled(third ?? ''))['status'], 'success');
  assert.equal((await member.settled(first ?? ''))['status'], 'success');
  assert.equal((await member.settled(second ?? ''))['status'], 'canceled');
});

test('a rate limit holds back what is over its bucket', async () => {
  const id = await member.activate(limited('rated', { rateLimit: { limit: 2, per: 'second' } }, 0));
  await Promise.all(Array.from({ length: 6 }, () => member.ask('POST', '/webhook/rated', {})));
  const ids = (await member.executionsOf(id)).map((run) => textOf(run['id']));
  for (const each of ids) assert.equal((await member.settled(each))['status'], 'success');
  const begins = (await Promise.all(ids.map((each) => spanOf(member, each))))
    .map(({ from }) => from)
    .sort((a, b) => a - b);
  const [first = 0, , third = 0, , , last = 0] = begins;
  assert.ok(third - first >= 400 && last - first >= 1_900, begins.map((at) => at - first).join(' '));
});

test('a workflow whose limits cannot be read is refused with the field', async () => {
  const { status, text } = await member.ask('POST', '/api/v1/workflows', limited('bad', { concurrency: 0 }, 0));
  assert.equal(status, 400);
  assert.match(text, /settings\.concurrency/);
});

test('a member that is killed with a full queue: after its restart all get their turn, and never too many', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'troupe-limits-'));
  let now = await asProcess(dataDir);
  try {
    const id = await now.activate(limited('killed', { concurrency: 2 }, 0.4));
    for (let call = 0; call < 12; call += 1) assert.equal((await now.ask('POST', '/webhook/killed', {})).status, 200);
    await now.end('SIGKILL');
    now = await asProcess(dataDir);
    const runs = await now.executionsOf(id);
    assert.equal(runs.length, 12);
    const ids = runs.map((run) => textOf(run['id']));
    for (const each of ids) assert.equal((await now.settled(each))['status'], 'success');
    assert.ok(most(await Promise.all(ids.map((each) => spanOf(now, each)))) <= 2);
  } finally {
    await now.end('SIGTERM');
    rmSync(dataDir, { recursive: true, force: true });
  }
});
