import type { Engine } from '#actors';
import type { BinaryStore, Clock, ExecutionStatus, Journal, NodeCatalog, Peers, Random } from '#runtime';
import type { Hub } from '#transport';
import type { JsonObject, WorkflowDefinition } from '#workflow';
import type { FastifyBaseLogger } from 'fastify';
import type { ApiLimits } from './limits.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Identity } from './permissions.ts';
import type { ClusterBook } from './cluster-book.ts';

/** What the gateway needs of the rest; the composition root hands it in. Nothing here knows PostgreSQL. */
export interface ApiDependencies {
  readonly engine: Engine;
  readonly storage: ApiStorage;
  /** Compiled definitions by id and version, cached by the implementation. */
  readonly definitions: Definitions;
  readonly catalog: NodeCatalog;
  readonly hub: Hub;
  readonly binary: BinaryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: ApiConfig;
  readonly log: FastifyBaseLogger;
  readonly metrics: Metrics;
  /** Why this member should get no calls; empty = ready. Asked at each readiness check. */
  readonly ready: () => Promise<readonly string[]>;
  /** Told of workflows that became active, changed while active, or went inactive: schedules live there. */
  readonly triggers?: TriggerSwitch;
  /**
   * The other members: they hear at once of a workflow that began or ended listening, and sockets of this member watch
   * their executions; absent = there are none.
   */
  readonly peers?: Peers;
  /** Members and shards, for people; absent = no word of them. */
  readonly cluster?: ClusterBook;
  /** Lowered in tests. */
  readonly limits?: Partial<ApiLimits>;
}

/** Settings of the gateway, already validated by whoever read them. */
export interface ApiConfig {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Address under which callers reach this member; default `http://host:port` of each request. */
  readonly publicUrl?: string;
  /** Present: `/metrics` asks for it as a bearer token. */
  readonly metricsToken?: string;
  /** Origins that may call the API and the socket from a browser; default none but our own. */
  readonly allowedOrigins?: readonly string[];
}

/** Told when a workflow begins, changes or ends being active; what it throws refuses the call that caused it. */
export interface TriggerSwitch {
  /** `activeSince`: when this version began to listen, epoch milliseconds by the clock that all members share. */
  activated(workflow: WorkflowDefinition, version: number, activeSince: number): void | Promise<void>;
  deactivated(workflowId: string): void | Promise<void>;
}

/** Compiled definitions; a run is pinned to the version it is given here. */
export interface Definitions {
  /** `version` absent: the newest one. Undefined when there is none. */
  load(workflowId: string, version?: number): Promise<{ definition: WorkflowDefinition; version: number } | undefined>;
}

/** What must be kept somewhere. Rejections are answered by their row of the table, or as 500. */
export interface ApiStorage {
  readonly workflows: WorkflowStore;
  readonly executions: ExecutionStore;
  readonly journal: Pick<Journal, 'read' | 'execution' | 'executions'>;
  readonly activations: ActivationStore;
  readonly testWebhooks: TestWebhookStore;
  readonly apiKeys: {
    /** Who the key belongs to; undefined when it is unknown, revoked or expired. */
    identify(key: string): Promise<Identity | undefined>;
  };
}

/** A stored workflow. Times are epoch milliseconds. */
export interface WorkflowRecord {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  /** Newest version; counts from 1. */
  readonly version: number;
  /** What the author saved: nodes, connections, settings and whatever else it carried. */
  readonly source: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A workflow that listens. `activeSince` as in {@link ActivationChange}. */
export interface ActiveWorkflow {
  readonly id: string;
  readonly version: number;
  readonly source: JsonObject;
  readonly activeSince: number;
}

/** One page of a list. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** Pass as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Which workflows listen, as all members know it. */
export interface ActivationStore {
  /** Number of the newest change; 0 = there was none yet. */
  mark(): Promise<number>;
  /**
   * Changes after `mark`, oldest first, at most `limit`; of one workflow only the newest. Whoever has seen a number has
   * missed none below it.
   */
  changes(mark: number, limit: number): Promise<readonly ActivationChange[]>;
}

/** A workflow that began, changed or ended listening. */
export interface ActivationChange {
  readonly change: number;
  readonly workflowId: string;
  /** What triggers start; absent = it listens no more. */
  readonly version?: number;
  /** When this version began to listen, epoch milliseconds by the clock that all members share. */
  readonly activeSince: number;
}

/** One webhook of a workflow; `address` is its path without the names of parameters. */
export interface WebhookAddress {
  readonly method: string;
  readonly path: string;
  readonly address: string;
}

/** Test addresses that wait for one call, at whichever member it arrives. */
export interface TestWebhookStore {
  /** Listens for `ms` milliseconds, anew when asked again. Throws WEBHOOK_TAKEN. */
  listen(workflowId: string, version: number, addresses: readonly WebhookAddress[], ms: number): Promise<void>;
  /** Workflows that listen now, at most `limit`. */
  listening(limit: number): Promise<readonly { readonly workflowId: string; readonly version: number }[]>;
  /** Ends the wait; true for one caller only. */
  take(workflowId: string, version: number): Promise<boolean>;
}

/** Workflows by id; undefined = there is none. `list` is in order of creation and holds at most `limit` rows. */
export interface WorkflowStore {
  list(query: { limit: number; after?: string; active?: boolean; name?: string }): Promise<Page<WorkflowRecord>>;
  get(id: string): Promise<WorkflowRecord | undefined>;
  /** The same store for the changes of one user, whose id their `workflow.*` events carry. */
  by(userId: string): Pick<WorkflowStore, 'create' | 'update' | 'remove' | 'setActive'>;
  create(source: JsonObject): Promise<WorkflowRecord>;
  /** A new version; runs that are under way keep theirs. Undefined when there is no such workflow. */
  update(id: string, source: JsonObject): Promise<WorkflowRecord | undefined>;
  remove(id: string): Promise<WorkflowRecord | undefined>;
  setActive(id: string, active: boolean): Promise<WorkflowRecord | undefined>;
  /** Every active workflow with the version that its triggers start, and since when. */
  active(): Promise<readonly ActiveWorkflow[]>;
}

/** A row of the list of executions. Times are epoch milliseconds. */
export interface ExecutionSummary {
  readonly id: string;
  readonly workflowId: string;
  readonly mode: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number;
  readonly stoppedAt?: number;
  readonly wakeAt?: number;
  readonly retryOf?: string;
}

/** Executions as people see them; their events are in the journal. */
export interface ExecutionStore {
  /** Newest first. */
  list(query: {
    limit: number;
    after?: string;
    status?: ExecutionStatus;
    workflowId?: string;
  }): Promise<Page<ExecutionSummary>>;
  /** Absent: executions cannot be deleted by hand. Undefined when there is no such execution or it has not ended. */
  remove?(id: string): Promise<ExecutionSummary | undefined>;
}
