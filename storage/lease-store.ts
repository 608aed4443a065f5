import type { Pool } from 'pg';
import type { LeaseStore, LeaseView, MemberRow, ShardClaim, ShardRow } from '#runtime';
import { int2s } from './journal/columns.ts';
import { query } from './pool.ts';

/** A member that has been dead for this long is forgotten by the next renewal of anyone. */
const FORGET_MEMBER = '1 hour';

/**
 * Leases by the database's clock. A member that gives `dataDirId` may take over at once what an earlier boot on the
 * same data directory holds, without waiting for its lease to run out: the lock of the directory proves it dead.
 */
export class PostgresLeases implements LeaseStore {
  readonly #pool: Pool;
  readonly #dataDirId: string | null;

  constructor(pool: Pool, dataDirId?: string) {
    this.#pool = pool;
    this.#dataDirId = dataDirId ?? null;
  }

  async renew(member: MemberRow, leaseMs: number): Promise<void> {
    await query(this.#pool, {
      name: 'member-renew',
      text: `WITH forgotten AS (DELETE FROM troupe.member m WHERE m.lease_until < now() - interval '${FORGET_MEMBER}'
            AND m.boot_id <> $1 AND NOT EXISTS (SELECT 1 FROM troupe.shard s WHERE s.owner = m.boot_id)),
          replaced AS (DELETE FROM troupe.member m WHERE m.boot_id <> $1 AND m.data_dir_id = $4)
        INSERT INTO troupe.member (boot_id, name, tags, data_dir_id, address, draining, lease_until)
        VALUES ($1, $2, $3, $4, $6, $7, clock_timestamp() + $5 * interval '1 ms')
        ON CONFLICT (boot_id) DO UPDATE SET name = excluded.name, tags = excluded.tags, address = excluded.address,
          draining = excluded.draining, lease_until = excluded.lease_until`,
      values: [
        member.bootId,
        member.name,
        [...member.tags],
        this.#dataDirId,
        leaseMs,
        member.address ?? null,
        member.draining ?? false,
      ],
    });
  }

  async claim(bootId: string, shards: readonly number[]): Promise<ShardClaim[]> {
    // An owner without a member row was replaced by a later boot on its data directory, or forgotten: it is dead.
    // Seen first and locked after, and only what may be claimed: live owners' commits never wait for a sweep. A shard
    // that another member took in between has another epoch than the one seen. What is ours keeps its epoch.
    const rows = await query<{ shard: number; epoch: number }>(this.#pool, {
      name: 'shard-claim',
      text: `WITH seen AS MATERIALIZED (
          SELECT s.id, s.epoch FROM troupe.shard s
          WHERE s.id = ANY($2::int2[]) AND s.owner IS DISTINCT FROM $1 AND (s.owner IS NULL OR NOT EXISTS (
            SELECT 1 FROM troupe.member m WHERE m.boot_id = s.owner AND m.lease_until > clock_timestamp()))),
        locked AS MATERIALIZED (
          SELECT s.id FROM troupe.shard s JOIN seen ON seen.id = s.id AND seen.epoch = s.epoch
          ORDER BY s.id FOR UPDATE OF s),
        taken AS (UPDATE troupe.shard s SET owner = $1, epoch = s.epoch + 1 FROM locked l
          WHERE s.id = l.id RETURNING s.id AS shard, s.epoch)
        SELECT shard, epoch FROM taken
        UNION ALL SELECT id, epoch FROM troupe.shard WHERE id = ANY($2::int2[]) AND owner = $1 ORDER BY 1`,
      values: [bootId, int2s(shards)],
    });
    return rows.map(({ shard, epoch }) => ({ shard, epoch }));
  }

  async release(bootId: string, shards: readonly number[]): Promise<void> {
    await query(this.#pool, {
      name: 'shard-release',
      text: `UPDATE troupe.shard s SET owner = NULL FROM (
          SELECT id FROM troupe.shard WHERE id = ANY($2::int2[]) AND owner = $1 ORDER BY id FOR UPDATE) c
        WHERE s.id = c.id`,
      values: [bootId, int2s(shards)],
    });
  }

  async members(): Promise<MemberRow[]> {
    const rows = await query<MemberColumns>(this.#pool, {
      name: 'member-list',
      text: `SELECT ${MEMBER_COLUMNS} FROM troupe.member m ORDER BY name, boot_id`,
    });
    return rows.map(memberOf);
  }

  async shards(): Promise<ShardRow[]> {
    const rows = await query<{ id: number; epoch: number; owner: string | null }>(this.#pool, {
      name: 'shard-list',
      text: 'SELECT id, epoch, owner FROM troupe.shard ORDER BY id',
    });
    return rows.map(({ id, epoch, owner }) => shardOf(id, epoch, owner));
  }

  async view(): Promise<LeaseView> {
    // A row per owner and not per shard, arrays as text: pg reads neither 512 rows nor arrays quickly, and this is asked
    // each second.
    const rows = await query<
      Partial<MemberColumns> & { ids: string | null; epochs: string | null; owner: string | null }
    >(this.#pool, {
      name: 'lease-view',
      text: `SELECT ${MEMBER_COLUMNS}, s.owner, s.ids, s.epochs FROM troupe.member m FULL JOIN (
            SELECT owner, array_agg(id ORDER BY id)::text AS ids, array_agg(epoch ORDER BY id)::text AS epochs
            FROM troupe.shard GROUP BY owner) s ON s.owner = m.boot_id
          ORDER BY name, boot_id`,
    });
    return {
      members: rows.flatMap((row) => (isMember(row) ? [memberOf(row)] : [])),
      shards: rows
        .flatMap(({ ids, epochs, owner }) => shardsOf(numbersIn(ids), numbersIn(epochs), owner))
        .sort((a, b) => a.shard - b.shard),
    };
  }
}

const MEMBER_COLUMNS = `m.boot_id, m.name, m.tags, m.address, m.draining,
  (extract(epoch FROM m.lease_until - clock_timestamp()) * 1000)::float8 AS left_ms`;

interface MemberColumns {
  boot_id: string;
  name: string;
  tags: string[];
  address: string | null;
  draining: boolean;
  left_ms: number;
}

/** Shards whose owner has no row any more come without the columns of one. */
function isMember(row: Partial<Record<keyof MemberColumns, unknown>>): row is MemberColumns {
  return typeof row.boot_id === 'string';
}

function memberOf({ boot_id, name, tags, address, draining, left_ms }: MemberColumns): MemberRow {
  return { bootId: boot_id, name, tags, ...(address !== null && { address }), draining, leaseLeftMs: left_ms };
}

function shardsOf(ids: readonly number[], epochs: readonly number[], owner: string | null): ShardRow[] {
  return ids.map((shard, at) => shardOf(shard, epochs[at] ?? 0, owner));
}

/** Of an array in PostgreSQL's words, such as `{1,2}`; null = none. */
function numbersIn(array: string | null): number[] {
  return array === null ? [] : array.slice(1, -1).split(',').map(Number);
}

function shardOf(shard: number, epoch: number, owner: string | null): ShardRow {
  return { shard, epoch, ...(owner !== null && { owner }) };
}
