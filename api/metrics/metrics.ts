import type { RefusalReason } from '#actors';
import type { ActorInfo, InspectionEvent } from '#runtime';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { API_LIMITS } from '../limits.ts';
import { CountTable, boundedLabel } from './count-table.ts';

/**
 * All metrics of this member, declared in one place; everyone else only calls these methods. The names are the
 * contract (see docs). Labels are bounded: `endpoint` is a route pattern, nothing carries an execution id.
 */
export interface Metrics {
  /** One HTTP answer. `seconds` from the first byte of the request, `bytes` of the body. */
  httpAnswered(method: string, endpoint: string, status: number, seconds: number, bytes: number): void;
  workflowCreated(): void;
  /** An execution began; `ended` when it reached a terminal state. */
  started(): void;
  ended(status: 'success' | 'error' | 'canceled', seconds: number): void;
  node(nodeType: string, status: 'success' | 'error'): void;
  /** A start was turned away. `reason` is one of the few that the admission knows. */
  refused(reason: RefusalReason | 'queue'): void;
  /** One commit of the journal. */
  committed(seconds: number, rows: number): void;
  fenced(rows?: number): void;
  leaseRenewed(seconds: number): void;
  shardTakenOver(): void;
  /** Due times of schedules that were given up. */
  scheduleMissed(count: number): void;
  /** Event bus. */
  published(eventType: string): void;
  consumed(eventType: string, status: 'ok' | 'failed'): void;
  /** An event that was not written because the outbox is full. */
  eventSkipped(eventType: string): void;
  /** A look-up in a cache of compiled workflows. */
  cacheLookup(hit: boolean): void;
  /** Restarts, dead letters and breakers of the actor system. */
  treeChanged(event: InspectionEvent): void;
  /** Values that are read when somebody scrapes. May be called more than once; later sources add to earlier ones. */
  read(sources: GaugeSources): void;
  /** Prometheus text, and its content type. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Where the gauges are read from at a scrape; each must answer at once. */
export interface GaugeSources {
  /** Connections to PostgreSQL in use. */
  databaseConnections?: () => number;
  /** Executions alive on this member. */
  queueDepth?: () => number;
  shardsOwned?: () => number;
  /** Rows of the outbox that wait for the bus, as last counted. */
  outboxWaiting?: () => number;
  tree?: () => readonly ActorInfo[];
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const COMMIT_SECONDS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.5, 2];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const BYTES = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const BREAKER_VALUE = { 'breaker.closed': 0, 'breaker.halfOpen': 1, 'breaker.opened': 2 } as const;

/** Makes the metrics of one member. `defaults` adds those of the process (heap, event loop); off in tests. */
export function createMetrics(options: { defaults?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (options.defaults === true) collectDefaultMetrics({ register: registry });
  const cache = { hits: 0, lookups: 0 };
  return {
    ...httpMetrics(registry),
    ...executionMetrics(registry),
    ...journalMetrics(registry),
    ...busMetrics(registry),
    cacheLookup(hit) {
      cache.lookups += 1;
      if (hit) cache.hits += 1;
    },
    treeChanged: treeMetrics(registry),
    read: gauges(registry, () => (cache.lookups === 0 ? 1 : cache.hits / cache.lookups)),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function httpMetrics(registry: Registry): Pick<Metrics, 'httpAnswered'> {
  const requests = new CountTable(registry, 'http_requests_total', 'Answers by route pattern', [
    'method',
    'endpoint',
    'status',
  ]);
  const duration = histogram(registry, 'http_request_duration_seconds', 'From request to answer', SECONDS);
  const size = histogram(registry, 'http_response_size_bytes', 'Bytes of answer bodies', BYTES);
  return {
    httpAnswered(method, endpoint, status, seconds, bytes) {
      requests.add(method, endpoint, String(status));
      duration.observe(seconds);
      size.observe(bytes);
    },
  };
}

function executionMetrics(
  registry: Registry,
): Pick<Metrics, 'workflowCreated' | 'started' | 'ended' | 'node' | 'refused'> {
  const created = new Counter({
    name: 'workflows_created_total',
    help: 'Workflows saved first',
    registers: [registry],
  });
  const executed = new Counter({ name: 'workflows_executed_total', help: 'Executions begun', registers: [registry] });
  const statuses = new CountTable(registry, 'execution_status_total', 'Executions that ended', ['status']);
  const nodes = new CountTable(registry, 'node_executions_total', 'Node runs that ended', ['node_type', 'status']);
  const refused = new CountTable(registry, 'starts_refused_total', 'Starts turned away by load or limits', ['reason']);
  const duration = new Histogram({
    name: 'execution_duration_seconds',
    help: 'From start to end, waits included',
    labelNames: ['status'],
    buckets: SECONDS,
    registers: [registry],
  });
  const byStatus = {
    success: duration.labels('success'),
    error: duration.labels('error'),
    canceled: duration.labels('canceled'),
  };
  return {
    workflowCreated: () => created.inc(),
    started: () => executed.inc(),
    ended(status, seconds) {
      statuses.add(status);
      byStatus[status].observe(seconds);
    },
    node: (nodeType, status) => nodes.add(nodeType, status),
    refused: (reason) => refused.add(reason),
  };
}

type JournalMetrics = Pick<Metrics, 'committed' | 'fenced' | 'leaseRenewed' | 'shardTakenOver' | 'scheduleMissed'>;

function journalMetrics(registry: Registry): JournalMetrics {
  const seconds = histogram(registry, 'journal_commit_seconds', 'One group commit', COMMIT_SECONDS);
  const rows = histogram(registry, 'journal_batch_rows', 'Steps in one group commit', ROWS);
  const renewal = histogram(registry, 'lease_renewal_seconds', 'One renewal of the member lease', COMMIT_SECONDS);
  const fenced = new Counter({ name: 'journal_fenced_total', help: 'Steps refused by epoch', registers: [registry] });
  const taken = new Counter({ name: 'shard_takeovers_total', help: 'Shards claimed', registers: [registry] });
  const missed = new Counter({
    name: 'schedule_missed_total',
    help: 'Due times that nobody could start in time',
    registers: [registry],
  });
  return {
    scheduleMissed: (count) => missed.inc(count),
    committed(duration, count) {
      seconds.observe(duration);
      rows.observe(count);
    },
    fenced: (count = 1) => fenced.inc(count),
    leaseRenewed: (duration) => renewal.observe(duration),
    shardTakenOver: () => taken.inc(),
  };
}

function busMetrics(registry: Registry): Pick<Metrics, 'published' | 'consumed' | 'eventSkipped'> {
  const published = new CountTable(registry, 'events_published_total', 'Events given to the bus', ['event_type']);
  const consumed = new CountTable(registry, 'events_consumed_total', 'Events taken from the bus', [
    'event_type',
    'status',
  ]);
  const skipped = new CountTable(registry, 'events_skipped_total', 'Events not written: the outbox is full', [
    'event_type',
  ]);
  return {
    eventSkipped: (eventType) => skipped.add(eventType),
    published: (eventType) => published.add(eventType),
    consumed: (eventType, status) => consumed.add(eventType, status),
  };
}

function treeMetrics(registry: Registry): Metrics['treeChanged'] {
  const restarts = new CountTable(registry, 'actor_restarts_total', 'Actors restarted', ['kind']);
  const letters = new CountTable(registry, 'dead_letters_total', 'Messages nobody took', ['kind']);
  const label = boundedLabel(API_LIMITS.LABEL_VALUES);
  const breakers = new Gauge({
    name: 'breaker_state',
    help: '0 closed, 1 half open, 2 open',
    labelNames: ['breaker'],
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'actor.restarted') restarts.add(event.kind);
    else if (event.type === 'deadLetter') letters.add(event.kind);
    else if (event.type in BREAKER_VALUE && 'breaker' in event) {
      breakers.set({ breaker: label(event.breaker) }, BREAKER_VALUE[event.type]);
    }
  };
}

function gauges(registry: Registry, cacheHitRate: () => number): Metrics['read'] {
  let sources: GaugeSources = {};
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  gauge('database_connections_active', 'Connections in use', () => sources.databaseConnections?.() ?? 0);
  gauge('cache_hit_rate', 'Compiled workflows found in the cache', cacheHitRate);
  gauge('queue_depth', 'Executions alive on this member', () => sources.queueDepth?.() ?? 0);
  gauge('outbox_rows_waiting', 'Rows of events that wait for the bus', () => sources.outboxWaiting?.() ?? 0);
  gauge('shards_owned', 'Shards of this member', () => sources.shardsOwned?.() ?? 0);
  new Gauge({
    name: 'mailbox_length',
    help: 'Messages waiting, by kind of actor',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [kind, length] of mailboxes(sources.tree?.() ?? [])) this.set({ kind }, length);
    },
  });
  return (more) => {
    sources = { ...sources, ...more };
  };
}

function mailboxes(tree: readonly ActorInfo[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const { kind, mailboxLength } of tree) lengths.set(kind, (lengths.get(kind) ?? 0) + mailboxLength);
  return lengths;
}

function histogram(registry: Registry, name: string, help: string, buckets: number[]): Histogram {
  return new Histogram({ name, help, buckets, registers: [registry] });
}
