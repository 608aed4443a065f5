import type { NodeDefinition, WorkflowDefinition } from '../definition.ts';
import type { Item, JsonObject, JsonValue, Ports, Source } from '../items.ts';
import type { ExecutionMode, RunData } from '../run-events.ts';
import type { Budget } from './budget.ts';

/** What an expression can look at: one run of one node. Built by `makeScene`, once per node run. */
export interface SceneInput {
  readonly workflow: WorkflowDefinition;
  /** The node whose parameters are evaluated. */
  readonly node: NodeDefinition;
  /** Which run of the node, from 0: `$runIndex`. */
  readonly run: number;
  /** Finished runs of all nodes; pinned data stands in it as the output of its node. */
  readonly runData: RunData;
  readonly inputs: Ports;
  /** Where each input came from. */
  readonly sources: readonly (Source | null)[];
  readonly mode: ExecutionMode;
  /** Epoch milliseconds of `$now`, the same for the whole node run. */
  readonly now: number;
  readonly executionId: string;
  /** IANA zone; default the workflow's. */
  readonly zone?: string;
  /** `$workflow.active`; default false. */
  readonly active?: boolean;
  /** `$vars`. */
  readonly vars?: JsonObject;
  /** The memory of a node for `$('X').context` and `$node['X'].context`; default {}. */
  readonly memoryOf?: (node: string) => JsonObject;
  /** Parameters of a node with the defaults of its schema; default the parameters as written. */
  readonly parametersOf?: (node: NodeDefinition) => JsonObject;
  readonly resumeUrl?: string;
  readonly resumeFormUrl?: string;
  /** Further names, such as `$tool`; each must start with `$`. */
  readonly extra?: Readonly<Record<string, JsonValue>>;
  /** From 0 to below 1, for `Math.random` and `randomItem`; default the host's. */
  readonly random?: () => number;
}

/**
 * A {@link SceneInput} made ready: defaults filled in and the input chosen. Read-only and good for every item and
 * every expression of one node run; make it by `makeScene` only, which sets what belongs together.
 */
export interface Scene extends SceneInput {
  readonly zone: string;
  readonly random: () => number;
  /** The input that per-item expressions read: in order v1 the first that has items, else the first. */
  readonly input: number;
  /** Items of that input. */
  readonly items: readonly Item[];
  /** Evaluates another parameter text, for `$parameter`; `depth` counts how far such references are nested. */
  readonly evaluateText: (text: string, itemIndex: number, depth: number, budget: Budget) => unknown;
  /** How many `$parameter` references led here. */
  readonly depth: number;
}
