import type { Pool } from 'pg';
import type { JsonObject } from '#workflow';
import { query } from './pool.ts';

/** Static data of a workflow by key (`global`, `node:<name>`), as the runs that ended last committed it. */
export async function readStaticData(pool: Pool, workflowId: string): Promise<Record<string, JsonObject>> {
  const rows = await query<{ key: string; value: string }>(pool, {
    name: 'static-data',
    text: `SELECT key, value FROM troupe.static_data WHERE workflow_id = $1`,
    values: [workflowId.replaceAll('\0', '')],
  });
  // Runs commit objects only. No prototype: keys hold names of nodes, which people choose.
  return Object.assign(Object.create(null), Object.fromEntries(rows.map((row) => [row.key, JSON.parse(row.value)])));
}
