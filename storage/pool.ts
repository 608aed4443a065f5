import {
  DatabaseError,
  Pool,
  TypeOverrides,
  types,
  type ClientConfig,
  type PoolClient,
  type QueryConfig,
  type QueryResultRow,
} from 'pg';
import { errors } from './errors.ts';
import { CONNECT_MS, QUERY_MS } from './limits.ts';
import type { Log } from './log.ts';

/** Numbers of what people watch: connections in use, open and asked for. */
export interface PoolStats {
  readonly active: number;
  readonly total: number;
  readonly waiting: number;
}

/** What a failed statement says about its effect. */
export type Verdict =
  /** PostgreSQL answered: rolled back, nothing was written. */
  | 'refused'
  /** No answer: it may have happened. */
  | 'unknown';

const INT8_OID = 20;

/**
 * A `pg` pool that survives the database: broken connections are dropped and made anew at the next use, nothing is
 * thrown from the event loop. int8 comes back as a number; ours stay below 2^53.
 */
export function openPool(connection: ClientConfig, connections: number, log: Log): Pool {
  const overrides = new TypeOverrides(types);
  overrides.setTypeParser(INT8_OID, Number);
  const pool = new Pool({
    ...connection,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types: overrides,
    // pg reads this per query; a connection whose answer is late is thrown away with the error.
    query_timeout: QUERY_MS,
  });
  // The error carries its whole client, passwords included: only its words are logged. A pool that is closing has none to say.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn({ reason: error.message }, 'an idle database connection broke; it is made anew');
  });
  // While a client is in use its errors arrive here; the statement in flight rejects by itself.
  pool.on('connect', (client) =>
    client.on('error', (error) => log.debug({ reason: error.message }, 'database connection')),
  );
  return pool;
}

/** A connection, or STORAGE_UNAVAILABLE: then nothing was sent. */
export async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (cause) {
    throw errors.STORAGE_UNAVAILABLE({ reason: reasonOf(cause) }, cause);
  }
}

/** Runs one statement; a lost connection is STORAGE_UNAVAILABLE, whatever the statement did. For reads. */
export async function query<R extends QueryResultRow>(pool: Pool, config: QueryConfig): Promise<R[]> {
  const client = await connect(pool);
  try {
    const { rows } = await client.query<R>(config);
    client.release();
    return rows;
  } catch (cause) {
    client.release(verdictOf(cause) === 'unknown');
    if (verdictOf(cause) === 'refused') throw cause;
    throw errors.STORAGE_UNAVAILABLE({ reason: reasonOf(cause) }, cause);
  }
}

/**
 * Severity ERROR means that the transaction was rolled back. FATAL and PANIC (shutdown, crash of a sibling) and
 * everything without an answer leave it open whether a statement's commit went through.
 */
export function verdictOf(error: unknown): Verdict {
  return error instanceof DatabaseError && error.severity === 'ERROR' ? 'refused' : 'unknown';
}

export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}

export function statsOf(pool: Pool): PoolStats {
  return { active: pool.totalCount - pool.idleCount, total: pool.totalCount, waiting: pool.waitingCount };
}
