/**
 * What a renewal thread loads: one connection of its own, so that renewals neither wait behind commits nor for the
 * main loop. It is loaded by URL (see `Storage.leaseBeat`), never imported.
 */
import type { ClientConfig } from 'pg';
import type { LeaseBeat } from '#runtime';
import { LEASE_BEAT_MS } from './limits.ts';
import { SILENT } from './log.ts';
import { openPool, query } from './pool.ts';

/** Connects at the first call. Calls reject with STORAGE_UNAVAILABLE while the database is away, after LEASE_BEAT_MS at the latest. */
export function openLeaseBeat(connection: ClientConfig): LeaseBeat {
  const pool = openPool(connection, 1, SILENT, LEASE_BEAT_MS);
  let closing: Promise<void> | undefined;
  return {
    async extend(bootId, leaseMs) {
      const rows = await query(pool, {
        name: 'member-extend',
        text: `UPDATE troupe.member SET lease_until = clock_timestamp() + $2 * interval '1 ms'
          WHERE boot_id = $1 RETURNING 1`,
        values: [bootId, leaseMs],
      });
      return rows.length > 0;
    },
    close: () => (closing ??= pool.end().catch(() => undefined)),
  };
}
