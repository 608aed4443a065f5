import type { Pool } from 'pg';
import type { OutboxEvent } from '#runtime';
import { query } from '../pool.ts';
import { int2s, int8s } from './columns.ts';

/** An integration event that waits to be published; `n` is its place in the order of commits. */
export interface OutboxRow {
  readonly n: number;
  readonly shard: number;
  readonly event: OutboxEvent;
}

/** What the publisher of a member reads and clears. Only the owner of a shard publishes its events. */
export class Outbox {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Events of these shards that were not published yet, oldest first, at most `limit`. */
  async pending(shards: readonly number[], limit: number): Promise<OutboxRow[]> {
    const rows = await query<{ n: number; shard: number; envelope: string }>(this.#pool, {
      name: 'outbox-pending',
      text: `SELECT n, shard, envelope FROM troupe.outbox WHERE shard = ANY($1::int2[]) ORDER BY n LIMIT $2`,
      values: [int2s(shards), limit],
    });
    // We wrote the envelope ourselves, in this form.
    return rows.map(({ n, shard, envelope }) => ({ n, shard, event: JSON.parse(envelope) as OutboxEvent }));
  }

  /** Forgets events after the broker confirmed them. */
  async published(ns: readonly number[]): Promise<void> {
    await query(this.#pool, {
      name: 'outbox-published',
      text: `DELETE FROM troupe.outbox o USING unnest($1::int8[]) AS u(n) WHERE o.n = u.n`,
      values: [int8s(ns)],
    });
  }
}
