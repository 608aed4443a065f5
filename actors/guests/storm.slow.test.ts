import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, NodeResult } from '#workflow';
import { seededRandom, type NodeContext } from '#runtime';
import { chain } from '../testing.ts';
import { begin, placed, TestCluster, type TestMember } from './testing.ts';

const SEEDS = 25;
const EXECUTIONS = 4;
/** Longest time that a node takes. */
const WORK_MS = 8_000;

const flow = (id: string): JsonObject =>
  placed(placed(chain(id, ['start', 'effect', 'data', 'effect', 'data']), 1, 'gpu'), 3, 'gpu');

/** Two performers, an owner; messages are lost, repeated, late and out of order; members fall silent, die, are replaced. */
async function storm(
  seed: number,
): Promise<{ cluster: TestCluster; members: TestMember[]; ids: string[]; calls: { key: string; input: string }[] }> {
  const cluster = new TestCluster(seed);
  const random = seededRandom(seed);
  const calls: { key: string; input: string }[] = [];
  const effect = async (context: NodeContext): Promise<NodeResult> => {
    calls.push({ key: context.idempotencyKey(0), input: JSON.stringify(context.inputs) });
    await new Promise<void>((resolve) => void cluster.clock.after(random.next() * WORK_MS, resolve));
    return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
  };
  const join = (name: string, tags: string[], owner = false): Promise<TestMember> =>
    cluster.join(name, tags, { owner, behaviours: { effect } });
  const performers = [await join('gpu-1', ['gpu']), await join('gpu-2', ['gpu']), await join('gpu-3', ['gpu'])];
  let owner = await join('owner-1', [], true);
  cluster.network.weather = { lose: 0.25, repeat: 0.25, delayMs: 1_500 };
  const ids: string[] = [];
  for (let count = 0; count < EXECUTIONS; count += 1) {
    ids.push(begin(owner, flow(`w${count}`)).executionId);
    await owner.run(Math.floor(random.next() * 1_500));
    const chance = random.next();
    const victim = performers[Math.floor(random.next() * performers.length)];
    if (chance < 0.3 && victim && performers.length > 1) {
      cluster.die(victim);
      performers.splice(performers.indexOf(victim), 1);
    } else if (chance < 0.6 && victim) {
      cluster.silence(victim);
      await owner.run(Math.floor(random.next() * 8_000));
      cluster.hear(victim);
    } else if (chance < 0.8) {
      cluster.die(owner);
      await owner.run(6_000);
      owner = await join(`owner-${count + 2}`, [], true);
    }
  }
  await owner.run(60_000);
  cluster.network.weather = {};
  await owner.run(30_000);
  return { cluster, members: [...performers, owner], ids, calls };
}

test('in any weather every run succeeds, each key has one input, and nobody works on for nothing', async () => {
  let repeated = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { cluster, members, ids, calls } = await storm(seed);
    const inputs = new Map<string, string>();
    for (const { key, input } of calls) {
      assert.equal(inputs.get(key) ?? input, input, `seed ${seed}: ${key}`);
      inputs.set(key, input);
    }
    repeated += calls.length - inputs.size;
    for (const id of ids) {
      const row = await cluster.store.journal.execution(id);
      // A start that a dying owner had not committed was not accepted.
      if (!row) continue;
      assert.equal(row.status, 'success', `seed ${seed}: ${id}`);
      for (const node of ['n1', 'n3']) assert.ok(inputs.has(`${id}/${node}/0/0`), `seed ${seed}: ${id} ${node}`);
      const events = await cluster.store.journal.read(id);
      const ended = events
        .filter(({ event }) => event.type === 'node.finished')
        .map(({ event }) => 'node' in event && event.node);
      assert.equal(new Set(ended).size, ended.length, `seed ${seed}: a node run ended twice`);
    }
    for (const member of members) {
      const guests = member.system.tree().find(({ path }) => path === '/guests');
      assert.equal(guests?.detail?.['performing'] ?? 0, 0, `seed ${seed}: ${member.name} works on`);
    }
  }
  assert.ok(repeated > 0, 'the storm has moved no run');
});
