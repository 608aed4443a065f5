import { after, before, describe, test } from 'node:test';
import { setTimeout as elapse } from 'node:timers/promises';
import { journalConformance, leaseConformance } from '#runtime';
import { BlobTable } from '../blobs.ts';
import { PostgresLeases } from '../lease-store.ts';
import { SILENT } from '../log.ts';
import { migrate } from '../migrations/index.ts';
import { openPool } from '../pool.ts';
import { testDatabase, type TestDatabase } from '../testing.ts';
import { PostgresJournal } from './journal.ts';

describe('PostgreSQL keeps the contract of the ports', () => {
  let database: TestDatabase;
  let pool: ReturnType<typeof openPool>;
  let nextShard = 0;

  before(async () => {
    database = await testDatabase();
    await migrate(database.connection);
    pool = openPool(database.connection, 6, SILENT);
  });
  after(async () => {
    await pool.end();
    await database.dispose();
  });

  // Each case gets two shards that no case before it has touched.
  const fixture = async () => {
    const shards = [nextShard, nextShard + 1] as const;
    nextShard += 2;
    const journal = new PostgresJournal(pool, new BlobTable(pool), SILENT);
    return { journal, leases: new PostgresLeases(pool), shards, workflowIds: ['w1', 'w2'] as const };
  };
  const pause = async (ms: number): Promise<void> => void (await elapse(ms));

  for (const { rule, check } of journalConformance(fixture)) test(`journal: ${rule}`, check);
  const leases = leaseConformance(async () => ({ ...(await fixture()), elapse: pause }));
  for (const { rule, check } of leases) test(`leases: ${rule}`, check);
});
