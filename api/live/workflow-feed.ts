import type { Delivery, LiveEvent } from '#transport';
import type { ExecutionRecord, Journal } from '#runtime';
import type { ExecutionStore } from '../ports.ts';
import { rowsOf } from './rows.ts';
import { RunFeed, type FeedOptions } from './run-feed.ts';

export interface WorkflowFeedOptions extends FeedOptions {
  readonly journal: Pick<Journal, 'read' | 'execution' | 'executions'>;
  readonly executions: Pick<ExecutionStore, 'list'>;
  /** Executions whose position is kept at once; over it the one seen first is dropped. */
  readonly positions: number;
}

/** Executions looked through when the feed begins, or fell behind: of more that began meanwhile, the rest is missed. */
const RECENT_EXECUTIONS = 100;
/** How far clocks of members may be apart: an execution that seems older than the feed by more than this is no news. */
const CLOCKS_APART_MS = 7_200_000;

/**
 * The events of all executions of one workflow: of each, every one once and in order, from the first one that is seen.
 * After falling behind, the executions being followed and those that were not there before are read from the journal.
 */
export class WorkflowFeed {
  readonly #workflowId: string;
  readonly #options: WorkflowFeedOptions;
  readonly #feeds = new Map<string, RunFeed>();
  /** Executions that are not followed: up to which seq they were there at the last look, or were sent since. */
  #known = new Map<string, number>();
  /** When the newest execution of the first look began; epoch milliseconds. */
  #newestStart = -Infinity;

  constructor(workflowId: string, options: WorkflowFeedOptions) {
    this.#workflowId = workflowId;
    this.#options = options;
  }

  /** With `afterSeq` sends, of the executions that have not ended, what comes after it. */
  async begin(afterSeq?: number): Promise<void> {
    const recent = await this.#recent();
    for (const { id, lastSeq, startedAt } of recent) {
      this.#known.set(id, lastSeq);
      this.#newestStart = Math.max(this.#newestStart, startedAt);
    }
    if (afterSeq === undefined) return;
    for (const { id, status } of recent) {
      if (status === 'running' || status === 'waiting') await this.#follow(id, afterSeq).catchUp();
    }
    this.#forgetEnded();
  }

  /** Listener for a subscription to the workflow. */
  async deliver(delivery: Delivery<LiveEvent>): Promise<void> {
    if (delivery.kind === 'resync') return this.#resync();
    for (const event of delivery.events) {
      const { executionId, seq } = event;
      const known = this.#known.get(executionId);
      let feed = this.#feeds.get(executionId);
      if (!feed && known !== undefined && seq <= known) continue;
      feed ??= this.#follow(executionId, known ?? (await this.#startOf(event)));
      await feed.take(event);
      if (feed.ended) this.#forget(feed);
    }
  }

  /** Of one that began after the feed all is news, even if its first events were lost; of an older one what comes now. */
  async #startOf({ executionId, seq }: LiveEvent): Promise<number> {
    if (seq === 1) return 0;
    const row = await this.#options.journal.execution(executionId);
    return row && row.startedAt > this.#newestStart ? 0 : seq - 1;
  }

  /** Executions are told apart by what was there before; their ids say nothing of age where several members draw them. */
  async #resync(): Promise<void> {
    const followed = await rowsOf(this.#options.journal, [...this.#feeds.keys()]);
    const recent = await this.#recent();
    for (const row of [...followed, ...recent]) {
      const feed = this.#feeds.get(row.id);
      const sent = feed?.last ?? this.#known.get(row.id) ?? this.#before(row);
      if (row.lastSeq > sent) await (feed ?? this.#follow(row.id, sent)).catchUp();
    }
    const sent = new Map([...this.#feeds].map(([id, { last }]) => [id, last]));
    this.#known = new Map(recent.map(({ id, lastSeq }) => [id, Math.max(sent.get(id) ?? 0, lastSeq)]));
    this.#forgetEnded();
  }

  /** Of an execution seen for the first time: all is news, unless it is an old one that others no longer hide. */
  #before({ startedAt, lastSeq }: ExecutionRecord): number {
    return startedAt < this.#newestStart - CLOCKS_APART_MS ? lastSeq : 0;
  }

  /** Oldest first. */
  async #recent(): Promise<readonly ExecutionRecord[]> {
    const { rows } = await this.#options.executions.list({ limit: RECENT_EXECUTIONS, workflowId: this.#workflowId });
    const ids = rows.map(({ id }) => id).toReversed();
    const records = new Map((await rowsOf(this.#options.journal, ids)).map((row) => [row.id, row]));
    return ids.flatMap((id) => records.get(id) ?? []);
  }

  #follow(executionId: string, afterSeq: number): RunFeed {
    const feed = new RunFeed(executionId, this.#workflowId, afterSeq, this.#options);
    if (this.#feeds.size >= this.#options.positions) {
      const first = this.#feeds.keys().next();
      const dropped = first.done === true ? undefined : this.#feeds.get(first.value);
      if (dropped) this.#forget(dropped);
    }
    this.#feeds.set(executionId, feed);
    return feed;
  }

  #forgetEnded(): void {
    for (const feed of this.#feeds.values()) if (feed.ended) this.#forget(feed);
  }

  /** How far it came is remembered, so that a late or repeated event of it does not begin it anew. */
  #forget({ executionId, last }: RunFeed): void {
    this.#feeds.delete(executionId);
    this.#known.set(executionId, last);
    if (this.#known.size <= this.#options.positions) return;
    const first = this.#known.keys().next();
    if (first.done !== true) this.#known.delete(first.value);
  }
}
