import type { ExecutionRecord, Journal } from '#runtime';

/** The rows of these executions, in one read where the journal can. Absent ones are left out. */
export async function rowsOf(
  journal: Pick<Journal, 'execution' | 'executions'>,
  executionIds: readonly string[],
): Promise<readonly ExecutionRecord[]> {
  if (executionIds.length === 0) return [];
  if (journal.executions) return journal.executions(executionIds);
  const rows = await Promise.all(executionIds.map((id) => journal.execution(id)));
  return rows.filter((row) => row !== undefined);
}
