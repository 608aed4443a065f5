import type { ExecutionMode } from '#workflow';
import type { ExecutionRecord, ExecutionStatus } from '#runtime';

/** Columns of an execution row, in the order every reader selects them. */
export const EXECUTION_COLUMNS = `id, shard, workflow_id, workflow_version, mode, status, started_at, stopped_at, wake_at,
  last_seq, recoveries, idempotency_key, parent_id, retry_of`;

export interface ExecutionRow {
  id: number;
  shard: number;
  workflow_id: string;
  workflow_version: number;
  mode: ExecutionMode;
  status: ExecutionStatus;
  started_at: number;
  stopped_at: number | null;
  wake_at: number | null;
  last_seq: number;
  recoveries: number;
  idempotency_key: string | null;
  parent_id: number | null;
  retry_of: number | null;
}

export function recordOf(row: ExecutionRow): ExecutionRecord {
  return {
    id: String(row.id),
    shard: row.shard,
    workflowId: row.workflow_id,
    workflowVersion: row.workflow_version,
    mode: row.mode,
    status: row.status,
    startedAt: row.started_at,
    lastSeq: row.last_seq,
    recoveries: row.recoveries,
    ...(row.stopped_at === null ? {} : { stoppedAt: row.stopped_at }),
    ...(row.wake_at === null ? {} : { wakeAt: row.wake_at }),
    ...(row.idempotency_key === null ? {} : { idempotencyKey: row.idempotency_key }),
    ...(row.parent_id === null ? {} : { parentExecutionId: String(row.parent_id) }),
    ...(row.retry_of === null ? {} : { retryOf: String(row.retry_of) }),
  };
}
