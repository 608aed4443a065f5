import type { Pool } from 'pg';
import type { ExecutionRecord, ExecutionStatus } from '#runtime';
import { errors } from './errors.ts';
import { idNumberOr } from './journal/ids.ts';
import { EXECUTION_COLUMNS, recordOf, type ExecutionRow } from './journal/records.ts';
import { LIST_ROWS } from './limits.ts';
import { query } from './pool.ts';
import { pageOf, type Page } from './people/repository.ts';

/** Executions as people see them: lists, newest first. Raw SQL over the journal's own rows; nothing is kept twice. */
export class Executions {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** At most LIST_ROWS. `after` is `next` of an earlier page: the id of its last row (else PLACE_INVALID). */
  async list(filter: {
    limit: number;
    after?: string;
    status?: ExecutionStatus;
    workflowId?: string;
  }): Promise<Page<ExecutionRecord>> {
    const limit = Math.max(1, Math.min(filter.limit, LIST_ROWS));
    const conditions: string[] = [];
    const values: (string | number)[] = [limit + 1];
    const where = (condition: string, value: string | number): void => {
      values.push(value);
      conditions.push(condition.replace('?', `$${values.length}`));
    };
    if (filter.after !== undefined) where('id < ?', placeOf(filter.after));
    if (filter.status !== undefined) where('status = ?', filter.status);
    if (filter.workflowId !== undefined) where('workflow_id = ?', filter.workflowId.replaceAll('\0', ''));
    // The names of the columns are ours; a caller's words travel as parameters only.
    const text = `SELECT ${EXECUTION_COLUMNS} FROM troupe.execution
      ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY id DESC LIMIT $1`;
    const rows = await query<ExecutionRow>(this.#pool, { text, values });
    return pageOf(rows, limit, ({ id }) => String(id), recordOf);
  }

  async get(id: string): Promise<ExecutionRecord | undefined> {
    const number = idNumberOr(id);
    if (number === undefined) return undefined;
    const rows = await query<ExecutionRow>(this.#pool, {
      name: 'execution-get',
      text: `SELECT ${EXECUTION_COLUMNS} FROM troupe.execution WHERE id = $1`,
      values: [number],
    });
    return rows[0] && recordOf(rows[0]);
  }

  /**
   * Removes an execution that has ended, with everything that belongs to it, and answers what it was. Undefined: no
   * such execution, or it has not ended.
   */
  async remove(id: string): Promise<ExecutionRecord | undefined> {
    const number = idNumberOr(id);
    if (number === undefined) return undefined;
    const rows = await query<ExecutionRow>(this.#pool, {
      name: 'execution-remove',
      text: `WITH gone AS (DELETE FROM troupe.execution
            WHERE id = $1 AND status NOT IN ('running', 'waiting') RETURNING ${EXECUTION_COLUMNS}),
          j AS (DELETE FROM troupe.journal WHERE execution_id = $1 AND EXISTS (SELECT 1 FROM gone)),
          i AS (DELETE FROM troupe.inbox WHERE execution_id = $1 AND EXISTS (SELECT 1 FROM gone)),
          t AS (DELETE FROM troupe.timer WHERE execution_id = $1 AND EXISTS (SELECT 1 FROM gone)),
          k AS (DELETE FROM troupe.idempotency WHERE execution_id = $1 AND EXISTS (SELECT 1 FROM gone))
        SELECT ${EXECUTION_COLUMNS} FROM gone`,
      values: [number],
    });
    return rows[0] && recordOf(rows[0]);
  }
}

function placeOf(after: string): number {
  const number = idNumberOr(after);
  if (number === undefined) throw errors.PLACE_INVALID({ after });
  return number;
}
