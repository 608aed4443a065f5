import { EventEmitter } from 'node:events';
import type { ChannelModel, ConsumeMessage, Options } from 'amqplib';
import { fail } from 'node:assert/strict';
import { quiet, seededRandom, SimulatedClock } from '#runtime';
import type { AmqpLimits } from '../limits.ts';
import { openBroker, type Broker, type LineKind } from './connection.ts';

/** One publish as the broker saw it. */
export interface Seen {
  readonly tag: number;
  readonly id: string;
  readonly key: string;
  readonly options: Options.Publish;
}

/** A channel that does what the test says. */
export class FakeChannel extends EventEmitter {
  readonly published: Seen[] = [];
  readonly acked: number[] = [];
  readonly rejected: [tag: number, requeue: boolean][] = [];
  /** False: the write buffer is full. */
  room = true;
  closed = false;
  #consumer: ((delivery: ConsumeMessage | null) => void) | undefined;

  publish(_: string, key: string, __: Buffer, options: Options.Publish): boolean {
    this.#living();
    this.published.push({ tag: this.published.length + 1, id: String(options.messageId), key, options });
    return this.room;
  }

  async consume(_: string, handle: (delivery: ConsumeMessage | null) => void): Promise<void> {
    this.#consumer = handle;
  }

  ack({ fields }: ConsumeMessage): void {
    this.#living();
    this.acked.push(fields.deliveryTag);
  }

  nack({ fields }: ConsumeMessage, _: boolean, requeue: boolean): void {
    this.#living();
    this.rejected.push([fields.deliveryTag, requeue]);
  }

  async close(): Promise<void> {
    this.end();
  }

  /** The broker confirms. */
  confirm(tag: number, multiple = false, ok = true): void {
    this.emit(ok ? 'ack' : 'nack', { deliveryTag: tag, multiple });
  }

  deliver(tag: number | null): void {
    // Only the tag is read.
    const delivery = tag === null ? null : ({ fields: { deliveryTag: tag } } as ConsumeMessage);
    (this.#consumer ?? fail('nobody consumes'))(delivery);
  }

  /** As the library does it: everything throws from now on. */
  end(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    if (error !== undefined) this.emit('error', error);
    this.emit('close');
  }

  #living(): void {
    if (this.closed) throw new Error('Channel closed');
  }
}

/** A connection that does what the test says. */
export class FakeConnection extends EventEmitter {
  readonly channels: FakeChannel[] = [];
  closed = false;
  /** Its channels open never. */
  silent = false;

  createChannel(): Promise<FakeChannel> {
    if (this.closed) return Promise.reject(new Error('Connection closed'));
    if (this.silent) return new Promise(() => {});
    const channel = new FakeChannel();
    this.channels.push(channel);
    return Promise.resolve(channel);
  }

  createConfirmChannel(): Promise<FakeChannel> {
    return this.createChannel();
  }

  async close(): Promise<void> {
    this.end();
  }

  end(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    for (const channel of this.channels) channel.end();
    this.emit('close', error);
  }
}

/** A broker whose network is the test's, on a clock that stands still. */
export class FakeNetwork {
  readonly clock = new SimulatedClock();
  readonly dialed: Record<LineKind, number> = { consume: 0, publish: 0 };
  readonly #open: Record<LineKind, FakeConnection[]> = { consume: [], publish: [] };
  readonly logged: string[] = [];
  /** What an attempt comes to. */
  mode: 'up' | 'refusing' | 'hanging' = 'up';
  silent = false;

  broker(limits: Partial<AmqpLimits> = {}): Broker {
    const say = (_: object, message: string): void => void this.logged.push(message);
    return openBroker({
      url: 'amqp://user:secret@host',
      clock: this.clock,
      random: seededRandom(1),
      log: { debug: say, info: say, warn: say, error: say },
      name: 'test',
      limits,
      // The fake has of the library's connection what is used of it.
      dial: (kind) => (signal) => this.#dial(kind, signal) as Promise<unknown> as Promise<ChannelModel>,
    });
  }

  /** The newest connection of a kind. */
  line(kind: LineKind): FakeConnection {
    return this.#open[kind].at(-1) ?? fail(`no connection to ${kind}`);
  }

  /** The newest channel of a kind. */
  channel(kind: LineKind): FakeChannel {
    return this.line(kind).channels.at(-1) ?? fail(`no channel to ${kind}`);
  }

  #dial(kind: LineKind, signal: AbortSignal): Promise<FakeConnection> {
    this.dialed[kind] += 1;
    if (this.mode === 'refusing') return Promise.reject(new Error('connect ECONNREFUSED'));
    const cut = Promise.withResolvers<never>();
    cut.promise.catch(() => {});
    signal.addEventListener('abort', () => cut.reject(new Error('The operation was aborted')));
    if (this.mode === 'hanging') return cut.promise;
    const connection = new FakeConnection();
    connection.silent = this.silent;
    signal.addEventListener('abort', () => connection.end(new Error('The operation was aborted')));
    this.#open[kind].push(connection);
    return Promise.resolve(connection);
  }
}

/** Lets what is ready run. */
export const settle = (): Promise<void> => quiet(5);
