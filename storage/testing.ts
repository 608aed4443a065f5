import { fail } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig, type Pool } from 'pg';
import type { Step } from '#runtime';
import { BlobTable } from './blobs.ts';
import { startEmbedded } from './embedded/index.ts';
import { PostgresJournal } from './journal/journal.ts';
import { PostgresLeases } from './lease-store.ts';
import { SILENT } from './log.ts';
import { migrate } from './migrations/index.ts';
import { openPool } from './pool.ts';

/** A database for one test file; `dispose` leaves nothing behind. */
export interface TestDatabase {
  readonly connection: ClientConfig;
  dispose(): Promise<void>;
}

/**
 * An empty database: on the server that TEST_DATABASE_URL names (PostgreSQL 14 or newer, right to create databases),
 * else on an embedded server of its own.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const url = process.env['TEST_DATABASE_URL'];
  return url ? onServer(url) : onEmbedded();
}

async function onEmbedded(): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'troupe-test-'));
  const server = await startEmbedded({ dataDir, log: SILENT });
  const dispose = async (): Promise<void> => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { connection: server.connection, dispose };
}

async function onServer(url: string): Promise<TestDatabase> {
  const name = `troupe_test_${process.pid}_${Date.now()}`;
  await administer(url, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const target = new URL(url);
  target.pathname = `/${name}`;
  return {
    connection: { connectionString: target.href },
    dispose: () => administer(url, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function administer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A migrated database with a journal on it, and a member that owns every shard. */
export interface Bench {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly journal: PostgresJournal;
  readonly leases: PostgresLeases;
  readonly blobs: BlobTable;
  /** A fresh execution's first step, under the current epoch of its shard; `more` overrides. */
  first(more?: Partial<Step>): Promise<Step>;
  /** A step of an execution that exists. */
  next(of: Step, more: Partial<Step>): Step;
  dispose(): Promise<void>;
}

const SHARDS = 512;

export async function openBench(): Promise<Bench> {
  const database = await testDatabase();
  await migrate(database.connection);
  const pool = openPool(database.connection, 6, SILENT);
  const blobs = new BlobTable(pool);
  const journal = new PostgresJournal(pool, blobs, SILENT);
  const leases = new PostgresLeases(pool);
  await leases.renew({ bootId: 'bench', name: 'bench', tags: [] }, 600_000);
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  const epochs = new Map((await leases.claim('bench', all)).map(({ shard, epoch }) => [shard, epoch]));
  const block = await journal.idBlock();
  let drawn = 0;
  const first = async (more: Partial<Step> = {}): Promise<Step> => {
    const id = (block.first + drawn) * SHARDS + (drawn % SHARDS);
    drawn += 1;
    const shard = more.shard ?? id % SHARDS;
    const create = { workflowId: 'w1', workflowVersion: 1, mode: 'manual', startedAt: 1_000 } as const;
    const event = { type: 'execution.started', at: 1_000, mode: 'manual', trigger: 'Start', items: [] } as const;
    const events = [{ seq: 1, event: { ...event, items: [] } }];
    return {
      executionId: String(id),
      shard,
      epoch: epochs.get(shard) ?? -1,
      create,
      events,
      status: 'running',
      ...more,
    };
  };
  const next = (of: Step, more: Partial<Step>): Step => {
    const { executionId, shard, epoch } = of;
    return { executionId, shard, epoch, events: [], status: 'running', ...more };
  };
  const dispose = async (): Promise<void> => {
    await pool.end();
    await database.dispose();
  };
  return { database, pool, journal, leases, blobs, first, next, dispose };
}

/** Asks the database again and again until it answers with rows; gives up after ten seconds. */
export async function until(rows: () => Promise<number | null>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await rows())) if (performance.now() > deadline) fail('the awaited state did not come');
}
