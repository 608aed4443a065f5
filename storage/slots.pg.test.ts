import { deepEqual, equal } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as elapse } from 'node:timers/promises';
import { slotConformance, type Step } from '#runtime';
import { BlobTable } from './blobs.ts';
import { PostgresJournal } from './journal/journal.ts';
import { PostgresLeases } from './lease-store.ts';
import { SILENT } from './log.ts';
import { openPool } from './pool.ts';
import { PostgresSlots } from './slots.ts';
import { openBench, type Bench } from './testing.ts';

describe('PostgreSQL keeps the contract of turns', () => {
  let bench: Bench;
  let other: ReturnType<typeof openPool>;
  let cases = 0;

  before(async () => {
    bench = await openBench();
    other = openPool(bench.database.connection, 4, SILENT);
    await bench.leases.release(
      'bench',
      Array.from({ length: 512 }, (_, shard) => shard),
    );
  });
  after(async () => {
    await other.end();
    await bench.dispose();
  });

  // Each case gets two shards and two workflows that no case before it has touched.
  const fixture = async () => {
    cases += 1;
    const shards = [2 * cases, 2 * cases + 1] as const;
    return {
      journal: new PostgresJournal(bench.pool, new BlobTable(bench.pool), SILENT),
      leases: new PostgresLeases(bench.pool),
      slots: new PostgresSlots(bench.pool),
      others: new PostgresSlots(other),
      shards,
      workflowIds: [`a${cases}`, `b${cases}`] as const,
      elapse: async (ms: number) => void (await elapse(ms)),
    };
  };
  for (const { rule, check } of slotConformance(fixture)) test(rule, check);
});

describe('turns in PostgreSQL', () => {
  let bench: Bench;
  before(async () => {
    bench = await openBench();
  });
  after(() => bench.dispose());

  const arrive = async (workflowId: string, count: number, slot: Step['slot']): Promise<Step[]> => {
    const create = { workflowId, workflowVersion: 1, mode: 'webhook', startedAt: 1 } as const;
    const steps: Step[] = [];
    for (let index = 0; index < count; index += 1) {
      steps.push(await bench.first({ create, status: 'waiting', ...(slot && { slot }) }));
    }
    await bench.journal.commit(steps);
    return steps;
  };

  test('a grant that is under way holds the next one back, so that it sees what the first gave', async () => {
    await arrive('held', 4, { concurrency: { key: '', limit: 2 } });
    const slots = new PostgresSlots(bench.pool);
    const client = await bench.pool.connect();
    await client.query('BEGIN');
    const first = await client.query<{ ids: string[] }>(`SELECT ids FROM troupe.grant_slots('held', 10)`);
    equal(first.rows[0]?.ids.length, 2);
    let second: Awaited<ReturnType<PostgresSlots['grant']>> | undefined;
    const waiting = slots.grant('held', 10).then((grants) => (second = grants));
    equal((await slots.grant('elsewhere', 10)).granted.length, 0);
    equal(second, undefined);
    await client.query('COMMIT');
    client.release();
    await waiting;
    deepEqual(second, { granted: [], waiting: 2 });
  });

  test('order of arrival is the order within a commit', async () => {
    const steps = await arrive('order', 50, { concurrency: { key: '', limit: 50 } });
    const { granted } = await new PostgresSlots(bench.pool).grant('order', 100);
    deepEqual(
      granted,
      steps.map(({ executionId }) => executionId),
    );
  });

  test('a long queue with many keys is granted in order, and quickly enough', async () => {
    const create = { workflowId: 'many', workflowVersion: 1, mode: 'webhook', startedAt: 1 } as const;
    const steps: Step[] = [];
    for (let index = 0; index < 2_000; index += 1) {
      const slot = { concurrency: { key: `k${index % 500}`, limit: 1 } };
      steps.push(await bench.first({ create, status: 'waiting', slot }));
    }
    await bench.journal.commit(steps);
    const slots = new PostgresSlots(bench.pool);
    const began = performance.now();
    const first = await slots.grant('many', 200);
    const second = await slots.grant('many', 200);
    const third = await slots.grant('many', 200);
    deepEqual(
      [...first.granted, ...second.granted, ...third.granted],
      steps.slice(0, 500).map(({ executionId }) => executionId),
    );
    equal(third.waiting, 1_500);
    equal(performance.now() - began < 2_000, true);
  });

  test('a key holds no U+0000: such a step is refused before anything is written', async () => {
    const step = await bench.first({ status: 'waiting', slot: { concurrency: { key: 'a\0b', limit: 1 } } });
    let code: unknown;
    await bench.journal.commit([step]).catch((error: { code: string }) => (code = error.code));
    equal(code, 'JOURNAL_STEP_INVALID');
    equal(await bench.journal.execution(step.executionId), undefined);
  });
});
