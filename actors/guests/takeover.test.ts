import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#workflow';
import { chain } from '../testing.ts';
import { begin, placed, slow, TestCluster, type Slow, type TestMember } from './testing.ts';

const effect = (id = 'w'): JsonObject => placed(chain(id, ['start', 'effect', 'data']), 1, 'gpu');

async function world(): Promise<{ cluster: TestCluster; work: Slow; gpu: TestMember; owner: TestMember }> {
  const cluster = new TestCluster();
  const work = slow();
  const gpu = await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  return { cluster, work, gpu, owner };
}

test('an owner that dies leaves the run where it is: the next owner takes it over from there, once', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  cluster.die(owner);
  await owner.run(6_000);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(2_000);
  assert.equal(work.runs.length, 1);
  assert.equal(work.runs[0]?.context.signal.aborted, false);
  work.runs[0]?.finish([{ json: { n: 2 } }]);
  await next.run(2_000);
  const row = await cluster.store.journal.execution(executionId);
  assert.equal(row?.status, 'success');
  const started = (await cluster.store.journal.read(executionId)).filter(
    ({ event }) => event.type === 'node.started' && event.node === 'effect 1',
  );
  assert.equal(started.length, 1);
});

test('a result that came while nobody owned the execution is there for the next owner', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  cluster.die(owner);
  work.runs[0]?.finish([{ json: { n: 2 } }]);
  await owner.run(20_000);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(1_000);
  assert.equal((await cluster.store.journal.execution(executionId))?.status, 'success');
  assert.equal(work.runs.length, 1);
});

test('a result that the owner took and had not committed when it died is given to the next one', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  owner.kill();
  work.runs[0]?.finish([{ json: { n: 2 } }]);
  await owner.run(1_500);
  assert.ok(cluster.network.delivered.some(({ kind, body }) => kind === 'node.heard' && 'done' in body));
  cluster.die(owner);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(1_000);
  assert.equal((await cluster.store.journal.execution(executionId))?.status, 'success');
  assert.equal(work.runs.length, 1);
});

test('a kept result is forgotten after a while: the node is performed again under the same key', async () => {
  const { cluster, work, owner } = await world();
  begin(owner, effect());
  await owner.run(2_000);
  owner.kill();
  work.runs[0]?.finish([{ json: {} }]);
  await owner.run(70_000);
  cluster.die(owner);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(1_000);
  assert.equal(work.runs.length, 2);
  const [first, second] = work.runs.map(({ context }) => context.idempotencyKey(0));
  assert.equal(first, second);
});

test('an owner that gives the execution away says nothing against the run: it goes on with the next', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  await owner.company.lost(Array.from({ length: 512 }, (_, shard) => shard));
  await owner.run(10_000);
  assert.equal(work.runs[0]?.context.signal.aborted, false);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(1_000);
  work.runs[0]?.finish([{ json: {} }]);
  await next.run(2_000);
  assert.equal((await cluster.store.journal.execution(executionId))?.status, 'success');
  assert.equal(work.runs.length, 1);
});

test('an execution actor that crashes finds its run again', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  const row = owner.system.tree().find(({ kind }) => kind === 'execution');
  assert.ok(row);
  // No message of its union: the actor's own assertions do not hold, and it crashes.
  owner.company.deliver(executionId, { type: 'inbox', messages: [null as never] });
  await owner.run(3_000);
  assert.ok(owner.inspections.some(({ type }) => type === 'actor.restarted'));
  work.runs[0]?.finish([{ json: {} }]);
  await owner.run(3_000);
  assert.equal((await cluster.store.journal.execution(executionId))?.status, 'success');
  assert.equal(work.runs.length, 1);
});

test('a run whose owner vanished for good is aborted after a minute', async () => {
  const { cluster, work, gpu, owner } = await world();
  begin(owner, effect());
  await owner.run(2_000);
  cluster.die(owner);
  await gpu.run(58_000);
  assert.equal(work.runs[0]?.context.signal.aborted, false);
  await gpu.run(4_000);
  assert.equal(work.runs[0]?.context.signal.aborted, true);
  const guests = gpu.system.tree().find(({ path }) => path === '/guests');
  assert.deepEqual(guests?.detail, { performing: 0, limit: 256, kept: 0 });
});

test('an owner from before is refused: by the epoch where the run is at work, by the journal elsewhere', async () => {
  const { cluster, work, owner } = await world();
  const { executionId } = begin(owner, effect());
  await owner.run(2_000);
  const next = await cluster.join('next', [], { owner: true });
  await next.run(1_000);
  const seq = (await cluster.store.journal.execution(executionId))?.lastSeq ?? 0;
  const old = { executionId, node: 'effect 1', run: 0, attempt: 1, seq, epoch: 0, publicUrl: 'x', ticket: 'old' };
  const ask = (body: JsonObject) => owner.services.peers.link.ask('gpu-1', { kind: 'node.perform', body }, 2_000);
  assert.deepEqual(await ask(old), { refused: 'stale', why: 'another member performs the execution' });
  work.runs[0]?.finish([{ json: {} }]);
  await next.run(70_000);
  assert.deepEqual(await ask({ ...old, epoch: 99 }), { taken: true });
  await next.run(10);
  const left = cluster.network.delivered.find(({ kind }) => kind === 'node.left');
  assert.deepEqual(left?.body, { tickets: ['old'], why: 'the journal stands elsewhere' });
  assert.equal(work.runs.length, 1);
});
