import type { JsonObject } from '#workflow';
import type { Clock, LinkMessage } from '#runtime';
import type { RelayLimits } from './limits.ts';
import type { LiveEvent, TreeEvent } from './live-event.ts';

export interface OutboxParts {
  readonly send: (message: LinkMessage) => Promise<boolean>;
  readonly clock: Pick<Clock, 'after'>;
  readonly defer: (run: () => void) => void;
  readonly limits: RelayLimits;
}

/**
 * What waits to be told to one watching member: gathered per tick, one message under way at a time. When it overflows
 * everything in it is dropped; the watcher finds the gap.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  #events: LiveEvent[] = [];
  #tree: TreeEvent[] = [];
  #busy = false;
  #closed = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Never throws and never waits: it is called from the commit path. */
  offer(events: readonly LiveEvent[]): void {
    if (this.#events.length + events.length > this.#parts.limits.BUFFER_EVENTS) this.#events = [];
    this.#events.push(...events.slice(-this.#parts.limits.BUFFER_EVENTS));
    this.#schedule();
  }

  /** Likewise. */
  offerTree(event: TreeEvent): void {
    if (this.#tree.length >= this.#parts.limits.BUFFER_EVENTS) this.#tree = [];
    this.#tree.push(event);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    this.#events = [];
    this.#tree = [];
  }

  #schedule(): void {
    if (this.#busy || this.#closed) return;
    this.#busy = true;
    this.#parts.defer(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (let body = this.#next(); body !== undefined; body = this.#next()) await this.#send(body);
    this.#busy = false;
  }

  #next(): JsonObject | undefined {
    if (this.#closed) return undefined;
    const { BATCH_EVENTS, BATCH_CHARACTERS } = this.#parts.limits;
    let left = BATCH_CHARACTERS;
    const take = <E extends object>(from: E[]): JsonObject[] => {
      const taken: JsonObject[] = [];
      while (left > 0 && taken.length < BATCH_EVENTS && from[taken.length] !== undefined) {
        const text = JSON.stringify(from[taken.length]);
        left -= text.length;
        // Events are plain data; the copy leaves out what is undefined.
        taken.push(JSON.parse(text) as JsonObject);
      }
      from.splice(0, taken.length);
      return taken;
    };
    const events = take(this.#events);
    const tree = take(this.#tree);
    if (events.length === 0 && tree.length === 0) return undefined;
    return { ...(events.length > 0 && { events }), ...(tree.length > 0 && { tree }) };
  }

  /** Waits until the broker has it, or for as long as it may hold up what comes next. */
  #send(body: JsonObject): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(this.#parts.limits.CONFIRM_MS, resolve);
      void this.#parts.send({ kind: 'live', body }).finally(() => {
        cancel();
        resolve();
      });
    });
  }
}
