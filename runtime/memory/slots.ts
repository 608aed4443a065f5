import type { SlotClaim, SlotGrants, SlotQueue, Slots, SlotTurn, Step } from '../ports/index.ts';
import type { MemoryState, SlotRow } from './state.ts';

/** The limits that count for all queued executions of a workflow: those of its newest claim. */
type Limits = SlotClaim;

/** Puts an execution into the queue of its workflow; part of the step that creates it. */
export function enqueue(state: MemoryState, step: Step): void {
  const { slot, create, executionId } = step;
  if (slot === undefined || create === undefined) return;
  const { workflowId } = create;
  const seq = step.events.at(-1)?.seq ?? 0;
  state.slots.set(executionId, { executionId, workflowId, claim: structuredClone(slot), seq, granted: false });
}

/**
 * Turns in memory, over the tables of the memory twin. Time is its monotonic clock. The order of the map is the order
 * of arrival.
 */
export class MemorySlots implements Slots {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async grant(workflowId: string, atMost: number): Promise<SlotGrants> {
    this.#forget((row) => row.workflowId === workflowId);
    const rows = [...this.#state.slots.values()].filter((row) => row.workflowId === workflowId);
    const limits = rows.at(-1)?.claim ?? {};
    const taken = countBy(rows.filter((row) => row.granted));
    const granted: string[] = [];
    for (const row of rows) {
      if (row.granted || granted.length >= atMost) continue;
      const { concurrency, rate } = row.claim;
      const held = concurrency === undefined ? 0 : (taken.get(concurrency.key) ?? 0);
      if (concurrency && limits.concurrency && held >= limits.concurrency.limit) continue;
      if (rate && this.#bucket(row, limits, rate.key).turns < 1) continue;
      if (concurrency) taken.set(concurrency.key, held + 1);
      if (rate) this.#spend(row, limits, rate.key);
      row.granted = true;
      granted.push(row.executionId);
    }
    const waiting = rows.filter((row) => !row.granted);
    const next = Math.min(...waiting.map((row) => this.#nextIn(row, limits)));
    return { granted, waiting: waiting.length, ...(Number.isFinite(next) && { nextInMs: next }) };
  }

  async granted(shards: readonly number[], limit: number): Promise<SlotTurn[]> {
    const turns: SlotTurn[] = [];
    for (const { executionId, workflowId, granted } of this.#state.slots.values()) {
      const shard = this.#state.executions.get(executionId)?.shard ?? -1;
      if (granted && shards.includes(shard) && !this.#begun(executionId)) turns.push({ executionId, workflowId });
    }
    return turns.slice(0, limit);
  }

  async queued(options: { afterWorkflowId?: string; limit: number }): Promise<SlotQueue[]> {
    const waiting = new Map<string, number>();
    for (const { workflowId, granted } of this.#state.slots.values()) {
      if (!granted) waiting.set(workflowId, (waiting.get(workflowId) ?? 0) + 1);
    }
    const queues = [...waiting].map(([workflowId, count]) => ({ workflowId, waiting: count }));
    const later = queues.filter(({ workflowId }) => workflowId > (options.afterWorkflowId ?? ''));
    return later.sort((a, b) => (a.workflowId < b.workflowId ? -1 : 1)).slice(0, options.limit);
  }

  async forget(limit: number): Promise<void> {
    let left = limit;
    this.#forget(() => (left -= 1) >= 0);
  }

  /** Removes places that count nowhere: of executions that have ended, and of those that only waited for a bucket. */
  #forget(chosen: (row: SlotRow) => boolean): void {
    for (const row of this.#state.slots.values()) {
      const record = this.#state.executions.get(row.executionId);
      const ended = record === undefined || record.stoppedAt !== undefined;
      const passed = row.granted && row.claim.concurrency === undefined && this.#begun(row.executionId);
      if ((ended || passed) && chosen(row)) this.#state.slots.delete(row.executionId);
    }
  }

  #begun(executionId: string): boolean {
    return (this.#state.executions.get(executionId)?.lastSeq ?? 0) > (this.#state.slots.get(executionId)?.seq ?? 0);
  }

  /** The bucket of a key as the moment when it is full again (its virtual schedule), never before now. */
  #bucket({ workflowId }: SlotRow, { rate }: Limits, key: string): { full: number; step: number; turns: number } {
    if (rate === undefined) return { full: 0, step: 0, turns: Infinity };
    const now = this.#state.clock.monotonic();
    const step = rate.perMs / rate.limit;
    const full = Math.min(now + rate.perMs, Math.max(now, this.#state.rates.get(bucketSlot(workflowId, key)) ?? 0));
    return { full, step, turns: Math.max(0, rate.limit - Math.ceil((full - now) / step - ROUNDING)) };
  }

  #spend(row: SlotRow, limits: Limits, key: string): void {
    const { full, step } = this.#bucket(row, limits, key);
    this.#state.rates.set(bucketSlot(row.workflowId, key), full + step);
  }

  #nextIn(row: SlotRow, limits: Limits): number {
    if (row.claim.rate === undefined || limits.rate === undefined) return Infinity;
    const { full, step, turns } = this.#bucket(row, limits, row.claim.rate.key);
    if (turns >= 1) return Infinity;
    return Math.ceil(full - (limits.rate.limit - 1) * step - this.#state.clock.monotonic());
  }
}

/** Fractions of a step that sums of floating point may be off. */
const ROUNDING = 1e-6;

function countBy(rows: readonly SlotRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { claim } of rows) {
    if (claim.concurrency) counts.set(claim.concurrency.key, (counts.get(claim.concurrency.key) ?? 0) + 1);
  }
  return counts;
}

function bucketSlot(workflowId: string, key: string): string {
  return JSON.stringify([workflowId, key]);
}
