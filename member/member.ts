import type { Logger } from 'pino';
import { createApi, createMetrics, webhookAddresses, type Api } from '#api';
import type { Config, Member, MemberOptions } from '#cli';
import { Definitions, scheduledNodes, type FaultHook, type ScheduleMessage } from '#actors';
import { createCatalog } from '#nodes';
import {
  createSystem,
  realClock as clock,
  realRandom as random,
  type InspectionEvent,
  type JournalEvent,
  type Step,
} from '#runtime';
import type { Storage } from '#storage';
import { createHub } from '#transport';
import type { JsonObject } from '#workflow';
import { booksOf, makeOwner } from './books.ts';
import { clusterBook, DRAIN } from './cluster-book.ts';
import { openDatabase, type Database } from './database.ts';
import { alone, together, type Neighbours } from './neighbours.ts';
import { startTroupe, type Troupe } from './troupe.ts';

/** Every node type of this build. */
export const catalog = createCatalog();
/** What an active workflow listens on; the database keeps it unique. */
export const addressesOf = (id: string, source: JsonObject) => webhookAddresses(id, source, catalog);

/** A member that stops gives calls under way, and executions that end in a moment, this long before it gives its shards away. */
const SETTLE_MS = 2_000;
const SETTLE_LOOK_MS = 20;

/** The parts of one member, filled in phase by phase; `main.ts` says in which order, and stops them in reverse. */
export class MemberParts {
  readonly #options: MemberOptions;
  readonly #log: Logger;
  readonly #faults: FaultHook;
  readonly #bootId = random.hex(16);
  readonly #metrics = createMetrics({ defaults: true });
  readonly #hub = createHub({ failed: (error) => this.#log.error({ err: error }, 'a live subscriber failed') });
  readonly #system;
  readonly #watchers = new Set<Parameters<Member['watch']>[0]>();
  #owned: readonly number[] = [];
  #firstStart: Member['firstStart'];
  #address: string | undefined;
  #database!: Database;
  #neighbours!: Neighbours;
  #troupe: Troupe | undefined;
  #api: Api | undefined;

  constructor(options: MemberOptions, log: Logger, faults: FaultHook) {
    this.#options = options;
    this.#log = log;
    this.#faults = faults;
    this.#system = createSystem({
      name: options.config.memberName,
      clock,
      random,
      onBug: (error, where) => log.error({ err: error, where }, 'bug'),
    });
    this.#system.observe((event) => {
      this.#metrics.treeChanged(event);
      this.#hub.treeChanged(event);
      if (event.type === 'actor.quarantined') log.error(event, 'quarantined');
      else if (event.type === 'errorWorkflow.lost') log.error(event, 'a failed run cannot tell its error workflow');
      else if (event.type === 'actor.restarted' || event.type === 'actor.stopOverran') log.warn(event, event.type);
      else if (event.type === 'member.joined' || event.type === 'member.left') log.info(event, event.type);
    });
  }

  get storage(): Storage {
    return this.#database.storage;
  }

  async openDatabase(dataDir: string, dataDirId: string | undefined): Promise<void> {
    const announced = (): void => this.#troupe?.ring();
    const settings = { config: this.#options.config, log: this.#log, addressesOf, announced };
    this.#database = await openDatabase(settings, dataDir, dataDirId);
  }

  closeDatabase(): Promise<void> {
    return this.#database.close();
  }

  /** Claims shards: all of them, or this member's part. */
  async claim(): Promise<void> {
    const { config } = this.#options;
    const parts = {
      config,
      log: this.#log,
      storage: this.storage,
      metrics: this.#metrics,
      bootId: this.#bootId,
      report: (event: InspectionEvent) => this.#system.report(event),
    };
    this.#neighbours = config.amqpUrl === undefined ? alone(parts) : together({ ...parts, amqpUrl: config.amqpUrl });
    const { keeper } = this.#neighbours;
    const refresh = (): void => void (this.#owned = keeper.owned());
    keeper.observe({
      claimed: (claims) => {
        refresh();
        for (const _ of claims) this.#metrics.shardTakenOver();
        void this.#troupe?.company.gained();
      },
      lost: (shards, why) => {
        refresh();
        if (why !== 'released') this.#log.warn({ shards: shards.length, why }, 'shards lost');
        return this.#troupe?.company.lost(shards);
      },
      failed: (error, doing) => this.#log.warn({ err: error, doing }, 'the lease could not be looked after'),
      renewed: (seconds) => this.#metrics.leaseRenewed(seconds),
    });
    await keeper.start();
    refresh();
  }

  async letGo(): Promise<void> {
    await this.#neighbours.keeper.stop();
  }

  /** Starts everything that runs workflows, and joins the others when it can hear them. */
  async perform(): Promise<void> {
    const { config } = this.#options;
    const { privateAddresses } = config;
    this.#troupe = await startTroupe({
      system: this.#system,
      storage: this.storage,
      neighbours: this.#neighbours,
      hub: this.#hub,
      metrics: this.#metrics,
      log: this.#log,
      catalog,
      faults: this.#faults,
      definitions: this.#definitions(),
      allowPrivateNetwork: privateAddresses === 'allow',
      clustered: config.amqpUrl !== undefined,
      owned: () => this.#owned,
      published: (...news) => this.#publish(...news),
      fenced: (step: Step) => this.#neighbours.keeper.fenced(step.shard, step.epoch),
      publicUrl: () => this.#address ?? publicUrlOf(config),
    });
    this.#neighbours.peers.asked(DRAIN, async () => {
      this.#drainSoon();
      return {};
    });
    await this.#neighbours.open();
  }

  #definitions(): Definitions {
    const { storage } = this;
    const versions = {
      version: (id: string, version?: number) => storage.workflows.version(id, version),
      staticData: (id: string) => storage.staticData(id),
    };
    return new Definitions(versions, storage.blobs, (hit) => this.#metrics.cacheLookup(hit));
  }

  async rest(): Promise<void> {
    await this.#troupe?.stop();
  }

  async part(): Promise<void> {
    await this.#neighbours.close();
  }

  async listen(): Promise<void> {
    const { config, http } = this.#options;
    this.#firstStart = await makeOwner(this.storage, config);
    const troupe = this.#troupe;
    if (!http || troupe === undefined) return;
    const { storage } = this;
    const { peers } = this.#neighbours;
    const schedule = (workflowId: string, nodes: Extract<ScheduleMessage, { type: 'set' }>['nodes']): void =>
      troupe.schedule({ type: 'set', workflowId, nodes });
    this.#api = createApi({
      engine: troupe.engine,
      storage,
      definitions: troupe.definitions,
      catalog,
      hub: this.#hub,
      binary: troupe.binary,
      clock,
      random,
      config: { host: config.host, port: config.port },
      log: this.#log,
      metrics: this.#metrics,
      ready: () => this.#faultsOfReadiness(),
      triggers: {
        activated: (workflow, version, activeSince) =>
          schedule(workflow.id, scheduledNodes(workflow, version, catalog, activeSince)),
        deactivated: (workflowId) => schedule(workflowId, []),
      },
      peers,
      cluster: clusterBook(storage.leases, peers, () => this.#drainSoon()),
    });
    await this.#api.listen();
    const port = this.#api.address()?.port ?? config.port;
    this.#address = publicUrlOf({ host: config.host, port });
    await this.#neighbours.announce(port);
  }

  /** Takes no new work, lets what is short end, gives the rest to the others, and then answers nobody any more. */
  async hangUp(): Promise<void> {
    const company = this.#troupe?.company;
    company?.drain();
    if (this.#options.config.amqpUrl !== undefined) {
      const until = clock.monotonic() + SETTLE_MS;
      while ((company?.live ?? 0) > 0 && clock.monotonic() < until) await pause(SETTLE_LOOK_MS);
    }
    await this.#neighbours.drain();
    await this.#api?.close();
  }

  /** A wish of the command line or the API: it goes on answering, and is stopped by whoever runs it. */
  #drainSoon(): void {
    this.#log.info('draining: the shards go to other members');
    this.#neighbours.drain().catch((error: unknown) => this.#log.error({ err: error }, 'draining failed'));
  }

  asMember(stop: () => Promise<void>): Member {
    if (this.#troupe === undefined) throw new TypeError('the member has not been started');
    return {
      ...booksOf(this.storage),
      engine: this.#troupe.engine,
      events: { subscribe: (subscription) => this.#neighbours.bus.subscribe(subscription) },
      ...(this.#address !== undefined && { address: this.#address }),
      ...(this.#firstStart && { firstStart: this.#firstStart }),
      watch: (listener) => this.#watch(listener),
      stop,
    };
  }

  #watch(listener: Parameters<Member['watch']>[0]): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  #publish(executionId: string, workflowId: string, events: readonly JournalEvent[]): void {
    this.#hub.published(executionId, workflowId, events);
    for (const watcher of this.#watchers) watcher(executionId, events);
  }

  /** Why this member should get no calls; empty = ready. */
  async #faultsOfReadiness(): Promise<readonly string[]> {
    const database = await this.storage.ping().then(
      () => [],
      (error: unknown) => [`database: ${error instanceof Error ? error.message : String(error)}`],
    );
    const state = this.#neighbours.keeper.state();
    const lease = state === 'held' ? [] : [`lease: ${state}`];
    // A start needs a shard of this member's own: until the others have given it some, calls are better off elsewhere.
    const shards = this.#owned.length > 0 ? [] : ['shards: this member owns none yet'];
    return [...database, ...lease, ...shards, ...this.#neighbours.faults()];
  }
}

/** Where this member is reached, as far as its own listener tells. */
function publicUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  return `http://${host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
