import type { ConsumeMessage } from 'amqplib';
import { causeOf, type Clock, type LinkHandlers, type LinkMessage } from '#runtime';
import type { JsonValue } from '#workflow';
import { errors } from '../errors.ts';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import { Courier, type Carrier, type LinkObserver, type Parcel } from '../link/courier.ts';
import { Intake } from '../link/intake.ts';
import type { Lane } from '../link/lane.ts';
import { StateWatch, type LinkState, type TransportLink } from '../link/transport-link.ts';
import type { Log } from '../log.ts';
import type { BrokerChannel, ChannelHandle } from './channel.ts';
import type { Broker } from './connection.ts';
import type { Outgoing, Publisher } from './publisher.ts';
import { ALL_EXCHANGE, declareLane, declareLink, laneKey, LINK_EXCHANGE } from './topology.ts';

/** What a link runs on. The broker may be shared; the link closes only what it opened. */
export interface RabbitLinkOptions {
  readonly broker: Broker;
  /** Boot id of this member: letters, digits, `-`, `_`, at most MEMBER_CHARACTERS. */
  readonly self: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer?: LinkObserver;
  readonly limits?: Partial<LinkLimits>;
}

/**
 * The link over RabbitMQ; `transport/PROTOCOL.md` says what travels. After `start` was refused with LINK_UNAVAILABLE
 * it goes on trying until `stop`.
 */
export function createRabbitLink(options: RabbitLinkOptions): TransportLink {
  return new RabbitLink(options);
}

const LANES: readonly Lane[] = ['control', 'normal'];

class RabbitLink implements TransportLink, Carrier {
  readonly #options: RabbitLinkOptions;
  readonly #limits: LinkLimits;
  readonly #courier: Courier;
  readonly #intake: Intake;
  readonly #watch: StateWatch;
  #publishers: Readonly<Record<Lane, Publisher>> | undefined;
  #hearing: ChannelHandle | undefined;
  #unwatch: () => void = () => {};
  /** Ends a `start` that still waits. */
  #giveUp: () => void = () => {};
  #stopped: Promise<void> | undefined;

  constructor(options: RabbitLinkOptions) {
    const { self, clock, log, observer } = options;
    this.#options = options;
    this.#limits = { ...LINK_LIMITS, ...options.limits };
    this.#courier = new Courier({ self, clock, log, limits: this.#limits, carrier: this, observer });
    this.#intake = new Intake(
      (lane, { content, done }) => done(this.#courier.receive(lane, content)),
      setImmediate,
      this.#limits.TURN_MESSAGES,
    );
    this.#watch = new StateWatch((error) => log.error({ cause: causeOf(error) }, 'A watcher of the link threw.'));
  }

  async start(handlers: LinkHandlers): Promise<void> {
    if (this.#stopped !== undefined) throw errors.LINK_UNAVAILABLE({ why: 'the link is stopped' });
    if (this.#publishers === undefined) this.#open(handlers);
    if (await this.#firstUp()) return;
    const why = this.#stopped === undefined ? this.#options.broker.lastFailure() : 'the link is stopped';
    throw errors.LINK_UNAVAILABLE({ why: why || 'the broker does not answer' });
  }

  tell(to: string, message: LinkMessage): Promise<boolean> {
    return this.#courier.tell(to, message);
  }

  ask(to: string, message: LinkMessage, timeoutMs: number): Promise<JsonValue> {
    return this.#courier.ask(to, message, timeoutMs);
  }

  broadcast(message: LinkMessage): void {
    this.#courier.broadcast(message);
  }

  peerLeft(bootId: string): void {
    this.#courier.peerLeft(bootId);
  }

  state(): LinkState {
    return this.#watch.last;
  }

  watch(listener: (state: LinkState) => void): () => void {
    return this.#watch.add(listener);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async send(parcel: Parcel): ReturnType<Carrier['send']> {
    const key = laneKey(parcel.to, parcel.lane);
    return (await this.#publishers?.[parcel.lane].publish(this.#outgoing(LINK_EXCHANGE, key, parcel))) ?? 'down';
  }

  sendAll(parcel: Omit<Parcel, 'to'>): void {
    void this.#publishers?.[parcel.lane].publish(this.#outgoing(ALL_EXCHANGE, parcel.lane, parcel));
  }

  #outgoing(exchange: string, key: string, parcel: Omit<Parcel, 'to'>): Outgoing {
    const { id, kind, content, deadlineMs, patient } = parcel;
    const { self } = this.#options;
    // Receivers read the content alone; type and sender are for people who look at the broker.
    return {
      exchange,
      key,
      content,
      id: `${self}:${id}`,
      deadlineMs,
      patient,
      properties: { type: kind, appId: self },
    };
  }

  #open(handlers: LinkHandlers): void {
    const { broker } = this.#options;
    this.#courier.open(handlers);
    const setup = ({ raw }: BrokerChannel): Promise<void> => declareLink(raw);
    this.#publishers = { control: broker.publisher({ setup }), normal: broker.publisher({ setup }) };
    this.#hearing = broker.channel('consume', (channel) => this.#hear(channel));
    this.#unwatch = broker.watch(() => this.#look());
    this.#look();
  }

  /** False after START_DEADLINE_MS, or when the link is stopped before. */
  #firstUp(): Promise<boolean> {
    return new Promise((resolve) => {
      let cancel = (): void => {};
      let unwatch = (): void => {};
      const end = (up: boolean): void => {
        cancel();
        unwatch();
        resolve(up);
      };
      if (this.state() !== 'down') return end(true);
      cancel = this.#options.clock.after(this.#limits.START_DEADLINE_MS, () => end(false));
      unwatch = this.watch((state) => void (state === 'down' || end(true)));
      this.#giveUp = () => end(false);
    });
  }

  async #hear(channel: BrokerChannel): Promise<void> {
    await declareLink(channel.raw);
    for (const lane of LANES) {
      const queue = await declareLane(channel.raw, this.#options.self, lane, String(channel.generation));
      // Holds for the consumers that follow on this channel.
      await channel.raw.prefetch(lane === 'control' ? this.#limits.CONTROL_PREFETCH : this.#limits.NORMAL_PREFETCH);
      await channel.consume(queue, (delivery) => this.#arrived(channel, lane, delivery));
    }
  }

  #arrived(channel: BrokerChannel, lane: Lane, delivery: ConsumeMessage): void {
    this.#intake.push(lane, {
      content: delivery.content,
      done: (verdict) => {
        if (verdict === 'taken') channel.ack(delivery);
        else channel.reject(delivery, 'dead');
      },
    });
  }

  #look(): void {
    const open = this.#hearing?.current !== undefined && LANES.every((lane) => this.#publishers?.[lane].open === true);
    this.#watch.now(open && this.#stopped === undefined ? this.#options.broker.state() : 'down');
  }

  /** Others are told at once that nobody listens here; then what was asked before is answered. */
  async #stop(): Promise<void> {
    const { clock } = this.#options;
    this.#courier.shut();
    this.#giveUp();
    this.#unwatch();
    this.#watch.now('down');
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = clock.after(this.#limits.STOP_DEADLINE_MS, resolve)));
    const publishers = this.#publishers === undefined ? [] : Object.values(this.#publishers);
    await Promise.race([late, this.#hearing?.close()]);
    this.#intake.clear();
    await Promise.race([late, this.#courier.rested()]);
    await Promise.race([late, Promise.all(publishers.map((publisher) => publisher.settled()))]);
    cancel();
    await Promise.all(publishers.map((publisher) => publisher.close()));
    this.#publishers = undefined;
  }
}
