import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Item, JsonObject, NodeResult } from '#workflow';
import { quiet, type LeaseState, type NodeContext } from '#runtime';
import type { Services } from '../services.ts';
import { chain } from '../testing.ts';
import { begin, placed, slow, TestCluster, type TestMember } from './testing.ts';

const effect = (id = 'w'): JsonObject => placed(chain(id, ['start', 'effect', 'data']), 1, 'gpu');

/** What the live tree of a member shows of the node at index 1. */
function detailOf(member: TestMember, path = 'node-n1'): Record<string, unknown> | undefined {
  return member.system.tree().find((row) => row.path.includes(path))?.detail;
}

function guestsOf(member: TestMember): string[] {
  return member.system
    .tree()
    .filter(({ path }) => path.startsWith('/guests/'))
    .map(({ path }) => path);
}

test('a node runs on the member that carries its tags, and the run goes on where the execution is', async () => {
  const cluster = new TestCluster();
  const other = await cluster.join('other', ['eu']);
  const gpu = await cluster.join('gpu-1', ['gpu', 'eu']);
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(3_000);
  const report = await handle.ended;
  assert.equal(report.status, 'success');
  assert.deepEqual(gpu.calls, [{ key: `${handle.executionId}/n1/0/0`, input: '{"n":1}' }]);
  assert.deepEqual([owner.calls, other.calls], [[], []]);
  assert.deepEqual(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json, { n: 1 });
});

test('a node whose tags this member carries itself is performed here, and no other is', async () => {
  const cluster = new TestCluster();
  const gpu = await cluster.join('gpu-1', ['gpu']);
  const owner = await cluster.join('owner', ['gpu', 'eu'], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(owner.calls.length, 1);
  assert.deepEqual(gpu.calls, []);
  assert.deepEqual(cluster.network.delivered, []);
});

test('the placement of the settings holds for all nodes but triggers and those with a placement of their own', async () => {
  const cluster = new TestCluster();
  const where: string[] = [];
  const note =
    (member: string) =>
    (context: NodeContext): NodeResult => {
      where.push(`${context.node.name}: ${member}`);
      return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
    };
  const all = (member: string) => ({ start: note(member), data: note(member), effect: note(member) });
  await cluster.join('gpu-1', ['gpu'], { behaviours: all('gpu-1') });
  await cluster.join('cpu-1', ['cpu'], { behaviours: all('cpu-1') });
  const owner = await cluster.join('owner', [], { owner: true, behaviours: all('owner') });
  const json = placed(placed(chain('w', ['start', 'data', 'data', 'effect']), 2), 3, 'cpu');
  const handle = begin(owner, { ...json, settings: { executionOrder: 'v1', placement: 'gpu' } });
  await owner.run(3_000);
  assert.equal((await handle.ended).status, 'success');
  assert.deepEqual(where, ['start 0: owner', 'data 1: gpu-1', 'data 2: owner', 'effect 3: cpu-1']);
});

test('its start is durable with its key before it leaves, for a data node too', async () => {
  const cluster = new TestCluster();
  const work = slow();
  await cluster.join('gpu-1', ['gpu'], { behaviours: { data: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  cluster.store.journal.faults.nextCommits({ kind: 'slowCommit', ms: 500 }, { kind: 'slowCommit', ms: 500 });
  const handle = begin(owner, placed(chain('w', ['start', 'data']), 1, 'gpu'));
  await owner.run(900);
  assert.equal(work.runs.length, 0);
  await owner.run(200);
  assert.equal(work.runs.length, 1);
  const events = await cluster.store.journal.read(handle.executionId);
  const last = events.at(-1)?.event;
  assert.deepEqual([last?.type, last && 'key' in last && last.key], ['node.started', `${handle.executionId}/n1/0`]);
});

test('the result equals that of a node performed here: expressions, moment, chance, memory, files, static data', async () => {
  const TEXT =
    "={{ $('data 1').item.json.n }} {{ $json.n }} {{ $now.toMillis() }} {{ Math.random() }} {{ $execution.resumeUrl }}";
  const look = async (context: NodeContext): Promise<NodeResult> => {
    const file = await context.binary.write(Buffer.alloc(40_000, context.run + 65), { mimeType: 'text/plain' });
    const input = context.items()[0]?.binary?.['in'];
    const json = {
      said: String(context.evaluate(TEXT, 0)),
      key: context.idempotencyKey(0),
      runs: [...(context.runs?.keys() ?? [])],
      sources: JSON.stringify(context.sources),
      mode: context.mode,
      attempt: context.attempt,
      zone: context.zone,
      bytes: input ? (await context.binary.read(input)).length : 0,
      known: context.staticData('global'),
      scene: JSON.stringify(context.scene()).length,
    };
    const memory = { count: Number(context.memory['count'] ?? 0) + 1 };
    return {
      kind: 'outputs',
      outputs: [[{ json, binary: { out: file } }]],
      memory,
      staticData: { global: { last: json.key } },
      hints: ['looked'],
    };
  };
  const performed = async (tags: string[]): Promise<{ runData: unknown; where: number; staticData: unknown }> => {
    const cluster = new TestCluster();
    const jsCode = 'uses $getWorkflowStaticData';
    const gpu = await cluster.join('gpu-1', ['gpu'], { behaviours: { look } });
    const owner = await cluster.join('owner', tags, {
      owner: true,
      behaviours: { look },
      alter: (services) => ({ ...services, publicUrl: () => 'https://owner.example' }),
    });
    const file = await owner.services.binary.write(Buffer.alloc(50_000, 66), { mimeType: 'text/plain' });
    const json = placed(chain('w', ['start', 'data', 'look', 'look'], { 2: { jsCode }, 3: { jsCode } }), 2, 'gpu');
    const items: Item[] = [{ json: { n: 7 }, binary: { in: file } }];
    const runData = [];
    for (let round = 0; round < 2; round += 1) {
      const handle = begin(owner, json, items);
      await owner.run(2_000);
      const report = await handle.ended;
      assert.equal(report.status, 'success', JSON.stringify(report.error));
      runData.push(report.runData);
    }
    const where = gpu.system.tree().filter(({ path }) => path === '/guests').length;
    return { runData, where, staticData: cluster.store.staticData('w') };
  };
  const here = await performed(['gpu']);
  const there = await performed([]);
  assert.deepEqual([here.where, there.where], [0, 1]);
  assert.deepEqual(there.runData, here.runData);
  assert.deepEqual(there.staticData, here.staticData);
  assert.match(JSON.stringify([...(here.runData as Map<string, unknown>[])[1]!]), /https:\/\/owner\.example/);
});

test('a member that dies in the middle: another one performs it, under the same key, as the same attempt', async () => {
  const cluster = new TestCluster();
  const seen: string[] = [];
  const work = slow();
  const note = (context: NodeContext): ReturnType<typeof work.work> => {
    seen.push(`${context.idempotencyKey(0)} attempt ${context.attempt}`);
    return work.work(context);
  };
  const members = [];
  for (const name of ['gpu-1', 'gpu-2'])
    members.push(await cluster.join(name, ['gpu'], { behaviours: { effect: note } }));
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(2_000);
  assert.equal(seen.length, 1);
  const first = members.find((member) => member.name === detailOf(owner)?.['member']);
  assert.ok(first);
  cluster.die(first);
  await owner.run(100);
  assert.equal(seen.length, 2);
  assert.equal(seen[0], seen[1]);
  assert.notEqual(detailOf(owner)?.['member'], first.name);
  work.runs[1]?.finish([{ json: { n: 2 } }]);
  await owner.run(2_000);
  const report = await handle.ended;
  assert.deepEqual(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json, { n: 2 });
  assert.equal(report.runData.get('effect 1')?.length, 1);
});

test('a member that is silent for five seconds loses the run; its late result is refused and its work aborted', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const members = [];
  for (const name of ['gpu-1', 'gpu-2'])
    members.push(await cluster.join(name, ['gpu'], { behaviours: { effect: work.work } }));
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  const first = members.find((member) => member.name === detailOf(owner)?.['member']);
  assert.ok(first);
  cluster.silence(first);
  await owner.run(4_000);
  assert.equal(work.runs.length, 1);
  await owner.run(3_000);
  assert.equal(work.runs.length, 2);
  cluster.hear(first);
  await owner.run(1_500);
  assert.equal(work.runs[0]?.context.signal.aborted, true);
  assert.deepEqual(guestsOf(first), []);
  work.runs[0]?.finish([{ json: { n: 'late' } }]);
  await owner.run(500);
  assert.equal((await cluster.store.journal.execution(handle.executionId))?.status, 'running');
  work.runs[1]?.finish([{ json: { n: 'right' } }]);
  await owner.run(1_000);
  const report = await handle.ended;
  assert.deepEqual(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json, { n: 'right' });
});

test('while the link is down silence says nothing: the run stays where it is, and its result comes afterwards', async () => {
  const cluster = new TestCluster();
  const work = slow();
  for (const name of ['gpu-1', 'gpu-2']) await cluster.join(name, ['gpu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  cluster.network.cut(true);
  await owner.run(8_000);
  cluster.network.cut(false);
  await owner.run(3_000);
  assert.equal(work.runs.length, 1);
  cluster.network.cut(true);
  await owner.run(30_000);
  work.runs[0]?.finish([{ json: { n: 3 } }]);
  await owner.run(60_000);
  cluster.network.cut(false);
  await owner.run(10_000);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(work.runs.length, 1);
});

test('a run whose member cannot be found while the link is down waits for the link', async () => {
  const cluster = new TestCluster();
  const gpu = await cluster.join('gpu-1', ['gpu']);
  const owner = await cluster.join('owner', [], { owner: true });
  cluster.network.cut(true);
  const handle = begin(owner, effect());
  await owner.run(20_000);
  assert.equal(detailOf(owner)?.['queued'], 'link');
  cluster.network.cut(false);
  await owner.run(1_000);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(gpu.calls.length, 1);
});

test('without a member with the tags the run waits visibly, and begins as soon as there is one', async () => {
  const cluster = new TestCluster();
  const gpu = await cluster.join('gpu-1', []);
  const owner = await cluster.join('owner', ['cpu'], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(60_000);
  assert.equal((await cluster.store.journal.execution(handle.executionId))?.status, 'running');
  const detail = detailOf(owner);
  assert.deepEqual([detail?.['place'], detail?.['queued'], detail?.['member']], ['gpu', 'placement', undefined]);
  cluster.tag(gpu, ['gpu']);
  await owner.run(10);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(gpu.calls.length, 1);
});

test('when none comes within five minutes the node fails, naming tags and members', async () => {
  const cluster = new TestCluster();
  await cluster.join('cpu-1', ['cpu', 'eu']);
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, placed(chain('w', ['start', 'effect']), 1, 'gpu', 'eu'));
  await owner.run(299_000);
  assert.equal((await cluster.store.journal.execution(handle.executionId))?.status, 'running');
  await owner.run(2_000);
  const { status, error } = await handle.ended;
  assert.equal(status, 'error');
  assert.equal(error?.['code'], 'NODE_PLACE_MISSING');
  assert.equal(
    error?.message,
    'Node "effect 1" asks for a member with the tags "gpu", "eu", and none was there for 300 s; ' +
      'members: cpu-1 (cpu, eu), owner (no tags)',
  );
});

test('a member that performs its limit refuses; another one is asked, and when all are busy the run waits its turn', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const busy = { behaviours: { effect: work.work }, limits: { guests: 1 } };
  const members = [await cluster.join('gpu-1', ['gpu'], busy), await cluster.join('gpu-2', ['gpu'], busy)];
  const owner = await cluster.join('owner', [], { owner: true });
  const handles = ['a', 'b', 'c'].map((id) => begin(owner, effect(id)));
  await owner.run(2_000);
  assert.equal(work.runs.length, 2);
  assert.deepEqual(
    members.map((member) => guestsOf(member).length),
    [1, 1],
  );
  const details = owner.system
    .tree()
    .flatMap(({ path, detail }) => (path.includes('/node-n1') && detail ? [detail] : []));
  assert.deepEqual(
    details.map((detail) => detail['queued']).filter((why) => why !== undefined),
    ['busy'],
  );
  work.runs[0]?.finish([{ json: {} }]);
  await owner.run(6_000);
  assert.equal(work.runs.length, 3);
  for (const run of work.runs) run.finish([{ json: {} }]);
  await owner.run(3_000);
  for (const handle of handles) assert.equal((await handle.ended).status, 'success');
});

test('when they stay busy for five minutes the node fails with what the last one said', async () => {
  const cluster = new TestCluster();
  const work = slow();
  await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: work.work }, limits: { guests: 1 } });
  const owner = await cluster.join('owner', [], { owner: true });
  begin(owner, effect('a'));
  await owner.run(1_000);
  const second = begin(owner, effect('b'));
  await owner.run(310_000);
  const { error } = await second.ended;
  assert.equal(error?.['code'], 'NODE_PLACE_BUSY');
  assert.match(error?.message ?? '', /within 300 s: gpu-1: it performs 1 nodes for others$/);
  assert.equal(work.runs.length, 1);
});

test('a run that is lost again and again fails, and says where it was lost last', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const members: TestMember[] = [];
  for (let count = 1; count <= 7; count += 1) {
    members.push(await cluster.join(`gpu-${count}`, ['gpu'], { behaviours: { effect: work.work } }));
  }
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  let last = '';
  for (let losses = 1; losses <= 6; losses += 1) {
    await owner.run(1_000);
    assert.equal(work.runs.length, losses);
    last = String(detailOf(owner)?.['member']);
    cluster.die(members.find(({ name }) => name === last)!);
  }
  await owner.run(1_000);
  const { error } = await handle.ended;
  assert.equal(error?.['code'], 'NODE_PLACE_LOST');
  assert.match(error?.message ?? '', new RegExp(`lost with 6 members one after the other: ${last} left`));
  assert.equal(work.runs.length, 6);
});

test('in doubt of its lease the owner gives a lost run to nobody', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const members = [];
  for (const name of ['gpu-1', 'gpu-2'])
    members.push(await cluster.join(name, ['gpu'], { behaviours: { effect: work.work } }));
  let state: LeaseState = 'held';
  const owner = await cluster.join('owner', [], {
    owner: true,
    alter: (services) => ({ ...services, owner: { ...services.owner, state: () => state } }),
  });
  begin(owner, effect());
  await owner.run(1_000);
  state = 'unknown';
  cluster.die(members.find(({ name }) => name === detailOf(owner)?.['member'])!);
  await owner.run(3_000);
  assert.equal(work.runs.length, 1);
  assert.equal(detailOf(owner)?.['queued'], 'lease');
  state = 'held';
  await owner.run(300);
  assert.equal(work.runs.length, 2);
});

test('cancel aborts the node where it runs, before anything else', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const gpu = await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  owner.company.deliver(handle.executionId, { type: 'cancel', reason: 'enough' });
  await quiet();
  assert.equal((await handle.ended).status, 'canceled');
  await owner.run(10);
  assert.equal(work.runs[0]?.context.signal.aborted, true);
  assert.deepEqual(guestsOf(gpu), []);
});

test('a cancel whose word was lost is noticed by the next sign of life', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const gpu = await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  cluster.silence(gpu);
  owner.company.deliver(handle.executionId, { type: 'cancel', reason: 'enough' });
  await owner.run(500);
  assert.equal(work.runs[0]?.context.signal.aborted, false);
  cluster.hear(gpu);
  await owner.run(1_100);
  assert.equal(work.runs[0]?.context.signal.aborted, true);
});

test('a failure comes back as it is, and the node is tried again as its settings say', async () => {
  const cluster = new TestCluster();
  const attempts: number[] = [];
  const flaky = async (context: NodeContext): Promise<NodeResult> => {
    attempts.push(context.attempt);
    if (context.attempt === 1) throw Object.assign(new Error('not yet'), { name: 'Flaky' });
    return { kind: 'outputs', outputs: [[{ json: { ok: true } }]] };
  };
  await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: flaky } });
  const owner = await cluster.join('owner', [], { owner: true });
  const nodes = (effect()['nodes'] as JsonObject[]).map((node) => ({ ...node, retryOnFail: true }));
  const handle = begin(owner, { ...effect(), nodes });
  await owner.run(5_000);
  assert.equal((await handle.ended).status, 'success');
  assert.deepEqual(attempts, [1, 2]);
  const events = await cluster.store.journal.read(handle.executionId);
  const retry = events.map(({ event }) => event).find(({ type }) => type === 'node.retrying');
  assert.deepEqual(retry && 'error' in retry && retry.error, { message: 'not yet', name: 'Flaky' });
});

test('a large result travels as a blob; while blobs cannot be written or read it waits', async () => {
  const cluster = new TestCluster();
  const text = 'x'.repeat(200_000);
  const away = { put: 2, get: 2 };
  const shaky = (services: Services): Services => ({
    ...services,
    blobs: {
      put: (bytes) => (away.put-- > 0 ? Promise.reject(new Error('away')) : cluster.blobs.put(bytes)),
      get: (id) => (away.get-- > 0 ? Promise.reject(new Error('away')) : cluster.blobs.get(id)),
    },
  });
  const big = async (): Promise<NodeResult> => ({ kind: 'outputs', outputs: [[{ json: { text } }]] });
  await cluster.join('gpu-1', ['gpu'], { behaviours: { effect: big }, alter: shaky });
  const owner = await cluster.join('owner', [], { owner: true, alter: shaky });
  const handle = begin(owner, effect());
  await owner.run(20_000);
  const report = await handle.ended;
  assert.equal(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json['text'], text);
  assert.equal(cluster.blobs.size(), 1);
  const sent = cluster.network.delivered.filter(({ kind }) => kind === 'node.performed');
  assert.equal(sent.length, 3);
  assert.ok(sent.every(({ body }) => JSON.stringify(body).length < 1_000));
});

test('sub-workflows that a placed node calls are started by the owner of the execution, and their results go there', async () => {
  const cluster = new TestCluster();
  const ran: string[] = [];
  const call =
    (member: string) =>
    (context: NodeContext): NodeResult => {
      ran.push(`${member} ${context.resumed ? 'resumed' : 'called'}`);
      if (context.resumed?.results)
        return { kind: 'outputs', outputs: [context.resumed.results.flatMap(({ items }) => [...items])] };
      return { kind: 'call', calls: [{ workflow: { id: 'child' }, items: [...context.items()] }], wait: true };
    };
  await cluster.join('gpu-1', ['gpu'], { behaviours: { call: call('gpu-1') } });
  const owner = await cluster.join('owner', [], { owner: true, behaviours: { call: call('owner') } });
  owner.workflows.set('child', chain('child', ['start', 'data']));
  const handle = begin(owner, placed(chain('w', ['start', 'call', 'data']), 1, 'gpu'));
  await owner.run(3_000);
  const report = await handle.ended;
  assert.equal(report.status, 'success', JSON.stringify(report.error));
  assert.deepEqual(ran, ['gpu-1 called', 'gpu-1 resumed']);
  assert.deepEqual(report.runData.get('data 2')?.[0]?.outputs?.[0]?.[0]?.json, { n: 1 });
});

test('a wait that a placed node asks for is held by the owner', async () => {
  const cluster = new TestCluster();
  const gpu = await cluster.join('gpu-1', ['gpu']);
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, placed(chain('w', ['start', 'wait', 'data'], { 1: { ms: 5_000 } }), 1, 'gpu'));
  await owner.run(1_000);
  assert.deepEqual(guestsOf(gpu), []);
  await owner.run(6_000);
  assert.equal((await handle.ended).status, 'success');
});

test('a member that stops gives its runs back, and they go on elsewhere at once', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const members: TestMember[] = [];
  for (const name of ['gpu-1', 'gpu-2'])
    members.push(await cluster.join(name, ['gpu'], { behaviours: { effect: work.work } }));
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, effect());
  await owner.run(1_000);
  const first = members.find((member) => member.name === detailOf(owner)?.['member']);
  await first?.company.stop();
  await owner.run(10);
  assert.equal(work.runs.length, 2);
  assert.equal(work.runs[0]?.context.signal.aborted, true);
  work.runs[1]?.finish([{ json: {} }]);
  await owner.run(1_000);
  assert.equal((await handle.ended).status, 'success');
});

test('the tree shows where a run is and whose guest it is', async () => {
  const cluster = new TestCluster();
  const work = slow();
  const gpu = await cluster.join('gpu-1', ['gpu', 'eu'], { behaviours: { effect: work.work } });
  const owner = await cluster.join('owner', [], { owner: true });
  const handle = begin(owner, placed(chain('w', ['start', 'effect']), 1, 'gpu', 'eu'));
  const since = cluster.clock.now();
  await owner.run(1_000);
  const row = owner.system.tree().find(({ path }) => path.endsWith('/node-n1.0.1'));
  assert.equal(row?.kind, 'node');
  assert.deepEqual(row?.detail, {
    node: 'effect 1',
    nodeType: 'test.effect',
    run: 0,
    attempt: 1,
    place: 'gpu,eu',
    member: 'gpu-1',
    since,
  });
  assert.deepEqual(guestsOf(gpu), [`/guests/execution-${handle.executionId}.1`]);
  const guests = gpu.system.tree().find(({ path }) => path === '/guests');
  assert.deepEqual(guests?.detail, { performing: 1, limit: 256, kept: 0 });
});
