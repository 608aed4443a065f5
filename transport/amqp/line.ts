import { connect, type Channel, type ChannelModel, type SocketOptions } from 'amqplib';
import { causeOf, type Clock, type Random } from '#runtime';
import type { AmqpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { Backoff } from './backoff.ts';
import { goodbye, Seat, type Attached, type BrokerChannel, type SeatHost } from './channel.ts';

/** Makes one connection; `signal` cuts its socket at any time, also long after. */
export type Dial = (signal: AbortSignal) => Promise<ChannelModel>;

/** What a line runs on. `changed` is called after every change of state or of a channel. */
export interface LineParts {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly limits: AmqpLimits;
  readonly nextGeneration: () => number;
  readonly changed: () => void;
}

/** Dials a broker with heartbeats on, under a name that its management page shows. */
export function dialer(url: URL, name: string, limits: AmqpLimits, tls: object = {}): Dial {
  const target = new URL(url);
  if (!target.searchParams.has('heartbeat')) target.searchParams.set('heartbeat', String(limits.HEARTBEAT_SECONDS));
  const clientProperties = { connection_name: name, product: 'troupe' };
  return (signal) => {
    // The library hands on what `net.connect` and `tls.connect` take, which its types do not say of `signal`.
    const socket: SocketOptions & { signal: AbortSignal } = { ...tls, signal, noDelay: true, keepAlive: true };
    return connect(target.href, { ...socket, clientProperties });
  };
}

/**
 * One connection that comes back by itself, and the channels on it.
 *
 *   waiting ──backoff──> dialing ──> open (blocked or not)
 *      ^                    │           │ closed, heartbeat missed, setup overdue
 *      └────────────────────┴───────────┘          any ──close()──> closed
 */
export class Line {
  readonly #parts: LineParts;
  readonly #backoff: Backoff;
  readonly #seats = new Set<Attached>();
  #connection: ChannelModel | undefined;
  #cut = new AbortController();
  #blocked = false;
  #closed = false;
  #cancelWait: () => void = () => {};
  #lastFailure = '';

  constructor(parts: LineParts) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.clock, parts.random, parts.limits);
    void this.#dial();
  }

  get state(): 'up' | 'blocked' | 'down' {
    if (this.#connection === undefined) return 'down';
    return this.#blocked ? 'blocked' : 'up';
  }

  /** Why the last attempt failed, in words without secrets; empty when none did. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  get seats(): number {
    return this.#seats.size;
  }

  /** Keeps a channel open; the setup runs on each connection anew. */
  seat<C extends Channel>(
    open: (connection: ChannelModel) => Promise<C>,
    setup: (channel: BrokerChannel<C>) => Promise<void>,
  ): Seat<C> {
    const seat = new Seat(this.#host(), open, setup);
    this.#seats.add(seat);
    if (this.#connection !== undefined) seat.attach(this.#connection);
    return seat;
  }

  /** Says goodbye within CLOSE_DEADLINE_MS, then cuts. Idempotent; never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelWait();
    const { clock, limits } = this.#parts;
    await Promise.all([...this.#seats].map((seat) => seat.close()));
    const connection = this.#connection;
    this.#connection = undefined;
    const wait = (ms: number, callback: () => void): (() => void) => clock.after(ms, callback);
    if (connection !== undefined) await goodbye(connection, wait, limits.CLOSE_DEADLINE_MS);
    this.#cut.abort();
    this.#parts.changed();
  }

  async #dial(): Promise<void> {
    const cut = new AbortController();
    this.#cut = cut;
    const cancel = this.#parts.clock.after(this.#parts.limits.CONNECT_DEADLINE_MS, () => cut.abort());
    try {
      const connection = await this.#parts.dial(cut.signal);
      this.#guard(connection, cut);
      if (this.#closed) cut.abort();
      else this.#opened(connection);
    } catch (error) {
      this.#lost(cut, causeOf(error));
    } finally {
      cancel();
    }
  }

  #opened(connection: ChannelModel): void {
    this.#connection = connection;
    this.#blocked = false;
    this.#backoff.succeeded();
    for (const seat of this.#seats) seat.attach(connection);
    this.#parts.changed();
  }

  /** An `error` event without a listener would end the process; `close` follows it and says the same. */
  #guard(connection: ChannelModel, cut: AbortController): void {
    const { log } = this.#parts;
    let reason = 'closed by the broker';
    connection.on('error', (error) => (reason = causeOf(error)));
    connection.on('handler-error', (error) => log.error({ cause: causeOf(error) }, 'A connection listener threw.'));
    connection.on('close', (error) => this.#lost(cut, error === undefined ? reason : causeOf(error)));
    connection.on('blocked', (why) => this.#block(connection, true, why));
    connection.on('unblocked', () => this.#block(connection, false, ''));
  }

  #block(connection: ChannelModel, blocked: boolean, why: string): void {
    if (this.#connection !== connection) return;
    this.#blocked = blocked;
    if (blocked) this.#parts.log.warn({ why }, 'The broker takes no messages for the moment.');
    else this.#parts.log.info({}, 'The broker takes messages again.');
    this.#parts.changed();
  }

  /** A connection ends once: reports about an older one find another cutter in place. */
  #lost(cut: AbortController, reason: string): void {
    if (this.#cut !== cut || this.#closed) return;
    // The library ends a dead socket politely, which a half-open one never answers: cut it.
    this.#cut = new AbortController();
    cut.abort();
    this.#connection = undefined;
    this.#blocked = false;
    this.#lastFailure = reason;
    const waitMs = this.#backoff.next();
    this.#parts.log.warn({ reason, waitMs }, 'No connection to the broker; another attempt follows.');
    this.#cancelWait = this.#parts.clock.after(waitMs, () => void this.#dial());
    for (const seat of this.#seats) seat.detach();
    this.#parts.changed();
  }

  #host(): SeatHost {
    const { limits, log, clock, random, nextGeneration, changed } = this.#parts;
    return {
      limits,
      log,
      nextGeneration,
      changed,
      backoff: () => new Backoff(clock, random, limits),
      after: (ms, callback) => clock.after(ms, callback),
      dead: (reason) => this.#lost(this.#cut, reason),
      left: (seat) => this.#seats.delete(seat),
    };
  }
}
