import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOf } from '#cluster';
import { chain } from '../testing.ts';
import { REMOTE_LIMITS } from './limits.ts';
import { now, World } from './world.ts';

/** What a member can say of executions and actors of others. */

const slow = chain('w', ['start', 'slow']);
const behaviours = { slow: () => new Promise<never>(() => {}) };

async function running() {
  const world = await World.of(3, { behaviours });
  const { executionId } = world.start('b', slow);
  await world.run(100);
  return { world, executionId, engine: world.member('a').engine };
}

test('the owner tells which nodes are at work', async () => {
  const { world, executionId, engine } = await running();
  const asking = engine.state(executionId);
  await world.run(50);
  const state = await now(asking);
  assert.deepEqual([state?.status, state?.member, state?.reachable], ['running', 'b', true]);
  assert.equal(state?.live?.state, 'running');
  assert.equal(state.live.nodes.length, 1);
  assert.deepEqual(await now(world.member('b').engine.state(executionId)), state);
});

test('a member that believes the wrong owner finds the right one', async () => {
  const { world, executionId, engine } = await running();
  world.member('a').peers.beliefs.set(shardOf(executionId), 'c');
  const asking = engine.state(executionId);
  await world.run(500);
  assert.equal((await now(asking))?.member, 'b');
});

test('an owner that cannot be reached leaves the row, and says that it is no more than that', async () => {
  const { world, executionId, engine } = await running();
  world.network.cut(true);
  const asking = engine.state(executionId);
  await world.run(2 * REMOTE_LIMITS.STATE_DEADLINE_MS);
  const state = await now(asking);
  assert.deepEqual([state?.status, state?.reachable, state?.live], ['running', false, undefined]);
});

test('a run that waits is in nobody’s memory, one that has ended is asked of nobody, and an unknown one is none', async () => {
  const world = await World.of(2);
  const waiting = world.start('b', chain('w', ['start', 'webhookWait'])).executionId;
  const ended = world.start('b', chain('v', ['start', 'data'])).executionId;
  await world.run(100);
  const { engine } = world.member('a');
  const asking = engine.state(waiting);
  await world.run(50);
  assert.deepEqual(await now(asking), {
    executionId: waiting,
    status: 'waiting',
    lastSeq: 5,
    reachable: true,
    waitingFor: 'webhook',
    member: 'b',
  });
  world.network.delivered.length = 0;
  assert.deepEqual(await now(engine.state(ended)), {
    executionId: ended,
    status: 'success',
    lastSeq: 6,
    reachable: true,
  });
  assert.equal(await now(engine.state('999999')), undefined);
});

for (const answer of [null, 7, { kind: 'live' }, { kind: 'live', nodes: [], mailboxLength: 0, state: 'odd' }, {}]) {
  test(`an answer of a form not known here counts as none: ${JSON.stringify(answer)}`, async () => {
    const { world, executionId, engine } = await running();
    world.member('b').peers.asked('execution.state', async () => answer);
    const asking = engine.state(executionId);
    await world.run(2 * REMOTE_LIMITS.STATE_DEADLINE_MS);
    assert.equal((await now(asking))?.reachable, false);
  });
}

test('the tree of all members: this one first, each with its rows', async () => {
  const { world, executionId, engine } = await running();
  const trees = await now(engine.trees());
  assert.deepEqual(
    trees.map(({ member, omitted, failure }) => [member, omitted, failure]),
    [
      ['a', 0, undefined],
      ['b', 0, undefined],
      ['c', 0, undefined],
    ],
  );
  assert.ok(trees[1]?.rows.some(({ path }) => path.endsWith(`execution-${executionId}`)));
  assert.ok(world.members.length === 3);
});

test('a member that does not answer is named with the reason, and holds the others up no longer than the deadline', async () => {
  const { world, engine } = await running();
  world.member('c').peers.asked('tree', () => Promise.reject(new Error('busy')));
  world.network.cut(true);
  const asking = engine.trees();
  await world.run(REMOTE_LIMITS.TREE_DEADLINE_MS);
  const trees = await now(asking);
  assert.deepEqual(
    trees.map(({ member, failure }) => [member, failure !== undefined]),
    [
      ['a', false],
      ['b', true],
      ['c', true],
    ],
  );
});

test('a member that leaves while it is asked is not waited for, nor an owner whose shard goes to another', async () => {
  const { world, executionId, engine } = await running();
  world.member('b').peers.asked('tree', () => new Promise(() => {}));
  world.member('b').peers.asked('execution.state', () => new Promise(() => {}));
  const [trees, state] = [engine.trees(), engine.state(executionId)];
  await world.run(100);
  await world.die('b', 'c');
  await world.run(200);
  assert.equal((await now(trees))[1]?.failure, 'it has left meanwhile');
  assert.equal((await now(state))?.member, 'c');
});

test('rows over the limit are counted and not told, and rows of a form not known here are left out', async () => {
  const { world, engine } = await running();
  const row = { path: '/x', uid: 1, kind: 'x', state: 'running', mailboxLength: 0, oldestMessageMs: 0 };
  world.member('c').peers.asked('tree', async () => ({ rows: [row, { path: 1 }, null], breakers: [7], omitted: 4 }));
  const { stage } = world.member('b');
  const rows = Array.from({ length: REMOTE_LIMITS.TREE_ROWS + 5 }, () => row);
  stage.system.tree = () => rows as ReturnType<typeof stage.system.tree>;
  const trees = await now(engine.trees());
  assert.deepEqual(
    trees.slice(1).map(({ rows: told, breakers, omitted }) => [told.length, breakers.length, omitted]),
    [
      [REMOTE_LIMITS.TREE_ROWS, 0, 5],
      [1, 0, 4],
    ],
  );
});
