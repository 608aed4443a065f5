import type { EntityManager } from '@mikro-orm/postgresql';
import { workflowErrors, type JsonObject } from '#workflow';

/** One address that an active workflow answers. */
export interface WebhookAddress {
  readonly method: string;
  /** As declared, without slashes around it; for people. */
  readonly path: string;
  /** The path with the names of its parameters left out (`users/:/posts/:`): two of them alike are one address. */
  readonly address: string;
}

/** The addresses a definition listens on while it is active. What it throws refuses the publication. */
export type AddressesOf = (workflowId: string, source: JsonObject) => readonly WebhookAddress[];

/**
 * Makes a version what triggers start, in the caller's transaction. Throws WEBHOOK_TAKEN when another active workflow
 * has one of the addresses: of two that are published at the same time the second waits here and is refused.
 */
export async function publish(
  em: EntityManager,
  workflowId: string,
  version: number,
  addresses: readonly WebhookAddress[],
): Promise<void> {
  // First of all: this row's lock makes publications take turns, see 003-triggers.
  await em.execute('UPDATE troupe.activation_change SET last = last + 1');
  await em.execute(
    `INSERT INTO troupe.activation AS a (workflow_id, change, version, active_since)
      SELECT ?, last, ?, (extract(epoch FROM clock_timestamp()) * 1000)::bigint FROM troupe.activation_change
      ON CONFLICT (workflow_id) DO UPDATE SET change = excluded.change, version = excluded.version,
        active_since = CASE WHEN a.version = excluded.version THEN a.active_since ELSE excluded.active_since END`,
    [workflowId, version],
  );
  await em.execute('DELETE FROM troupe.webhook WHERE workflow_id = ?', [workflowId]);
  for (const { method, path, address } of addresses) {
    const values = [method, address, workflowId];
    const made = await em.execute<object[]>(
      'INSERT INTO troupe.webhook (method, address, workflow_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING method',
      values,
    );
    if (made.length > 0) continue;
    const [holder] = await em.execute<{ workflow_id: string }[]>(
      'SELECT workflow_id FROM troupe.webhook WHERE method = ? AND address = ?',
      [method, address],
    );
    throw workflowErrors.WEBHOOK_TAKEN({ method, path, workflowId: holder?.workflow_id ?? workflowId });
  }
}

/** Takes a workflow from the triggers, in the caller's transaction; one that was not active is no change. */
export async function unpublish(em: EntityManager, workflowId: string): Promise<void> {
  await em.execute('DELETE FROM troupe.webhook WHERE workflow_id = ?', [workflowId]);
  await em.execute(
    `WITH next AS (UPDATE troupe.activation_change SET last = last + 1
        WHERE EXISTS (SELECT 1 FROM troupe.activation WHERE workflow_id = ? AND version IS NOT NULL) RETURNING last)
      UPDATE troupe.activation SET change = next.last, version = NULL FROM next WHERE workflow_id = ?`,
    [workflowId, workflowId],
  );
}

/** Since when the published version of each active workflow listens, by the clock of the database. */
export async function activeSince(em: EntityManager): Promise<Map<string, number>> {
  const rows = await em.execute<{ workflow_id: string; since: number }[]>(
    'SELECT workflow_id, active_since::float8 AS since FROM troupe.activation WHERE version IS NOT NULL',
  );
  return new Map(rows.map(({ workflow_id, since }) => [workflow_id, since]));
}
