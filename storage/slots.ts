import type { Pool } from 'pg';
import type { SlotClaim, SlotGrants, SlotQueue, Slots, SlotTurn } from '#runtime';
import { int2s } from './journal/columns.ts';
import { query } from './pool.ts';

/** A key as it lies in the table: '' is no such limit, which differs from the key ''. */
export function storedKey(limit: SlotClaim['concurrency' | 'rate']): string {
  return limit === undefined ? '' : `=${limit.key}`;
}

/** Turns in PostgreSQL; the deciding is in `troupe.grant_slots` (migration 004). Rejects with STORAGE_UNAVAILABLE. */
export class PostgresSlots implements Slots {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async grant(workflowId: string, atMost: number): Promise<SlotGrants> {
    const rows = await query<{ ids: string[]; waiting: number; next_ms: number | null }>(this.#pool, {
      name: 'slot-grant',
      text: 'SELECT ids, waiting, next_ms FROM troupe.grant_slots($1, $2)',
      values: [workflowId, atMost],
    });
    const { ids = [], waiting = 0, next_ms: nextInMs = null } = rows[0] ?? {};
    return { granted: ids.map(String), waiting, ...(nextInMs !== null && { nextInMs }) };
  }

  async granted(shards: readonly number[], limit: number): Promise<SlotTurn[]> {
    const rows = await query<{ execution_id: number; workflow_id: string }>(this.#pool, {
      name: 'slot-granted',
      text: `SELECT s.execution_id, s.workflow_id FROM troupe.slot s JOIN troupe.execution e ON e.id = s.execution_id
        WHERE s.granted AND e.stopped_at IS NULL AND e.last_seq <= s.seq AND e.shard = ANY($1::int2[])
        ORDER BY s.arrival LIMIT $2`,
      values: [int2s(shards), limit],
    });
    return rows.map((row) => ({ executionId: String(row.execution_id), workflowId: row.workflow_id }));
  }

  async queued(options: { afterWorkflowId?: string; limit: number }): Promise<SlotQueue[]> {
    const rows = await query<{ workflow_id: string; waiting: number }>(this.#pool, {
      name: 'slot-queued',
      text: `SELECT workflow_id, count(*)::integer AS waiting FROM troupe.slot
        WHERE NOT granted AND workflow_id > $1 GROUP BY workflow_id ORDER BY workflow_id LIMIT $2`,
      values: [options.afterWorkflowId ?? '', options.limit],
    });
    return rows.map(({ workflow_id, waiting }) => ({ workflowId: workflow_id, waiting }));
  }

  async forget(limit: number): Promise<void> {
    await query(this.#pool, {
      name: 'slot-forget',
      text: `WITH full_again AS (DELETE FROM troupe.rate WHERE full_us < extract(epoch FROM clock_timestamp()) * 1000000)
        DELETE FROM troupe.slot WHERE execution_id IN (
          SELECT s.execution_id FROM troupe.slot s LEFT JOIN troupe.execution e ON e.id = s.execution_id
          WHERE e.id IS NULL OR e.stopped_at IS NOT NULL LIMIT $1)`,
      values: [limit],
    });
  }
}
