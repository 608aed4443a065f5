import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, test } from 'node:test';
import type { FaultHook } from '#actors';
import type { JsonObject } from '#workflow';
import { at, END_OF_FILE, inProcess, itemsOf, list, type TestMember, textOf, until } from './member.ts';
import { listen, type Listener } from './socket.ts';
import { okay, status, stub, type Stub } from './stub.ts';
import { code, end, http, start, workflow } from './workflows.ts';

/** Crashes that a user can see: what the live tree and the socket tell of them, and that nobody else suffers. */

/** How often the next execution that starts shall crash when it hears of its node; each takes one entry. */
const crashesOfNext: number[] = [];
const crashesLeft = new Map<string, number>();
const faults: FaultHook = {
  at(point, executionId = '') {
    if (point === 'event.execution.started') crashesLeft.set(executionId, crashesOfNext.shift() ?? 0);
    const left = crashesLeft.get(executionId) ?? 0;
    if (point !== 'execution.receive' || left === 0) return;
    crashesLeft.set(executionId, left - 1);
    throw new Error('the actor met what it cannot handle');
  },
};
const CAUSE = 'Error: the actor met what it cannot handle';
const RESTARTS = 3;

let member: TestMember;
let socket: Listener;
let target: Stub;
let down = true;
before(async () => {
  member = await inProcess({ faults });
  socket = await listen(member.base);
  target = await stub((request, reply) => (down ? status(503)(request, reply) : okay(request, reply)));
});
after(async () => {
  socket?.close();
  await member?.stop();
  await target?.close();
}, END_OF_FILE);

async function actors(match: (actor: JsonObject) => boolean): Promise<JsonObject[]> {
  return list((await member.must('GET', '/api/v1/actors'))['data']).filter(match);
}

const isAbout =
  (executionId: string) =>
  ({ path }: JsonObject): boolean =>
    textOf(path).endsWith(`/execution-${executionId}`);

function heard(type: string, match: (event: JsonObject) => boolean = () => true): Promise<JsonObject> {
  return until(`tree event ${type}`, () => socket.tree.find((event) => event['type'] === type && match(event)));
}

/** The interesting fields only, so that a test reads as what a user sees. */
function fields(of: JsonObject | undefined, ...names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, of?.[name] ?? null]));
}

let waiting: readonly string[] = [];

test('a target in trouble opens its breaker: the tree says so, and calls are held back in the retry path', async () => {
  const patient = { retryOnFail: true, maxTries: 4, waitBetweenTries: 100 };
  const id = await member.store(workflow('calls', [start(), http('Call', `${target.url}/stock`, patient), end()]));
  const inputs = [[{ n: 1 }, { n: 2 }], [{ n: 3 }], [{ n: 4 }]];
  waiting = await Promise.all(inputs.map((input) => member.execute(id, { input })));
  const breaker = `127.0.0.1:${target.port}/httpRequest`;
  const opened = await heard('breaker.opened');
  assert.deepEqual(fields(opened, 'breaker', 'failures'), { breaker, failures: 5 });
  const shown = list((await member.must('GET', '/api/v1/actors'))['breakers']);
  assert.deepEqual(
    shown.map((row) => fields(row, 'breaker', 'state', 'failures')),
    [{ breaker, state: 'open', failures: 5 }],
  );
  for (const run of waiting) {
    const refused = await until(`run ${run} is refused by the breaker`, async () =>
      (await member.journal(run)).find((event) => at(event, 'error', 'code') === 'BREAKER_OPEN'),
    );
    assert.equal(refused['type'], 'node.retrying', JSON.stringify(refused));
    assert.ok(Number(refused['wakeAt']) >= Number(opened['nextProbeAt']), 'no try is wasted on an open breaker');
  }
  down = false;
});

test('a node that throws fails its run with the place, and is no crash', async () => {
  const id = await member.store(workflow('throws', [start(), code('Throws', "\nthrow new Error('no stock');")]));
  const run = await member.run(id);
  assert.equal(run['status'], 'error');
  assert.deepEqual(at(run, 'data', 'resultData', 'error', 'message'), 'no stock [line 2]');
  assert.equal(at(run, 'data', 'resultData', 'error', 'node'), 'Throws');
  assert.equal(socket.tree.filter((event) => event['type'] === 'actor.restarted').length, 0);
});

test('code that takes its runner down is a crash within budget; its own run fails, the others succeed meanwhile', async () => {
  const bomb = code('Bomb', "return [{json: {n: 'a'.repeat(5e8).split('').length}}];");
  const killer = await member.store(workflow('bomb', [start(), bomb]));
  const honest = await member.store(workflow('honest', [start(), code('Sum', 'return [{json: {sum: 1 + 2}}];')]));
  const doomed = await member.execute(killer);
  const others = await Promise.all(Array.from({ length: 8 }, () => member.run(honest)));
  for (const run of others) assert.deepEqual([run['status'], itemsOf(run, 'Sum')], ['success', [{ sum: 3 }]]);
  const ended = await member.settled(doomed);
  assert.equal(ended['status'], 'error');
  assert.equal(at(ended, 'data', 'resultData', 'error', 'code'), 'CODE_RUNNER_DIED');
  const restarted = await heard('actor.restarted', ({ kind, restartsUsed }) => kind === 'runner' && restartsUsed === 3);
  assert.deepEqual(fields(restarted, 'restartsAllowed', 'windowMs'), { restartsAllowed: 300, windowMs: 60_000 });
  assert.match(textOf(restarted['cause']), /signal SIG/);
});

test('a runner that is killed under its work costs no execution: the work goes to another one', async () => {
  const slow = 'const t = Date.now(); while (Date.now() - t < 1500); return [{json: {done: true}}];';
  const run = member.run(await member.store(workflow('slow', [start(), code('Work', slow)])));
  const [runner] = await until('a busy runner', async () => {
    const busy = await actors((actor) => actor['kind'] === 'runner' && at(actor, 'detail', 'busy') === true);
    return busy.length > 0 ? busy : undefined;
  });
  process.kill(Number(at(runner, 'detail', 'pid')), 'SIGKILL');
  await heard('actor.restarted', ({ path }) => path === runner?.['path']);
  const ended = await run;
  assert.deepEqual([ended['status'], itemsOf(ended, 'Work')], ['success', [{ done: true }]]);
});

test('an execution actor that crashes is taken up again: restarts used and allowed are shown, the run succeeds', async () => {
  const wait = code('Work', 'const t = Date.now(); while (Date.now() - t < 1000); return [{json: {done: true}}];');
  const id = await member.store(workflow('stumbles', [start(), wait, end()]));
  crashesOfNext.push(2);
  const run = await member.execute(id);
  for (const used of [1, 2]) {
    const event = await heard('actor.restarted', (one) => isAbout(run)(one) && one['restartsUsed'] === used);
    assert.deepEqual(fields(event, 'kind', 'cause', 'restartsAllowed', 'windowMs'), {
      kind: 'execution',
      cause: CAUSE,
      restartsAllowed: RESTARTS,
      windowMs: 60_000,
    });
  }
  const shown = await until('the run in the tree', async () => (await actors(isAbout(run)))[0]);
  assert.deepEqual(fields(shown, 'kind', 'restartsUsed', 'restartsAllowed', 'restartWindowMs'), {
    kind: 'execution',
    restartsUsed: 2,
    restartsAllowed: RESTARTS,
    restartWindowMs: 60_000,
  });
  const ended = await member.settled(run);
  assert.deepEqual([ended['status'], itemsOf(ended, 'Work')], ['success', [{ done: true }]]);
});

test('a poison execution is quarantined with its cause, in the tree and in its record; the others go on', async () => {
  const id = await member.store(workflow('poison', [start(), code('Work', 'return [{json: {done: true}}];'), end()]));
  crashesOfNext.push(Infinity);
  const poison = await member.execute(id);
  const quarantined = heard('actor.quarantined', isAbout(poison));
  let [others, over] = [0, false];
  void quarantined.finally(() => (over = true));
  while (!over) {
    assert.equal((await member.run(id))['status'], 'success');
    others += 1;
  }
  assert.ok(others > 3, `${others} others succeeded meanwhile`);
  const seen = { kind: 'execution', restartsUsed: RESTARTS + 1, restartsAllowed: RESTARTS };
  assert.deepEqual(fields(await quarantined, 'kind', 'cause', 'restartsUsed', 'restartsAllowed'), {
    ...seen,
    cause: CAUSE,
  });
  const [shown] = await actors(isAbout(poison));
  assert.deepEqual(fields(shown, 'kind', 'restartsUsed', 'restartsAllowed'), seen);
  assert.deepEqual([shown?.['state'], at(shown, 'detail', 'cause')], ['quarantined', CAUSE]);
  const ended = await member.settled(poison);
  assert.equal(ended['status'], 'error');
  assert.equal(at(ended, 'data', 'resultData', 'error', 'code'), 'EXECUTION_QUARANTINED');
  assert.match(textOf(at(ended, 'data', 'resultData', 'error', 'message')), new RegExp(CAUSE));
  const last = (await member.journal(poison)).at(-1);
  assert.deepEqual([last?.['type'], at(last, 'error', 'code')], ['execution.failed', 'EXECUTION_QUARANTINED']);
});

test('once the target is back the breaker closes and no item is lost', { timeout: 60_000 }, async () => {
  for (const run of waiting) {
    const ended = await until(
      `run ${run} ends`,
      async () => {
        const row = await member.must('GET', `/api/v1/executions/${run}?includeData=true`);
        return row['status'] === 'running' ? undefined : row;
      },
      50_000,
    );
    assert.equal(ended['status'], 'success', JSON.stringify(at(ended, 'data', 'resultData', 'error')));
  }
  const [first] = waiting;
  const ended = await member.settled(first ?? '');
  assert.deepEqual(itemsOf(ended, 'Call'), [{ ok: true }, { ok: true }]);
  await heard('breaker.closed');
});
