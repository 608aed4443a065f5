import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow, type ExecutionMode, type JsonObject } from '#workflow';
import type { Step } from '#runtime';
import type { RunHandle } from '../engine.ts';
import { chain, makeStage, type Stage, type StageOptions } from '../testing.ts';

/** A workflow that works for `ms` behind limits. */
function limited(settings: JsonObject, ms = 1_000, id = 'w'): JsonObject {
  const json = chain(id, ['start', 'wait', 'effect'], { 1: { ms } });
  return { ...json, settings: { executionOrder: 'v1', ...settings } };
}

interface StartOptions {
  mode?: ExecutionMode;
  item?: JsonObject;
  acceptEarly?: boolean;
  key?: string;
}

function start(stage: Stage, json: JsonObject, options: StartOptions = {}): RunHandle {
  const workflow = parseWorkflow(json, { id: String(json['id']) });
  stage.workflows.set(workflow.id, json);
  const { mode = 'webhook', item = { n: 1 }, acceptEarly = true, key } = options;
  const trigger = workflow.nodes[0]?.name ?? '';
  const items = [{ json: item }];
  const keyed = key === undefined ? {} : { idempotencyKey: key };
  return stage.company.start({ workflow, workflowVersion: 1, mode, trigger, items, acceptEarly, ...keyed });
}

async function statuses(stage: Stage, handles: readonly RunHandle[]): Promise<(string | undefined)[]> {
  const rows = await Promise.all(handles.map(({ executionId }) => stage.store.journal.execution(executionId)));
  return rows.map((row) => row?.status);
}

async function typesOf(stage: Stage, { executionId }: RunHandle): Promise<string[]> {
  return (await stage.store.journal.read(executionId)).map(({ event }) => event.type);
}

/** Executions that are performed at this moment, asked of the journal. */
async function under(stage: Stage): Promise<number> {
  const rows = await stage.store.journal.unfinished(
    Array.from({ length: 512 }, (_, shard) => shard),
    { limit: 1_000 },
  );
  const begun = rows.filter(({ lastSeq }) => lastSeq > 2);
  return begun.length;
}

/** A second life of the member over the same database. */
function again(stage: Stage, more: StageOptions = {}): Promise<Stage> {
  const { store, clock, workflows, calls } = stage;
  return makeStage({ store, clock, workflows, calls, seed: 77, ...more });
}

test('starts over the limit are accepted, wait in order, and begin as places become free', async () => {
  const stage = await makeStage();
  const handles = Array.from({ length: 5 }, () => start(stage, limited({ concurrency: 2 })));
  await stage.run(500);
  for (const handle of handles) assert.equal((await handle.accepted).duplicate, false);
  assert.deepEqual(await statuses(stage, handles), ['running', 'running', 'waiting', 'waiting', 'waiting']);
  await stage.run(1_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'success', 'running', 'running', 'waiting']);
  await stage.run(5_000);
  assert.deepEqual(new Set(await statuses(stage, handles)), new Set(['success']));
  assert.deepEqual(
    stage.calls.map(({ key }) => key.split('/')[0]),
    handles.map(({ executionId }) => executionId),
  );
});

test('a queued start shows in the journal why it waits, and its run data is that of any other', async () => {
  const stage = await makeStage();
  const free = start(stage, limited({}, 1_000, 'free'));
  const [, queued] = [start(stage, limited({ concurrency: 1 })), start(stage, limited({ concurrency: 1 }))];
  await stage.run(500);
  const events = await stage.store.journal.read(queued.executionId);
  assert.deepEqual(
    events.map(({ event }) => [event.type, 'reason' in event ? event.reason : undefined]),
    [
      ['execution.started', undefined],
      ['execution.waiting', 'concurrency'],
    ],
  );
  await stage.run(5_000);
  const types = await typesOf(stage, queued);
  assert.deepEqual(types.toSpliced(1, 2), await typesOf(stage, free));
});

test('without limits nothing is claimed and nothing is asked', async () => {
  let asked = 0;
  const stage = await makeStage({
    alter: (services) => ({
      ...services,
      ...(services.slots && {
        slots: { ...services.slots, grant: () => Promise.reject(new Error(`${(asked += 1)}`)) },
      }),
    }),
  });
  const steps: Step[] = [];
  const commit = stage.store.journal.commit.bind(stage.store.journal);
  stage.store.journal.commit = (batch) => {
    steps.push(...batch);
    return commit(batch);
  };
  const handle = start(stage, limited({}));
  await stage.run(5_000);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(asked, 0);
  assert.ok(steps.every(({ slot }) => slot === undefined));
});

for (const mode of ['manual', 'cli', 'integrated', 'error', 'retry'] as const) {
  test(`runs of mode ${mode} are exempt`, async () => {
    const stage = await makeStage();
    const handles = [1, 2, 3].map(() => start(stage, limited({ concurrency: 1 }), { mode }));
    await stage.run(500);
    assert.deepEqual(await statuses(stage, handles), ['running', 'running', 'running']);
  });
}

test('each key of the first item has its own places', async () => {
  const stage = await makeStage();
  const json = limited({ concurrency: { limit: 1, key: '={{ $json.body.customer }}' } });
  const customers = ['a', 'a', 'b', undefined, undefined];
  const handles = customers.map((customer) => start(stage, json, { item: { body: customer ? { customer } : {} } }));
  await stage.run(500);
  assert.deepEqual(await statuses(stage, handles), ['running', 'waiting', 'running', 'running', 'waiting']);
});

test('a rate limit lets through its bucket at once and the rest in time', async () => {
  const stage = await makeStage();
  const json = limited({ rateLimit: { limit: 2, per: 'minute' } }, 0);
  const handles = Array.from({ length: 4 }, () => start(stage, json));
  await stage.run(2_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'success', 'waiting', 'waiting']);
  await stage.run(29_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'success', 'success', 'waiting']);
  await stage.run(30_000);
  assert.deepEqual(new Set(await statuses(stage, handles)), new Set(['success']));
});

test('a queued run can be canceled: it never begins, and holds up nobody', async () => {
  const stage = await makeStage();
  const handles = Array.from({ length: 3 }, () => start(stage, limited({ concurrency: 1 })));
  await stage.run(500);
  const [, second] = handles;
  stage.company.deliver(second?.executionId ?? '', { type: 'cancel', reason: 'not wanted' });
  await stage.run(5_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'canceled', 'success']);
  assert.equal(stage.calls.length, 2);
});

test('who waits for long leaves memory, and is loaded when its turn comes', async () => {
  const stage = await makeStage();
  const handles = Array.from({ length: 50 }, () => start(stage, limited({ concurrency: 1 }, 10_000)));
  await stage.run(2_000);
  const alive = stage.company.system.tree().filter(({ kind }) => kind === 'execution').length;
  assert.equal(alive, 1);
  assert.equal(stage.company.live, 1);
  await stage.run(60_000);
  assert.equal((await statuses(stage, handles)).filter((status) => status === 'success').length, 6);
});

test('a caller that waits for the end is answered with it when its turn comes soon, else told that it waits', async () => {
  const stage = await makeStage();
  const json = limited({ concurrency: 1 }, 4_000);
  const handles = Array.from({ length: 4 }, () => start(stage, json, { acceptEarly: false }));
  await stage.run(11_000);
  assert.deepEqual(await Promise.all(handles.slice(0, 2).map(async (handle) => (await handle.ended).status)), [
    'success',
    'success',
  ]);
  assert.equal((await handles[3]?.ended)?.status, 'waiting');
  await stage.run(20_000);
  assert.deepEqual(new Set(await statuses(stage, handles)), new Set(['success']));
});

test('the time limit of a run counts from its turn', async () => {
  const stage = await makeStage();
  const json = limited({ concurrency: 1, executionTimeout: 3 }, 2_000);
  const handles = Array.from({ length: 3 }, () => start(stage, json));
  await stage.run(20_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'success', 'success']);
  const slow = start(stage, limited({ concurrency: 1, executionTimeout: 3 }, 60_000, 'slow'));
  await stage.run(20_000);
  assert.deepEqual(await statuses(stage, [slow]), ['canceled']);
});

test('a repeated idempotency key gets the queued execution and claims nothing', async () => {
  const stage = await makeStage();
  const json = limited({ concurrency: 1 });
  const first = start(stage, json);
  const [queued, repeated] = [start(stage, json, { key: 'k' }), start(stage, json, { key: 'k' })];
  await stage.run(500);
  assert.deepEqual(await repeated.accepted, { executionId: queued.executionId, duplicate: true });
  assert.deepEqual(await stage.store.slots.queued({ limit: 10 }), [{ workflowId: 'w', waiting: 1 }]);
  await stage.run(5_000);
  assert.deepEqual(await statuses(stage, [first, queued]), ['success', 'success']);
});

test('a full queue refuses with 429 and says when to come again', async () => {
  const stage = await makeStage({ limits: { queuedPerWorkflow: 3 } });
  const json = limited({ concurrency: 1 }, 10_000);
  for (let index = 0; index < 4; index += 1) {
    start(stage, json);
    await stage.run(300);
  }
  assert.throws(() => start(stage, json), { code: 'WORKFLOW_QUEUE_FULL', status: 429 });
  assert.throws(
    () => start(stage, json),
    (error: { details: { retryAfterSeconds?: number } }) => (error.details.retryAfterSeconds ?? 0) >= 1,
  );
  assert.doesNotThrow(() => start(stage, limited({ concurrency: 1 }, 10_000, 'other')));
  await stage.run(11_000);
  assert.doesNotThrow(() => start(stage, json));
});

test('a burst in one pass is bounded too, before anything of it is committed', async () => {
  const stage = await makeStage({ limits: { queuedPerWorkflow: 5 } });
  const json = limited({ concurrency: 1 });
  let refused = 0;
  for (let index = 0; index < 20; index += 1) {
    try {
      start(stage, json);
    } catch {
      refused += 1;
    }
  }
  assert.equal(refused, 15);
  await stage.run(30_000);
  assert.deepEqual(await stage.store.slots.queued({ limit: 10 }), []);
});

test('a key whose expression cannot be evaluated refuses the start and leaves no trace', async () => {
  const stage = await makeStage();
  const json = limited({ concurrency: { limit: 1, key: "={{ $('nowhere').item.json.x }}" } });
  assert.throws(() => start(stage, json), { code: /^EXPRESSION_/ });
  assert.equal(stage.company.live, 0);
});

test('a member without a store of turns refuses workflows with limits instead of ignoring these', async () => {
  const stage = await makeStage({
    alter: ({ slots: _, ...services }) => services,
  });
  assert.throws(() => start(stage, limited({ concurrency: 1 })), { code: 'LIMITS_UNAVAILABLE' });
});

test('a member that dies: who had begun goes on with its place, who waits keeps its turn, nobody is lost', async () => {
  for (let moment = 0; moment < 10; moment += 1) {
    const first = await makeStage({ seed: moment + 1 });
    const handles = Array.from({ length: 6 }, () => start(first, limited({ concurrency: 2 }, 3_000)));
    for (let turn = 0; turn < moment * 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    first.kill();
    const second = await again(first);
    for (let step = 0; step < 40; step += 1) {
      await second.run(500);
      assert.ok((await under(second)) <= 2, 'over the limit');
    }
    const after = await statuses(second, handles);
    assert.ok(
      after.every((status) => status === 'success' || status === undefined),
      after.join(' '),
    );
    assert.deepEqual(await second.store.slots.queued({ limit: 10 }), []);
  }
});

test('a turn that was given while nobody listened is taken up by the sweep', async () => {
  const stage = await makeStage();
  const handles = [1, 2].map(() => start(stage, limited({ concurrency: 1 }, 100)));
  await stage.run(300);
  stage.kill();
  // What a member did that died right after its question.
  await stage.store.slots.grant('w', 10);
  const second = await again(stage);
  await second.run(20_000);
  assert.deepEqual(await statuses(second, handles), ['success', 'success']);
});

test('a database that gives no turns for a while only delays them', async () => {
  let broken = true;
  const stage = await makeStage({
    alter: (services) => {
      const { slots } = services;
      if (!slots) return services;
      const grant: typeof slots.grant = (...args) =>
        broken ? Promise.reject(new Error('away')) : slots.grant(...args);
      const granted = slots.granted.bind(slots);
      return {
        ...services,
        slots: { grant, granted, queued: slots.queued.bind(slots), forget: slots.forget.bind(slots) },
      };
    },
  });
  const handles = [1, 2, 3].map(() => start(stage, limited({ concurrency: 1 }, 100)));
  await stage.run(10_000);
  assert.deepEqual(await statuses(stage, handles), ['waiting', 'waiting', 'waiting']);
  broken = false;
  await stage.run(1_500);
  assert.equal((await statuses(stage, handles))[0], 'success');
  await stage.run(5_000);
  assert.deepEqual(await statuses(stage, handles), ['success', 'success', 'success']);
});

test('a first node that kills the process each time is quarantined also behind a limit', async () => {
  const limits = { recoveriesWithoutProgress: 3 };
  const behaviours = { deadly: () => new Promise<never>(() => {}) };
  let stage = await makeStage({ limits, behaviours });
  const json = { ...chain('w', ['start', 'deadly']), settings: { executionOrder: 'v1', concurrency: 1 } };
  const handle = start(stage, json);
  await stage.run(500);
  for (let boot = 0; boot < 6; boot += 1) {
    stage.kill();
    stage = await again(stage, { limits, behaviours, seed: boot + 2 });
    await stage.run(6_000);
  }
  assert.deepEqual(await statuses(stage, [handle]), ['error']);
});

test('a run whose turn has come is committed as begun before its first node has answered', async () => {
  const behaviours = { silent: () => new Promise<never>(() => {}) };
  const stage = await makeStage({ limits: { slowNodeMs: 1e9 }, behaviours });
  const json = { ...chain('w', ['start', 'silent']), settings: { executionOrder: 'v1', concurrency: 1 } };
  const handle = start(stage, json);
  await stage.run(100);
  assert.deepEqual(await statuses(stage, [handle]), ['running']);
});
