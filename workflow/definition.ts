import type { Item, JsonObject } from './items.ts';

/** What happens when a node fails for good. `continueOnFail: true` of old workflows reads as continueRegularOutput. */
export type OnError = 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput';

/** One step of a workflow as the author wrote it, normalized: long type name, defaults filled in. */
export interface NodeDefinition {
  readonly id: string;
  readonly name: string;
  /** Canonical long form, such as `n8n-nodes-base.httpRequest`. */
  readonly type: string;
  readonly typeVersion: number;
  /** Canvas position [x, y]; order v1 sorts by it. */
  readonly position: readonly [number, number];
  readonly parameters: JsonObject;
  readonly credentials?: JsonObject;
  readonly webhookId?: string;
  readonly notes?: string;
  readonly disabled: boolean;
  readonly executeOnce: boolean;
  readonly alwaysOutputData: boolean;
  readonly retryOnFail: boolean;
  /** Tries in all, 2 to 5; default 3. */
  readonly maxTries: number;
  /** Pause between tries, 0 to 5000 ms; default 1000. */
  readonly waitBetweenTriesMs: number;
  readonly onError: OnError;
  /**
   * Tags that a member must carry to perform this node, all of them; [] = any member, whatever the workflow says.
   * Absent = as the workflow's settings say. Not of n8n, which passes the field on unread.
   */
  readonly placement?: readonly string[];
}

/** Where an output leads. */
export interface ConnectionTarget {
  readonly node: string;
  readonly input: number;
}

/** At most so many production runs of one key are under way in the whole cluster; further ones queue. */
export interface ConcurrencyLimit {
  /** 1 to CONCURRENT_RUNS. */
  readonly limit: number;
  /** Text, or an expression over the first item that the trigger gets; absent = all runs share one key. */
  readonly key?: string;
}

/** A bucket of `limit` starts per key, refilled evenly within `perMs`; further ones queue. */
export interface RateLimit {
  /** 1 to RUNS_PER_PERIOD. */
  readonly limit: number;
  /** Milliseconds of a second, a minute or an hour. */
  readonly perMs: number;
  /** As in {@link ConcurrencyLimit}. */
  readonly key?: string;
}

/**
 * The settings of a workflow with every default filled in; what cannot be used was refused by `parseWorkflow` with
 * WORKFLOW_INVALID, which names the field.
 */
export interface WorkflowSettings {
  /** n8n's order: absent means v0. */
  readonly executionOrder: 'v0' | 'v1';
  /** IANA zone; default America/New_York as in n8n. */
  readonly timezone: string;
  /** Id of the workflow to run when a production run fails. */
  readonly errorWorkflow?: string;
  /** Seconds after which a run is canceled; absent = none. */
  readonly executionTimeoutSeconds?: number;
  /** `every-node`: commit after every node instead of before every effect. */
  readonly durability: 'before-effects' | 'every-node';
  /** Placement of the nodes that have none of their own, triggers excepted; absent = any member. */
  readonly placement?: readonly string[];
  /** Limits of production runs (webhook, schedule, API); n8n has no such settings. */
  readonly concurrency?: ConcurrencyLimit;
  readonly rateLimit?: RateLimit;
  /** Everything the author's JSON carried, for export. */
  readonly raw: JsonObject;
}

/**
 * A parsed workflow, immutable: runs of one version share it. Made by `parseWorkflow`, so node names are unique and
 * sizes are within NODES_PER_WORKFLOW and CONNECTIONS_PER_WORKFLOW. `node` holds the elements of `nodes` by name.
 */
export interface WorkflowDefinition {
  readonly id: string;
  readonly name: string;
  readonly nodes: readonly NodeDefinition[];
  readonly node: ReadonlyMap<string, NodeDefinition>;
  /** Main connections: by node name, per output, in the author's order. */
  readonly connections: ReadonlyMap<string, readonly (readonly ConnectionTarget[])[]>;
  readonly settings: WorkflowSettings;
  /** Pinned items by node name; used in manual runs only. */
  readonly pinData: ReadonlyMap<string, readonly Item[]>;
  /** The JSON as imported, unchanged, for export: what went in comes out. */
  readonly source: JsonObject;
}
