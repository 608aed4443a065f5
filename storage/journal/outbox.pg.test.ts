import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OutboxEvent, Step } from '#runtime';
import { openStorage, type Storage } from '../index.ts';
import { openBench, type Bench } from '../testing.ts';
import { Outbox } from './outbox.ts';

function event(id: string, aggregateId: string): OutboxEvent {
  const body = { type: 'test.event', aggregateType: 'test', timestamp: 1, version: 1 };
  return { id, aggregateId, ...body, payload: { text: 'NUL \u0000 "q" 🎭' }, metadata: { traceId: 'ab' } };
}

describe('the outbox', () => {
  let bench: Bench;
  let outbox: Outbox;
  let storage: Storage;
  let announced = 0;
  before(async () => {
    bench = await openBench();
    outbox = new Outbox(bench.pool);
    storage = await openStorage({ connection: bench.database.connection, announced: () => (announced += 1) });
  });
  after(async () => {
    await storage.close();
    await bench.dispose();
  });
  const all = Array.from({ length: 512 }, (_, shard) => shard);
  const clear = async (): Promise<void> => outbox.published((await outbox.pending(all, 1_000)).map(({ n }) => n));
  const leave = async (outboxOf: readonly OutboxEvent[], more: Partial<Step> = {}): Promise<Step> => {
    const step = await bench.first({ outbox: outboxOf, ...more });
    await bench.journal.commit([step]);
    return step;
  };

  test('the events of a step are one row, as they were, and come in the order of commits', async () => {
    await clear();
    const sent = [[event('1', 'a'), event('2', 'a')], [event('3', 'a')], [event('4', 'b')]];
    for (const events of sent) await leave(events);
    const rows = await outbox.pending(all, 10);
    deepEqual(
      rows.map(({ events }) => events),
      sent,
    );
    equal(await outbox.waiting(10), 3);
    equal(await outbox.waiting(2), 2);
  });

  test('rows come by shard and up to a limit; what is published is gone, once more does no harm', async () => {
    await clear();
    const one = await leave([event('5', 'a')], { shard: 7 });
    await leave([event('6', 'b')], { shard: 8 });
    await leave([event('7', 'c')], { shard: 7 });
    const [first] = await outbox.pending([one.shard], 1);
    deepEqual([first?.shard, first?.events[0]?.id], [7, '5']);
    await outbox.published([first?.n ?? 0]);
    await outbox.published([first?.n ?? 0]);
    deepEqual(
      (await outbox.pending([7], 10)).map(({ events }) => events[0]?.id),
      ['7'],
    );
    deepEqual(await outbox.pending([], 10), []);
  });

  test('nothing is left by a step that is refused', async () => {
    await clear();
    const step = await bench.first({ outbox: [event('8', 'a')] });
    await bench.journal.commit([{ ...step, epoch: 99 }]);
    equal(await outbox.waiting(1), 0);
  });

  test('every change of a workflow leaves its event with the commit, in order, with the user who made it', async () => {
    await clear();
    const source = { name: 'W', nodes: [], connections: {} };
    const workflows = storage.workflows.by('u1');
    const rung = announced;
    const { id } = await workflows.create(source);
    await workflows.setActive(id, true);
    await workflows.update(id, { ...source, name: 'W2' });
    await workflows.setActive(id, false);
    await workflows.remove(id);
    await workflows.save({ ...source, id: 'imported' });
    await storage.workflows.save({ ...source, id: 'imported' });
    const rows = await outbox.pending(all, 100);
    const events = rows.flatMap((row) => row.events);
    deepEqual(
      events.map((each) => [each.type, each.aggregateId, each.version, each.userId, each.payload]),
      [
        ['workflow.created', id, 1, 'u1', { name: 'W', active: false }],
        ['workflow.activated', id, 1, 'u1', { name: 'W', active: true }],
        ['workflow.updated', id, 2, 'u1', { name: 'W2', active: true }],
        ['workflow.deactivated', id, 2, 'u1', { name: 'W2', active: false }],
        ['workflow.deleted', id, 2, 'u1', { name: 'W2', active: false }],
        ['workflow.created', 'imported', 1, 'u1', { name: 'W', active: false }],
        ['workflow.updated', 'imported', 2, undefined, { name: 'W', active: false }],
      ],
    );
    equal(new Set(events.map((each) => each.id)).size, 7);
    equal(new Set(rows.slice(0, 5).map(({ shard }) => shard)).size, 1, 'one aggregate is on one shard');
    equal(announced - rung, 7);
  });

  test('a change of nothing, and one that fails, leaves no event', async () => {
    await clear();
    equal(await storage.workflows.update('none', {}), undefined);
    equal(await storage.workflows.setActive('none', true), undefined);
    equal(await storage.workflows.remove('none'), undefined);
    equal(await outbox.waiting(1), 0);
  });
});
