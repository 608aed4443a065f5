import {
  createCommitter,
  createSystem,
  seededRandom,
  type ActorSystem,
  type Journal,
  type LeaseStore,
  type Link,
  type MemberInfo,
  type Membership,
  type MemoryStore,
} from '#runtime';
import {
  ACTOR_LIMITS,
  Company,
  createEngine,
  DatabaseTime,
  IdPool,
  NO_FAULTS,
  sharedClock,
  type Engine,
  type Services,
} from '#actors';
import {
  createLeaseKeeper,
  createPeers,
  shardOf,
  type ClusterPeers,
  type LeaseKeeper,
  type LeasePulse,
} from '#cluster';
import type { JsonObject } from '#workflow';
import { sourceOf, testCatalog, type Execute, type Stage } from '../../../actors/testing.ts';
import type { MemberClock } from './member-clock.ts';

/**
 * How a member reaches the database: it does; every call fails at once; no answer comes before HANG_MS; calls happen,
 * but their answers are lost.
 */
export type Reach = 'well' | 'refused' | 'silent' | 'deaf';

/** What `pg` waits for an answer before it gives the connection up. */
const HANG_MS = 10_000;

/** What one simulated member is made of. */
export interface MemberParts {
  readonly bootId: string;
  readonly name: string;
  readonly clock: MemberClock;
  readonly seed: number;
  readonly store: MemoryStore;
  /** Renewals that are not what they should be. */
  readonly pulse?: LeasePulse | undefined;
  /** What time it is for the database. */
  databaseNow(): number;
  readonly link: Link;
  readonly workflows: Map<string, JsonObject>;
  readonly behaviours: Record<string, Execute>;
  readonly calls: Stage['calls'];
  readonly live: Services['live'];
  /** Mutants and recorders. */
  alter(services: Services, member: SimulatedMember): Services;
  /** The journal as this member's statements reach it. */
  readonly journal: Journal;
}

/** A member as `main.ts` joins it, over twins, with a process that can be stopped, cut off and killed. */
export class SimulatedMember {
  readonly bootId: string;
  readonly name: string;
  readonly clock: MemberClock;
  readonly keeper: LeaseKeeper;
  readonly peers: ClusterPeers;
  readonly company: Company;
  readonly engine: Engine;
  readonly #system: ActorSystem;
  readonly #ids: IdPool;
  readonly #time: DatabaseTime;
  #owned: readonly number[] = [];
  reach: Reach = 'well';
  /** It was told to stop, or killed: nobody calls it any more. */
  gone = false;

  constructor(parts: MemberParts) {
    const { bootId, name, clock, store, link, workflows, behaviours, calls } = parts;
    this.bootId = bootId;
    this.name = name;
    this.clock = clock;
    const random = seededRandom(parts.seed);
    const info: MemberInfo = { bootId, name, tags: [], draining: false };
    const journal = this.#through(parts.journal);
    const leases: LeaseStore = this.#through(store.leases);
    this.keeper = createLeaseKeeper({
      store: leases,
      clock,
      member: { bootId, name, tags: [] },
      wanted: 'shared',
      ...(parts.pulse && { pulse: parts.pulse }),
      events: {
        claimed: () => {
          this.#owned = this.keeper.owned();
          void this.company.gained();
        },
        lost: (shards) => {
          this.#owned = this.keeper.owned();
          return this.company.lost(shards);
        },
      },
    });
    this.peers = createPeers({ self: info, link, membership: soloMembership(info), keeper: this.keeper, clock });
    this.#system = createSystem({ name, clock, random });
    const database = this.#through({ now: async () => parts.databaseNow() });
    this.#time = new DatabaseTime(clock, () => database.now());
    const committer = createCommitter({ journal: { commit: (steps) => this.#commit(journal, steps) }, clock });
    this.#ids = new IdPool(journal);
    const catalog = testCatalog(behaviours, calls, () => clock.dead);
    const services: Services = {
      clock: sharedClock(clock, this.#time),
      random,
      journal,
      committer,
      workflows: sourceOf(workflows, store),
      catalog,
      factsOf: (node) => catalog.facts(node),
      http: { request: () => Promise.reject(new Error('no network in a simulation')) },
      code: { run: () => Promise.reject(new Error('no runner in a simulation')) },
      binary: { read: async () => new Uint8Array(), write: async (_, meta) => ({ id: 'x', ...meta }) },
      blobs: { put: async () => 'sha', get: async () => undefined },
      breakers: { admit: () => ({ admitted: true }), record: () => {} },
      live: parts.live,
      faults: NO_FAULTS,
      limits: ACTOR_LIMITS,
      peers: this.peers,
      owner: {
        epochOf: (shard) => this.keeper.epochOf(shard),
        state: () => this.keeper.state(),
        nextId: (shard) => this.#ids.next(this.#owned, shard),
        shardOf,
      },
      slots: this.#through(store.slots),
      metrics: { started: () => {}, ended: () => {}, node: () => {} },
    };
    const altered = parts.alter(services, this);
    this.company = new Company({ system: this.#system, services: altered, owned: () => this.#owned });
    this.engine = createEngine(this.company, () => []);
  }

  /** Rejects when the database cannot be reached; then the process ends, as a real one does. */
  async start(): Promise<void> {
    await this.#time.start();
    await this.#ids.fill();
    await this.keeper.start();
    await this.peers.start();
    await this.company.begin();
  }

  /** The planned stop, as at a rolling restart. */
  async leave(): Promise<void> {
    this.gone = true;
    this.company.drain();
    await this.peers.drain();
    await this.peers.stop();
    await this.company.stop();
    this.#time.stop();
    await this.#system.shutdown();
    await this.keeper.stop();
  }

  /** kill -9: nothing it has not committed survives, and nothing it does counts any more. */
  kill(): void {
    this.gone = true;
    this.clock.kill();
  }

  async #commit(journal: Journal, steps: Parameters<Journal['commit']>[0]): ReturnType<Journal['commit']> {
    const outcomes = await journal.commit(steps);
    outcomes.forEach((outcome, index) => {
      const step = steps[index];
      if (outcome.kind === 'fenced' && step) this.keeper.fenced(step.shard, step.epoch);
    });
    return outcomes;
  }

  /** Every method as this process reaches it: not at all, late, or with its answer lost; no answer while stopped. */
  #through<T extends object>(target: T): T {
    const call = async (key: string | symbol, args: unknown[]): Promise<unknown> => {
      if (this.clock.dead) return never();
      const reach = this.reach;
      if (reach === 'refused') throw new Error('the database cannot be reached');
      if (reach === 'silent') return this.#giveUp();
      const method: unknown = Reflect.get(target, key);
      if (typeof method !== 'function') throw new TypeError(`${String(key)} is no method`);
      const answer: unknown = await Reflect.apply(method, target, args);
      if (reach === 'deaf') return this.#giveUp();
      await new Promise<void>((resolve) => this.clock.whenRunning(resolve));
      return answer;
    };
    return new Proxy(target, {
      get:
        (_, key) =>
        (...args: unknown[]) =>
          call(key, args),
    });
  }

  async #giveUp(): Promise<never> {
    await new Promise<void>((resolve) => void this.clock.after(HANG_MS, resolve));
    throw new Error('the database did not answer');
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Membership is a hint: in the simulation nobody gives one, the leases alone tell who lives. */
function soloMembership(self: MemberInfo): Membership {
  return {
    join: async () => {},
    members: () => [self],
    state: () => 'up',
    watch: () => () => {},
    update: async () => {},
    leave: async () => {},
  };
}
