import type { Pool } from 'pg';
import type { ExecutionRecord, InboxMessage, Journal, JournalEvent, Step, StepOutcome, TimerRow } from '#runtime';
import type { BlobTable } from '../blobs.ts';
import { BLOCK_SERIALS } from '../limits.ts';
import type { Log } from '../log.ts';
import { query } from '../pool.ts';
import { int2s, int8s } from './columns.ts';
import { Committing } from './commit.ts';
import { GroupedReads } from './grouped-reads.ts';
import { idNumber, idNumberOr } from './ids.ts';
import { unpackRow, type StoredRow } from './pack.ts';
import { EXECUTION_COLUMNS, recordOf, type ExecutionRow } from './records.ts';

/** Plain JSON travels as text, not as hexadecimal. */
const STORED = `seq, count, encoding, CASE WHEN encoding = 0 THEN convert_from(payload, 'UTF8') END AS text,
  CASE WHEN encoding <> 0 THEN payload END AS payload`;

interface InboxRow {
  readonly execution_id: number;
  readonly message_id: string;
  readonly kind: InboxMessage['kind'];
  readonly payload: string;
}

const UNFINISHED = `status IN ('running', 'waiting')`;

/**
 * The journal on PostgreSQL, on a `pg` pool of its own: no ORM, prepared statements, one autocommit statement per
 * batch. Commits reject with JOURNAL_UNKNOWN, JOURNAL_UNREACHABLE (nothing was sent), JOURNAL_REFUSED or
 * JOURNAL_STEP_INVALID (nothing was written); reads with STORAGE_UNAVAILABLE.
 */
export class PostgresJournal implements Journal {
  readonly #pool: Pool;
  readonly #blobs: BlobTable;
  readonly #committing: Committing;
  readonly #rowOf = new GroupedReads((ids) => this.#rowsOf(ids));
  readonly #eventsOf = new GroupedReads((ids) => this.#storedOf(ids));
  readonly #inboxOf = new GroupedReads((ids) => this.#inboxesOf(ids));

  constructor(pool: Pool, blobs: BlobTable, log: Log) {
    this.#pool = pool;
    this.#blobs = blobs;
    this.#committing = new Committing(pool, blobs, log);
  }

  async commit(steps: readonly Step[]): Promise<readonly StepOutcome[]> {
    return steps.length === 0 ? [] : this.#committing.commit(steps);
  }

  async read(executionId: string, options: { afterSeq?: number; limit?: number } = {}): Promise<JournalEvent[]> {
    const id = idNumberOr(executionId);
    if (id === undefined) return [];
    const { afterSeq = 0, limit } = options;
    if (afterSeq === 0 && limit === undefined) return this.#unpack(executionId, (await this.#eventsOf.get(id)) ?? []);
    // The row that holds the first wanted event may begin before it.
    const rows = await query<StoredRow>(this.#pool, {
      name: 'journal-read',
      text: `SELECT ${STORED} FROM troupe.journal WHERE execution_id = $1 AND seq >= coalesce(
          (SELECT max(seq) FROM troupe.journal WHERE execution_id = $1 AND seq <= $2), 1)
        ORDER BY seq LIMIT $3`,
      values: [id, afterSeq + 1, limit ?? null],
    });
    const events = (await this.#unpack(executionId, rows)).filter(({ seq }) => seq > afterSeq);
    return limit === undefined ? events : events.slice(0, limit);
  }

  async #unpack(executionId: string, rows: readonly StoredRow[]): Promise<JournalEvent[]> {
    const events: JournalEvent[] = [];
    for (const row of rows) {
      for (const event of await unpackRow(executionId, row, (sha256) => this.#blobs.read(sha256))) events.push(event);
    }
    return events;
  }

  async #storedOf(ids: readonly number[]): Promise<Map<number, StoredRow[]>> {
    const rows = await query<StoredRow & { execution_id: number }>(this.#pool, {
      name: 'journal-read-many',
      text: `SELECT execution_id, ${STORED} FROM troupe.journal
        WHERE execution_id = ANY($1::int8[]) ORDER BY execution_id, seq`,
      values: [int8s(ids)],
    });
    return Map.groupBy(rows, ({ execution_id }) => execution_id);
  }

  async execution(executionId: string): Promise<ExecutionRecord | undefined> {
    const id = idNumberOr(executionId);
    if (id === undefined) return undefined;
    const row = await this.#rowOf.get(id);
    return row && recordOf(row);
  }

  async #rowsOf(ids: readonly number[]): Promise<Map<number, ExecutionRow>> {
    const rows = await query<ExecutionRow>(this.#pool, {
      name: 'executions-get',
      text: `SELECT ${EXECUTION_COLUMNS} FROM troupe.execution WHERE id = ANY($1::int8[])`,
      values: [int8s(ids)],
    });
    return new Map(rows.map((row) => [Number(row.id), row]));
  }

  async executions(executionIds: readonly string[]): Promise<ExecutionRecord[]> {
    const ids = executionIds.flatMap((id) => idNumberOr(id) ?? []);
    if (ids.length === 0) return [];
    return [...(await this.#rowsOf(ids)).values()].map(recordOf);
  }

  async unfinished(
    shards: readonly number[],
    { afterId, limit, status }: { afterId?: string; limit: number; status?: 'running' | 'waiting' },
  ): Promise<ExecutionRecord[]> {
    const rows = await query<ExecutionRow>(this.#pool, {
      name: 'execution-unfinished',
      text: `SELECT ${EXECUTION_COLUMNS} FROM troupe.execution
        WHERE ${UNFINISHED} AND id > $2 AND shard = ANY($1::int2[]) AND status = coalesce($4, status)
        ORDER BY id LIMIT $3`,
      values: [int2s(shards), afterId === undefined ? -1 : idNumber(afterId), limit, status ?? null],
    });
    return rows.map(recordOf);
  }

  async timers(shards: readonly number[], until: number, limit: number): Promise<TimerRow[]> {
    const rows = await query<{
      id: string;
      execution_id: number;
      fire_at: number;
      shard: number;
      kind: TimerRow['kind'];
    }>(this.#pool, {
      name: 'timer-due',
      text: `SELECT id, execution_id, fire_at, shard, kind FROM troupe.timer
          WHERE fire_at <= $2 AND shard = ANY($1::int2[]) ORDER BY fire_at LIMIT $3`,
      values: [int2s(shards), Math.trunc(until), limit],
    });
    return rows.map(({ id, shard, execution_id, fire_at, kind }) => {
      return { id, shard, executionId: String(execution_id), fireAt: fire_at, kind };
    });
  }

  async inbox(executionId: string): Promise<InboxMessage[]> {
    const id = idNumberOr(executionId);
    if (id === undefined) return [];
    return ((await this.#inboxOf.get(id)) ?? []).map(({ message_id, kind, payload }) => {
      const value: unknown = JSON.parse(payload);
      return { executionId, messageId: message_id, kind, payload: value };
    });
  }

  async #inboxesOf(ids: readonly number[]): Promise<Map<number, InboxRow[]>> {
    const rows = await query<InboxRow>(this.#pool, {
      name: 'inbox-read-many',
      text: `SELECT execution_id, message_id, kind, payload FROM troupe.inbox
        WHERE execution_id = ANY($1::int8[]) AND NOT done ORDER BY execution_id, arrival`,
      values: [int8s(ids)],
    });
    return Map.groupBy(rows, ({ execution_id }) => execution_id);
  }

  async inboxPending(shards: readonly number[], limit: number): Promise<string[]> {
    const rows = await query<{ id: number }>(this.#pool, {
      name: 'inbox-pending',
      text: `SELECT e.id FROM troupe.execution e WHERE e.${UNFINISHED} AND e.shard = ANY($1::int2[])
          AND e.id IN (SELECT i.execution_id FROM troupe.inbox i WHERE NOT i.done)
        ORDER BY e.id LIMIT $2`,
      values: [int2s(shards), limit],
    });
    return rows.map(({ id }) => String(id));
  }

  async deliver(message: InboxMessage): Promise<boolean> {
    const id = idNumberOr(message.executionId);
    if (id === undefined) return false;
    // The lock makes a run that is just ending end first: then the message is refused instead of left lying.
    const rows = await query(this.#pool, {
      name: 'inbox-deliver',
      text: `WITH target AS (SELECT id FROM troupe.execution WHERE id = $1 AND ${UNFINISHED} FOR SHARE),
        put AS (INSERT INTO troupe.inbox (execution_id, message_id, kind, payload)
          SELECT id, $2, $3, $4 FROM target ON CONFLICT DO NOTHING)
        SELECT id FROM target`,
      values: [id, message.messageId, message.kind, JSON.stringify(message.payload ?? null)],
    });
    return rows.length > 0;
  }

  /** Serials, BLOCK_SERIALS at a time: each makes one id on every shard (see `idIn` in `#cluster`). */
  async idBlock(): Promise<{ first: number; size: number }> {
    const rows = await query<{ block: number }>(this.#pool, {
      name: 'id-block',
      text: `SELECT nextval('troupe.id_block') AS block`,
    });
    return { first: (rows[0]?.block ?? 0) * BLOCK_SERIALS, size: BLOCK_SERIALS };
  }
}
