import type { Pool } from 'pg';
import type { Log } from './log.ts';
import { PARTITION_BLOCKS, RETENTION_ROWS } from './limits.ts';
import { query } from './pool.ts';

/** What one round of retention removed. */
export interface RetentionReport {
  readonly executions: number;
  readonly partitions: number;
  readonly blobs: number;
}

/** Commits wait while a partition is dropped; rather than for long, the drop is given up. */
const DROP_LOCK_MS = 2_000;
/** Advisory lock: one member at a time. */
const LOCK = '7236837, 3';

/**
 * Forgets executions that ended before a moment. Journal partitions whose executions are all gone are dropped, which
 * takes no time however large they are; single rows are deleted in small portions elsewhere.
 */
export class Retention {
  readonly #pool: Pool;
  readonly #log: Log;

  constructor(pool: Pool, log: Log) {
    this.#pool = pool;
    this.#log = log;
  }

  /** Call about once a day: new executions go into a fresh partition, so that partitions are spans of time. */
  async rotate(): Promise<void> {
    await query(this.#pool, {
      text: `WITH here AS (SELECT (CASE WHEN is_called THEN last_value ELSE 0 END) / ${PARTITION_BLOCKS} AS number
          FROM troupe.id_block),
        made AS MATERIALIZED (SELECT number, troupe.make_partition(number + 1), troupe.make_partition(number + 2) FROM here)
        SELECT setval('troupe.id_block', (number + 1) * ${PARTITION_BLOCKS}) FROM made`,
    });
  }

  /** Forgets what ended before `before` (epoch milliseconds). Runs that have not ended are never touched. */
  async forget(before: number): Promise<RetentionReport> {
    const partitions = await this.#dropPartitions(before);
    let executions = 0;
    for (let found = -1; found !== 0; executions += found) found = await this.#deletePortion(before);
    const blobs = await this.#deleteBlobs(before);
    this.#log.info({ executions, partitions, blobs }, 'forgot old executions');
    return { executions, partitions, blobs };
  }

  /** A partition goes when ids are no longer drawn from it and all its runs ended before the moment. */
  async #dropPartitions(before: number): Promise<number> {
    const rows = await query<{ number: number }>(this.#pool, {
      text: `SELECT p.number FROM troupe.journal_partition p
        WHERE p.number < (SELECT last_value / ${PARTITION_BLOCKS} FROM troupe.id_block)
          AND NOT EXISTS (${keeps('p.number', '$1')})
        ORDER BY p.number`,
      values: [Math.trunc(before)],
    });
    let dropped = 0;
    for (const { number } of rows) if (await this.#dropPartition(Math.trunc(number), Math.trunc(before))) dropped += 1;
    return dropped;
  }

  /**
   * Looks again once nobody can write to the partition any more: a member may still have held ids of it. Commits that
   * were waiting find no partition, make it anew and lose nothing.
   */
  async #dropPartition(number: number, before: number): Promise<boolean> {
    const text = `DO $$ BEGIN
      SET LOCAL lock_timeout = '${DROP_LOCK_MS}ms';
      PERFORM pg_advisory_xact_lock(${LOCK});
      LOCK TABLE troupe.journal_${number} IN ACCESS EXCLUSIVE MODE;
      IF NOT EXISTS (${keeps(`${number}::bigint`, String(before))}) THEN
        DROP TABLE troupe.journal_${number};
        DELETE FROM troupe.journal_partition WHERE number = ${number};
      END IF;
    END $$`;
    try {
      await query(this.#pool, { text });
      return true;
    } catch (error) {
      this.#log.warn({ err: error, partition: number }, 'an old journal partition could not be dropped; next time');
      return false;
    }
  }

  async #deletePortion(before: number): Promise<number> {
    const rows = await query<{ n: number }>(this.#pool, {
      name: 'retention-portion',
      text: `WITH old AS MATERIALIZED (SELECT id FROM troupe.execution
            WHERE stopped_at < $1 ORDER BY id LIMIT ${RETENTION_ROWS} FOR UPDATE SKIP LOCKED),
          e AS (DELETE FROM troupe.execution x USING old WHERE x.id = old.id RETURNING x.id),
          j AS (DELETE FROM troupe.journal x USING old WHERE x.execution_id = old.id),
          i AS (DELETE FROM troupe.inbox x USING old WHERE x.execution_id = old.id),
          t AS (DELETE FROM troupe.timer x USING old WHERE x.execution_id = old.id),
          k AS (DELETE FROM troupe.idempotency x USING old WHERE x.execution_id = old.id)
        SELECT count(*) AS n FROM e`,
      values: [Math.trunc(before)],
    });
    return rows[0]?.n ?? 0;
  }

  /** What nobody stored again since the oldest run that still counts began. */
  async #deleteBlobs(before: number): Promise<number> {
    const rows = await query<{ n: number }>(this.#pool, {
      text: `WITH oldest AS (SELECT least($1::bigint, min(started_at)) AS at FROM troupe.execution),
          b AS (DELETE FROM troupe.blob x USING oldest
            WHERE x.touched_at < to_timestamp(oldest.at / 1000.0) - interval '1 day' RETURNING 1)
        SELECT count(*) AS n FROM b`,
      values: [Math.trunc(before)],
    });
    return rows[0]?.n ?? 0;
  }
}

/** The executions because of which a partition stays. */
function keeps(number: string, before: string): string {
  return `SELECT 1 FROM troupe.execution e WHERE e.id >= ${number} << 33 AND e.id < (${number} + 1) << 33
    AND (e.stopped_at IS NULL OR e.stopped_at >= ${before})`;
}
