import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WebhookResponse } from '#workflow';
import { shardOf } from '#cluster';
import { chain, type StageOptions } from '../testing.ts';
import { now, World } from './world.ts';

/** What a caller on member `a` may ask of an execution, wherever it is: the grid of operation × place. */

const answer: WebhookResponse = { status: 201, headers: {}, body: { kind: 'text', value: 'made' } };

const behaviours: NonNullable<StageOptions['behaviours']> = {
  respond: (context) => ({ kind: 'outputs', outputs: [context.inputs[0] ?? []], response: answer }),
  slow: (context) => ({ kind: 'wait', reason: 'timer', until: context.now() + 4_000 }),
};

/** How long an operation may take at the most, with every message lost. */
const WITHOUT_LINK_MS = 8_000;

interface Place {
  /** Who performs it when it begins. */
  readonly owner: 'a' | 'b';
  /** What happens while the operation is under way. */
  readonly between?: (world: World, executionId: string) => Promise<void>;
  /** Before the operation. */
  readonly before?: (world: World, executionId: string) => void | Promise<void>;
}

const places: Record<string, Place> = {
  here: { owner: 'a' },
  'on another member': { owner: 'b' },
  'on another member, the link dead': { owner: 'b', before: (world) => world.network.cut(true) },
  'on another member, every message lost without a word': {
    owner: 'b',
    before: (world) => void (world.network.weather = { lose: 1 }),
  },
  'on another member, every message repeated and late': {
    owner: 'b',
    before: (world) => void (world.network.weather = { repeat: 1, delayMs: 700 }),
  },
  'moved meanwhile to a third member': {
    owner: 'b',
    between: (world, id) => world.move(shardOf(id), 'c'),
  },
  'moved meanwhile from here to another': { owner: 'a', between: (world, id) => world.move(shardOf(id), 'c') },
  'moved meanwhile to here': { owner: 'b', between: (world, id) => world.move(shardOf(id), 'a') },
  'away and back again': {
    owner: 'a',
    async between(world, id) {
      await world.move(shardOf(id), 'b');
      await world.move(shardOf(id), 'a');
    },
  },
  'where this member believes the wrong owner': {
    owner: 'b',
    before: (world, id) => void world.member('a').peers.beliefs.set(shardOf(id), 'c'),
  },
  'on a member that dies meanwhile': { owner: 'b', between: (world) => world.die('b', 'c') },
  'on a member that dies meanwhile, the link dead': {
    owner: 'b',
    before: (world) => world.network.cut(true),
    between: (world) => world.die('b', 'c'),
  },
};

for (const [where, place] of Object.entries(places)) {
  const waiting = chain('w', ['start', 'webhookWait', 'data', 'respond', 'effect']);

  async function waitingRun(): Promise<{ world: World; executionId: string }> {
    const world = await World.of(3, { behaviours });
    const { executionId } = world.start(place.owner, waiting);
    await world.run(100);
    assert.equal((await world.store.journal.execution(executionId))?.status, 'waiting');
    await place.before?.(world, executionId);
    return { world, executionId };
  }

  test(`a wait is ended by a call: execution ${where}`, async () => {
    const { world, executionId } = await waitingRun();
    const resuming = world.member('a').engine.resume(executionId, { messageId: 'm', items: [{ json: { n: 2 } }] });
    const [resumed] = await Promise.all([resuming, place.between?.(world, executionId)]);
    assert.ok(resumed.kind === 'accepted');
    await world.run(WITHOUT_LINK_MS);
    assert.deepEqual(await now(resumed.handle.responded), answer);
    assert.equal((await now(resumed.handle.ended)).status, 'success');
  });

  test(`a waiting run is canceled: execution ${where}`, async () => {
    const { world, executionId } = await waitingRun();
    const canceling = world.member('a').engine.cancel(executionId, 'enough');
    await place.between?.(world, executionId);
    await world.run(WITHOUT_LINK_MS);
    assert.equal(await now(canceling), 'canceled');
    assert.equal((await world.store.journal.execution(executionId))?.status, 'canceled');
  });

  test(`a running one is canceled with its children, which do nothing more: execution ${where}`, async () => {
    const world = await World.of(3, { behaviours });
    world.workflows.set('child', chain('child', ['start', 'slow', 'effect']));
    const json = chain('w', ['start', 'call'], { 1: { ids: ['child'] } });
    const { executionId } = world.start(place.owner, json);
    await world.run(100);
    await place.before?.(world, executionId);
    const canceling = world.member('a').engine.cancel(executionId, 'enough');
    await place.between?.(world, executionId);
    await world.run(2 * WITHOUT_LINK_MS);
    assert.equal(await now(canceling), 'canceled');
    for (const { stage } of world.members) assert.deepEqual(stage.calls, []);
  });

  test(`its state can be read: execution ${where}`, async () => {
    const { world, executionId } = await waitingRun();
    const { engine } = world.member('a');
    await place.between?.(world, executionId);
    assert.equal((await engine.inspect(executionId))?.status, 'waiting');
    const asking = engine.state(executionId);
    await world.run(WITHOUT_LINK_MS);
    const state = await now(asking);
    assert.deepEqual([state?.status, state?.waitingFor], ['waiting', 'webhook']);
  });
}

const moves: Record<string, (world: World, executionId: string) => Promise<void>> = {
  'goes to another member': (world, id) => world.move(shardOf(id), 'b'),
  'goes from member to member and comes back': async (world, id) => {
    for (const to of ['b', 'c', 'a']) await world.move(shardOf(id), to);
  },
  'goes to another member, the link dead': (world, id) => {
    world.network.cut(true);
    return world.move(shardOf(id), 'b');
  },
};

for (const [what, move] of Object.entries(moves)) {
  test(`whoever called a webhook gets the Respond node's answer and the end, though the run ${what}`, async () => {
    for (let turns = 0; turns < 60; turns += 6) {
      const world = await World.of(3, { behaviours });
      const json = chain('w', ['start', 'effect', 'slow', 'respond', 'effect']);
      const handle = world.start('a', json, { acceptEarly: true });
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await move(world, handle.executionId);
      await world.run(12_000);
      const row = await world.store.journal.execution(handle.executionId);
      if (row) {
        assert.deepEqual(await now(handle.accepted), { executionId: handle.executionId, duplicate: false });
        assert.deepEqual(await now(handle.responded), answer, `after ${turns} turns`);
        assert.equal((await now(handle.ended)).status, 'success');
      } else await assert.rejects(now(handle.accepted), { code: 'EXECUTION_NOT_ACCEPTED' });
    }
  });
}
