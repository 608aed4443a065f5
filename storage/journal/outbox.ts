import type { Pool } from 'pg';
import type { OutboxEvent, OutboxRow, OutboxStore } from '#runtime';
import { query } from '../pool.ts';
import { int2s, int8s } from './columns.ts';

/**
 * Integration events that wait to be published. A row holds all events of one step, or one of another writer; they go
 * in the order of `n`, which for one aggregate is the order of its commits.
 */
export class Outbox implements OutboxStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async pending(shards: readonly number[], limit: number): Promise<OutboxRow[]> {
    const rows = await query<{ n: number; shard: number; envelope: string }>(this.#pool, {
      name: 'outbox-pending',
      text: `SELECT n, shard, envelope FROM troupe.outbox WHERE shard = ANY($1::int2[]) ORDER BY n LIMIT $2`,
      values: [int2s(shards), limit],
    });
    return rows.map(({ n, shard, envelope }) => ({ n, shard, events: eventsIn(envelope) }));
  }

  async published(ns: readonly number[]): Promise<void> {
    await query(this.#pool, {
      name: 'outbox-published',
      text: `DELETE FROM troupe.outbox o USING unnest($1::int8[]) AS u(n) WHERE o.n = u.n`,
      values: [int8s(ns)],
    });
  }

  async waiting(atMost: number): Promise<number> {
    const rows = await query<{ count: number }>(this.#pool, {
      name: 'outbox-waiting',
      text: `SELECT count(*) AS count FROM (SELECT 1 FROM troupe.outbox LIMIT $1) AS w`,
      values: [atMost],
    });
    return rows[0]?.count ?? 0;
  }
}

/** We wrote the envelope ourselves: one event, or several in their order. */
function eventsIn(envelope: string): readonly OutboxEvent[] {
  const written = JSON.parse(envelope) as OutboxEvent | OutboxEvent[];
  return Array.isArray(written) ? written : [written];
}
