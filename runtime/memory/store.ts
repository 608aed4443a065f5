import type { Clock, OutboxEvent, OutboxStore, Slots } from '../ports/index.ts';
import { MemoryJournal } from './journal.ts';
import { MemoryLeases } from './leases.ts';
import { MemorySlots } from './slots.ts';
import { copy, emptyState, type MemoryState } from './state.ts';

/**
 * Journal and leases in memory over one state, under the same conformance suites as PostgreSQL. Shards that were never
 * claimed have epoch 0, so tests that do not care for ownership write under epoch 0.
 */
export interface MemoryStore {
  /** With `faults` to make commits and reads fail. */
  readonly journal: MemoryJournal;
  readonly leases: MemoryLeases;
  readonly slots: Slots;
  /** Events that left with commits and were not published yet, in order. */
  outbox(): OutboxEvent[];
  /** The same as their publisher sees them. */
  readonly outboxStore: OutboxStore;
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
    slots: new MemorySlots(state),
    outbox: () => copy(state.outbox.rows.flatMap(({ events }) => events)),
    outboxStore: outboxOf(state),
    staticData: (workflowId) => copy(state.staticData.get(workflowId) ?? {}),
  };
}

function outboxOf({ outbox }: MemoryState): OutboxStore {
  return {
    pending: async (shards, limit) => copy(outbox.rows.filter(({ shard }) => shards.includes(shard)).slice(0, limit)),
    async published(ns) {
      outbox.rows = outbox.rows.filter(({ n }) => !ns.includes(n));
    },
    waiting: async (atMost) => Math.min(atMost, outbox.rows.length),
  };
}
