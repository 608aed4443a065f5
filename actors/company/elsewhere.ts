import { shardOf } from '#cluster';
import type { InboxMessage, StepOutcome } from '#runtime';
import { Courier } from '../remote/courier.ts';
import { Follower } from '../remote/follower.ts';
import { REMOTE_LIMITS } from '../remote/limits.ts';
import type { Services } from '../services.ts';
import type { Handles } from './handles.ts';
import { foldReport } from './inspect.ts';

export interface ElsewhereParts {
  readonly services: Services;
  readonly handles: Handles;
  /** Shards this member owns at this moment. */
  owned(): readonly number[];
  /** Does something after `ms`, unless this member has stopped by then. */
  later(ms: number, act: () => void): void;
  /** Hands letters to an execution of this member. */
  deliver(executionId: string, messages: readonly InboxMessage[]): void;
}

/**
 * What a member has to do with executions of other members: it rings at them when a letter lies there, follows those
 * that its own callers wait for, and listens for others that ring here. Alone it does nothing.
 */
export class Elsewhere {
  readonly #parts: ElsewhereParts;
  readonly #courier: Courier;
  readonly #follower: Follower;
  /** Executions whose letters the last sweeps have found: known, unless a bell rings. */
  #lying: ReadonlySet<string> = new Set();

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
    const { services, handles } = parts;
    const { peers, clock, owner, journal, news } = services;
    const later = parts.later.bind(parts);
    this.#courier = new Courier({ peers, clock, owner, later, knock: (id) => this.knock(id) });
    const reportOf = (id: string): ReturnType<typeof foldReport> => foldReport(id, services);
    this.#follower = new Follower({ clock, journal, handles, reportOf, later, news });
    peers.watchOwners(() => this.#follower.nudgeAll());
    peers.link.watch((state) => state === 'up' && this.#follower.nudgeAll());
  }

  /** Executions followed for callers of this member. */
  get followed(): number {
    return this.#follower.size;
  }

  /** Begins to look for letters whose bell was lost. */
  begin(): void {
    this.#parts.later(REMOTE_LIMITS.INBOX_SWEEP_MS, () => {
      const done = this.#alone ? Promise.resolve() : this.#sweep();
      void done.finally(() => this.begin());
    });
  }

  /** True where this member performs the execution, or would if it were live. */
  isHere(executionId: string): boolean {
    return this.#parts.services.owner.epochOf(shardOf(executionId)) !== undefined;
  }

  /** A durable letter lies in the inbox of an execution of another member. */
  ring(letter: InboxMessage): void {
    this.#courier.ring(letter);
  }

  /** Answers the handles of an execution from the journal; `own`: the last write of it that this member sent. */
  follow(executionId: string, own?: Promise<StepOutcome | undefined>): void {
    this.#follower.follow(executionId, own);
  }

  /** Looks at a followed execution now: callers that wait for what is committed by now are answered. */
  look(executionId: string): Promise<void> {
    return this.#follower.look(executionId);
  }

  /** Reads an execution's inbox and hands it on. The database away: the sweep comes again. */
  knock(executionId: string): void {
    this.#knock(executionId).catch(() => {});
  }

  /** Knocks at every execution of this member that has letters. Rejects when the database does not answer. */
  async knockAll(): Promise<void> {
    const { services, owned } = this.#parts;
    const ids = await services.journal.inboxPending(owned(), REMOTE_LIMITS.INBOX_SWEEP_ROWS);
    for (const id of ids) await this.#knock(id);
    this.#lying = new Set(ids);
  }

  async #knock(executionId: string): Promise<void> {
    const messages = await this.#parts.services.journal.inbox(executionId);
    if (messages.length > 0) this.#parts.deliver(executionId, cancelsFirst(messages));
  }

  get #alone(): boolean {
    return this.#parts.services.peers.members().length < 2;
  }

  /** Letters that were there at the last look already lie for a reason, such as a sibling that still runs. */
  async #sweep(): Promise<void> {
    const { services, owned } = this.#parts;
    try {
      const ids = await services.journal.inboxPending(owned(), REMOTE_LIMITS.INBOX_SWEEP_ROWS);
      const fresh = ids.filter((id) => !this.#lying.has(id));
      this.#lying = new Set(ids);
      for (const id of fresh) await this.#knock(id);
    } catch {
      // Whoever writes to the journal reports that it is away; the next sweep comes by itself.
    }
  }
}

function cancelsFirst(messages: readonly InboxMessage[]): InboxMessage[] {
  return messages.toSorted((a, b) => Number(b.kind === 'cancel') - Number(a.kind === 'cancel'));
}
