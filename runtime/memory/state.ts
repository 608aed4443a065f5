import type { Clock, ExecutionRecord, InboxMessage, JournalEvent, MemberRow, OutboxRow } from '../ports/index.ts';
import type { SlotClaim, TimerRow } from '../ports/index.ts';

/** The tables of the memory twin: what PostgreSQL would hold, shared by its journal and its leases. */
export interface MemoryState {
  readonly clock: Clock;
  readonly executions: Map<string, ExecutionRecord>;
  readonly journal: Map<string, JournalEvent[]>;
  readonly timers: Map<string, TimerRow>;
  readonly inbox: Map<string, InboxMessage[]>;
  readonly outbox: { rows: OutboxRow[]; lastN: number };
  /** Static data by workflow id, then by key. */
  readonly staticData: Map<string, Record<string, unknown>>;
  /** First execution by `workflowId` and idempotency key. */
  readonly idempotency: Map<string, string>;
  readonly shards: Map<number, ShardRow>;
  readonly members: Map<string, { row: MemberRow; until: number }>;
  /** Queued and granted executions by id, in order of arrival. */
  readonly slots: Map<string, SlotRow>;
  /** When each bucket of a rate limit is full again, by workflow and key. */
  readonly rates: Map<string, number>;
  lastId: number;
}

/** The place of an execution in the queue of its workflow. `seq` is that of the event by which it queued. */
export interface SlotRow {
  readonly executionId: string;
  readonly workflowId: string;
  readonly claim: SlotClaim;
  readonly seq: number;
  granted: boolean;
}

export interface ShardRow {
  epoch: number;
  owner: string | undefined;
}

export function emptyState(clock: Clock): MemoryState {
  return {
    clock,
    executions: new Map(),
    journal: new Map(),
    timers: new Map(),
    inbox: new Map(),
    outbox: { rows: [], lastN: 0 },
    staticData: new Map(),
    idempotency: new Map(),
    shards: new Map(),
    members: new Map(),
    slots: new Map(),
    rates: new Map(),
    lastId: 0,
  };
}

export function idempotencySlot(workflowId: string, key: string): string {
  return JSON.stringify([workflowId, key]);
}

/** A copy as the database would give it back: nothing shared, and nothing that JSON does not hold. */
export function copy<T>(value: T): T {
  // JSON data in, the same JSON data out.
  return JSON.parse(JSON.stringify(value)) as T;
}
