import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARDS, shardOf } from '#cluster';
import { quiet } from '#runtime';
import { chain } from '../testing.ts';
import { now, World, type WorldMember } from './world.ts';

/** What a change of hands must leave behind: every run at exactly one place, and nothing at the others. */

const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);

/** Actors of executions, shards and nodes that this member has. */
function actorsOf({ stage }: WorldMember): string[] {
  const kinds = new Set(['execution', 'node', 'shard']);
  return stage.system.tree().flatMap(({ kind, path }) => (kinds.has(kind) ? [path] : []));
}

test('500 running executions of a member that died go on at once: all are loaded within 500 ms', async () => {
  const world = await World.of(2);
  const slow = chain('w', ['start', 'wait', 'effect'], { 1: { ms: 30_000 } });
  const runs = Array.from({ length: 500 }, () => world.start('b', slow).executionId);
  await world.run(1_000);
  await world.die('b', 'a');
  await world.run(500);
  const { stage, peers } = world.member('a');
  assert.equal(peers.self, 'a');
  assert.equal(runs.filter((id) => stage.company.performs(id)).length, 500);
  const executions = actorsOf(world.member('a')).filter((path) => path.includes('/execution-'));
  assert.equal(executions.length, 500);
  await world.run(30_000);
  assert.equal(stage.calls.length, 500);
});

test('no more loads at the same time than the limit, however many shards come at once', async () => {
  const limits = { recoveringAtOnce: 8 };
  const world = await World.of(2, { limits });
  for (let n = 0; n < 200; n += 1) world.start('b', chain('w', ['start', 'wait'], { 1: { ms: 50_000 } }));
  await world.run(1_000);
  const { journal } = world.store;
  const read = journal.read.bind(journal);
  let loading = 0;
  let most = 0;
  journal.read = async (...args) => {
    loading += 1;
    most = Math.max(most, loading);
    await quiet(2);
    loading -= 1;
    return read(...args);
  };
  await world.die('b', 'a');
  await world.run(1_000);
  assert.equal(most, 8);
  assert.equal(world.member('a').stage.company.live, 200);
});

test('executions that only wait are not loaded by a takeover, and wake in time all the same', async () => {
  const world = await World.of(2);
  const long = chain('w', ['start', 'wait', 'effect'], { 1: { ms: 600_000 } });
  for (let n = 0; n < 50; n += 1) world.start('b', long);
  await world.run(1_000);
  await world.die('b', 'a');
  await world.run(30_000);
  assert.deepEqual(actorsOf(world.member('a')), []);
  await world.run(600_000);
  assert.equal(world.member('a').stage.calls.length, 50);
});

for (const how of ['released', 'taken'] as const) {
  test(`shards that are ${how} while commits are under way leave no actor behind, and every run ends once`, async () => {
    for (let turns = 0; turns < 40; turns += 4) {
      const world = await World.of(2);
      const json = chain('w', ['start', 'effect', 'data', 'effect', 'wait', 'effect'], { 4: { ms: 500 } });
      world.store.journal.faults.nextCommits({ kind: 'slowCommit', ms: 50 }, { kind: 'slowCommit', ms: 50 });
      const handles = Array.from({ length: 20 }, () => world.start('a', json));
      for (let turn = 0; turn < turns; turn += 1) await quiet(1);
      const { stage } = world.member('a');
      const mine = ALL.filter((shard) => shard % 2 === 0);
      await stage.lose(mine, how);
      if (how === 'taken') await world.store.leases.release('a', mine);
      await world.member('b').stage.take(mine);
      world.network.own(mine, 'b');
      await world.run(10_000);
      assert.deepEqual(actorsOf(world.member('a')), []);
      assert.equal(stage.company.live, 0);
      for (const handle of handles) {
        const row = await world.store.journal.execution(handle.executionId);
        if (!row) await assert.rejects(now(handle.ended), { code: 'EXECUTION_NOT_ACCEPTED' });
        else assert.equal((await now(handle.ended)).status, 'success');
      }
      const keys = world.members.flatMap((member) => member.stage.calls.map(({ key, input }) => `${key} ${input}`));
      const perKey = Map.groupBy(keys, (key) => key.split(' ')[0]);
      for (const [key, inputs] of perKey) assert.equal(new Set(inputs).size, 1, `two inputs under the key ${key}`);
    }
  });
}

test('a shard that is lost and comes back while its actor is still stopping is performed by a new one', async () => {
  const world = await World.of(2);
  const json = chain('w', ['start', 'effect', 'wait', 'effect'], { 2: { ms: 2_000 } });
  const { executionId, ended } = world.start('a', json);
  await world.run(100);
  const shard = shardOf(executionId);
  const { stage } = world.member('a');
  for (let round = 0; round < 3; round += 1) {
    const losing = stage.lose([shard]);
    await stage.take([shard]);
    await losing;
  }
  await world.run(5_000);
  assert.equal((await now(ended)).status, 'success');
  assert.deepEqual(
    actorsOf(world.member('a')).filter((path) => path.includes('execution')),
    [],
  );
});

test('timers and letters of shards that are another member’s open nothing here', async () => {
  const world = await World.of(2);
  const { executionId } = world.start('a', chain('w', ['start', 'wait', 'effect'], { 1: { ms: 70_000 } }));
  await world.run(20_000);
  await world.move(shardOf(executionId), 'b');
  await world.run(60_000);
  assert.deepEqual(actorsOf(world.member('a')), []);
  assert.equal(world.member('b').stage.calls.length, 1);
});

test('shards that come during a sweep are taken up by it and not by the next one', async () => {
  const world = await World.of(2);
  const slow = chain('w', ['start', 'wait', 'effect'], { 1: { ms: 3_000 } });
  const { executionId } = world.start('b', slow);
  await world.run(100);
  const { stage } = world.member('a');
  const { journal } = world.store;
  const unfinished = journal.unfinished.bind(journal);
  journal.unfinished = async (...args) => {
    const rows = await unfinished(...args);
    await new Promise<void>((resolve) => void world.clock.after(1_000, resolve));
    return rows;
  };
  const sweeping = stage.company.gained();
  await quiet(2);
  const moving = world.move(shardOf(executionId), 'a');
  await world.run(2_500);
  await Promise.all([sweeping, moving]);
  assert.equal(stage.company.performs(executionId), true);
});

test('a start whose commit is still under way when its shard is lost is not called refused before it is settled', async () => {
  const world = await World.of(2);
  world.store.journal.faults.nextCommits({ kind: 'slowCommit', ms: 4_000 });
  const handle = world.start('a', chain('w', ['start', 'effect']));
  await world.run(100);
  const shard = shardOf(handle.executionId);
  await world.member('a').stage.lose([shard], 'taken');
  await world.run(5_000);
  assert.deepEqual(await now(handle.accepted), { executionId: handle.executionId, duplicate: false });
});

test('a shard is performed anew at once, although its actor of before has not stopped yet', async () => {
  let away = false;
  const world = await World.of(1, {
    alter: (plain) => {
      const epochOf = (shard: number): number | undefined => (away ? undefined : plain.owner.epochOf(shard));
      return { ...plain, owner: { ...plain.owner, epochOf } };
    },
  });
  const { executionId } = world.start('a', chain('w', ['start', 'wait'], { 1: { ms: 60_000 } }));
  await world.run(100);
  const { stage } = world.member('a');
  const { promise: slow, resolve: go } = Promise.withResolvers<void>();
  const stop = stage.system.stop.bind(stage.system);
  stage.system.stop = (ref) => slow.then(() => stop(ref));
  away = true;
  const losing = stage.company.lost([shardOf(executionId)]);
  away = false;
  stage.company.deliver(executionId, { type: 'cancel', reason: 'enough' });
  await world.run(100);
  go();
  await losing;
  await world.run(100);
  assert.equal((await world.store.journal.execution(executionId))?.status, 'canceled');
});
