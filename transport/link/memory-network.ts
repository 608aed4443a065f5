import { causeOf, type Clock, type LinkHandlers, type LinkMessage, type Random } from '#runtime';
import type { JsonValue } from '#workflow';
import type { PublishOutcome } from '../amqp/window.ts';
import { errors } from '../errors.ts';
import { LINK_LIMITS, type LinkLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { Courier, type Carrier, type LinkObserver, type Parcel } from './courier.ts';
import { Intake } from './intake.ts';
import { StateWatch, type LinkState, type TransportLink } from './transport-link.ts';

/** Chances in [0, 1] of what the network does to each message, drawn from its `random`. */
export interface NetworkFaults {
  /** It is lost; its sender is told that it arrived, or that nothing is known. */
  readonly drop: number;
  /** It arrives twice. */
  readonly duplicate: number;
  /** It overtakes what was sent before it. */
  readonly reorder: number;
  /** Longest delay in milliseconds; each message takes a part of it by chance. */
  readonly delayMs: number;
}

const SOUND: NetworkFaults = { drop: 0, duplicate: 0, reorder: 0, delayMs: 0 };

/** What a network runs on. */
export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** When a message without delay is handled; default: the next pass of the event loop. */
  readonly defer?: (run: () => void) => void;
  readonly limits?: Partial<LinkLimits>;
}

/** Links of members in one process, over a broker that is not there. Misbehaves as told, by chance that repeats. */
export interface MemoryNetwork {
  /** The link of a member; not started yet. */
  link(bootId: string, observer?: LinkObserver): TransportLink;
  /** From now on; what is not named is as in a sound network. */
  faults(faults: Partial<NetworkFaults>): void;
  /** Nothing that `from` sends reaches `to`; the other way goes on. */
  partition(from: string, to: string): void;
  /** Ends all partitions. */
  heal(): void;
  /** Its connection is lost, with its queue and what was in it. */
  cut(bootId: string): void;
  /** Its broker takes nothing from it; it still hears. */
  block(bootId: string): void;
  /** Ends `cut` and `block`. */
  join(bootId: string): void;
  /** The process is gone: no goodbye, no more deliveries. */
  kill(bootId: string): void;
  /** Puts bytes into a member's queue, as anybody with access to a broker may. */
  inject(bootId: string, content: Buffer): void;
  /** What nobody could read, newest last, at most PARKED_MESSAGES. */
  parked(): readonly Buffer[];
}

/** A network without members. */
export function createMemoryNetwork(options: NetworkOptions): MemoryNetwork {
  return new Network(options);
}

class Network implements MemoryNetwork {
  readonly options: NetworkOptions;
  readonly limits: LinkLimits;
  readonly #links = new Map<string, MemoryLink>();
  readonly #walls = new Set<string>();
  readonly #parked: Buffer[] = [];
  /** When the last message of a sender, receiver and lane arrives: later ones must not be earlier. */
  readonly #arrivals = new Map<string, number>();
  #faults = SOUND;

  constructor(options: NetworkOptions) {
    this.options = options;
    this.limits = { ...LINK_LIMITS, ...options.limits };
  }

  link(bootId: string, observer?: LinkObserver): TransportLink {
    const link = new MemoryLink(this, bootId, observer);
    this.#links.set(bootId, link);
    return link;
  }

  faults(faults: Partial<NetworkFaults>): void {
    this.#faults = { ...SOUND, ...faults };
  }

  partition(from: string, to: string): void {
    this.#walls.add(wall(from, to));
  }

  heal(): void {
    this.#walls.clear();
  }

  cut(bootId: string): void {
    this.#links.get(bootId)?.turn('down');
  }

  block(bootId: string): void {
    this.#links.get(bootId)?.turn('blocked');
  }

  join(bootId: string): void {
    this.#links.get(bootId)?.turn('up');
  }

  kill(bootId: string): void {
    this.#links.get(bootId)?.die();
    this.#links.delete(bootId);
  }

  inject(bootId: string, content: Buffer): void {
    this.#links.get(bootId)?.arrive('normal', content);
  }

  parked(): readonly Buffer[] {
    return this.#parked;
  }

  park(content: Buffer): void {
    this.#parked.push(content);
    if (this.#parked.length > this.limits.PARKED_MESSAGES) this.#parked.shift();
  }

  route(from: string, parcel: Parcel): PublishOutcome {
    const target = this.#links.get(parcel.to);
    if (target === undefined || !target.listens) return 'returned';
    const { random } = this.options;
    const lost = this.#walls.has(wall(from, parcel.to)) || this.#happens(this.#faults.drop);
    if (lost) return random.next() < 0.5 ? 'confirmed' : 'expired';
    this.#deliver(from, target, parcel);
    if (this.#happens(this.#faults.duplicate)) this.#deliver(from, target, parcel);
    return 'confirmed';
  }

  routeAll(from: string, parcel: Omit<Parcel, 'to'>): void {
    for (const to of this.#links.keys()) this.route(from, { ...parcel, to });
  }

  #deliver(from: string, target: MemoryLink, { to, lane, content }: Parcel): void {
    const { clock, defer = setImmediate } = this.options;
    const { incarnation } = target;
    const arrive = (): void => {
      if (target.incarnation === incarnation) target.arrive(lane, content);
    };
    const delayMs = this.#delay(`${from} ${to} ${lane}`);
    if (delayMs === 0) defer(arrive);
    else clock.after(delayMs, arrive);
  }

  #delay(stream: string): number {
    const now = this.options.clock.monotonic();
    const drawn = this.#faults.delayMs === 0 ? 0 : Math.ceil(this.options.random.next() * this.#faults.delayMs);
    const before = this.#arrivals.get(stream) ?? now;
    const arrival = this.#happens(this.#faults.reorder) ? now + drawn : Math.max(before, now + drawn);
    if (arrival > now) this.#arrivals.set(stream, Math.max(before, arrival));
    else this.#arrivals.delete(stream);
    return arrival - now;
  }

  /** Draws only for faults that can happen, so that a sound network leaves the seed alone. */
  #happens(chance: number): boolean {
    return chance > 0 && this.options.random.next() < chance;
  }
}

const wall = (from: string, to: string): string => `${from} > ${to}`;

class MemoryLink implements TransportLink, Carrier {
  readonly #network: Network;
  readonly #self: string;
  readonly #courier: Courier;
  readonly #intake: Intake;
  readonly #watch: StateWatch;
  /** Parcels that wait for a connection or for the end of a blockade. */
  readonly #held = new Set<() => void>();
  #started = false;
  #stopped = false;
  #state: LinkState = 'up';
  /** Of its queue: each loss of the connection makes another one. */
  incarnation = 0;

  constructor(network: Network, self: string, observer?: LinkObserver) {
    const { clock, log, defer = setImmediate } = network.options;
    this.#network = network;
    this.#self = self;
    this.#courier = new Courier({ self, clock, log, limits: network.limits, carrier: this, observer });
    this.#intake = new Intake(
      (lane, { content, done }) => done(this.#courier.receive(lane, content)),
      defer,
      network.limits.TURN_MESSAGES,
    );
    this.#watch = new StateWatch((error) => log.error({ cause: causeOf(error) }, 'A watcher of the link threw.'));
  }

  get listens(): boolean {
    return this.#started && !this.#stopped && this.#state !== 'down';
  }

  async start(handlers: LinkHandlers): Promise<void> {
    if (this.#stopped) throw errors.LINK_UNAVAILABLE({ why: 'the link is stopped' });
    this.#started = true;
    this.#courier.open(handlers);
    if (this.#state === 'down' && !(await this.#firstUp())) throw errors.LINK_UNAVAILABLE({ why: 'it is cut off' });
    this.#tellWatchers();
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

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#courier.shut();
    this.#intake.clear();
    this.#watch.now('down');
    const { clock } = this.#network.options;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => (cancel = clock.after(this.#network.limits.STOP_DEADLINE_MS, resolve)));
    await Promise.race([late, this.#courier.rested()]);
    cancel();
    this.die();
  }

  send(parcel: Parcel): Promise<PublishOutcome> {
    if (this.#state === 'up') return Promise.resolve(this.#network.route(this.#self, parcel));
    if (this.#state === 'down' && !parcel.patient) return Promise.resolve('down');
    return this.#hold(parcel);
  }

  sendAll(parcel: Omit<Parcel, 'to'>): void {
    if (this.#state === 'up') this.#network.routeAll(this.#self, parcel);
  }

  arrive(lane: Parcel['lane'], content: Buffer): void {
    if (!this.listens) return;
    const done = (verdict: 'taken' | 'unreadable'): void => {
      if (verdict === 'unreadable') this.#network.park(content);
    };
    this.#intake.push(lane, { content, done });
  }

  turn(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    if (state === 'down') this.incarnation += 1;
    this.#tellWatchers();
    if (state !== 'up') return;
    const held = [...this.#held];
    this.#held.clear();
    for (const release of held) release();
  }

  die(): void {
    this.#stopped = true;
    this.incarnation += 1;
    this.#intake.clear();
    this.#courier.shut();
    this.#state = 'down';
    this.#watch.now('down');
  }

  #tellWatchers(): void {
    if (this.#started && !this.#stopped) this.#watch.now(this.#state);
  }

  #hold(parcel: Parcel): Promise<PublishOutcome> {
    const { options, limits } = this.#network;
    if (this.#held.size >= limits.NORMAL_QUEUE_MESSAGES) return Promise.resolve('full');
    return new Promise((resolve) => {
      const release = (): void => {
        cancel();
        resolve(this.#network.route(this.#self, parcel));
      };
      const cancel = options.clock.after(parcel.deadlineMs, () => {
        this.#held.delete(release);
        resolve('expired');
      });
      this.#held.add(release);
    });
  }

  #firstUp(): Promise<boolean> {
    return new Promise((resolve) => {
      const { clock } = this.#network.options;
      const cancel = clock.after(this.#network.limits.START_DEADLINE_MS, () => resolve(false));
      const unwatch = this.watch(() => {
        cancel();
        unwatch();
        resolve(true);
      });
    });
  }
}
