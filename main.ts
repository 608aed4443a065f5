/**
 * The composition root: the only file that knows every folder. It joins ports to adapters, starts a member phase by
 * phase, and stops it in reverse.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { pino, type Logger } from 'pino';
import {
  ACTOR_LIMITS,
  binaryStore,
  Company,
  createEngine,
  DatabaseTime,
  Definitions,
  IdPool,
  NO_FAULTS,
  scheduleActor,
  scheduledNodes,
  watchedSpawn,
  type Engine,
  type FaultHook,
  type ScheduleMessage,
  type Services,
} from '#actors';
import { createApi, createMetrics, webhookAddresses, type Api } from '#api';
import {
  cliErrors,
  runCli,
  type Accounts,
  type Books,
  type Config,
  type Member,
  type MemberOptions,
  type WorkflowBook,
} from '#cli';
import { createLeaseKeeper, shardOf, type LeaseKeeper } from '#cluster';
import { createCatalog, createHttpClient, createRunnerPool, startRunner } from '#nodes';
import {
  createCommitter,
  createSystem,
  lonePeers,
  realClock as clock,
  realRandom as random,
  type JournalEvent,
  type Peers,
  type Ref,
  type Step,
} from '#runtime';
import { findEmbedded, lockDataDir, openStorage, startEmbedded, type Storage } from '#storage';
import type { JsonObject } from '#workflow';
import { createBreakers, startPhases, type Phase, type PhaseReport } from '#supervisors';
import { createHub } from '#transport';
import { clusterBook } from './member/cluster-book.ts';

/** Time each phase has to stop; a phase that overruns is reported and given up on. */
const DRAIN_MS = 15_000;
const STOP_MS = 10_000;
/** Journal partitions are to be spans of about a day, so that retention can drop them whole. */
const ROTATION_MS = 24 * 3_600_000;

const catalog = createCatalog();
/** What an active workflow listens on; the database keeps it unique. */
const addressesOf = (id: string, source: JsonObject) => webhookAddresses(id, source, catalog);

/** Starts one member in this process; resolves when it is ready to take work. */
export async function startMember(options: MemberOptions, faults: FaultHook = NO_FAULTS): Promise<Member> {
  refuseCluster(options.config);
  const log = logger(options);
  const place = openPlace(options);
  const member = new MemberParts(options, log, faults);
  const phases: Phase[] = [
    place,
    phase(
      'database',
      () => member.openDatabase(place.dataDir, place.dataDirId()),
      () => member.closeDatabase(),
    ),
    phase(
      'lease',
      () => member.claim(),
      () => member.keeper.stop(),
    ),
    phase(
      'actors',
      () => member.perform(),
      () => member.rest(),
    ),
    phase(
      'gateway',
      () => member.listen(),
      () => member.hangUp(),
      DRAIN_MS,
    ),
  ];
  const running = await startPhases(phases, { clock, onStopped: (report) => logStop(log, report) });
  return member.asMember(() => running.stop().then(() => undefined));
}

/** Opens the database and nothing else, for commands that manage what is stored; also beside a member at work. */
export async function openBooks(config: Config): Promise<Books> {
  const log = logger({ config, http: false, throwAway: false });
  const { databaseUrl, dataDir } = config;
  const connection = databaseUrl ?? (await findEmbedded({ dataDir, log }))?.connection;
  if (connection !== undefined) {
    const storage = await openStorage({ connection, log, addressesOf });
    return { ...booksOf(storage), stop: () => storage.close() };
  }
  const member = new MemberParts({ config, http: false, throwAway: false }, log, NO_FAULTS);
  const place = openPlace({ config, http: false, throwAway: false });
  const phases = [
    place,
    phase(
      'database',
      () => member.openDatabase(place.dataDir, undefined),
      () => member.closeDatabase(),
    ),
  ];
  const running = await startPhases(phases, { clock });
  return { ...booksOf(member.storage), stop: () => running.stop().then(() => undefined) };
}

function refuseCluster({ amqpUrl, consulAddress }: Config): void {
  if (amqpUrl !== undefined) throw cliErrors.CLUSTER_NOT_SUPPORTED({ variable: 'AMQP_URL' });
  if (consulAddress !== undefined) throw cliErrors.CLUSTER_NOT_SUPPORTED({ variable: 'CONSUL_HTTP_ADDR' });
}

/** Logs go to standard error: standard output belongs to results. A command that ends by itself speaks up for errors only. */
function logger({ config, http }: MemberOptions): Logger {
  const level = !http && config.logLevel === 'info' ? 'error' : config.logLevel;
  const redact = ['req.headers.authorization', 'req.headers["x-n8n-api-key"]'];
  return pino({ level, redact, base: { member: config.memberName } }, pino.destination(2));
}

function phase(name: string, start: Phase['start'], stop: Phase['stop'], stopDeadlineMs = STOP_MS): Phase {
  return { name, start, stop, stopDeadlineMs };
}

function logStop(log: Logger, { name, ms, result, error }: PhaseReport): void {
  if (result === 'stopped') log.debug({ phase: name, ms }, 'stopped');
  else log.warn({ phase: name, ms, result, err: error }, 'a phase did not stop as it should');
}

/** The data directory: locked for this process; a throw-away one is removed at the end. */
function openPlace({ config, throwAway }: MemberOptions): Phase & { dataDir: string; dataDirId(): string | undefined } {
  const dataDir = throwAway ? mkdtempSync(join(tmpdir(), 'troupe-')) : config.dataDir;
  let lock: ReturnType<typeof lockDataDir> | undefined;
  const stop = (): void => {
    lock?.release();
    if (throwAway) rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    ...phase('data directory', () => void (lock = lockDataDir(dataDir)), stop),
    dataDir,
    dataDirId: () => lock?.dataDirId,
  };
}

/** The parts of one member, filled in phase by phase. */
class MemberParts {
  readonly #options: MemberOptions;
  readonly #log: Logger;
  readonly #faults: FaultHook;
  readonly #bootId = random.hex(16);
  readonly #peers: Peers;
  readonly #metrics = createMetrics({ defaults: true });
  readonly #hub = createHub({ failed: (error) => this.#log.error({ err: error }, 'a live subscriber failed') });
  readonly #system;
  readonly #watchers = new Set<Parameters<Member['watch']>[0]>();
  #owned: readonly number[] = [];
  #closeDatabase: () => Promise<void> = async () => {};
  #cancelRotation: () => void = () => {};
  #firstStart: Member['firstStart'];
  #address: string | undefined;
  storage!: Storage;
  keeper!: LeaseKeeper;
  #company!: Company;
  #engine!: Engine;
  #api: Api | undefined;
  #schedules!: Ref<ScheduleMessage>;
  #definitions!: Definitions;
  #stopActors: () => Promise<void> = async () => {};

  constructor(options: MemberOptions, log: Logger, faults: FaultHook) {
    this.#options = options;
    this.#log = log;
    this.#faults = faults;
    const { memberName: name, memberTags: tags } = options.config;
    this.#peers = lonePeers({ bootId: this.#bootId, name, tags, draining: false });
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
    });
  }

  async openDatabase(dataDir: string, dataDirId: string | undefined): Promise<void> {
    const { config } = this.#options;
    const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir, log: this.#log }) : undefined;
    embedded?.onExit((reason) => this.#log.error({ reason }, 'the embedded database died; it is started again'));
    try {
      const connection = embedded?.connection ?? config.databaseUrl ?? '';
      const options = { connection, log: this.#log, addressesOf };
      this.storage = await openStorage({ ...options, ...(dataDirId !== undefined && { dataDirId }) });
    } catch (error) {
      await embedded?.stop();
      throw error;
    }
    this.#rotateLater();
    this.#closeDatabase = async () => {
      this.#cancelRotation();
      await this.storage.close();
      await embedded?.stop();
    };
    const versions = {
      version: (id: string, version?: number) => this.storage.workflows.version(id, version),
      staticData: (id: string) => this.storage.staticData(id),
    };
    this.#definitions = new Definitions(versions, this.storage.blobs, (hit) => this.#metrics.cacheLookup(hit));
  }

  /** A rotation that fails leaves the partition in use longer, which costs nothing but disk. */
  #rotateLater(): void {
    this.#cancelRotation = clock.after(ROTATION_MS, () => {
      this.#rotateLater();
      this.storage.retention.rotate().catch((error: unknown) => {
        this.#log.warn({ err: error }, 'no fresh journal partition was made; tomorrow again');
      });
    });
  }

  closeDatabase(): Promise<void> {
    return this.#closeDatabase();
  }

  async claim(): Promise<void> {
    const { config } = this.#options;
    const member = { bootId: this.#bootId, name: config.memberName, tags: config.memberTags };
    const refresh = (): void => void (this.#owned = this.keeper.owned());
    this.keeper = createLeaseKeeper({
      store: this.storage.leases,
      clock,
      member,
      events: {
        claimed: (claims) => {
          refresh();
          for (const _ of claims) this.#metrics.shardTakenOver();
          void this.#company?.gained();
        },
        lost: (shards, why) => {
          refresh();
          if (why !== 'released') this.#log.warn({ shards: shards.length, why }, 'shards lost');
          void this.#company?.lost(shards);
        },
        failed: (error, doing) => this.#log.warn({ err: error, doing }, 'the lease could not be looked after'),
        renewed: (seconds) => this.#metrics.leaseRenewed(seconds),
      },
    });
    await this.keeper.start();
    refresh();
  }

  /** Starts the company: everything that runs workflows. */
  async perform(): Promise<void> {
    const { keeper, storage } = this;
    const metrics = this.#metrics;
    const committer = createCommitter({
      journal: { commit: (steps) => this.#commit(steps) },
      clock,
      onBatch: ({ seconds, rows, fenced }) => {
        metrics.committed(seconds, rows);
        if (fenced > 0) metrics.fenced(fenced);
      },
    });
    const ids = new IdPool(storage.journal);
    await ids.fill();
    const http = createHttpClient({ allowPrivateNetwork: this.#options.config.privateAddresses === 'allow' });
    const runners = createRunnerPool({ spawn: watchedSpawn(this.#system, { clock, random }, startRunner), clock });
    const breakers = createBreakers({ clock, report: (event) => this.#system.report(event) });
    const services: Services = {
      clock,
      random,
      journal: storage.journal,
      committer,
      workflows: this.#definitions,
      catalog,
      factsOf: (node) => catalog.facts(node),
      http,
      code: runners,
      binary: binaryStore(storage.blobs),
      blobs: storage.blobs,
      breakers,
      live: { published: (...news) => this.#publish(...news) },
      faults: this.#faults,
      limits: ACTOR_LIMITS,
      peers: this.#peers,
      owner: {
        epochOf: (shard) => keeper.epochOf(shard),
        state: () => keeper.state(),
        nextId: (shard) => ids.next(this.#owned, shard),
        shardOf,
      },
      metrics,
      publicUrl: () => this.#address ?? publicUrlOf(this.#options.config),
    };
    this.#company = new Company({ system: this.#system, services, owned: () => this.#owned });
    this.#engine = createEngine(this.#company, () => breakers.snapshot());
    metrics.read({
      databaseConnections: () => storage.poolStats().active,
      queueDepth: () => this.#company.live,
      shardsOwned: () => this.#owned.length,
      tree: () => this.#engine.tree(),
    });
    const time = new DatabaseTime(clock, () => storage.now());
    await time.start();
    this.#schedules = this.#system.spawn(
      'schedules',
      scheduleActor({
        engine: this.#engine,
        owner: services.owner,
        time,
        catalog,
        report: (error) => this.#log.warn({ err: error }, 'a due time could not be started; it is tried again'),
        missed: (missed) => {
          metrics.scheduleMissed(missed.count);
          this.#log.error(missed, 'due times of a schedule were given up: nobody could start them in time');
        },
      }),
    );
    await this.#company.begin();
    this.#stopActors = async () => {
      time.stop();
      await this.#company.stop();
      await this.#system.shutdown();
      await committer.close();
      runners.stop();
      await http.close();
    };
  }

  /** Steps that come back fenced tell the keeper that the shard is another's. */
  async #commit(steps: readonly Step[]): ReturnType<Storage['journal']['commit']> {
    this.#faults.at('commit.before');
    const outcomes = await this.storage.journal.commit(steps);
    this.#faults.at('commit.after');
    outcomes.forEach((outcome, index) => {
      const step = steps[index];
      if (outcome.kind === 'fenced' && step) this.keeper.fenced(step.shard, step.epoch);
    });
    return outcomes;
  }

  rest(): Promise<void> {
    return this.#stopActors();
  }

  async listen(): Promise<void> {
    const { config, http } = this.#options;
    this.#firstStart = await makeOwner(this.storage, config);
    if (!http) return;
    const { storage } = this;
    this.#api = createApi({
      engine: this.#engine,
      storage,
      definitions: this.#definitions,
      catalog,
      hub: this.#hub,
      binary: binaryStore(storage.blobs),
      clock,
      random,
      config: { host: config.host, port: config.port },
      log: this.#log,
      metrics: this.#metrics,
      ready: () => this.#faultsOfReadiness(),
      triggers: {
        activated: (workflow, version, activeSince) =>
          this.#schedule(workflow.id, scheduledNodes(workflow, version, catalog, activeSince)),
        deactivated: (workflowId) => this.#schedule(workflowId, []),
      },
      cluster: clusterBook(storage.leases, this.#peers, () => {}),
    });
    await this.#api.listen();
    const bound = this.#api.address();
    this.#address = publicUrlOf({ host: config.host, port: bound?.port ?? config.port });
  }

  async hangUp(): Promise<void> {
    this.#company.drain();
    await this.#api?.close();
  }

  asMember(stop: () => Promise<void>): Member {
    return {
      ...booksOf(this.storage),
      engine: this.#engine,
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

  #schedule(workflowId: string, nodes: Extract<ScheduleMessage, { type: 'set' }>['nodes']): void {
    this.#system.tell(this.#schedules, { type: 'set', workflowId, nodes });
  }

  /** Why this member should get no calls; empty = ready. */
  async #faultsOfReadiness(): Promise<readonly string[]> {
    const database = await this.storage.ping().then(
      () => undefined,
      (error: unknown) => `database: ${error instanceof Error ? error.message : String(error)}`,
    );
    const lease = this.keeper.state() === 'held' ? undefined : `lease: ${this.keeper.state()}`;
    return [database, lease].filter((reason) => reason !== undefined);
  }
}

/** Where this member is reached, as far as its own listener tells. */
function publicUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  return `http://${host === '127.0.0.1' || host === '0.0.0.0' ? 'localhost' : host}:${port}`;
}

/** Workflows and accounts as the commands see them. */
function booksOf(storage: Storage): { workflows: WorkflowBook; accounts: Accounts } {
  return {
    workflows: {
      save: (json) => storage.workflows.save(json),
      find: async (id) => (await storage.workflows.get(id))?.source,
      all: async () => (await storage.workflows.all()).map(({ source }) => source),
    },
    accounts: {
      createUser: (user) => storage.users.create(user),
      async createApiKey({ label, email }) {
        const user = email === undefined ? await storage.users.owner() : await storage.users.byEmail(email);
        if (!user) throw cliErrors.USER_UNKNOWN({ email: email ?? 'the owner' });
        return storage.apiKeys.create({ userId: user.id, label });
      },
    },
  };
}

/** The owner and an API key, made at the first start; what was generated is given back, this once. */
async function makeOwner(storage: Storage, { owner: wanted }: Config): Promise<Member['firstStart']> {
  const known = await storage.users.owner();
  if (known) {
    if (wanted.apiKey !== undefined)
      await storage.apiKeys.create({ userId: known.id, label: 'environment', key: wanted.apiKey });
    return undefined;
  }
  const email = wanted.email ?? 'owner@localhost';
  const owner = await storage.users.create({
    email,
    role: 'owner',
    ...(wanted.password !== undefined && { password: wanted.password }),
  });
  const key = await storage.apiKeys.create({
    userId: owner.id,
    label: 'first start',
    ...(wanted.apiKey !== undefined && { key: wanted.apiKey }),
  });
  return {
    email,
    ...(owner.password !== undefined && { password: owner.password }),
    ...(wanted.apiKey === undefined && { apiKey: key.key }),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await runCli(process.argv.slice(2), { startMember, openBooks, catalog });
}
