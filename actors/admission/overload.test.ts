import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow } from '#workflow';
import type { RunHandle } from '../engine.ts';
import { chain, makeStage, type Stage, type StageOptions } from '../testing.ts';
import type { MeasuredLoad } from './gauge.ts';
import { LOAD_LIMITS } from './pressure.ts';

interface Loaded extends Stage {
  refused: string[];
  /** Commits do not come back until the release is called. */
  stall(): () => void;
  /** Said instead of what is measured. */
  load: Partial<MeasuredLoad>;
}

/** A member that measures its committer; the rest of its load is what the test says. */
async function loaded(options: StageOptions = {}): Promise<Loaded> {
  const refused: string[] = [];
  const self: { stage?: Loaded } = {};
  const read = (): MeasuredLoad => ({
    commitSteps: self.stage?.committer.depth ?? 0,
    commitBytes: self.stage?.committer.queuedBytes ?? 0,
    commitAgeMs: self.stage?.committer.oldestMs ?? 0,
    loopLagMs: 0,
    heapBytes: 1,
    heapLimitBytes: 1_000,
    ...self.stage?.load,
  });
  const made = await makeStage({
    ...options,
    alter: (services) => ({
      ...services,
      load: { read },
      metrics: { ...services.metrics, refused: (reason) => refused.push(reason) },
    }),
  });
  const stage: Loaded = { ...made, refused, load: {}, stall: () => stall(made) };
  self.stage = stage;
  return stage;
}

function stall({ store: { journal } }: Stage): () => void {
  const commit = journal.commit.bind(journal);
  const { promise, resolve } = Promise.withResolvers<void>();
  journal.commit = (steps) => promise.then(() => commit(steps));
  return () => {
    journal.commit = commit;
    resolve();
  };
}

function start(stage: Stage, id: string, mode: 'webhook' | 'manual' = 'webhook', ms?: number): RunHandle {
  const json =
    ms === undefined ? chain(id, ['start', 'effect']) : chain(id, ['start', 'wait', 'effect'], { 1: { ms } });
  stage.workflows.set(id, json);
  const workflow = parseWorkflow(json, { id });
  const trigger = workflow.nodes[0]?.name ?? '';
  const items = [{ json: { text: 'x'.repeat(1_000) } }];
  return stage.company.start({ workflow, workflowVersion: 1, mode, trigger, items, acceptEarly: true });
}

/** Starts until refused, at most so often; what was taken on, and the refusal. */
function flood(stage: Stage, id: string, most: number): { taken: RunHandle[]; error: unknown } {
  const taken: RunHandle[] = [];
  for (let index = 0; index < most; index += 1) {
    try {
      taken.push(start(stage, id));
    } catch (error) {
      return { taken, error };
    }
  }
  return { taken, error: undefined };
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

test('a journal that stands still: starts are refused from the limit on, memory is bounded, and all taken on end', async () => {
  const stage = await loaded({ limits: { liveExecutions: 200 } });
  const release = stage.stall();
  const first = flood(stage, 'w', 10_000);
  assert.ok(first.taken.length <= 200);
  assert.match(String(codeOf(first.error)), /^(ENGINE_OVERLOADED|WORKFLOW_OVER_SHARE)$/);
  const all = [...first.taken];
  for (let second = 0; second < 60; second += 1) {
    await stage.run(1_000);
    for (const id of ['w', 'other', `new${second}`]) all.push(...flood(stage, id, 50).taken);
  }
  assert.ok(all.length <= 200, `${all.length} taken on`);
  assert.equal(stage.company.live, all.length);
  assert.ok(stage.committer.depth <= 200);
  assert.ok(stage.committer.queuedBytes <= 200 * 2_000);
  assert.throws(() => start(stage, 'late'), { code: 'ENGINE_OVERLOADED', status: 503 });
  release();
  await stage.run(20_000);
  const ends = await Promise.all(all.map((handle) => handle.ended));
  assert.ok(ends.every(({ status }) => status === 'success'));
  assert.equal(stage.company.live, 0);
  assert.doesNotThrow(() => start(stage, 'late'));
});

test('the age of the oldest commit refuses by itself, long before anything is full', async () => {
  const stage = await loaded();
  const release = stage.stall();
  start(stage, 'w');
  await stage.run(LOAD_LIMITS.commitAgeMs - 100);
  assert.doesNotThrow(() => start(stage, 'w'));
  await stage.run(200);
  assert.throws(() => start(stage, 'other'), { code: 'ENGINE_OVERLOADED' });
  release();
  await stage.run(100);
  assert.doesNotThrow(() => start(stage, 'w'));
});

const kinds: [Partial<MeasuredLoad>, string][] = [
  [{ loopLagMs: LOAD_LIMITS.loopLagMs }, 'lag'],
  [{ heapBytes: 900, heapLimitBytes: 1_000 }, 'heap'],
  [{ commitBytes: LOAD_LIMITS.commitBytes }, 'commit'],
];
for (const [load, reason] of kinds) {
  test(`the limit of ${reason} refuses with a time to come again, and is counted`, async () => {
    const stage = await loaded();
    stage.load = load;
    assert.throws(
      () => start(stage, 'w'),
      (error: { code: string; details: { retryAfterSeconds: number } }) =>
        error.code === 'ENGINE_OVERLOADED' && error.details.retryAfterSeconds >= 1,
    );
    assert.deepEqual(stage.refused, [reason]);
    stage.load = {};
    assert.doesNotThrow(() => start(stage, 'w'));
  });
}

test('a flood of one workflow does not lock out the others, and hears 429', async () => {
  const stage = await loaded({ limits: { liveExecutions: 400 } });
  const release = stage.stall();
  const { taken, error } = flood(stage, 'flood', 10_000);
  assert.equal(codeOf(error), 'WORKFLOW_OVER_SHARE');
  assert.ok(taken.length <= 300, `${taken.length} of 400`);
  for (let index = 0; index < 15; index += 1) assert.doesNotThrow(() => start(stage, 'small'));
  for (let index = 0; index < 15; index += 1) assert.doesNotThrow(() => start(stage, `one${index}`));
  assert.throws(() => start(stage, 'flood'), { code: 'WORKFLOW_OVER_SHARE', status: 429 });
  assert.deepEqual(new Set(stage.refused), new Set(['share']));
  release();
  await stage.run(10_000);
  assert.equal(stage.company.live, 0);
});

test('a takeover of many executions loads them more slowly while the member is busy, and never stops', async () => {
  const spans: number[] = [];
  const all = Array.from({ length: 512 }, (_, shard) => shard);
  for (const busy of [0, 0.9]) {
    const first = await loaded();
    for (let index = 0; index < 40; index += 1) start(first, 'w', 'webhook', 30_000);
    await first.run(1_000);
    first.kill();
    const { store, clock, workflows } = first;
    const loads: number[] = [];
    const faults = { at: (point: string) => void (point === 'recover.after' && loads.push(clock.monotonic())) };
    const second = await loaded({ store, clock, workflows, faults, seed: 9, shards: [] });
    second.load = { loopLagMs: busy * LOAD_LIMITS.loopLagMs };
    void second.take(all);
    await second.run(10_000);
    assert.equal(loads.length, 40);
    spans.push(Math.max(...loads) - Math.min(...loads));
    await second.run(60_000);
    assert.deepEqual(await store.journal.unfinished(all, { limit: 100 }), []);
  }
  assert.ok((spans[0] ?? 0) < 100 && (spans[1] ?? 0) > 1_000, spans.join(' '));
});

test('people are refused as well: a member that is full is full', async () => {
  const stage = await loaded();
  stage.load = { heapBytes: 990, heapLimitBytes: 1_000 };
  assert.throws(() => start(stage, 'w', 'manual'), { code: 'ENGINE_OVERLOADED' });
});
