import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow, type JsonObject } from '#workflow';
import type { RunHandle } from '../engine.ts';
import { chain, makeStage, type Stage } from '../testing.ts';

function begin(
  stage: Stage,
  json: JsonObject,
  more: { acceptEarly?: boolean; idempotencyKey?: string; mode?: 'webhook' | 'manual' } = {},
): RunHandle {
  const workflow = parseWorkflow(json, { id: String(json['id']) });
  stage.workflows.set(workflow.id, json);
  const trigger = workflow.nodes[0]?.name ?? '';
  const { acceptEarly = false, mode = 'webhook', idempotencyKey } = more;
  const items = [{ json: { n: 1 } }];
  return stage.company.start({
    workflow,
    workflowVersion: 1,
    mode,
    trigger,
    items,
    acceptEarly,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
}

async function ended(stage: Stage, handle: RunHandle, ms = 5_000): Promise<Awaited<RunHandle['ended']>> {
  await stage.run(ms);
  return handle.ended;
}

test('a run of data nodes is one commit, and its answer comes after it', async () => {
  const stage = await makeStage();
  const handle = begin(stage, chain('w', ['start', 'data', 'data']));
  const report = await ended(stage, handle);
  assert.equal(report.status, 'success');
  const events = await stage.store.journal.read(handle.executionId);
  assert.deepEqual(
    events.map(({ event }) => event.type),
    [
      'execution.started',
      ...Array.from({ length: 3 }, () => ['node.started', 'node.finished']).flat(),
      'execution.finished',
    ],
  );
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  assert.deepEqual(
    stage.live.map(({ event }) => event.seq),
    events.map(({ seq }) => seq),
  );
});

test('an effect starts only after its intent is committed, under a stable key', async () => {
  const stage = await makeStage();
  stage.store.journal.faults.nextCommits({ kind: 'slowCommit', ms: 500 });
  const handle = begin(stage, chain('w', ['start', 'effect']));
  await stage.run(400);
  assert.deepEqual(stage.calls, []);
  const report = await ended(stage, handle);
  assert.equal(report.status, 'success');
  assert.deepEqual(stage.calls, [{ key: `${handle.executionId}/n1/0/0`, input: '{"n":1}' }]);
});

test('a member that is killed leaves everything accepted to the next one, which repeats effects under their keys only', async () => {
  for (let moments = 0; moments < 12; moments += 1) {
    const first = await makeStage({ seed: moments + 1 });
    const handle = begin(
      first,
      chain('w', ['start', 'effect', 'data', 'effect', 'wait', 'effect'], { 4: { ms: 2_000 } }),
      { acceptEarly: true },
    );
    for (let turn = 0; turn < moments * 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    first.kill();
    const row = await first.store.journal.execution(handle.executionId);
    const { store, clock, workflows, calls } = first;
    const second = await makeStage({ store, clock, workflows, calls, seed: 99 });
    await second.run(10_000);
    const after = await store.journal.execution(handle.executionId);
    assert.equal(after?.status, row ? 'success' : undefined, `killed after ${moments * 8} turns`);
    const inputs = new Map<string, Set<string>>();
    for (const call of calls) inputs.set(call.key, (inputs.get(call.key) ?? new Set()).add(call.input));
    assert.ok([...inputs.values()].every((seen) => seen.size === 1));
    if (row) assert.equal(inputs.size, 3);
  }
});

test('an unknown commit is never assumed: the run is loaded again and ends once', async () => {
  for (const applied of [true, false]) {
    const stage = await makeStage();
    const handle = begin(stage, chain('w', ['start', 'effect', 'effect']), { acceptEarly: true });
    await stage.run(0);
    stage.store.journal.faults.nextCommits({ kind: 'unknown', applied });
    const report = await ended(stage, handle, 20_000);
    assert.equal(report.status, 'success');
    const ends = (await stage.store.journal.read(handle.executionId)).filter(
      ({ event }) => event.type === 'execution.finished',
    );
    assert.equal(ends.length, 1);
  }
});

test('a start whose commit never happened is told so, and nothing runs', async () => {
  const stage = await makeStage();
  stage.store.journal.faults.nextCommits({ kind: 'unknown', applied: false });
  const handle = begin(stage, chain('w', ['start', 'effect']), { acceptEarly: true });
  await stage.run(5_000);
  await assert.rejects(handle.accepted, { code: 'EXECUTION_NOT_ACCEPTED' });
  assert.deepEqual(stage.calls, []);
});

test('the same idempotency key starts one execution', async () => {
  const stage = await makeStage();
  const json = chain('w', ['start', 'data']);
  const one = begin(stage, json, { idempotencyKey: 'k', acceptEarly: true });
  await ended(stage, one);
  const two = begin(stage, json, { idempotencyKey: 'k', acceptEarly: true });
  await stage.run();
  assert.deepEqual(await two.accepted, { executionId: one.executionId, duplicate: true });
});

test('a short wait stays in memory, a long one leaves it and is woken by its row', async () => {
  const stage = await makeStage();
  const short = begin(stage, chain('s', ['start', 'wait', 'data'], { 1: { ms: 2_000 } }));
  const report = await ended(stage, short);
  assert.equal(report.status, 'success');
  const long = begin(stage, chain('l', ['start', 'wait', 'data'], { 1: { ms: 600_000 } }));
  const waiting = await ended(stage, long);
  assert.equal(waiting.status, 'waiting');
  assert.ok(!stage.company.system.tree().some(({ kind }) => kind === 'execution'));
  await stage.run(620_000);
  assert.equal((await stage.store.journal.execution(long.executionId))?.status, 'success');
});

test('a run that waits for its sub-workflows goes on with their items in order of the calls', async () => {
  const stage = await makeStage();
  stage.workflows.set('child', chain('child', ['start', 'wait', 'data'], { 1: { ms: 100_000 } }));
  const handle = begin(stage, chain('parent', ['start', 'call', 'data'], { 1: { ids: ['child', 'child'] } }));
  await stage.run(50_000);
  assert.equal((await stage.store.journal.execution(handle.executionId))?.status, 'running');
  await stage.run(120_000);
  assert.equal((await handle.ended).status, 'success');
  assert.deepEqual(await stage.store.journal.inbox(handle.executionId), []);
});

test('cancel ends the whole tree: nodes, waits and sub-workflows', async () => {
  const stage = await makeStage();
  stage.workflows.set('child', chain('child', ['start', 'wait', 'effect'], { 1: { ms: 100_000 } }));
  const handle = begin(stage, chain('parent', ['start', 'call', 'effect'], { 1: { ids: ['child'] } }));
  await stage.run(5_000);
  const again = stage.company.handles.open(handle.executionId);
  stage.company.deliver(handle.executionId, { type: 'cancel', reason: 'enough' });
  await stage.run(200_000);
  assert.equal((await again.ended).status, 'canceled');
  const children = stage.live
    .filter(({ event }) => event.event.type === 'execution.canceled')
    .map(({ executionId }) => executionId);
  assert.equal(new Set(children).size, 2);
  assert.deepEqual(stage.calls, []);
});

test('a node actor that crashes fails its node, not the run that retries it', async () => {
  let tries = 0;
  const stage = await makeStage({
    behaviours: {
      shaky: (context) => {
        tries += 1;
        if (tries < 3) throw new Error('shaken');
        return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
      },
    },
  });
  const json = chain('w', ['start', 'shaky', 'data']);
  Object.assign((json['nodes'] as JsonObject[])[1] ?? {}, { retryOnFail: true, maxTries: 3, waitBetweenTries: 1_000 });
  const report = await ended(stage, begin(stage, json));
  assert.equal(report.status, 'success');
  assert.equal(tries, 3);
});

test('an execution actor over its restart budget is quarantined with its cause, and the others go on', async () => {
  const poisoned = new Set<string>();
  const stage = await makeStage({
    faults: {
      at: (point, executionId) => {
        if (point === 'execution.receive' && executionId !== undefined && poisoned.has(executionId))
          throw new Error('poison');
      },
    },
  });
  const bad = begin(stage, chain('bad', ['start', 'effect']), { acceptEarly: true });
  poisoned.add(bad.executionId);
  const good = begin(stage, chain('good', ['start', 'effect']));
  const report = await ended(stage, bad, 60_000);
  assert.equal(report.status, 'error');
  assert.match(report.error?.message ?? '', /poison/);
  assert.equal((await good.ended).status, 'success');
  const restarts = stage.inspections.filter((event) => event.type === 'actor.restarted');
  assert.equal(restarts.length, stage.services.limits.executionRestarts);
  assert.ok(stage.inspections.some((event) => event.type === 'actor.quarantined' && event.cause.includes('poison')));
});

test('a failed production run starts its error workflow in the commit of its end', async () => {
  const stage = await makeStage({
    behaviours: {
      bad: () => {
        throw new Error('broken');
      },
    },
  });
  const handler = chain('handler', ['start', 'effect']);
  (handler['nodes'] as JsonObject[])[0] = {
    ...(handler['nodes'] as JsonObject[])[0],
    type: 'n8n-nodes-base.errorTrigger',
  };
  stage.workflows.set('handler', handler);
  const json = { ...chain('w', ['start', 'bad']), settings: { executionOrder: 'v1', errorWorkflow: 'handler' } };
  const report = await ended(stage, begin(stage, json));
  assert.equal(report.status, 'error');
  assert.equal(report.error?.message, 'broken');
});

test('a shard that crashes is started again, and its executions go on', async () => {
  let armed = false;
  const stage = await makeStage({
    faults: {
      at: (point) => {
        if (!armed || point !== 'shard.receive') return;
        armed = false;
        throw new Error('shard down');
      },
    },
  });
  const handle = begin(stage, chain('w', ['start', 'effect', 'wait', 'effect'], { 2: { ms: 2_000 } }), {
    acceptEarly: true,
  });
  await stage.run(500);
  armed = true;
  stage.company.deliver(handle.executionId, { type: 'node.slow' });
  await stage.run(20_000);
  assert.equal((await handle.ended).status, 'success');
  assert.ok(stage.inspections.some((event) => event.type === 'actor.restarted' && event.kind === 'shard'));
});

test('an execution that takes every process down with it is quarantined; one that makes progress between is not', async () => {
  for (const [kinds, status] of [
    [['start', 'deadly', 'data'], 'error'],
    [['start', 'effect', 'effect', 'effect', 'effect', 'effect', 'effect', 'effect', 'effect'], 'success'],
  ] as const) {
    let stage = await makeStage();
    const json = chain('w', kinds);
    const handle = begin(stage, json, { acceptEarly: true });
    for (let boot = 0; boot < 12; boot += 1) {
      const { store, clock, workflows } = stage;
      const before = (await store.journal.execution(handle.executionId))?.lastSeq ?? 0;
      for (let turn = 0; turn < 200; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        const row = await store.journal.execution(handle.executionId);
        if (row?.stoppedAt !== undefined || (row?.lastSeq ?? 0) > before + 1) break;
      }
      stage.kill();
      const limits = { recoveriesWithoutProgress: 4 };
      const behaviours = { deadly: () => new Promise<never>(() => {}) };
      stage = await makeStage({ store, clock, workflows, limits, behaviours, seed: boot + 2 });
    }
    await stage.run(20_000);
    const row = await stage.store.journal.execution(handle.executionId);
    assert.equal(row?.status, status, kinds.join(' '));
  }
});
