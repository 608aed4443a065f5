/**
 * What a renewal thread loads: one connection of its own, so that renewals neither wait behind commits nor for the
 * main loop. It is loaded by URL (see `Storage.leaseBeat`), never imported, and imports next to nothing: the thread
 * would hold a second copy of all it takes along.
 */
import { Pool, type ClientConfig } from 'pg';
import type { LeaseBeat } from '#runtime';
import { LEASE_BEAT_MS } from './limits.ts';

/**
 * Connects at the first call, and anew after a connection broke. Calls reject with what pg says while the database is
 * away, after LEASE_BEAT_MS for the connection and as much for the answer.
 */
export function openLeaseBeat(connection: ClientConfig): LeaseBeat {
  const pool = new Pool({
    ...connection,
    max: 1,
    keepAlive: true,
    connectionTimeoutMillis: LEASE_BEAT_MS,
    query_timeout: LEASE_BEAT_MS,
  });
  // What breaks shows at the call under way, or at the next one; unheard it would end the thread.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  let closing: Promise<void> | undefined;
  return {
    async extend(bootId, leaseMs) {
      const client = await pool.connect();
      try {
        const { rowCount } = await client.query({
          name: 'member-extend',
          text: `UPDATE troupe.member SET lease_until = clock_timestamp() + $2 * interval '1 ms' WHERE boot_id = $1`,
          values: [bootId, leaseMs],
        });
        client.release();
        return rowCount === 1;
      } catch (error) {
        // An answer that is late could be taken for that of the next call.
        client.release(true);
        throw error;
      }
    },
    close: () => (closing ??= pool.end().catch(() => undefined)),
  };
}
