import type { BusSubscription, Clock, OutboxEvent, ParkedEvent } from '#runtime';
import type { Broker } from '../../amqp/connection.ts';
import type { Publisher } from '../../amqp/publisher.ts';
import type { PublishOutcome } from '../../amqp/window.ts';
import { errors } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { BusObserver } from '../lanes.ts';
import { BUS_LIMITS, BUS_RETRY, type RetryPolicy } from '../limits.ts';
import { checkGroup, matcherOf } from '../patterns.ts';
import type { SelectiveBus } from '../selective.ts';
import { encodeEvent } from './message.ts';
import { parkedOf, parkMessage, replayParked } from './parking.ts';
import { Routes } from './routes.ts';
import { RabbitSubscription } from './subscription.ts';
import { declareEvents, EVENTS_EXCHANGE } from './topology.ts';

/** What the bus of a cluster is made of. The broker is its owner's to close, after the bus. */
export interface RabbitBusOptions {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: BusObserver;
  readonly retry?: RetryPolicy;
}

/** How long `subscribe` waits for the broker; a subscription that is not there by then comes with it. */
const SUBSCRIBE_MS = 10_000;

/**
 * The bus on RabbitMQ, under the same conformance suite as the one in memory. See `topology.ts` for what is declared,
 * `docs/events.md` for people. Makes its publisher at once; may be used while there is no connection yet.
 */
export function createRabbitBus(options: RabbitBusOptions): SelectiveBus {
  return new RabbitBus(options);
}

class RabbitBus implements SelectiveBus {
  readonly #options: RabbitBusOptions;
  readonly #publisher: Publisher;
  readonly #routes: Routes;
  readonly #open = new Set<RabbitSubscription>();
  #closed = false;

  constructor(options: RabbitBusOptions) {
    this.#options = options;
    this.#routes = new Routes(options.clock);
    this.#publisher = options.broker.publisher({ setup: ({ raw }) => declareEvents(raw) });
  }

  async publish(events: readonly OutboxEvent[]): Promise<void> {
    this.#refuseClosed();
    const outcomes = await Promise.all(events.map((event) => this.#send(event)));
    const failure = outcomes.find((outcome) => outcome !== 'confirmed' && outcome !== 'returned');
    if (failure !== undefined) {
      const why = this.#options.broker.lastFailure();
      throw errors.BUS_UNAVAILABLE({ reason: `the broker has not confirmed: ${why === '' ? failure : why}` });
    }
    for (const { type } of events) this.#options.observer?.published?.(type);
  }

  async subscribe(subscription: BusSubscription): Promise<{ close(): Promise<void> }> {
    const matches = matcherOf(subscription.patterns);
    if (subscription.group !== undefined) checkGroup(subscription.group);
    this.#refuseClosed();
    if (this.#open.size >= BUS_LIMITS.BUS_LISTENERS) {
      throw errors.BUS_LISTENERS_EXCEEDED({ limit: BUS_LIMITS.BUS_LISTENERS });
    }
    const { broker, clock, log, observer = {}, retry = BUS_RETRY } = this.#options;
    const publisher = this.#publisher;
    const made = new RabbitSubscription(subscription, {
      broker,
      clock,
      log,
      observer,
      retry,
      matches,
      park: (group, message, attempts, reason) =>
        parkMessage({ publisher, clock }, group, message, { attempts, reason }),
    });
    this.#open.add(made);
    await made.ready(SUBSCRIBE_MS);
    this.#routes.begun(matches);
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await made.close();
      this.#open.delete(made);
    };
    return { close: () => (closing ??= close()) };
  }

  async parked(group: string, limit: number): Promise<readonly ParkedEvent[]> {
    checkGroup(group);
    this.#refuseClosed();
    const { broker, clock } = this.#options;
    return limit <= 0 ? [] : parkedOf({ broker, clock, publisher: this.#publisher }, group, limit);
  }

  async replay(group: string, eventIds?: readonly string[]): Promise<number> {
    checkGroup(group);
    this.#refuseClosed();
    const { broker, clock } = this.#options;
    return replayParked({ broker, clock, publisher: this.#publisher }, group, eventIds);
  }

  wants(type: string): boolean {
    return this.#routes.wants(type);
  }

  state(): 'up' | 'down' {
    return !this.#closed && this.#publisher.open && this.#options.broker.state() === 'up' ? 'up' : 'down';
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((each) => each.close()));
    this.#open.clear();
    await this.#publisher.close();
  }

  /** `returned` is no failure: there is nobody who takes it, and that is all right. */
  async #send(event: OutboxEvent): Promise<PublishOutcome> {
    const { type, id } = event;
    const { content, properties } = encodeEvent(event);
    const outcome = await this.#publisher.publish({ exchange: EVENTS_EXCHANGE, key: type, id, content, properties });
    if (outcome === 'confirmed' || outcome === 'returned') this.#routes.learned(type, outcome === 'confirmed');
    return outcome;
  }

  #refuseClosed(): void {
    if (this.#closed) throw errors.BUS_UNAVAILABLE({ reason: 'it is closed' });
  }
}
