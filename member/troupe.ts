import type { Logger } from 'pino';
import {
  ACTOR_LIMITS,
  binaryStore,
  Company,
  createEngine,
  createEventGate,
  createLoadGauge,
  DatabaseTime,
  IdPool,
  ringing,
  scheduleActor,
  shareBreakers,
  sharedClock,
  startRelay,
  watchedSpawn,
  type Definitions,
  type Engine,
  type FaultHook,
  type RelayReport,
  type ScheduleMessage,
  type Services,
} from '#actors';
import type { Metrics } from '#api';
import { shardOf } from '#cluster';
import { createHttpClient, createRunnerPool, startRunner } from '#nodes';
import {
  createCommitter,
  realClock,
  realRandom as random,
  type ActorSystem,
  type Journal,
  type JournalEvent,
  type NodeCatalog,
  type Step,
} from '#runtime';
import type { Storage } from '#storage';
import { createBreakers } from '#supervisors';
import { createLiveRelay, type Hub } from '#transport';
import type { Neighbours } from './neighbours.ts';

/** What everything that runs workflows is made from. */
export interface TroupeParts {
  readonly system: ActorSystem;
  readonly storage: Storage;
  readonly neighbours: Neighbours;
  readonly hub: Hub;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly catalog: NodeCatalog;
  readonly faults: FaultHook;
  readonly definitions: Definitions;
  readonly allowPrivateNetwork: boolean;
  /** With others: clocks, live streams and breakers are shared. */
  readonly clustered: boolean;
  owned(): readonly number[];
  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void;
  /** A step was refused: its shard is another's. */
  fenced(step: Step): void;
  publicUrl(): string;
}

/** The company at work, with what belongs to it. */
export interface Troupe {
  readonly company: Company;
  readonly engine: Engine;
  readonly definitions: Definitions;
  readonly binary: Services['binary'];
  schedule(message: ScheduleMessage): void;
  /** A commit beside the journal has left events in the outbox. */
  ring(): void;
  stop(): Promise<void>;
}

/** Starts the company, schedules, the relay of events and what they share with other members. */
export async function startTroupe(parts: TroupeParts): Promise<Troupe> {
  const { system, storage, neighbours, metrics, log, hub, owned } = parts;
  const time = new DatabaseTime(realClock, () => storage.now());
  await time.start();
  const clock = parts.clustered ? sharedClock(realClock, time) : realClock;
  const { peers, bus } = neighbours;
  const gate = createEventGate(
    (type) => bus.wants(type),
    (type) => metrics.eventSkipped(type),
  );
  const relay = startRelay(system, {
    clock: realClock,
    random,
    store: storage.outbox,
    bus,
    gate,
    owned,
    report: (report) => logRelay(log, report),
  });
  const committer = createCommitter({
    journal: {
      commit: ringing(
        (steps) => commit(parts, steps),
        () => relay.ring(),
      ),
    },
    clock: realClock,
    onBatch: ({ seconds, rows, fenced }) => {
      metrics.committed(seconds, rows);
      if (fenced > 0) metrics.fenced(fenced);
    },
  });
  const ids = new IdPool(storage.journal);
  await ids.fill();
  const http = createHttpClient({ allowPrivateNetwork: parts.allowPrivateNetwork });
  const spawn = watchedSpawn(system, { clock: realClock, random }, startRunner);
  const runners = createRunnerPool({ spawn, clock: realClock });
  const breakers = createBreakers({ clock: realClock, member: peers.self, report: (event) => system.report(event) });
  const load = createLoadGauge({ clock: realClock, committer });
  const binary = binaryStore(storage.blobs);
  const services: Services = {
    clock,
    random,
    journal: storage.journal,
    committer,
    workflows: parts.definitions,
    catalog: parts.catalog,
    factsOf: (node) => parts.catalog.facts(node),
    http,
    code: runners,
    binary,
    blobs: storage.blobs,
    breakers,
    live: { published: (...news) => parts.published(...news) },
    ...(parts.clustered && { news: newsOf(hub) }),
    faults: parts.faults,
    limits: ACTOR_LIMITS,
    peers,
    owner: {
      epochOf: (shard) => neighbours.keeper.epochOf(shard),
      state: () => neighbours.keeper.state(),
      nextId: (shard) => ids.next(owned(), shard),
      shardOf,
    },
    metrics,
    slots: storage.slots,
    load,
    events: gate,
    publicUrl: () => parts.publicUrl(),
  };
  const company = new Company({ system, services, owned });
  const engine = createEngine(company, () => breakers.snapshot());
  metrics.read({
    databaseConnections: () => storage.poolStats().active,
    queueDepth: () => company.live,
    shardsOwned: () => owned().length,
    tree: () => engine.tree(),
    outboxWaiting: () => relay.waiting(),
  });
  const schedules = system.spawn(
    'schedules',
    scheduleActor({
      engine,
      owner: services.owner,
      time,
      catalog: parts.catalog,
      report: (error) => log.warn({ err: error }, 'a due time could not be started; it is tried again'),
      missed: (missed) => {
        metrics.scheduleMissed(missed.count);
        log.error(missed, 'due times of a schedule were given up: nobody could start them in time');
      },
    }),
  );
  const together = parts.clustered ? share(parts, breakers) : [];
  await company.begin();
  return {
    company,
    engine,
    definitions: parts.definitions,
    binary,
    schedule: (message) => void system.tell(schedules, message),
    ring: () => relay.ring(),
    async stop() {
      for (const end of together) end();
      time.stop();
      load.stop();
      await company.stop();
      await system.shutdown();
      await committer.close();
      runners.stop();
      await http.close();
    },
  };
}

/** What members have in common beside the database: live streams and breakers. Returns the functions that end it. */
function share({ hub, neighbours }: TroupeParts, breakers: ReturnType<typeof createBreakers>): (() => void)[] {
  const { peers } = neighbours;
  const live = createLiveRelay({ hub, peers, clock: realClock, shardOf });
  return [() => live.stop(), shareBreakers({ breakers, peers, clock: realClock })];
}

/** News of an execution of another member are what its live stream tells. */
function newsOf(hub: Hub): NonNullable<Services['news']> {
  return {
    watch(executionId, listener) {
      try {
        return hub.subscribe({ executionId }, listener);
      } catch {
        // Too many subscribe already: the follower asks the database now and then.
        return () => {};
      }
    },
  };
}

/** Steps that come back fenced tell the keeper that the shard is another's. */
async function commit({ storage, faults, fenced }: TroupeParts, steps: readonly Step[]): ReturnType<Journal['commit']> {
  faults.at('commit.before');
  const outcomes = await storage.journal.commit(steps);
  faults.at('commit.after');
  outcomes.forEach((outcome, index) => {
    const step = steps[index];
    if (outcome.kind === 'fenced' && step) fenced(step);
  });
  return outcomes;
}

function logRelay(log: Logger, report: RelayReport): void {
  switch (report.type) {
    case 'busAway':
      return log.warn(
        { err: report.error, rows: report.rows, awayMs: report.awayMs },
        'the event bus takes nothing; events wait in the outbox',
      );
    case 'busBack':
      return log.info({ awayMs: report.awayMs }, 'the event bus takes events again');
    case 'outboxFull':
      return log.error({ rows: report.rows }, 'the outbox is full: runs leave no events until there is room');
    case 'outboxHasRoom':
      return log.info('the outbox has room: runs leave events again');
  }
}
