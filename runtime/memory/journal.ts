import type { ExecutionRecord, InboxMessage, Journal, JournalEvent, Step, StepOutcome } from '../ports/index.ts';
import type { TimerRow } from '../ports/index.ts';
import { applyStep, assertStep, deliver, isTerminal } from './apply.ts';
import { Faults } from './faults.ts';
import { copy } from './state.ts';
import type { MemoryState } from './state.ts';

/** Ids handed out at a time. */
const ID_BLOCK_SIZE = 1000;

/** The journal's twin in memory. Reads give copies. */
export class MemoryJournal implements Journal {
  readonly faults = new Faults();
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  commit(steps: readonly Step[]): Promise<readonly StepOutcome[]> {
    return this.faults.commit(this.#state.clock, () => {
      for (const step of steps) assertStep(step);
      return steps.map((step) => applyStep(this.#state, step));
    });
  }

  async read(executionId: string, options: { afterSeq?: number; limit?: number } = {}): Promise<JournalEvent[]> {
    this.faults.read('read');
    const { afterSeq = 0, limit = Infinity } = options;
    const events = this.#state.journal.get(executionId) ?? [];
    return copy(events.filter(({ seq }) => seq > afterSeq).slice(0, limit));
  }

  async execution(executionId: string): Promise<ExecutionRecord | undefined> {
    this.faults.read('execution');
    const record = this.#state.executions.get(executionId);
    return record === undefined ? undefined : copy(record);
  }

  async executions(executionIds: readonly string[]): Promise<ExecutionRecord[]> {
    this.faults.read('execution');
    return copy(executionIds.flatMap((id) => this.#state.executions.get(id) ?? []));
  }

  async unfinished(
    shards: readonly number[],
    options: { afterId?: string; limit: number; status?: 'running' | 'waiting' },
  ): Promise<ExecutionRecord[]> {
    this.faults.read('unfinished');
    const after = Number(options.afterId ?? 0);
    const open = [...this.#state.executions.values()].filter(
      ({ id, shard, status }) =>
        shards.includes(shard) && !isTerminal(status) && Number(id) > after && status === (options.status ?? status),
    );
    return copy(open.sort((a, b) => Number(a.id) - Number(b.id)).slice(0, options.limit));
  }

  async timers(shards: readonly number[], until: number, limit: number): Promise<TimerRow[]> {
    this.faults.read('timers');
    const due = [...this.#state.timers.values()].filter(
      ({ shard, fireAt }) => shards.includes(shard) && fireAt <= until,
    );
    return copy(due.sort((a, b) => a.fireAt - b.fireAt).slice(0, limit));
  }

  async inbox(executionId: string): Promise<InboxMessage[]> {
    this.faults.read('inbox');
    return copy(this.#state.inbox.get(executionId) ?? []);
  }

  async inboxPending(shards: readonly number[], limit: number): Promise<string[]> {
    this.faults.read('inboxPending');
    const owned = (id: string): boolean => shards.includes(this.#state.executions.get(id)?.shard ?? -1);
    return [...this.#state.inbox.keys()].filter(owned).slice(0, limit);
  }

  async deliver(message: InboxMessage): Promise<boolean> {
    this.faults.read('deliver');
    return deliver(this.#state, message);
  }

  async idBlock(): Promise<{ first: number; size: number }> {
    this.faults.read('idBlock');
    const first = this.#state.lastId + 1;
    this.#state.lastId += ID_BLOCK_SIZE;
    return { first, size: ID_BLOCK_SIZE };
  }
}
