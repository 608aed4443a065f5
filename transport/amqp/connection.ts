import type { ConnectionOptions } from 'node:tls';
import type { ConfirmChannel } from 'amqplib';
import { causeOf, type Clock, type Random } from '#runtime';
import { errors } from '../errors.ts';
import { AMQP_LIMITS, type AmqpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { BrokerChannel, ChannelHandle } from './channel.ts';
import { dialer, Line, type Dial } from './line.ts';
import { ConfirmingPublisher, type Publisher, type PublisherOptions } from './publisher.ts';

/**
 * The two connections of a broker. Consumers have one of their own, since a broker short of memory reads nothing from
 * connections that publish: acknowledgements of consumers must not wait behind that.
 */
export type LineKind = 'consume' | 'publish';

/** `blocked`: connected, but the broker takes no messages at the moment. */
export type BrokerState = 'up' | 'blocked' | 'down';

/** What a broker is opened with. */
export interface BrokerOptions {
  /** `amqp://` or `amqps://` with user, password and virtual host; `?heartbeat=` seconds overrides HEARTBEAT_SECONDS. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Shown on the broker's management page. */
  readonly name: string;
  /** Certificates for `amqps://`. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
  readonly limits?: Partial<AmqpLimits>;
  /** Instead of a network: for tests of recovery. */
  readonly dial?: (kind: LineKind) => Dial;
}

/**
 * RabbitMQ, as a thing that is there: connections, channels and what was declared on them come back by themselves, with
 * backoff and chance. Nothing here throws or rejects because the broker is away.
 */
export interface Broker {
  /**
   * Keeps a channel open. `setup` declares and consumes; it is run on every new channel, first as soon as there is a
   * connection. What it rejects with is logged and tried again. Throws BROKER_CHANNELS_EXCEEDED.
   */
  channel(kind: LineKind, setup: (channel: BrokerChannel) => Promise<void>): ChannelHandle;
  /** Opens a publisher with a channel, a window and an order of its own. Throws BROKER_CHANNELS_EXCEEDED. */
  publisher(options?: PublisherOptions): Publisher;
  /** Of both connections; channels may still be on their way, see `ChannelHandle.current`. */
  state(): BrokerState;
  /** Told after every change of a connection or channel; read what concerns you then. Returns unsubscribe. */
  watch(listener: () => void): () => void;
  /** Why there was no connection last time, in words without secrets; empty when there always was one. */
  lastFailure(): string;
  /** Answers what publishers still hold with `down`, and closes. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** Opens a broker at once and connects in the background. Throws BROKER_URL_INVALID. */
export function openBroker(options: BrokerOptions): Broker {
  return new AmqpBroker(options, brokerUrl(options.url));
}

/** Throws BROKER_URL_INVALID without repeating the URL, for it holds a password. */
function brokerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') throw errors.BROKER_URL_INVALID({ why: 'it is no URL with a host' });
  if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') {
    throw errors.BROKER_URL_INVALID({ why: `its protocol is ${url.protocol}` });
  }
  return url;
}

class AmqpBroker implements Broker {
  readonly #options: BrokerOptions;
  readonly #limits: AmqpLimits;
  readonly #lines: Readonly<Record<LineKind, Line>>;
  readonly #publishers = new Set<ConfirmingPublisher>();
  readonly #watchers = new Set<() => void>();
  #generations = 0;

  constructor(options: BrokerOptions, url: URL) {
    this.#options = options;
    this.#limits = { ...AMQP_LIMITS, ...options.limits };
    const { name, clock, random, log, tls } = options;
    const dial = options.dial ?? ((kind) => dialer(url, `${name} (${kind})`, this.#limits, tls));
    const line = (kind: LineKind): Line =>
      new Line({
        dial: dial(kind),
        clock,
        random,
        log,
        limits: this.#limits,
        nextGeneration: () => (this.#generations += 1),
        changed: () => this.#changed(),
      });
    this.#lines = { consume: line('consume'), publish: line('publish') };
  }

  channel(kind: LineKind, setup: (channel: BrokerChannel) => Promise<void>): ChannelHandle {
    this.#makeRoom();
    return this.#lines[kind].seat((connection) => connection.createChannel(), setup);
  }

  publisher(options: PublisherOptions = {}): Publisher {
    this.#makeRoom();
    const { clock, log } = this.#options;
    const limits = { ...this.#limits, ...options.limits };
    const line = this.#lines.publish;
    const parts = {
      keep: (setup: (channel: BrokerChannel<ConfirmChannel>) => Promise<void>) =>
        line.seat((connection) => connection.createConfirmChannel(), setup),
      clock,
      limits,
      log,
      closed: () => void this.#publishers.delete(publisher),
    };
    const publisher = new ConfirmingPublisher(parts, options.setup);
    publisher.block(line.state === 'blocked');
    this.#publishers.add(publisher);
    return publisher;
  }

  state(): BrokerState {
    if (this.#lines.consume.state === 'down') return 'down';
    return this.#lines.publish.state;
  }

  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  lastFailure(): string {
    return this.#lines.publish.lastFailure || this.#lines.consume.lastFailure;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#publishers].map((publisher) => publisher.close()));
    await Promise.all([this.#lines.consume.close(), this.#lines.publish.close()]);
    this.#watchers.clear();
  }

  #makeRoom(): void {
    const limit = this.#limits.CHANNELS;
    if (this.#lines.consume.seats + this.#lines.publish.seats >= limit)
      throw errors.BROKER_CHANNELS_EXCEEDED({ limit });
  }

  #changed(): void {
    for (const publisher of this.#publishers) publisher.block(this.#lines.publish.state === 'blocked');
    for (const watcher of this.#watchers) {
      try {
        watcher();
      } catch (error) {
        this.#options.log.error({ cause: causeOf(error) }, 'A watcher of the broker threw.');
      }
    }
  }
}
