import type { ConfirmChannel, Options } from 'amqplib';
import { causeOf, type Clock } from '#runtime';
import type { AmqpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { BrokerChannel, ChannelHandle } from './channel.ts';
import { PublishWindow, type PublishOutcome, type WindowEffect, type WindowEvent } from './window.ts';

/** One message for the broker. */
export interface Outgoing {
  readonly exchange: string;
  readonly key: string;
  readonly content: Buffer;
  /** Message id: stays the same however often it is sent, so that receivers can drop repetitions. */
  readonly id: string;
  /** Further properties; `mandatory` and `messageId` are set here. `persistent` for durable queues. */
  readonly properties?: Omit<Options.Publish, 'mandatory' | 'messageId'>;
  /** Milliseconds from now until it is given up; default PUBLISH_DEADLINE_MS. */
  readonly deadlineMs?: number;
  /** While there is no connection: wait for one until the deadline. Default: answer `down` at once. */
  readonly patient?: boolean;
}

/** What may differ between publishers of one broker. */
export interface PublisherOptions {
  /** Declares what it publishes to; run on each new channel before anything is sent. */
  readonly setup?: (channel: BrokerChannel) => Promise<void>;
  /** Over the broker's limits. */
  readonly limits?: Partial<AmqpLimits>;
}

/**
 * Sends messages and says of each what became of it. Messages of one publisher go out in the order of the calls; those
 * without an answer when the connection was lost go out again first, under their ids. Every message is mandatory.
 */
export interface Publisher {
  /** Never rejects; answers after the broker did. Calls need not wait for each other: confirms come in bulk. */
  publish(message: Outgoing): Promise<PublishOutcome>;
  /** Messages on their way or waiting. */
  readonly pending: number;
  /** True when there is a channel and its setup is done. */
  readonly open: boolean;
  /** Resolves when nothing is pending. */
  settled(): Promise<void>;
  /** What is pending is answered `down`. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** Called by the broker. `keep` opens a confirm channel that is set up anew after each loss. */
export interface PublisherParts {
  readonly keep: (setup: (channel: BrokerChannel<ConfirmChannel>) => Promise<void>) => ChannelHandle<ConfirmChannel>;
  readonly clock: Clock;
  readonly limits: AmqpLimits;
  readonly log: Log;
  /** Called once it is closed. */
  readonly closed: () => void;
}

/** A publisher on a channel of its own. The decisions are {@link PublishWindow}'s; here is what is done. */
export class ConfirmingPublisher implements Publisher {
  readonly #parts: PublisherParts;
  readonly #window: PublishWindow<Outgoing>;
  readonly #handle: ChannelHandle<ConfirmChannel>;
  readonly #settle = new Map<number, (outcome: PublishOutcome) => void>();
  /** By the number the broker gives on the open channel, rising. */
  readonly #unconfirmed = new Map<number, { readonly ticket: number; readonly id: string }>();
  #tags = 0;
  /** Message ids on their way, for the broker names returned messages by these. */
  readonly #byId = new Map<string, number>();
  readonly #idle = new Set<() => void>();
  #channel: BrokerChannel<ConfirmChannel> | undefined;
  #tickets = 0;
  #cancelTick: (() => void) | undefined;
  #blocked = false;

  constructor(parts: PublisherParts, setup: (channel: BrokerChannel) => Promise<void> = async () => {}) {
    const { WINDOW_MESSAGES, WINDOW_BYTES, WAITING_MESSAGES, WAITING_BYTES } = parts.limits;
    this.#parts = parts;
    this.#window = new PublishWindow({
      windowMessages: WINDOW_MESSAGES,
      windowBytes: WINDOW_BYTES,
      waitingMessages: WAITING_MESSAGES,
      waitingBytes: WAITING_BYTES,
    });
    this.#handle = parts.keep(async (channel) => {
      await setup(channel);
      this.#opened(channel);
    });
  }

  get pending(): number {
    return this.#settle.size;
  }

  get open(): boolean {
    return this.#handle.current !== undefined;
  }

  publish(message: Outgoing): Promise<PublishOutcome> {
    this.#tickets += 1;
    const ticket = this.#tickets;
    const { deadlineMs = this.#parts.limits.PUBLISH_DEADLINE_MS, patient = false } = message;
    const until = this.#parts.clock.monotonic() + deadlineMs;
    return new Promise((resolve) => {
      this.#settle.set(ticket, resolve);
      this.#do({ type: 'offered', ticket, message, bytes: message.content.length, until, patient });
      if (this.#settle.size > 0) this.#keepTime();
    });
  }

  settled(): Promise<void> {
    return this.#settle.size === 0 ? Promise.resolve() : new Promise((resolve) => void this.#idle.add(resolve));
  }

  /** The broker says that it takes nothing, or takes again. */
  block(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    this.#do({ type: blocked ? 'paused' : 'resumed', by: 'broker' });
  }

  async close(): Promise<void> {
    this.#channel = undefined;
    this.#cancelTick?.();
    this.#do({ type: 'stopped' });
    this.#parts.closed();
    await this.#handle.close();
  }

  #opened(channel: BrokerChannel<ConfirmChannel>): void {
    const { raw, generation } = channel;
    if (this.#channel !== undefined) this.#lost(this.#channel);
    this.#channel = channel;
    raw.on('drain', () => this.#ifCurrent(channel, { type: 'resumed', by: 'buffer' }));
    raw.on('close', () => this.#lost(channel));
    // Not the callbacks of `publish`: a channel that closes calls those with an error as if the broker had refused.
    raw.on('ack', ({ deliveryTag, multiple }) => this.#confirmed(channel, deliveryTag, multiple, true));
    raw.on('nack', ({ deliveryTag, multiple }) => this.#confirmed(channel, deliveryTag, multiple, false));
    raw.on('return', ({ properties }) => {
      const ticket = this.#byId.get(String(properties.messageId));
      if (ticket !== undefined) this.#ifCurrent(channel, { type: 'returned', ticket, generation });
    });
    this.#do({ type: 'opened', generation });
    if (this.#blocked) this.#do({ type: 'paused', by: 'broker' });
  }

  #lost(channel: BrokerChannel<ConfirmChannel>): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    this.#unconfirmed.clear();
    this.#byId.clear();
    this.#tags = 0;
    this.#do({ type: 'lost' });
  }

  /** The broker numbers what it gets on a channel from 1; an answer may stand for all up to its number. */
  #confirmed(channel: BrokerChannel<ConfirmChannel>, tag: number, multiple: boolean, ok: boolean): void {
    if (this.#channel !== channel) return;
    if (!multiple) return this.#answered(channel, tag, ok);
    for (const each of this.#unconfirmed.keys()) {
      if (each > tag) break;
      this.#answered(channel, each, ok);
    }
  }

  #answered({ generation }: BrokerChannel<ConfirmChannel>, tag: number, ok: boolean): void {
    const sent = this.#unconfirmed.get(tag);
    if (sent === undefined) return;
    this.#unconfirmed.delete(tag);
    if (this.#byId.get(sent.id) === sent.ticket) this.#byId.delete(sent.id);
    this.#do({ type: 'answered', ticket: sent.ticket, generation, ok });
  }

  #ifCurrent(channel: BrokerChannel<ConfirmChannel>, event: WindowEvent<Outgoing>): void {
    if (this.#channel === channel) this.#do(event);
  }

  #do(event: WindowEvent<Outgoing>): void {
    for (const effect of this.#window.handle(event)) this.#perform(effect);
  }

  #perform(effect: WindowEffect<Outgoing>): void {
    if (effect.type === 'send') this.#send(effect.ticket, effect.message, effect.generation);
    else this.#answer(effect.ticket, effect.outcome);
  }

  #send(ticket: number, message: Outgoing, generation: number): void {
    const channel = this.#channel;
    if (channel === undefined || channel.generation !== generation) return;
    const { exchange, key, content, properties, id } = message;
    try {
      const room = channel.raw.publish(exchange, key, content, { ...properties, mandatory: true, messageId: id });
      this.#tags += 1;
      this.#unconfirmed.set(this.#tags, { ticket, id });
      this.#byId.set(id, ticket);
      if (!room) this.#do({ type: 'paused', by: 'buffer' });
    } catch (error) {
      // The channel is closing. The message counts as sent, so it goes out again when the loss is told.
      this.#parts.log.debug({ cause: causeOf(error) }, 'A message could not be given to its channel.');
      channel.renew('it takes no messages');
    }
  }

  #answer(ticket: number, outcome: PublishOutcome): void {
    const settle = this.#settle.get(ticket);
    this.#settle.delete(ticket);
    settle?.(outcome);
    if (this.#settle.size > 0) return;
    for (const idle of this.#idle) idle();
    this.#idle.clear();
  }

  /** One timer while anything is pending, none otherwise. */
  #keepTime(): void {
    this.#cancelTick ??= this.#parts.clock.after(this.#parts.limits.PUBLISH_TICK_MS, () => {
      this.#cancelTick = undefined;
      this.#do({ type: 'time', now: this.#parts.clock.monotonic() });
      if (this.#settle.size > 0) this.#keepTime();
    });
  }
}
