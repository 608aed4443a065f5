import { parseWorkflow, type Item, type JsonObject } from '#workflow';
import {
  seededRandom,
  SimulatedClock,
  type BlobStore,
  type MembershipChange,
  type MemoryStore,
  type NodeContext,
  type Peers,
} from '#runtime';
import { binaryStore } from '../binary-store.ts';
import type { RunHandle } from '../engine.ts';
import { TestNetwork } from '#runtime';
import { makeStage, type Stage, type StageOptions } from '../testing.ts';

/** A member of a test cluster. */
export interface TestMember extends Stage {
  name: string;
}

/**
 * Test support: members over one database in memory and one network. The member made last owns all shards, as after a
 * takeover, so performers are made first; only owners look for work by themselves.
 */
export class TestCluster {
  readonly clock = new SimulatedClock();
  readonly network: TestNetwork;
  readonly blobs: BlobStore & { size(): number } = memoryBlobs();
  readonly #tags = new Map<string, readonly string[]>();
  readonly #workflows = new Map<string, JsonObject>();
  #store: MemoryStore | undefined;
  #seed = 0;

  constructor(seed = 1) {
    this.network = new TestNetwork(this.clock, seededRandom(seed));
  }

  get store(): MemoryStore {
    return this.#store as MemoryStore; // there from the first member on
  }

  async join(
    name: string,
    tags: readonly string[],
    options: StageOptions & { owner?: boolean } = {},
  ): Promise<TestMember> {
    this.#seed += 1;
    this.#tags.set(name, tags);
    const peers = this.#tagged(this.network.join(name));
    const stage = await makeStage({
      clock: this.clock,
      seed: this.#seed,
      workflows: this.#workflows,
      bootId: name,
      ...(this.#store && { store: this.#store }),
      ...options,
      limits: { ...(!options.owner && { sweepMs: 1e12 }), ...options.limits },
      alter: (plain) => {
        const { blobs } = this;
        const services = { ...plain, peers, blobs, binary: binaryStore(blobs) };
        return options.alter?.(services) ?? services;
      },
    });
    this.#store = stage.store;
    if (options.owner) {
      this.network.own(
        Array.from({ length: 512 }, (_, shard) => shard),
        name,
      );
    }
    return { ...stage, name };
  }

  /** Others see it with other tags from now on. */
  tag(member: TestMember, tags: readonly string[]): void {
    this.#tags.set(member.name, tags);
    this.network.join('stranger');
    this.network.leave('stranger');
  }

  /** As kill -9: it writes nothing more, is out of the view of the others, and says nothing more. */
  die(member: TestMember): void {
    member.kill();
    this.silence(member);
    this.network.leave(member.name);
  }

  /** What it says reaches nobody, and it hears nobody; the others still take it for a member. */
  silence(member: TestMember): void {
    this.#mute.add(member.name);
  }

  hear(member: TestMember): void {
    this.#mute.delete(member.name);
  }

  readonly #mute = new Set<string>();

  /** TestNetwork's peers know no tags and no silence. */
  #tagged(peers: Peers): Peers {
    const known = (members: ReturnType<Peers['members']>): ReturnType<Peers['members']> =>
      members.map((member) => ({ ...member, tags: this.#tags.get(member.bootId) ?? [] }));
    const cut = (to: string): boolean => this.#mute.has(to) || this.#mute.has(peers.self);
    const { link } = peers;
    return {
      self: peers.self,
      link: {
        ...link,
        tell: (to, message) => (cut(to) ? Promise.resolve(false) : link.tell(to, message)),
        ask: (to, message, ms) =>
          cut(to)
            ? new Promise((_, reject) => {
                this.clock.after(ms, () => reject(Object.assign(new Error('late'), { code: 'LINK_ASK_TIMEOUT' })));
              })
            : link.ask(to, message, ms),
      },
      members: () => known(peers.members()),
      watch: (listener) =>
        peers.watch(({ members, joined, left }: MembershipChange) =>
          listener({ members: known(members), joined: known(joined), left: known(left) }),
        ),
      ownerOf: (shard) => peers.ownerOf(shard),
      suspect: (shard) => peers.suspect(shard),
      watchOwners: (listener) => peers.watchOwners(listener),
      told: (kind, handler) => peers.told(kind, handler),
      asked: (kind, handler) => peers.asked(kind, handler),
    };
  }
}

function memoryBlobs(): BlobStore & { size(): number } {
  const blobs = new Map<string, Uint8Array>();
  return {
    size: () => blobs.size,
    put: async (bytes) => {
      const id = `blob-${blobs.size}`;
      blobs.set(id, bytes);
      return id;
    },
    get: async (id) => blobs.get(id),
  };
}

/** Starts a workflow on a member; it is stored for all. */
export function begin(member: TestMember, json: JsonObject, items: Item[] = [{ json: { n: 1 } }]): RunHandle {
  const workflow = parseWorkflow(json, { id: String(json['id']) });
  member.workflows.set(workflow.id, json);
  const trigger = workflow.nodes[0]?.name ?? '';
  const handle = member.company.start({
    workflow,
    workflowVersion: 1,
    mode: 'webhook',
    trigger,
    items,
    acceptEarly: true,
  });
  // Looked at where a test means it; a member that dies leaves them open or rejected.
  for (const moment of [handle.accepted, handle.responded, handle.ended]) moment.catch(() => {});
  return handle;
}

/** The same workflow with a placement on the node at this index. */
export function placed(json: JsonObject, index: number, ...tags: string[]): JsonObject {
  const nodes = (json['nodes'] as JsonObject[]).map((node, at) => (at === index ? { ...node, placement: tags } : node));
  return { ...json, nodes };
}

/** A node's work that goes on until it is told how it ends. */
export interface Slow {
  readonly runs: { context: NodeContext; finish(items: Item[]): void; fail(error: Error): void }[];
  readonly work: (context: NodeContext) => Promise<{ kind: 'outputs'; outputs: Item[][] }>;
}

export function slow(): Slow {
  const runs: Slow['runs'] = [];
  const work: Slow['work'] = (context) =>
    new Promise((resolve, reject) => {
      runs.push({ context, finish: (items) => resolve({ kind: 'outputs', outputs: [items] }), fail: reject });
    });
  return { runs, work };
}
