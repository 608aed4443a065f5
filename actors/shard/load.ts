import type { WorkflowDefinition } from '#workflow';
import type { ExecutionCreate, InboxMessage, JournalEvent } from '#runtime';
import { errors } from '../errors.ts';
import type { Services } from '../services.ts';

/** All that is needed to take a run up where its journal ends. */
export interface Loaded {
  workflow: WorkflowDefinition;
  create: ExecutionCreate;
  events: readonly JournalEvent[];
  inbox: readonly InboxMessage[];
  /** Loads since the run last made progress, this one included. */
  recoveries: number;
}

export type LoadResult = Loaded | 'absent' | 'ended';

/** Reads a run from the journal. Rejects when the database does not answer; then nothing is known. */
export async function loadExecution(executionId: string, services: Services): Promise<LoadResult> {
  const { journal, workflows } = services;
  const row = await journal.execution(executionId);
  if (!row) return 'absent';
  if (row.stoppedAt !== undefined) return 'ended';
  const [events, inbox, stored] = await Promise.all([
    journal.read(executionId),
    journal.inbox(executionId),
    workflows.load(row.workflowId, row.workflowVersion),
  ]);
  if (!stored) throw errors.WORKFLOW_VERSION_GONE({ id: row.workflowId, version: row.workflowVersion });
  const urgentFirst = inbox.toSorted((a, b) => Number(b.kind === 'cancel') - Number(a.kind === 'cancel'));
  const recoveries = row.recoveries + 1;
  return { workflow: stored.definition, create: row, events, inbox: urgentFirst, recoveries };
}
