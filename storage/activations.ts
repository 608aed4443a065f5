import type { Pool } from 'pg';
import { workflowErrors } from '#workflow';
import type { WebhookAddress } from './people/publishing.ts';
import { query } from './pool.ts';

/** A workflow that began, changed or ended listening; only its newest change is kept. */
export interface ActivationChange {
  /** Rises in the order of commits: whoever has seen it has missed none below it. */
  readonly change: number;
  readonly workflowId: string;
  /** What triggers start; absent = it listens no more. */
  readonly version?: number;
  /** When this version began to listen, epoch milliseconds by the clock of the database. */
  readonly activeSince: number;
}

/** Which workflows listen, as all members read it. They are written with the workflows themselves. */
export class Activations {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Number of the newest change; 0 = there was none yet. */
  async mark(): Promise<number> {
    const rows = await query<{ last: number }>(this.#pool, {
      name: 'activation-mark',
      text: 'SELECT last FROM troupe.activation_change',
    });
    return rows[0]?.last ?? 0;
  }

  /** Changes after `mark`, oldest first, at most `limit`. */
  async changes(mark: number, limit: number): Promise<ActivationChange[]> {
    const rows = await query<{ workflow_id: string; change: number; version: number | null; active_since: number }>(
      this.#pool,
      {
        name: 'activation-changes',
        text: `SELECT workflow_id, change, version, active_since FROM troupe.activation
          WHERE change > $1 ORDER BY change LIMIT $2`,
        values: [mark, limit],
      },
    );
    return rows.map(({ workflow_id, change, version, active_since }) => {
      return { workflowId: workflow_id, change, activeSince: active_since, ...(version !== null && { version }) };
    });
  }
}

/** Test addresses: each waits for one call that may arrive at any member. Times by the clock of the database. */
export class TestWebhooks {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Listens for `ms` milliseconds; the addresses this workflow had before are replaced. Throws WEBHOOK_TAKEN when
   * another workflow listens on one of them at this moment; then nothing is changed.
   */
  async listen(workflowId: string, version: number, addresses: readonly WebhookAddress[], ms: number): Promise<void> {
    const rows = await query<{ method: string; address: string; holder: string }>(this.#pool, {
      name: 'test-webhook-listen',
      text: `WITH wanted AS (SELECT * FROM unnest($3::text[], $4::text[]) AS w (method, address)),
          taken AS MATERIALIZED (SELECT t.method, t.address, t.workflow_id AS holder FROM troupe.test_webhook t
            JOIN wanted USING (method, address) WHERE t.workflow_id <> $1 AND t.expires_at > clock_timestamp()),
          gone AS (DELETE FROM troupe.test_webhook t WHERE NOT EXISTS (SELECT 1 FROM taken)
            AND (t.expires_at <= clock_timestamp() OR t.workflow_id = $1)
            AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.method = t.method AND w.address = t.address)),
          made AS (INSERT INTO troupe.test_webhook AS t (method, address, workflow_id, version, expires_at)
            SELECT method, address, $1, $2, clock_timestamp() + $5 * interval '1 ms' FROM wanted
            WHERE NOT EXISTS (SELECT 1 FROM taken)
            ON CONFLICT (address, method) DO UPDATE SET workflow_id = excluded.workflow_id,
              version = excluded.version, expires_at = excluded.expires_at)
        SELECT method, address, holder FROM taken`,
      values: [workflowId, version, addresses.map(({ method }) => method), addresses.map((a) => a.address), ms],
    });
    const [taken] = rows;
    const path = addresses.find(({ address }) => address === taken?.address)?.path ?? '';
    if (taken) throw workflowErrors.WEBHOOK_TAKEN({ method: taken.method, path, workflowId: taken.holder });
  }

  /** Workflows that wait for a test call now, at most `limit`. */
  async listening(limit: number): Promise<{ workflowId: string; version: number }[]> {
    const rows = await query<{ workflow_id: string; version: number }>(this.#pool, {
      name: 'test-webhook-listening',
      text: `SELECT DISTINCT workflow_id, version FROM troupe.test_webhook
        WHERE expires_at > clock_timestamp() ORDER BY workflow_id LIMIT $1`,
      values: [limit],
    });
    return rows.map(({ workflow_id, version }) => ({ workflowId: workflow_id, version }));
  }

  /** Ends the wait. True for one caller only: the call is its to answer. */
  async take(workflowId: string, version: number): Promise<boolean> {
    const rows = await query(this.#pool, {
      name: 'test-webhook-take',
      text: `DELETE FROM troupe.test_webhook WHERE workflow_id = $1 AND version = $2
        AND expires_at > clock_timestamp() RETURNING method`,
      values: [workflowId, version],
    });
    return rows.length > 0;
  }
}

/** The database's clock now, epoch milliseconds with fractions: the one clock that all members share. */
export async function databaseNow(pool: Pool): Promise<number> {
  const rows = await query<{ now: number }>(pool, {
    name: 'clock',
    text: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  });
  return rows[0]?.now ?? Number.NaN;
}
