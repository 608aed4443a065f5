import { Client, type ClientConfig } from 'pg';
import { errors } from '../errors.ts';
import { CONNECT_MS } from '../limits.ts';
import { reasonOf } from '../pool.ts';
import { MIGRATION_TABLE, MIGRATIONS } from './list.ts';

const MIGRATION_LOCK = [7_236_837, 1] as const;
const OLDEST_VERSION = 140_000;

/**
 * Brings the schema up to date; returns the migrations that ran. Members that start together take turns under an
 * advisory lock. Nothing to do (the usual start) costs one connection and two small queries: the migrator itself is
 * loaded only when there is something to run.
 * Rejects with STORAGE_UNAVAILABLE, DATABASE_TOO_OLD, SCHEMA_TOO_NEW, or what PostgreSQL says.
 */
export async function migrate(connection: ClientConfig): Promise<string[]> {
  const client = new Client({ ...connection, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw errors.STORAGE_UNAVAILABLE({ reason: reasonOf(cause) }, cause);
  }
  try {
    await checkVersion(client);
    if ((await pending(client)).length === 0) return [];
    await client.query('SELECT pg_advisory_lock($1, $2)', [...MIGRATION_LOCK]);
    const missing = await pending(client);
    if (missing.length > 0) {
      const { runMigrations } = await import('./run.ts');
      await runMigrations(connection);
    }
    return missing;
  } finally {
    // Ends the session, and with it the lock.
    await client.end();
  }
}

async function checkVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version`,
  );
  const found = rows[0];
  if (found && found.number < OLDEST_VERSION) throw errors.DATABASE_TOO_OLD({ version: found.version });
}

async function pending(client: Client): Promise<string[]> {
  const table = await client.query<{ there: boolean }>(
    `SELECT to_regclass('troupe.${MIGRATION_TABLE}') IS NOT NULL AS there`,
  );
  if (!table.rows[0]?.there) return [...MIGRATIONS];
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM troupe.${MIGRATION_TABLE}`);
  const done = new Set(rows.map((row) => row.name));
  const known = new Set<string>(MIGRATIONS);
  for (const found of done) if (!known.has(found)) throw errors.SCHEMA_TOO_NEW({ found });
  return MIGRATIONS.filter((name) => !done.has(name));
}
