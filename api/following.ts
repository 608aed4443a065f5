import type { Clock } from '#runtime';
import type { ActivationChange, ActivationStore } from './ports.ts';

/** Changes read at once; the next page follows at once. */
const CHANGES_PER_READ = 500;

/** What following needs. */
export interface FollowerParts {
  readonly store: ActivationStore;
  readonly clock: Clock;
  /** Pause between looks, in milliseconds. */
  readonly lookMs: number;
  /** Puts one change into effect. `later`: it could not be now and is tried again with the next look. */
  apply(change: ActivationChange): Promise<'done' | 'later'>;
  /** A look that went by itself failed; said once until one succeeds. */
  failed(error: unknown): void;
}

/**
 * Keeps this member's triggers in step with the database: word from another member makes it look at once, and it looks
 * by itself every `lookMs`, so that a lost word costs no more than that.
 */
export class Follower {
  readonly #parts: FollowerParts;
  readonly #later = new Map<string, ActivationChange>();
  #mark = 0;
  #current: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #cancel: () => void = () => {};
  #stopped = false;
  #failing = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Follows from this change on, see {@link ActivationStore.mark}. */
  start(mark: number): void {
    this.#mark = mark;
    this.#lookLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /**
   * What was committed before the call is in effect when it resolves. However many call, one look goes at a time and
   * one more waits. Rejects when the database does not answer.
   */
  look(): Promise<void> {
    if (this.#queued) return this.#queued;
    if (!this.#current) return this.#begin();
    this.#queued = this.#current.then(
      () => this.#next(),
      () => this.#next(),
    );
    return this.#queued;
  }

  #next(): Promise<void> {
    this.#queued = undefined;
    return this.#begin();
  }

  #begin(): Promise<void> {
    const look = this.#read().finally(() => {
      this.#current = undefined;
    });
    this.#current = look;
    return look;
  }

  async #read(): Promise<void> {
    const again = [...this.#later.values()];
    for (let full = true; full;) {
      const changes = await this.#parts.store.changes(this.#mark, CHANGES_PER_READ);
      for (const change of changes) {
        await this.#apply(change);
        this.#mark = change.change;
      }
      full = changes.length === CHANGES_PER_READ;
    }
    // After the news: what a workflow was to become earlier must not undo what it is now.
    for (const change of again) if (this.#later.get(change.workflowId) === change) await this.#apply(change);
  }

  async #apply(change: ActivationChange): Promise<void> {
    if ((await this.#parts.apply(change)) === 'later') this.#later.set(change.workflowId, change);
    else this.#later.delete(change.workflowId);
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(this.#parts.lookMs, () => {
      this.look()
        .then(
          () => void (this.#failing = false),
          (error: unknown) => this.#report(error),
        )
        .finally(() => this.#lookLater());
    });
  }

  #report(error: unknown): void {
    if (!this.#failing && !this.#stopped) this.#parts.failed(error);
    this.#failing = true;
  }
}
