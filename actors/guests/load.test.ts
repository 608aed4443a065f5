import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, NodeResult } from '#workflow';
import { chain } from '../testing.ts';
import { Folds } from './folds.ts';
import { loadGuest } from './load.ts';
import { begin, TestCluster, type TestMember } from './testing.ts';
import type { Order } from './wire.ts';

/** A journal whose newest event is the start of `effect 1`, or what comes after it. */
async function journalOf(
  options: { fails?: boolean; ends?: boolean } = {},
): Promise<{ owner: TestMember; order: Order }> {
  const cluster = new TestCluster();
  const effect = async (): Promise<NodeResult> => {
    if (options.fails) throw new Error('again');
    if (options.ends) return { kind: 'outputs', outputs: [[]] };
    return new Promise(() => {});
  };
  const owner = await cluster.join('owner', [], { owner: true, behaviours: { effect } });
  const json = chain('w', ['start', 'effect', 'webhookWait']);
  const nodes = (json['nodes'] as JsonObject[]).map((node) => ({ ...node, retryOnFail: true, alwaysOutputData: true }));
  const { executionId } = begin(owner, { ...json, nodes });
  await owner.run(500);
  const seq = (await cluster.store.journal.execution(executionId))?.lastSeq ?? 0;
  const order = {
    ticket: 't',
    executionId,
    node: 'effect 1',
    run: 0,
    attempt: 1,
    seq,
    epoch: 1,
    publicUrl: 'http://o',
  };
  return { owner, order };
}

const load = (owner: TestMember, order: Order): ReturnType<typeof loadGuest> =>
  loadGuest(order, owner.services, new Folds(owner.clock));

test('an order that fits the journal is loaded as its owner sees it', async () => {
  const { owner, order } = await journalOf();
  const loaded = await load(owner, order);
  assert.ok('fold' in loaded);
  assert.deepEqual([loaded.effect.node, loaded.effect.run, loaded.effect.attempt], ['effect 1', 0, 1]);
  assert.equal(loaded.fold.seq, order.seq);
  assert.equal(loaded.source.services.publicUrl?.(), 'http://o');
});

const misfits: [string, Partial<Order>, string][] = [
  ['an older seq', { seq: 1 }, 'the journal stands elsewhere'],
  ['a newer seq', { seq: 99 }, 'the journal stands elsewhere'],
  ['an unknown execution', { executionId: '123456' }, 'the journal stands elsewhere'],
  ['another node', { node: 'start 0' }, 'the journal tells of another node run'],
  ['another run', { run: 1 }, 'the journal tells of another node run'],
  ['another attempt', { attempt: 2 }, 'the journal tells of another node run'],
];
for (const [name, change, why] of misfits) {
  test(`an order with ${name} is not performed`, async () => {
    const { owner, order } = await journalOf();
    assert.deepEqual(await load(owner, { ...order, ...change }), { why });
  });
}

test('a run that pauses before its next attempt, or waits, is not at work', async () => {
  const failing = await journalOf({ fails: true });
  assert.deepEqual(await load(failing.owner, { ...failing.order, attempt: 2 }), {
    why: 'the journal tells of another node run',
  });
  const waiting = await journalOf({ ends: true });
  assert.deepEqual(await load(waiting.owner, { ...waiting.order, node: 'webhookWait 2' }), {
    why: 'the journal tells of another node run',
  });
});

test('a node type that this member does not know is left to others', async () => {
  const { owner, order } = await journalOf();
  const services = { ...owner.services, catalog: { ...owner.services.catalog, find: () => undefined } };
  assert.deepEqual(await loadGuest(order, services, new Folds(owner.clock)), {
    why: 'the node type test.effect in version 1 is not known',
  });
});

test('a version that is not in the database is no answer of the journal', async () => {
  const { owner, order } = await journalOf();
  owner.workflows.delete('w');
  await assert.rejects(load(owner, order), { code: 'WORKFLOW_VERSION_GONE' });
});
