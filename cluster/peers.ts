import type { JsonObject, JsonValue } from '#workflow';
import type { Clock, InspectionEvent, Link, LinkHandlers, MemberInfo, Membership, Peers } from '#runtime';
import { Atlas, type OwnersChange } from './atlas.ts';
import { clusterView, type ClusterView } from './cluster-view.ts';
import { errors } from './errors.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { shardMoves } from './shard-moves.ts';

/** What `createPeers` takes. The keeper is one with `wanted: 'shared'` that has not been started yet. */
export interface PeersOptions {
  readonly self: MemberInfo;
  readonly link: Link;
  readonly membership: Membership;
  readonly keeper: LeaseKeeper;
  readonly clock: Clock;
  /** `member.joined`, `member.left` and `shard.moved`, for whoever watches; see `ActorSystem.report`. */
  readonly report?: (event: InspectionEvent) => void;
}

/** The peers with what the composition root does with them. */
export interface ClusterPeers extends Peers {
  /**
   * Joins the membership and opens the link. Rejects with what they say: a fault of configuration, or
   * LINK_UNAVAILABLE.
   */
  start(): Promise<void>;
  /** Tells the others of a new address. Does not reject. */
  announce(address: string): Promise<void>;
  /** Marks this member as draining and gives its shards away; resolves when none is left. */
  drain(): Promise<void>;
  /** Leaves the membership and closes the link. The keeper is stopped by its owner, after. Idempotent; never rejects. */
  stop(): Promise<void>;
  /** For `GET /api/v1/cluster/members` and the command line. */
  clusterView(): ClusterView;
}

/** Told to all when a member has come or shards became free: look sooner than at the next beat. */
const LOOK = 'cluster.look';

/** The other members in one hand, see the port. It hears the keeper from its making on. */
export function createPeers(options: PeersOptions): ClusterPeers {
  return new LinkedPeers(options);
}

class LinkedPeers implements ClusterPeers {
  readonly self: string;
  readonly link: Link;
  readonly #options: PeersOptions;
  readonly #atlas: Atlas;
  readonly #told = new Map<string, (from: string, body: JsonObject) => void>();
  readonly #asked = new Map<string, (from: string, body: JsonObject) => Promise<JsonValue>>();
  readonly #unsubscribe: readonly (() => void)[];

  constructor(options: PeersOptions) {
    const { self, link, membership, keeper, clock } = options;
    this.self = self.bootId;
    this.link = link;
    this.#options = options;
    this.#atlas = new Atlas(clock, self, () => membership.members());
    this.#told.set(LOOK, () => keeper.look());
    this.#unsubscribe = [
      keeper.observe({
        seen: (view) => this.#atlas.seen(view, keeper.owned()),
        claimed: (claims) => this.#atlas.gained(claims.map(({ shard }) => shard)),
        lost: (shards) => this.#atlas.lost(shards),
        freed: () => link.broadcast({ kind: LOOK, body: {}, lane: 'control' }),
      }),
      membership.watch(() => {
        this.#atlas.refresh();
        keeper.look();
      }),
      this.#atlas.changed.add(({ joined, left }) => {
        for (const { name, bootId } of joined) this.#report({ type: 'member.joined', member: name, bootId });
        for (const { name, bootId } of left) this.#report({ type: 'member.left', member: name, bootId });
      }),
      this.#atlas.moved.add((change) => this.#reportMoves(change)),
    ];
  }

  async start(): Promise<void> {
    const { membership } = this.#options;
    await membership.join(this.#atlas.self);
    await this.link.start(this.#handlers());
    // Whoever has more than its share begins to give at once.
    this.link.broadcast({ kind: LOOK, body: {}, lane: 'control' });
  }

  members(): readonly MemberInfo[] {
    return this.#atlas.members();
  }

  watch(listener: Parameters<Peers['watch']>[0]): () => void {
    return this.#atlas.changed.add(listener);
  }

  ownerOf(shard: number): string | undefined {
    if (this.#options.keeper.epochOf(shard) !== undefined) return this.self;
    const owner = this.#atlas.ownerOf(shard);
    return owner === this.self ? undefined : owner;
  }

  suspect(_shard: number): void {
    this.#options.keeper.look();
  }

  watchOwners(listener: (shards: readonly number[]) => void): () => void {
    return this.#atlas.moved.add(({ shards }) => listener(shards));
  }

  told(kind: string, handler: (from: string, body: JsonObject) => void): () => void {
    return register(this.#told, kind, handler);
  }

  asked(kind: string, handler: (from: string, body: JsonObject) => Promise<JsonValue>): () => void {
    return register(this.#asked, kind, handler);
  }

  async announce(address: string): Promise<void> {
    await this.#describe({ address });
  }

  async drain(): Promise<void> {
    await this.#describe({ draining: true });
    await this.#options.keeper.drain();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#options.membership.leave();
    await this.link.stop();
  }

  clusterView(): ClusterView {
    return clusterView(this.#atlas, this.#options.keeper);
  }

  #handlers(): LinkHandlers {
    return {
      told: (from, { kind, body }) => handlerOf(this.#told, kind)(from, body),
      // A refusal is a rejection: it goes back to the asker by its code.
      asked: async (from, { kind, body }) => handlerOf(this.#asked, kind)(from, body),
    };
  }

  /** The row that the judge shows, and what the membership shows; one that is away hears of it when it is back. */
  async #describe(patch: Partial<Pick<MemberInfo, 'draining' | 'address'>>): Promise<void> {
    this.#atlas.describe(patch);
    await Promise.all([
      this.#options.keeper.describe(patch),
      this.#options.membership.update(patch).catch(() => undefined),
    ]);
  }

  #reportMoves({ shards, owners, first }: OwnersChange): void {
    if (first) return;
    const names = new Map(this.#atlas.members().map(({ bootId, name }) => [bootId, name]));
    for (const event of shardMoves(shards, owners, names)) this.#report(event);
  }

  #report(event: InspectionEvent): void {
    this.#options.report?.(event);
  }
}

function register<H>(handlers: Map<string, H>, kind: string, handler: H): () => void {
  if (handlers.has(kind)) throw errors.LINK_KIND_TAKEN({ kind });
  handlers.set(kind, handler);
  return () => void (handlers.get(kind) === handler && handlers.delete(kind));
}

function handlerOf<H>(handlers: ReadonlyMap<string, H>, kind: string): H {
  const handler = handlers.get(kind);
  if (handler === undefined) throw errors.LINK_KIND_UNKNOWN({ kind });
  return handler;
}
