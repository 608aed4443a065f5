import type { Delivery, LiveEvent } from '#transport';
import { liveEvent } from '#transport';
import type { Journal, JournalEvent } from '#runtime';

/** Where a feed sends what it has; resolves when more may come. */
export type Sink = (event: LiveEvent) => Promise<void> | void;

export interface FeedOptions {
  readonly journal: Pick<Journal, 'read'>;
  readonly sink: Sink;
  /** Events are sent with their items and other data instead of counts. */
  readonly data: boolean;
  /** Events read from the journal in one go. */
  readonly pageRows: number;
}

const ENDED: ReadonlySet<string> = new Set(['execution.finished', 'execution.failed', 'execution.canceled']);

/**
 * The events of one execution to one watcher: every one once, in seq order, whatever is dropped on the way. The hub
 * only says that there is something new; where it leaves a gap, the journal fills it.
 *
 *   live seq = last + 1   send          live seq <= last   had it         live seq > last + 1, or resync   read journal
 */
export class RunFeed {
  readonly executionId: string;
  readonly workflowId: string;
  readonly #options: FeedOptions;
  #last: number;
  #ended = false;

  constructor(executionId: string, workflowId: string, afterSeq: number, options: FeedOptions) {
    this.executionId = executionId;
    this.workflowId = workflowId;
    this.#last = afterSeq;
    this.#options = options;
  }

  /** Seq of the newest event that was sent. */
  get last(): number {
    return this.#last;
  }

  /** True once the last event of the run was sent: nothing will come after it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends everything committed that was not sent yet. */
  async catchUp(): Promise<void> {
    const { journal, pageRows } = this.#options;
    for (;;) {
      const page = await journal.read(this.executionId, { afterSeq: this.#last, limit: pageRows });
      for (const entry of page) await this.#sendCommitted(entry);
      if (page.length < pageRows) return;
    }
  }

  /** One live event; events of one execution must be given one after another. */
  async take(event: LiveEvent): Promise<void> {
    if (event.seq <= this.#last) return;
    if (event.seq > this.#last + 1 || this.#options.data) await this.catchUp();
    else await this.#send(event);
  }

  /** Listener for a subscription to this run alone. */
  async deliver(delivery: Delivery<LiveEvent>): Promise<void> {
    if (delivery.kind === 'resync') return this.catchUp();
    for (const event of delivery.events) await this.take(event);
  }

  #sendCommitted({ seq, event }: JournalEvent): Promise<void> | void {
    const { executionId, workflowId } = this;
    const sent = this.#options.data
      ? { executionId, workflowId, seq, ...event }
      : liveEvent(executionId, workflowId, seq, event);
    return this.#send(sent);
  }

  #send(event: LiveEvent): Promise<void> | void {
    this.#last = event.seq;
    if (ENDED.has(event.type)) this.#ended = true;
    return this.#options.sink(event);
  }
}
