import { setTimeout as pause } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import { findEmbedded } from '#storage';
import type { Row } from './auditor.ts';

const LOOK_EVERY_MS = 100;
/** A server that is killed may leave a statement without an answer. */
const STATEMENT_MS_MOST = 5_000;

interface Found {
  id: string;
  workflow_id: string;
  status: string;
  stopped_at: string | null;
  last_seq: number;
  version: string;
}

const SELECT = `SELECT id::text, workflow_id, status, stopped_at::text, last_seq, xmin::text AS version
  FROM troupe.execution`;
const nothing = (): void => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** How the database is reached at this moment; undefined: it is not. */
type FindDatabase = () => Promise<ClientConfig | undefined>;

/** The embedded database of a member on this data directory. */
export function embeddedIn(dataDir: string): FindDatabase {
  return async () => (await findEmbedded({ dataDir, log: silent }))?.connection;
}

/**
 * Looks at the rows of executions beside the member, by a connection of its own, and keeps each as it was when it was
 * first seen ended. What another connection sees is durable, so it must never change again.
 */
export class RowWatch {
  readonly firstEnds = new Map<string, { row: Row; seenMs: number }>();
  readonly #find: FindDatabase;
  #client: Client | undefined;
  #stopped = false;
  readonly #looking: Promise<void>;

  constructor(find: FindDatabase) {
    this.#find = find;
    this.#looking = this.#look();
  }

  /** All rows as they stand now. Rejects when the database is away. */
  async rows(): Promise<Row[]> {
    return this.#read(SELECT);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    await this.#client?.end().catch(nothing);
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.remember();
      } catch {
        // The database is away: that is what this test does to it.
        this.#client?.end().catch(nothing);
        this.#client = undefined;
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async remember(): Promise<void> {
    const rows = await this.#read(`${SELECT} WHERE stopped_at IS NOT NULL`);
    for (const row of rows) {
      if (!this.firstEnds.has(row.id)) this.firstEnds.set(row.id, { row, seenMs: performance.now() });
    }
  }

  async #read(sql: string): Promise<Row[]> {
    const client = await this.#connected();
    const { rows } = await client.query<Found>(sql);
    return rows.map(({ id, workflow_id, status, stopped_at, last_seq, version }) => ({
      id,
      workflowId: workflow_id,
      status,
      stoppedAt: stopped_at === null ? null : Number(stopped_at),
      lastSeq: last_seq,
      version,
    }));
  }

  async #connected(): Promise<Client> {
    if (this.#client) return this.#client;
    const found = await this.#find();
    if (!found) throw new Error('no database at this moment');
    const limits = { connectionTimeoutMillis: STATEMENT_MS_MOST, query_timeout: STATEMENT_MS_MOST };
    const client = new Client({ ...found, ...limits });
    client.on('error', nothing);
    await client.connect();
    this.#client = client;
    return client;
  }
}
