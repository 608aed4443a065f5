import type { ConsumeMessage } from 'amqplib';
import type { BusSubscription, Clock } from '#runtime';
import type { BrokerChannel, ChannelHandle } from '../../amqp/channel.ts';
import type { Broker } from '../../amqp/connection.ts';
import type { Log } from '../../log.ts';
import { Lanes, type BusObserver } from '../lanes.ts';
import { BUS_LIMITS, type RetryPolicy } from '../limits.ts';
import { SeenIds } from '../seen-ids.ts';
import { decodeEvent } from './message.ts';
import { declareGroup, declareSingle } from './topology.ts';

/** What a subscription calls upon. */
export interface SubscriptionParts {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly observer: BusObserver;
  readonly log: Log;
  readonly matches: (type: string) => boolean;
  /** Resolves when the broker holds the message among the parked ones of the group; rejects when it does not. */
  park(group: string, message: ConsumeMessage, attempts: number, reason: string): Promise<void>;
}

/**
 * One consumer of a queue of events. It comes back with the broker: each new channel declares and consumes again, and
 * what was not acknowledged on the last one is delivered anew. Deliveries are acknowledged after they were handled or
 * parked; those of a lost channel never, so nothing is lost between the two.
 */
export class RabbitSubscription {
  readonly #subscription: BusSubscription;
  readonly #parts: SubscriptionParts;
  readonly #lanes: Lanes;
  readonly #handle: ChannelHandle;
  readonly #ready = Promise.withResolvers<void>();
  #generation = -1;

  constructor(subscription: BusSubscription, parts: SubscriptionParts) {
    this.#subscription = subscription;
    this.#parts = parts;
    const { clock, retry, observer, broker } = parts;
    const seen = new SeenIds(BUS_LIMITS.DEDUP_EVENTS);
    this.#lanes = new Lanes({ clock, retry, observer, handle: subscription.handle, seen });
    this.#handle = broker.channel('consume', (channel) => this.#consume(channel));
  }

  /** Resolves when it consumes for the first time, at the latest after `ms`: it begins later then. */
  async ready(ms: number): Promise<void> {
    const cancel = this.#parts.clock.after(ms, () => {
      this.#parts.log.warn({ patterns: this.#subscription.patterns }, 'A subscription begins when the broker is back.');
      this.#ready.resolve();
    });
    await this.#ready.promise;
    cancel();
  }

  /** Handles nothing more; what is unsettled goes back to the queue, in its order. */
  async close(): Promise<void> {
    await this.#lanes.close();
    await this.#handle.close();
    this.#ready.resolve();
  }

  async #consume(channel: BrokerChannel): Promise<void> {
    const { group, patterns } = this.#subscription;
    // What waits here came over a channel that is gone: the broker delivers it again.
    this.#generation = channel.generation;
    this.#lanes.forgetWaiting();
    await channel.raw.prefetch(BUS_LIMITS.UNSETTLED_EVENTS);
    const queue =
      group === undefined
        ? await declareSingle(channel.raw, patterns)
        : await declareGroup(channel.raw, group, patterns);
    await channel.consume(queue, (message) => this.#deliver(channel, message));
    this.#ready.resolve();
  }

  #deliver(channel: BrokerChannel, message: ConsumeMessage): void {
    const event = decodeEvent(message);
    if (event === undefined) {
      this.#parts.log.warn({ key: message.fields.routingKey }, 'A message on the event bus is no event.');
      return channel.reject(message, 'dead');
    }
    // Patterns of earlier days stay bound to the queue: a broker does not say what is bound.
    if (!this.#parts.matches(event.type)) return channel.ack(message);
    this.#lanes.offer({
      event,
      done: () => channel.ack(message),
      park: (attempts, reason) => this.#park(channel, message, attempts, reason),
    });
  }

  async #park(channel: BrokerChannel, message: ConsumeMessage, attempts: number, reason: string): Promise<void> {
    const { group } = this.#subscription;
    // Delivered again by now, on another channel or to another member: parked there if it comes to that.
    if (channel.generation !== this.#generation) return;
    if (group !== undefined) await this.#parts.park(group, message, attempts, reason);
    channel.ack(message);
  }
}
