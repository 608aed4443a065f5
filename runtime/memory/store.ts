import type { Clock, OutboxEvent } from '../ports/index.ts';
import { MemoryJournal } from './journal.ts';
import { MemoryLeases } from './leases.ts';
import { copy, emptyState } from './state.ts';

/**
 * Journal and leases in memory over one state, under the same conformance suites as PostgreSQL. Shards that were never
 * claimed have epoch 0, so tests that do not care for ownership write under epoch 0.
 */
export interface MemoryStore {
  /** With `faults` to make commits and reads fail. */
  readonly journal: MemoryJournal;
  readonly leases: MemoryLeases;
  /** What left with commits so far, in order. */
  outbox(): OutboxEvent[];
  /** Static data of a workflow, as committed. */
  staticData(workflowId: string): Record<string, unknown>;
}

/**
 * An empty in-memory twin of the database, held to the same conformance suites. Leases run by the given clock; values
 * are copied on the way in and out. Nothing outlives the process: for tests and the simulation.
 */
export function memoryStore(clock: Clock): MemoryStore {
  const state = emptyState(clock);
  return {
    journal: new MemoryJournal(state),
    leases: new MemoryLeases(state),
    outbox: () => copy(state.outbox),
    staticData: (workflowId) => copy(state.staticData.get(workflowId) ?? {}),
  };
}
