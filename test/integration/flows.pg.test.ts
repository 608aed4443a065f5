import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '#workflow';
import { root } from '../house/sources.ts';
import {
  asProcess,
  at,
  END_OF_FILE,
  inProcess,
  itemsOf,
  list,
  object,
  type TestMember,
  textOf,
  until,
} from './member.ts';
import { okay, stub, type Stub } from './stub.ts';
import { code, end, hook, http, line, node, start, workflow } from './workflows.ts';

/** What workflows do to each other and over time: error workflows, sub-workflows, cancel, schedules, waits, memory. */

const folder = mkdtempSync(join(tmpdir(), 'troupe-flows-'));
let member: TestMember;
const left: (() => Promise<unknown>)[] = [];
before(async () => {
  member = await inProcess();
});
after(async () => {
  await member?.stop();
  for (const undo of left) await undo();
  rmSync(folder, { recursive: true, force: true });
}, END_OF_FILE);

/** A member on a data directory; stopped at the end, if not before. */
async function memberOn(dataDir: string): Promise<TestMember> {
  const made = await inProcess({ dataDir });
  left.push(() => made.stop());
  return made;
}

async function target(answer?: Parameters<typeof stub>[0]): Promise<Stub> {
  const made = await stub(answer);
  left.push(() => made.close());
  return made;
}

/** The newest execution of a workflow, once it has ended. */
async function newestRun(workflowId: string): Promise<JsonObject> {
  const row = await until(`a run of ${workflowId}`, async () => (await member.executionsOf(workflowId)).at(-1));
  return member.settled(textOf(row['id']));
}

test('a production run that fails starts its error workflow with what n8n tells it', async () => {
  const handler = await member.store(workflow('handler', [node('On error', 'errorTrigger', 1), end()]));
  const failing = workflow(
    'failing',
    [hook('failing', { responseMode: 'lastNode' }), code('Break', "throw new Error('broken')")],
    {
      settings: { errorWorkflow: handler },
    },
  );
  const id = await member.activate(failing);
  assert.equal((await member.ask('POST', '/webhook/failing', {})).status, 500);
  const [failed] = await member.executionsOf(id);
  const run = await newestRun(handler);
  assert.deepEqual([run['status'], run['mode']], ['success', 'error']);
  const [item] = itemsOf(run, 'End');
  const execution = object(item?.['execution']);
  assert.deepEqual(item?.['workflow'], { id, name: 'failing' });
  assert.equal(execution['id'], failed?.['id']);
  assert.equal(execution['lastNodeExecuted'], 'Break');
  assert.equal(execution['mode'], 'webhook');
  assert.equal(at(execution, 'error', 'message'), 'broken [line 1]');
  assert.ok(textOf(execution['url']).includes(textOf(failed?.['id'])));
});

test('a workflow with an Error Trigger of its own handles its own failures, and never those of its handling', async () => {
  const id = await member.activate(
    workflow(
      'own handler',
      [
        hook('own-handler', { responseMode: 'onReceived' }),
        code('Break', "throw new Error('first')"),
        node('On error', 'errorTrigger', 1),
        code('Break too', "throw new Error('second')"),
      ],
      { connections: { ...line('Webhook', 'Break'), ...line('On error', 'Break too') } },
    ),
  );
  await member.ask('POST', '/webhook/own-handler', {});
  const rows = await until('both runs', async () => {
    const found = await member.executionsOf(id);
    return found.length === 2 && found.every(({ status }) => status === 'error') ? found : undefined;
  });
  assert.deepEqual(
    rows.map(({ mode }) => mode),
    ['webhook', 'error'],
  );
  await pause(200);
  assert.equal((await member.executionsOf(id)).length, 2);
});

const calls = (workflowId: string, mode: 'once' | 'each', wait = true): object =>
  node('Call', 'executeWorkflow', 1.2, {
    source: 'database',
    workflowId: { __rl: true, mode: 'id', value: workflowId },
    mode,
    options: { waitForSubWorkflow: wait },
  });
const called = (): object => node('Called', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' });

test('a sub-workflow gets the items and gives its own back: all at once, and one run per item', async () => {
  const child = await member.store(
    workflow('child', [called(), code('Double', 'return $input.all().map((item) => ({json: {n: item.json.n * 2}}));')]),
  );
  const input = [{ n: 1 }, { n: 2 }, { n: 3 }];
  const doubled = [{ n: 2 }, { n: 4 }, { n: 6 }];
  for (const [mode, runs] of [
    ['once', 1],
    ['each', 4],
  ] as const) {
    const parent = await member.store(workflow(`parent ${mode}`, [start(), calls(child, mode), end()]));
    assert.deepEqual(itemsOf(await member.run(parent, { input }), 'End'), doubled);
    const children = await member.executionsOf(child);
    assert.equal(children.length, runs);
    assert.deepEqual(
      new Set(children.map(({ mode: how, status }) => `${how} ${status}`)),
      new Set(['integrated success']),
    );
  }
});

test('a sub-workflow that is not waited for goes on by itself, and the caller hands its input on', async () => {
  const slow = node('Pause', 'wait', 1.1, { amount: 0.5, unit: 'seconds' });
  const child = await member.store(
    workflow('unwaited', [called(), slow, code('Late', 'return [{json: {late: true}}];')]),
  );
  const parent = await member.store(workflow('does not wait', [start(), calls(child, 'once', false), end()]));
  const run = await member.run(parent, { input: [{ n: 9 }] });
  assert.deepEqual(itemsOf(run, 'End'), [{ n: 9 }]);
  assert.equal((await member.executionsOf(child))[0]?.['status'], 'running');
  assert.equal((await newestRun(child))['status'], 'success');
});

test('a sub-workflow that fails fails its caller with its message, unless the caller continues', async () => {
  const child = await member.store(workflow('fails', [called(), code('Break', "throw new Error('child broke')")]));
  const parent = await member.store(workflow('suffers', [start(), calls(child, 'once'), end()]));
  const run = await member.run(parent);
  assert.equal(run['status'], 'error');
  assert.equal(at(run, 'data', 'resultData', 'error', 'node'), 'Call');
  assert.match(textOf(at(run, 'data', 'resultData', 'error', 'message')), /child broke/);
  const patient = { ...calls(child, 'once'), onError: 'continueRegularOutput' };
  const other = await member.run(await member.store(workflow('continues', [start(), patient, end()])));
  assert.equal(other['status'], 'success');
});

test('cancel ends a run with all its children while an effect hangs, and no effect follows the acknowledgement', async () => {
  let release: () => void = () => {};
  const effects = await target((request, reply) => {
    if (request.url === '/hangs') release = () => okay(request, reply);
    else okay(request, reply);
  });
  const child = await member.store(
    workflow('hangs', [called(), http('Hang', `${effects.url}/hangs`), http('After', `${effects.url}/after`)]),
  );
  const middle = await member.store(
    workflow('middle', [called(), calls(child, 'once'), http('Next', `${effects.url}/next`)]),
  );
  const parent = await member.store(
    workflow('top', [start(), calls(middle, 'once'), http('Last', `${effects.url}/last`)]),
  );
  const executionId = await member.execute(parent);
  await until('the hanging call', () => (effects.calls.length > 0 ? true : undefined));
  assert.deepEqual(await member.must('POST', `/api/v1/executions/${executionId}/cancel`, { reason: 'enough' }), {
    executionId,
    status: 'canceled',
  });
  release();
  for (const id of [parent, middle, child]) assert.equal((await newestRun(id))['status'], 'canceled', id);
  await pause(300);
  assert.deepEqual(
    effects.calls.map(({ url }) => url),
    ['/hangs'],
  );
  const again = await member.ask('POST', `/api/v1/executions/${executionId}/cancel`);
  assert.deepEqual([again.status, again.json['code']], [409, 'EXECUTION_ENDED']);
});

test('no child starts another effect once the cancel of its parent is acknowledged', async () => {
  const effects = await target();
  const steps = Array.from({ length: 150 }, (_, index) => http(`Step ${index}`, `${effects.url}/${index}`));
  const child = await member.store(workflow('busy child', [called(), ...steps]));
  const parent = await member.store(workflow('busy parent', [start(), calls(child, 'once')]));
  for (let round = 0; round < 5; round += 1) {
    const before = effects.calls.length;
    const executionId = await member.execute(parent);
    await until('some effects', () => (effects.calls.length > before + 10 ? true : undefined));
    await member.must('POST', `/api/v1/executions/${executionId}/cancel`);
    const acknowledged = effects.calls.length;
    await pause(100);
    assert.equal(effects.calls.length, acknowledged, `round ${round}`);
    assert.equal((await newestRun(child))['status'], 'canceled');
  }
});

test(
  'a schedule of every second fires once per second, also over a stop and a new start',
  { timeout: 40_000 },
  async () => {
    const dataDir = join(folder, 'schedule');
    const everySecond = { rule: { interval: [{ field: 'seconds', secondsInterval: 1 }] } };
    const first = await memberOn(dataDir);
    const id = await first.activate(workflow('ticks', [node('Tick', 'scheduleTrigger', 1.2, everySecond), end()]));
    await until('three ticks', async () => ((await first.executionsOf(id)).length >= 3 ? true : undefined));
    await first.stop();
    const second = await memberOn(dataDir);
    try {
      await until('seven ticks', async () => ((await second.executionsOf(id)).length >= 7 ? true : undefined));
      await second.must('POST', `/api/v1/workflows/${id}/deactivate`);
      const rows = await second.executionsOf(id);
      const dues: number[] = [];
      for (const row of rows) {
        const run = await second.settled(textOf(row['id']));
        dues.push(Date.parse(textOf(itemsOf(run, 'End')[0]?.['timestamp'])) / 1000);
      }
      dues.sort((a, b) => a - b);
      assert.deepEqual(
        dues,
        dues.map((_, index) => (dues[0] ?? 0) + index),
        'every second once, without a gap',
      );
      await pause(1_200);
      assert.equal((await second.executionsOf(id)).length, rows.length, 'nothing fires after deactivation');
    } finally {
      await second.stop();
    }
  },
);

test('a long wait is a row and no memory: it is due hours later, on another process', { timeout: 40_000 }, async () => {
  const dataDir = join(folder, 'wait');
  const first = await memberOn(dataDir);
  const id = await first.store(
    workflow('sleeps', [start(), node('Wait', 'wait', 1.1, { amount: 5, unit: 'hours' }), end()]),
  );
  const executionId = await first.execute(id, { input: [{ n: 4 }] });
  const waiting = await first.settled(executionId, 'waiting');
  assert.ok(Date.parse(textOf(waiting['waitTill'])) > Date.now() + 4.9 * 3_600_000);
  await until('it leaves memory', async () => {
    const tree = list((await first.must('GET', '/api/v1/actors'))['data']);
    return tree.some(({ kind }) => kind === 'execution') ? undefined : true;
  });
  await first.stop();
  // Another process whose clock is five hours ahead, less a moment.
  const ahead = `const now = Date.now; Date.now = () => now() + ${5 * 3_600_000 - 1_000};`;
  const later = await asProcess(dataDir, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}`,
  });
  try {
    const ended = await later.settled(executionId);
    assert.deepEqual([ended['status'], itemsOf(ended, 'End')], ['success', [{ n: 4 }]]);
  } finally {
    assert.equal(await later.end('SIGTERM'), 0);
  }
});

test('executionTimeout ends a run that takes too long, and only that one', async () => {
  const slow = node('Pause', 'wait', 1.1, { amount: 30, unit: 'seconds' });
  const id = await member.store(workflow('too long', [start(), slow, end()], { settings: { executionTimeout: 1 } }));
  const begun = performance.now();
  const run = await member.run(id);
  assert.equal(run['status'], 'canceled');
  assert.ok(performance.now() - begun < 3_000);
  const last = (await member.journal(textOf(run['executionId']))).at(-1);
  assert.match(textOf(last?.['reason']), /time limit of 1 s/);
});

test('static data of Code nodes is kept between production runs, globally and per node, over a restart', async () => {
  const dataDir = join(folder, 'static');
  const count = `const all = $getWorkflowStaticData('global'), own = $getWorkflowStaticData('node');
all.n = (all.n ?? 0) + 1; own.n = (own.n ?? 0) + 10; return [{json: {all: all.n, own: own.n}}];`;
  const first = await memberOn(dataDir);
  const id = await first.store(workflow('counts', [start(), code('Count', count), code('Other', count)]));
  const numbers = async (from: TestMember): Promise<JsonObject[]> => {
    const run = await from.run(id);
    return [...itemsOf(run, 'Count'), ...itemsOf(run, 'Other')];
  };
  assert.deepEqual(await numbers(first), [
    { all: 1, own: 10 },
    { all: 2, own: 10 },
  ]);
  assert.deepEqual(await numbers(first), [
    { all: 3, own: 20 },
    { all: 4, own: 20 },
  ]);
  await first.stop();
  const second = await memberOn(dataDir);
  assert.deepEqual(await numbers(second), [
    { all: 5, own: 30 },
    { all: 6, own: 30 },
  ]);
  await second.stop();
});

test('every example goes in and comes out of the books and of the API as equal JSON', async () => {
  const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.json'));
  assert.ok(examples.length >= 5);
  for (const name of examples) {
    const read: unknown = JSON.parse(readFileSync(join(root, 'examples', name), 'utf8'));
    for (const original of Array.isArray(read) ? list(read) : [object(read)]) {
      const { id } = await member.member.workflows.save(original);
      assert.deepEqual(await member.member.workflows.find(id), { ...original, id }, name);
      const shown = await member.must('GET', `/api/v1/workflows/${id}`);
      const { nodes, connections, settings } = shown;
      const stored = await member.store({ name: original['name'], nodes, connections, settings });
      const back = await member.must('GET', `/api/v1/workflows/${stored}`);
      for (const key of ['name', 'nodes', 'connections', 'settings']) {
        assert.deepEqual(back[key], original[key] ?? {}, `${name}: ${key}`);
      }
    }
  }
});
