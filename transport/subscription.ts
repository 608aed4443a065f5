import type { HubLimits } from './limits.ts';

/**
 * What a subscriber gets, one at a time: a batch of events in order, or word that it fell behind. After `resync`
 * the events that were dropped are gone from here; the journal has them.
 */
export type Delivery<E> = { readonly kind: 'events'; readonly events: readonly E[] } | { readonly kind: 'resync' };

/** A listener that answers with a promise is not called again before it settles. What it throws ends nothing. */
export type Listener<E> = (delivery: Delivery<E>) => void | Promise<void>;

/**
 * The bounded buffer between the hub and one slow reader.
 *
 *             offer(e)                     drain
 *   idle ───────────────> scheduled ──────────────> delivering ──> idle | scheduled
 *                            │ buffer full: drop all, remember `lost`
 *                            └─ next delivery is `resync`, then events that came after it
 */
export class Subscription<E> {
  readonly #listener: Listener<E>;
  readonly #limits: HubLimits;
  readonly #defer: (run: () => void) => void;
  readonly #failed: (error: unknown) => void;
  #buffer: E[] = [];
  #lost = false;
  #busy = false;
  #closed = false;

  constructor(
    listener: Listener<E>,
    limits: HubLimits,
    defer: (run: () => void) => void,
    failed: (error: unknown) => void,
  ) {
    this.#listener = listener;
    this.#limits = limits;
    this.#defer = defer;
    this.#failed = failed;
  }

  /** Number of events waiting; never over SUBSCRIBER_BUFFER_EVENTS. */
  get length(): number {
    return this.#buffer.length;
  }

  /** Never throws and never waits: it is called from the commit path. */
  offer(event: E): void {
    if (this.#closed) return;
    if (this.#buffer.length >= this.#limits.SUBSCRIBER_BUFFER_EVENTS) {
      this.#buffer = [];
      this.#lost = true;
    }
    this.#buffer.push(event);
    this.#schedule();
  }

  /** Something may have been missed: the next delivery is `resync`, then what is in the buffer. */
  resync(): void {
    if (this.#closed) return;
    this.#lost = true;
    this.#schedule();
  }

  /** Nothing is delivered after this. */
  close(): void {
    this.#closed = true;
    this.#buffer = [];
  }

  #schedule(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#defer(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    while (!this.#closed) {
      const delivery = this.#next();
      if (delivery === undefined) break;
      try {
        const done = this.#listener(delivery);
        if (done !== undefined) await done;
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#busy = false;
  }

  #next(): Delivery<E> | undefined {
    if (this.#lost) {
      this.#lost = false;
      return { kind: 'resync' };
    }
    if (this.#buffer.length === 0) return undefined;
    return { kind: 'events', events: this.#buffer.splice(0, this.#limits.SUBSCRIBER_BATCH_EVENTS) };
  }
}
