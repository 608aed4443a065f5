import type { JsonObject, JsonValue } from '#workflow';
import type { Clock, LinkMessage, MemberInfo, MembershipChange, Peers, Random } from './ports/index.ts';

type Told = (from: string, body: JsonObject) => void;
type Asked = (from: string, body: JsonObject) => Promise<JsonValue>;

/** What the network does to a message that is told; the default is to deliver it once, at once. */
export interface Weather {
  /** Chance that it is lost. */
  lose?: number;
  /** Chance that it arrives twice. */
  repeat?: number;
  /** Longest delay; each message has its own, so that they overtake one another. */
  delayMs?: number;
}

/**
 * Test support, exported by the door: members that hear of each other over a network in memory. Ownership is whatever `own` was told last,
 * and every member sees it at once unless its view is frozen.
 */
export class TestNetwork {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #members = new Map<string, TestPeers>();
  readonly #owners = new Map<number, string>();
  weather: Weather = {};
  /** Nothing gets through, and every member's link says so. */
  #cut = false;
  /** Messages handed over so far, by kind. */
  readonly delivered: { from: string; to: string; kind: string; body: JsonObject }[] = [];

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  join(bootId: string, name: string = bootId): TestPeers {
    const peers = new TestPeers(this, { bootId, name, tags: [], draining: false });
    const before = [...this.#members.values()];
    this.#members.set(bootId, peers);
    for (const other of before) other.memberChanged({ joined: [peers.info], left: [] });
    return peers;
  }

  leave(bootId: string): void {
    const gone = this.#members.get(bootId);
    this.#members.delete(bootId);
    if (gone) for (const other of this.#members.values()) other.memberChanged({ joined: [], left: [gone.info] });
  }

  /** As if the map of shards had been read again by everybody. */
  own(shards: readonly number[], bootId: string | undefined): void {
    for (const shard of shards) {
      if (bootId === undefined) this.#owners.delete(shard);
      else this.#owners.set(shard, bootId);
    }
    for (const member of this.#members.values()) member.ownersChanged(shards);
  }

  cut(now: boolean): void {
    this.#cut = now;
    for (const member of this.#members.values()) member.linkChanged();
  }

  infos(): MemberInfo[] {
    return [...this.#members.values()].map(({ info }) => info);
  }

  ownerOf(shard: number): string | undefined {
    return this.#owners.get(shard);
  }

  async tell(from: string, to: string, message: LinkMessage): Promise<boolean> {
    if (this.#cut || !this.#members.has(to)) return false;
    const { lose = 0, repeat = 0 } = this.weather;
    if (this.#random.next() < lose) return true;
    this.#hand(from, to, message);
    if (this.#random.next() < repeat) this.#hand(from, to, message);
    return true;
  }

  async ask(from: string, to: string, { kind, body }: LinkMessage, timeoutMs: number): Promise<JsonValue> {
    const peer = this.#members.get(to);
    if (!peer) throw Object.assign(new Error('gone'), { code: 'LINK_PEER_GONE' });
    const lost = this.#cut || this.#random.next() < (this.weather.lose ?? 0);
    if (!lost) return copy(await peer.answer(from, kind, copy(body)));
    return new Promise((_, reject) => {
      this.#clock.after(timeoutMs, () => reject(Object.assign(new Error('late'), { code: 'LINK_ASK_TIMEOUT' })));
    });
  }

  #hand(from: string, to: string, { kind, body }: LinkMessage): void {
    const { delayMs = 0 } = this.weather;
    const packed = copy(body);
    const arrive = (): void => {
      const peer = this.#members.get(to);
      if (this.#cut || !peer) return;
      this.delivered.push({ from, to, kind, body: packed });
      peer.hear(from, kind, packed);
    };
    if (delayMs > 0) this.#clock.after(this.#random.next() * delayMs, arrive);
    else setImmediate(arrive);
  }
}

/** One member's end of the network. */
export class TestPeers implements Peers {
  readonly #network: TestNetwork;
  readonly info: MemberInfo;
  readonly link: Peers['link'];
  /** What this member believes of single shards, right or wrong. */
  readonly beliefs = new Map<number, string | undefined>();
  readonly suspected: number[] = [];
  readonly #told = new Map<string, Told>();
  readonly #asked = new Map<string, Asked>();
  readonly #watchers = new Set<(change: MembershipChange) => void>();
  readonly #ownerWatchers = new Set<(shards: readonly number[]) => void>();
  readonly #linkWatchers = new Set<(state: 'up' | 'blocked' | 'down') => void>();

  constructor(network: TestNetwork, info: MemberInfo) {
    this.#network = network;
    this.info = info;
    const state = (): 'up' | 'down' => (network.isCut ? 'down' : 'up');
    this.link = {
      tell: (to, message) => network.tell(this.self, to, message),
      ask: (to, message, timeoutMs) => network.ask(this.self, to, message, timeoutMs),
      broadcast: (message) => {
        for (const { bootId } of network.infos())
          if (bootId !== this.self) void network.tell(this.self, bootId, message);
      },
      state,
      watch: (listener) => registered(this.#linkWatchers, listener),
    };
  }

  get self(): string {
    return this.info.bootId;
  }

  members(): readonly MemberInfo[] {
    return this.#network.infos();
  }

  watch(listener: (change: MembershipChange) => void): () => void {
    return registered(this.#watchers, listener);
  }

  ownerOf(shard: number): string | undefined {
    return this.beliefs.has(shard) ? this.beliefs.get(shard) : this.#network.ownerOf(shard);
  }

  suspect(shard: number): void {
    this.suspected.push(shard);
    if (!this.beliefs.delete(shard)) return;
    this.ownersChanged([shard]);
  }

  watchOwners(listener: (shards: readonly number[]) => void): () => void {
    return registered(this.#ownerWatchers, listener);
  }

  told(kind: string, handler: Told): () => void {
    this.#told.set(kind, handler);
    return () => void this.#told.delete(kind);
  }

  asked(kind: string, handler: Asked): () => void {
    this.#asked.set(kind, handler);
    return () => void this.#asked.delete(kind);
  }

  hear(from: string, kind: string, body: JsonObject): void {
    this.#told.get(kind)?.(from, body);
  }

  answer(from: string, kind: string, body: JsonObject): Promise<JsonValue> {
    const handler = this.#asked.get(kind);
    return handler
      ? handler(from, body)
      : Promise.reject(Object.assign(new Error(kind), { code: 'LINK_KIND_UNKNOWN' }));
  }

  memberChanged(change: Pick<MembershipChange, 'joined' | 'left'>): void {
    for (const listener of this.#watchers) listener({ members: this.members(), ...change });
  }

  ownersChanged(shards: readonly number[]): void {
    for (const listener of this.#ownerWatchers) listener(shards);
  }

  linkChanged(): void {
    for (const listener of this.#linkWatchers) listener(this.link.state());
  }
}

function registered<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** What the wire makes of it: nothing shared. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T; // JSON in, the same JSON out
}
