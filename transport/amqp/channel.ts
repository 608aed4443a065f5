import type { Channel, ConsumeMessage, ChannelModel, Options } from 'amqplib';
import { causeOf } from '#runtime';
import type { AmqpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Backoff } from './backoff.ts';

/**
 * One open channel. It belongs to one connection and is never reused: after a loss the setup is run again with another
 * one of a higher `generation`. So whatever is held from a lost channel (delivery tags, consumers) is void, and
 * `ack` and `reject` of its deliveries do nothing.
 */
export interface BrokerChannel<C extends Channel = Channel> {
  /** Rises with every channel the broker opens. */
  readonly generation: number;
  /** The channel of the library. Throws of its methods and rejections mean that it is lost. */
  readonly raw: C;
  /**
   * Consumes a queue. `handle` answers every delivery by `ack` or `reject`, soon; what it throws is logged and leaves
   * the delivery unanswered. When the broker ends the consumer (queue deleted), the channel is renewed.
   */
  consume(queue: string, handle: (delivery: ConsumeMessage) => void, options?: Options.Consume): Promise<void>;
  /** Answers a delivery of this channel; with `upTo` all before it too. Does nothing when the channel is lost. */
  ack(delivery: ConsumeMessage, upTo?: boolean): void;
  /** Gives a delivery back: to its queue, or to the dead-letter exchange of the queue. */
  reject(delivery: ConsumeMessage, to: 'queue' | 'dead'): void;
  /** Gives this channel up; another one is opened with the same setup after a wait. */
  renew(reason: string): void;
}

/** A channel that is kept open for its owner. */
export interface ChannelHandle<C extends Channel = Channel> {
  /** The channel once its setup is done; undefined while there is none. */
  readonly current: BrokerChannel<C> | undefined;
  /** Closes the channel for good. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** What a seat needs of its line. */
export interface SeatHost {
  readonly limits: AmqpLimits;
  readonly log: Log;
  readonly backoff: () => Backoff;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly nextGeneration: () => number;
  /** A channel came or went. */
  readonly changed: () => void;
  /** The connection does not answer: cut it. */
  readonly dead: (reason: string) => void;
  readonly left: (seat: Attached) => void;
}

/** A seat as its line sees it. */
export interface Attached {
  /** The line has a fresh connection. */
  attach(connection: ChannelModel): void;
  /** The connection is lost, and the channel with it. */
  detach(): void;
  close(): Promise<void>;
}

/**
 * Keeps one channel open on whatever connection the line has.
 *
 *   absent ──attach(connection)──> opening ──setup done──> open
 *     ^                              │ refused, deadline      │ channel error, consumer ended
 *     └───────detach()───────────────┴──> waiting ──────────> opening
 */
export class Seat<C extends Channel> implements ChannelHandle<C>, Attached {
  readonly #host: SeatHost;
  readonly #open: (connection: ChannelModel) => Promise<C>;
  readonly #setup: (channel: BrokerChannel<C>) => Promise<void>;
  readonly #backoff: Backoff;
  #connection: ChannelModel | undefined;
  #raw: C | undefined;
  #current: BrokerChannel<C> | undefined;
  #cancelWait: () => void = () => {};
  #closed = false;

  constructor(
    host: SeatHost,
    open: (connection: ChannelModel) => Promise<C>,
    setup: (channel: BrokerChannel<C>) => Promise<void>,
  ) {
    this.#host = host;
    this.#open = open;
    this.#setup = setup;
    this.#backoff = host.backoff();
  }

  get current(): BrokerChannel<C> | undefined {
    return this.#current;
  }

  attach(connection: ChannelModel): void {
    this.detach();
    if (this.#closed) return;
    this.#connection = connection;
    void this.#begin(connection);
  }

  detach(): void {
    this.#cancelWait();
    this.#connection = undefined;
    this.#raw = undefined;
    this.#drop();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const raw = this.#raw;
    this.detach();
    this.#host.left(this);
    if (raw !== undefined) await goodbye(raw, this.#host.after, this.#host.limits.CLOSE_DEADLINE_MS);
  }

  async #begin(connection: ChannelModel): Promise<void> {
    const { limits, after } = this.#host;
    const cancel = after(limits.SETUP_DEADLINE_MS, () => this.#dead(connection, 'a channel was not set up in time'));
    try {
      const raw = await this.#open(connection);
      this.#guard(connection, raw);
      if (this.#connection === connection) await this.#furnish(connection, raw);
      else closeQuietly(raw);
    } catch (error) {
      // A sound connection always has a channel to give.
      this.#dead(connection, causeOf(error));
    } finally {
      cancel();
    }
  }

  async #furnish(connection: ChannelModel, raw: C): Promise<void> {
    this.#raw = raw;
    const channel = this.#dress(connection, raw);
    try {
      await this.#setup(channel);
      if (this.#raw === raw) this.#arrived(channel);
    } catch (error) {
      if (this.#raw === raw) this.#failed(connection, causeOf(error));
    }
  }

  #dead(connection: ChannelModel, reason: string): void {
    if (this.#connection === connection) this.#host.dead(reason);
  }

  #arrived(channel: BrokerChannel<C>): void {
    this.#backoff.succeeded();
    this.#current = channel;
    this.#host.changed();
  }

  /** An `error` event without a listener would end the process. */
  #guard(connection: ChannelModel, raw: C): void {
    let reason: string | undefined;
    raw.on('error', (error) => (reason = causeOf(error)));
    raw.on('handler-error', (error) => this.#host.log.error({ cause: causeOf(error) }, 'A channel listener threw.'));
    raw.on('close', () => {
      if (this.#raw === raw) this.#failed(connection, reason);
    });
  }

  /** Once per channel: a second report of the same failure finds that it is no longer the one in use. */
  #failed(connection: ChannelModel, reason?: string): void {
    const raw = this.#raw;
    this.#raw = undefined;
    this.#cancelWait();
    const waitMs = this.#backoff.next();
    this.#cancelWait = this.#host.after(waitMs, () => void this.#begin(connection));
    // Without a reason of its own it went with its connection, which has its own word to say.
    if (reason !== undefined)
      this.#host.log.warn({ reason, waitMs }, 'A channel to the broker is lost; it is opened again.');
    this.#drop();
    closeQuietly(raw);
  }

  #drop(): void {
    if (this.#current === undefined) return;
    this.#current = undefined;
    this.#host.changed();
  }

  #dress(connection: ChannelModel, raw: C): BrokerChannel<C> {
    const renew = (reason: string): void => {
      if (this.#raw === raw) this.#failed(connection, reason);
    };
    return {
      generation: this.#host.nextGeneration(),
      raw,
      renew,
      consume: async (queue, handle, options) => {
        const each = (delivery: ConsumeMessage | null): void => {
          if (delivery === null) return renew(`the consumer of ${queue} was ended by the broker`);
          if (this.#raw === raw) this.#hand(handle, delivery);
        };
        await raw.consume(queue, each, options);
      },
      ack: (delivery, upTo = false) => attempt(() => raw.ack(delivery, upTo)),
      reject: (delivery, to) => attempt(() => raw.nack(delivery, false, to === 'queue')),
    };
  }

  /** A throw inside the library's frame loop would close the connection. */
  #hand(handle: (delivery: ConsumeMessage) => void, delivery: ConsumeMessage): void {
    try {
      handle(delivery);
    } catch (error) {
      this.#host.log.error({ cause: causeOf(error) }, 'A consumer threw.');
    }
  }
}

/** Methods of a lost channel throw; whoever holds one from before has nothing more to say there. */
function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // The broker has forgotten the channel and gives its deliveries out again.
  }
}

/** The library's `close` never settles when the connection is lost meanwhile: the event tells, or the deadline. */
export function goodbye(
  ending: Channel | ChannelModel,
  after: (ms: number, callback: () => void) => () => void,
  deadlineMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = after(deadlineMs, resolve);
    const ended = (): void => {
      cancel();
      resolve();
    };
    ending.on('close', ended);
    ending.close().then(ended, ended);
  });
}

function closeQuietly(raw: Channel | undefined): void {
  attempt(() => void raw?.close().catch(() => {}));
}
