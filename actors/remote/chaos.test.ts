import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shardOf } from '#cluster';
import type { JsonObject } from '#workflow';
import type { RunHandle } from '../engine.ts';
import { chain } from '../testing.ts';
import { now, World } from './world.ts';

/** Three members, runs that change hands, callers everywhere, and a link that does what it likes. */

const member = fc.constantFrom('a', 'b', 'c');
const pick = fc.nat(20);
const deed = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      at: member,
      kind: fc.constantFrom('quick', 'held', 'parent'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('move' as const), run: pick, to: member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('resume' as const), run: pick, at: member }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), run: pick, at: member }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('weather' as const),
      lose: fc.constantFrom(0, 0.5, 1),
      repeat: fc.constantFrom(0, 0.5),
      delayMs: fc.constantFrom(0, 300, 3_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), now: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('believe' as const), run: pick, at: member, owner: member }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
);
type Deed = typeof deed extends fc.Arbitrary<infer D> ? D : never;

const workflows: Record<string, JsonObject> = {
  quick: chain('quick', ['start', 'effect', 'data', 'effect']),
  held: chain('held', ['start', 'webhookWait', 'effect', 'wait', 'effect'], { 3: { ms: 400 } }),
  parent: chain('parent', ['start', 'call', 'effect'], { 1: { ids: ['quick', 'slow'] } }),
  slow: chain('slow', ['start', 'wait', 'effect'], { 1: { ms: 900 } }),
};

/** What was asked, to be looked at in the end. */
class Asked {
  readonly runs: RunHandle[] = [];
  readonly resumed: Promise<RunHandle | undefined>[] = [];
  readonly canceled: { executionId: string; result: Promise<string> }[] = [];
}

async function perform(world: World, asked: Asked, what: Deed): Promise<void> {
  const id = 'run' in what ? asked.runs[what.run % Math.max(1, asked.runs.length)]?.executionId : undefined;
  if ('run' in what && id === undefined) return;
  const executionId = id ?? '';
  switch (what.do) {
    case 'start':
      asked.runs.push(world.start(what.at, workflows[what.kind] ?? {}));
      return;
    case 'move':
      if (world.network.ownerOf(shardOf(executionId)) !== what.to) await world.move(shardOf(executionId), what.to);
      return;
    case 'resume': {
      const resuming = world.member(what.at).engine.resume(executionId, { messageId: `m${asked.resumed.length}` });
      asked.resumed.push(resuming.then((result) => (result.kind === 'accepted' ? result.handle : undefined)));
      return;
    }
    case 'cancel':
      asked.canceled.push({ executionId, result: canceled(world, what.at, executionId) });
      return;
    case 'weather':
      world.network.weather = { lose: what.lose, repeat: what.repeat, delayMs: what.delayMs };
      return;
    case 'cut':
      return world.network.cut(what.now);
    case 'believe':
      world.member(what.at).peers.beliefs.set(shardOf(executionId), what.owner);
      return;
    case 'wait':
      return world.run(what.ms);
  }
}

/** A run whose start never became durable can be canceled as little as any that is not there. */
function canceled(world: World, at: string, executionId: string): Promise<string> {
  return world
    .member(at)
    .engine.cancel(executionId, 'enough')
    .catch(({ code }: { code: string }) => (code === 'EXECUTION_NOT_ACCEPTED' ? 'unknown' : code));
}

const ENDS = new Set(['success', 'error', 'canceled']);

test('whatever the link does and whoever owns a run, every caller gets its answer, and effects have one input', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000), fc.array(deed, { minLength: 5, maxLength: 40 }), async (seed, deeds) => {
      const world = await World.of(3, { seed });
      for (const [name, json] of Object.entries(workflows)) world.workflows.set(name, json);
      const asked = new Asked();
      for (const what of deeds) await perform(world, asked, what);
      await world.run(25_000);
      for (const { executionId, accepted, ended } of asked.runs) {
        const row = await world.store.journal.execution(executionId);
        if (!row) {
          await assert.rejects(now(accepted), { code: 'EXECUTION_NOT_ACCEPTED' });
          continue;
        }
        assert.equal((await now(accepted)).executionId, executionId);
        const { status } = await now(ended);
        assert.ok(ENDS.has(status) || status === 'waiting');
        assert.ok(ENDS.has(row.status) || row.status === 'waiting', `${executionId} is ${row.status}`);
      }
      for (const resuming of asked.resumed) {
        const handle = await now(resuming);
        if (handle) assert.ok(ENDS.has((await now(handle.ended)).status));
      }
      for (const { executionId, result } of asked.canceled) {
        const row = await world.store.journal.execution(executionId);
        const outcome = await now(result);
        if (outcome === 'canceled') assert.equal(row?.status, 'canceled');
        else if (outcome === 'ended') assert.ok(ENDS.has(row?.status ?? ''));
        else assert.equal(outcome, 'unknown');
      }
      const inputs = new Map<string, string>();
      for (const { stage } of world.members) {
        for (const { key, input } of stage.calls) assert.equal(inputs.get(key) ?? input, input);
        for (const { key, input } of stage.calls) inputs.set(key, input);
      }
    }),
    { numRuns: 40 },
  );
});
