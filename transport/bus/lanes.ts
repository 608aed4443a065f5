import type { BusSubscription, Clock, OutboxEvent } from '#runtime';
import { BUS_LIMITS, type RetryPolicy } from './limits.ts';
import type { SeenIds } from './seen-ids.ts';

/** Told of each event that the bus took over, and of each try to handle one. For the metrics: must not throw. */
export interface BusObserver {
  published?(eventType: string): void;
  consumed?(eventType: string, status: 'ok' | 'failed'): void;
}

/** One event on its way to a handler, and how it is settled. */
export interface Delivery {
  readonly event: OutboxEvent;
  /** It was handled, now or earlier. */
  done(): void;
  /** It was refused too often. Its aggregate goes on when this resolves; a rejection begins the tries anew. */
  park(attempts: number, reason: string): void | Promise<void>;
}

/** What lanes are made of. `seen` outlives them: it belongs to the group. */
export interface LanesParts {
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly handle: BusSubscription['handle'];
  readonly seen: SeenIds;
  readonly observer: BusObserver;
}

/**
 * Hands events to one handler: those of one aggregate one after the other in the order given, different aggregates
 * side by side. A refusal is tried again after a pause, while its aggregate waits behind it; then it is parked. How
 * many wait here is the caller's part to bound.
 */
export class Lanes {
  readonly #parts: LanesParts;
  readonly #lanes = new Map<string, Delivery[]>();
  /** Pauses under way; calling one ends it. */
  readonly #pauses = new Set<() => void>();
  /** Tries under way. */
  readonly #tries = new Set<Promise<unknown>>();
  #closed = false;

  constructor(parts: LanesParts) {
    this.#parts = parts;
  }

  offer(delivery: Delivery): void {
    if (this.#closed) return;
    const key = delivery.event.aggregateId;
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.push(delivery);
      return;
    }
    const made = [delivery];
    this.#lanes.set(key, made);
    void this.#work(key, made);
  }

  /** Drops what has not begun to be handled: it will be delivered again, here or elsewhere. */
  forgetWaiting(): void {
    for (const lane of this.#lanes.values()) lane.length = Math.min(lane.length, 1);
  }

  /** Begins nothing more, and resolves when no handler runs (at most HANDLE_MS). What is unsettled stays so. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const end of this.#pauses) end();
    await Promise.all(this.#tries);
  }

  async #work(key: string, lane: Delivery[]): Promise<void> {
    for (let next = lane[0]; next && !this.#closed; next = lane[0]) {
      if (await this.#settle(next)) lane.shift();
    }
    this.#lanes.delete(key);
  }

  /** False: these lanes were closed, or parking failed; then it is still to be settled. */
  async #settle(delivery: Delivery): Promise<boolean> {
    const { seen, observer, retry } = this.#parts;
    const { event } = delivery;
    for (let attempt = 1; !this.#closed; attempt += 1) {
      if (seen.has(event.id)) {
        delivery.done();
        return true;
      }
      const refusal = await this.#try(event);
      observer.consumed?.(event.type, refusal === undefined ? 'ok' : 'failed');
      if (refusal === undefined) {
        seen.add(event.id);
        delivery.done();
        return true;
      }
      if (attempt >= retry.attempts) return this.#park(delivery, attempt, refusal);
      await this.#pause(Math.min(retry.mostMs, retry.firstMs * retry.factor ** (attempt - 1)));
    }
    return false;
  }

  async #park(delivery: Delivery, attempts: number, reason: string): Promise<boolean> {
    try {
      await delivery.park(attempts, reason.slice(0, BUS_LIMITS.REASON_CHARACTERS));
      return true;
    } catch {
      await this.#pause(this.#parts.retry.mostMs);
      return false;
    }
  }

  /** Undefined when it was handled, else the words of the refusal. */
  #try(event: OutboxEvent): Promise<string | undefined> {
    const { clock, handle } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const cancel = clock.after(BUS_LIMITS.HANDLE_MS, () => resolve(`no answer within ${BUS_LIMITS.HANDLE_MS} ms`));
    const handled = async (): Promise<void> => handle(event);
    handled().then(
      () => resolve(undefined),
      (error: unknown) => resolve(error instanceof Error ? error.message : String(error)),
    );
    const tried = promise.finally(() => {
      cancel();
      this.#tries.delete(tried);
    });
    this.#tries.add(tried);
    return tried;
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      cancel();
      this.#pauses.delete(end);
      resolve();
    };
    const cancel = this.#parts.clock.after(ms, end);
    this.#pauses.add(end);
    return promise;
  }
}
