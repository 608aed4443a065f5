import pg, { type ClientConfig } from 'pg';
import { startEmbedded } from '#storage';
import { generateLoad, startServer } from './processes.ts';

/** What the machine gives without us: no engine on it can be faster than these. */
export interface Ceilings {
  /** Calls per second of fastify's empty route, 64 connections. */
  fastify: number;
  /** Rows per second, each committed by a statement of its own. */
  singleRows: number;
  /** Rows per second, committed by statements of BATCH_ROWS rows. */
  batchedRows: number;
}

const CONNECTIONS = 64;
const WRITERS = 16;
const BATCH_WRITERS = 2;
const BATCH_ROWS = 500;
/** About the size of a small step's row. */
const PAYLOAD_BYTES = 250;

export async function httpCeiling(seconds: number): Promise<number> {
  const server = await startServer('fastify.ts');
  try {
    const url = `http://127.0.0.1:${server.port}/`;
    const load = await generateLoad({ url, method: 'POST', body: '{"name":"Ada"}', connections: CONNECTIONS, seconds });
    return load.perSecond;
  } finally {
    await server.stop();
  }
}

/** Rows per second into the PostgreSQL of this data directory, with the settings it has under the engine. */
export async function rowCeilings(dataDir: string, seconds: number): Promise<Omit<Ceilings, 'fastify'>> {
  const quiet = (): void => undefined;
  const server = await startEmbedded({ dataDir, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  try {
    const pool = new pg.Pool({ ...server.connection, max: 1 });
    await pool.query('CREATE TABLE IF NOT EXISTS bench_row (id bigint, seq int, payload bytea, PRIMARY KEY (id, seq))');
    await pool.query('TRUNCATE bench_row');
    const singleRows = await rowsPerSecond(server.connection, WRITERS, 1, seconds);
    const batchedRows = await rowsPerSecond(server.connection, BATCH_WRITERS, BATCH_ROWS, seconds);
    await pool.query('DROP TABLE bench_row');
    await pool.end();
    return { singleRows, batchedRows };
  } finally {
    await server.stop();
  }
}

let nextId = 0;

async function rowsPerSecond(
  connection: ClientConfig,
  writers: number,
  rows: number,
  seconds: number,
): Promise<number> {
  const payload = Buffer.alloc(PAYLOAD_BYTES, 7);
  const began = performance.now();
  const end = began + seconds * 1000;
  let written = 0;
  const write = async (): Promise<void> => {
    const client = new pg.Client(connection);
    await client.connect();
    const seqs = Array.from({ length: rows }, (_, index) => index);
    const payloads = seqs.map(() => payload);
    while (performance.now() < end) {
      nextId += 1;
      await client.query({
        name: 'bench',
        text: 'INSERT INTO bench_row SELECT $1, * FROM unnest($2::int[], $3::bytea[])',
        values: [nextId, seqs, payloads],
      });
      written += rows;
    }
    await client.end();
  };
  await Promise.all(Array.from({ length: writers }, write));
  return Math.round((written / (performance.now() - began)) * 1000);
}
