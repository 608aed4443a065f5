import type { ClientConfig } from 'pg';
import type { BlobStore, Journal, LeaseBeatSource, LeaseStore, Slots } from '#runtime';
import type { JsonObject } from '#workflow';
import { Activations, databaseNow, TestWebhooks } from './activations.ts';
import { BlobTable } from './blobs.ts';
import { Executions } from './executions.ts';
import { PostgresJournal } from './journal/journal.ts';
import { Outbox } from './journal/outbox.ts';
import { PostgresLeases } from './lease-store.ts';
import { JOURNAL_CONNECTIONS, ORM_CONNECTIONS } from './limits.ts';
import { SILENT, type Log } from './log.ts';
import { migrate } from './migrations/index.ts';
import type { ApiKeys, Users } from './people/accounts.ts';
import type { AddressesOf } from './people/publishing.ts';
import type { Settings } from './people/settings.ts';
import type { Workflows } from './people/workflows.ts';
import { openPool, query, statsOf, type PoolStats } from './pool.ts';
import { Retention } from './retention.ts';
import { PostgresSlots } from './slots.ts';
import { readStaticData } from './static-data.ts';

/** What `openStorage` takes. */
export interface StorageOptions {
  /** `DATABASE_URL`, or the `connection` of an embedded server. */
  readonly connection: string | ClientConfig;
  readonly log?: Log;
  /** Of the lock on the data directory; lets this boot claim at once what the last one held. */
  readonly dataDirId?: string;
  /** Addresses that a definition listens on while active; default none. What listens is unique among members by them. */
  readonly addressesOf?: AddressesOf;
  /** Called after the commit of a change of a workflow: its event waits in the outbox. */
  readonly announced?: () => void;
  /** Sizes of the two pools; together with other members they must fit the server's `max_connections`. */
  readonly pools?: { readonly journal?: number; readonly people?: number };
}

/** Everything that lies in PostgreSQL. */
export interface Storage {
  readonly journal: Journal;
  readonly leases: LeaseStore;
  /** Turns under limits of workflows. */
  readonly slots: Slots;
  /** For a thread that renews the lease by a connection of its own. */
  readonly leaseBeat: LeaseBeatSource;
  readonly blobs: BlobStore;
  readonly outbox: Outbox;
  readonly executions: Executions;
  readonly retention: Retention;
  readonly workflows: Workflows;
  readonly users: Users;
  readonly apiKeys: ApiKeys;
  readonly settings: Settings;
  readonly activations: Activations;
  readonly testWebhooks: TestWebhooks;
  /** Static data of a workflow by key (`global`, `node:<name>`), as last committed. */
  staticData(workflowId: string): Promise<Record<string, JsonObject>>;
  /** The database's clock, epoch milliseconds: what all members share. Rejects with STORAGE_UNAVAILABLE. */
  now(): Promise<number>;
  /** Resolves when the database answers; rejects with STORAGE_UNAVAILABLE. */
  ping(): Promise<void>;
  /** Connections of the journal's pool. */
  poolStats(): PoolStats;
  /** Waits for statements under way and closes all connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Migrates the schema and opens both pools. Rejects with STORAGE_UNAVAILABLE, DATABASE_TOO_OLD or SCHEMA_TOO_NEW.
 * A database that goes away later only makes calls reject; connections are made anew when it is back.
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { log = SILENT, dataDirId, pools } = options;
  const connection =
    typeof options.connection === 'string' ? { connectionString: options.connection } : options.connection;
  // MikroORM takes a quarter of a second to load: beside the migration, not after it.
  const [{ openPeople }] = await Promise.all([import('./people/index.ts'), migrate(connection)]);
  const people = await openPeople(
    connection,
    pools?.people ?? ORM_CONNECTIONS,
    options.addressesOf ?? (() => []),
    options.announced ?? (() => {}),
  );
  const pool = openPool(connection, pools?.journal ?? JOURNAL_CONNECTIONS, log);
  const blobs = new BlobTable(pool);
  let closing: Promise<void> | undefined;
  return {
    journal: new PostgresJournal(pool, blobs, log),
    leases: new PostgresLeases(pool, dataDirId),
    slots: new PostgresSlots(pool),
    leaseBeat: { module: new URL('./lease-beat.ts', import.meta.url).href, connection },
    blobs,
    outbox: new Outbox(pool),
    executions: new Executions(pool),
    retention: new Retention(pool, log),
    workflows: people.workflows,
    users: people.users,
    apiKeys: people.apiKeys,
    settings: people.settings,
    activations: new Activations(pool),
    testWebhooks: new TestWebhooks(pool),
    staticData: (workflowId) => readStaticData(pool, workflowId),
    now: () => databaseNow(pool),
    ping: async () => void (await query(pool, { name: 'ping', text: 'SELECT 1' })),
    poolStats: () => statsOf(pool),
    close: () => (closing ??= Promise.all([pool.end(), people.close()]).then(() => undefined)),
  };
}
