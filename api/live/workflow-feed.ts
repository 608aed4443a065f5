import type { Delivery, LiveEvent } from '#transport';
import type { ExecutionStore } from '../ports.ts';
import { RunFeed, type FeedOptions } from './run-feed.ts';

export interface WorkflowFeedOptions extends FeedOptions {
  readonly executions: Pick<ExecutionStore, 'list'>;
  /** Executions whose position is kept at once; over it the one seen first is dropped. */
  readonly positions: number;
}

/** Executions looked through when the feed begins with `afterSeq`, or fell behind. */
const RECENT_EXECUTIONS = 100;

/**
 * The events of all executions of one workflow: of each, every one once and in order, from the first one that is seen.
 * After falling behind, the executions being followed and those that are newer are read from the journal.
 */
export class WorkflowFeed {
  readonly #workflowId: string;
  readonly #options: WorkflowFeedOptions;
  readonly #feeds = new Map<string, RunFeed>();
  #newest = '0';

  constructor(workflowId: string, options: WorkflowFeedOptions) {
    this.#workflowId = workflowId;
    this.#options = options;
  }

  /** Sends, of the executions that have not ended, what comes after `afterSeq`. */
  async begin(afterSeq: number): Promise<void> {
    for (const { id, status } of await this.#recent()) {
      if (status === 'running' || status === 'waiting') await this.#follow(id, afterSeq).catchUp();
    }
    this.#forgetEnded();
  }

  /** Listener for a subscription to the workflow. */
  async deliver(delivery: Delivery<LiveEvent>): Promise<void> {
    if (delivery.kind === 'resync') return this.#resync();
    for (const event of delivery.events) {
      const feed = this.#feeds.get(event.executionId) ?? this.#follow(event.executionId, event.seq - 1);
      await feed.take(event);
      if (feed.ended) this.#feeds.delete(event.executionId);
    }
  }

  async #resync(): Promise<void> {
    const newest = this.#newest;
    for (const feed of this.#feeds.values()) await feed.catchUp();
    for (const { id } of await this.#recent()) {
      if (Number(id) > Number(newest) && !this.#feeds.has(id)) await this.#follow(id, 0).catchUp();
    }
    this.#forgetEnded();
  }

  /** Oldest first. */
  async #recent(): Promise<readonly { id: string; status: string }[]> {
    const { rows } = await this.#options.executions.list({ limit: RECENT_EXECUTIONS, workflowId: this.#workflowId });
    return rows.toReversed();
  }

  #follow(executionId: string, afterSeq: number): RunFeed {
    const feed = new RunFeed(executionId, this.#workflowId, afterSeq, this.#options);
    if (this.#feeds.size >= this.#options.positions) {
      const first = this.#feeds.keys().next();
      if (first.done !== true) this.#feeds.delete(first.value);
    }
    this.#feeds.set(executionId, feed);
    if (Number(executionId) > Number(this.#newest)) this.#newest = executionId;
    return feed;
  }

  #forgetEnded(): void {
    for (const [id, feed] of this.#feeds) if (feed.ended) this.#feeds.delete(id);
  }
}
