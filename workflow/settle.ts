import { toItemError, workflowErrors } from './errors-of-workflow.ts';
import type { TroupeError } from './errors.ts';
import type { NodeDefinition } from './definition.ts';
import { routeErrors } from './error-output.ts';
import { linkItems, linksToAll } from './item-stamp.ts';
import type { Item, ItemError, Ports } from './items.ts';
import { measureJson } from './json-check.ts';
import { BREAKER_PATIENCE_MS, HINTS_PER_NODE_RUN, ITEM_JSON_DEPTH } from './limits.ts';
import type { RunLimits } from './limits.ts';
import type { NodeFinished, NodeResult, RunEvent } from './run-events.ts';
import type { CurrentRun, RunState } from './run-state.ts';
import { factsIn } from './run-state.ts';

/** Which run of which node an outcome belongs to. */
export interface RunKey {
  readonly node: string;
  readonly run: number;
  /** Counts from 1. */
  readonly attempt: number;
}

type Outputs = Extract<NodeResult, { kind: 'outputs' }>;
type Wait = Extract<NodeResult, { kind: 'wait' }>;

/** How an attempt ended: with a result, or thrown out of the node as a whole. */
export type Outcome = { result: Outputs | Wait } | { failure: ItemError };

interface Settling {
  readonly state: RunState;
  readonly key: RunKey;
  readonly current: CurrentRun;
  readonly definition: NodeDefinition;
  readonly now: number;
  readonly limits: RunLimits;
}

/** The over-limit error of these outputs, or undefined. */
function overLimit(at: Settling, outputs: Ports): TroupeError | undefined {
  const { node } = at.key;
  const { itemsPerNodeRun: limit, outputBytesPerNodeRun: limitBytes } = at.limits;
  const items = outputs.reduce((sum, output) => sum + (output?.length ?? 0), 0);
  if (items > limit) return workflowErrors.NODE_OUTPUT_TOO_MANY_ITEMS({ node, items, limit });
  let bytesLeft = limitBytes;
  for (const output of outputs) {
    for (const item of output ?? []) {
      const { bytes, depth } = measureJson(item.json, bytesLeft, ITEM_JSON_DEPTH);
      if (depth > ITEM_JSON_DEPTH) return workflowErrors.NODE_OUTPUT_TOO_DEEP({ node, limit: ITEM_JSON_DEPTH });
      bytesLeft -= bytes + binaryBytes(item);
      if (bytesLeft < 0) return workflowErrors.NODE_OUTPUT_TOO_LARGE({ node, limitBytes });
    }
  }
  return undefined;
}

function binaryBytes(item: Item): number {
  if (item.binary === undefined) return 0;
  return Object.values(item.binary).reduce((sum, file) => sum + (file.data?.length ?? 0), 0);
}

/** n8n takes a run whose first item carries `json.error` for a failed one, as far as retries go. */
function softFailure(outputs: Ports): ItemError | undefined {
  const error = outputs[0]?.[0]?.json['error'];
  if (error === undefined) return undefined;
  if (typeof error === 'string') return { message: error };
  if (typeof error !== 'object' || error === null || Array.isArray(error)) return { message: String(error) };
  const { message } = error;
  return { message: typeof message === 'string' ? message : 'The first item carries an error' };
}

function retrying(at: Settling, error: ItemError): RunEvent | undefined {
  const { node, run, attempt } = at.key;
  const { retryOnFail, maxTries, waitBetweenTriesMs } = at.definition;
  if (!retryOnFail || at.current.given !== undefined) return undefined;
  const refused = wasRefused(at, error);
  if (attempt >= maxTries && !refused) return undefined;
  const wakeAt = at.now + waitBetweenTriesMs;
  return {
    type: 'node.retrying',
    at: at.now,
    node,
    run,
    attempt,
    error,
    wakeAt,
    ...(refused && { refused: true as const }),
  };
}

/** An open breaker made no call, so none of the node's tries is used up; but patience ends some time. */
function wasRefused(at: Settling, error: ItemError): boolean {
  return error['code'] === 'BREAKER_OPEN' && at.now - (at.current.startedAt ?? at.now) < BREAKER_PATIENCE_MS;
}

/** A node that threw as a whole: stop, or pass the first input on through output 0 (both `continue…` modes). */
function failing(at: Settling, error: ItemError): RunEvent {
  const { node, run } = at.key;
  if (at.definition.onError === 'stopWorkflow') return { type: 'node.failed', at: at.now, node, run, error };
  return { type: 'node.finished', at: at.now, node, run, outputs: [[...(at.current.inputs[0] ?? [])]], error };
}

/** One empty item, linked to all input items, where output 0 has none. */
function alwaysSomething(outputs: Ports, inputs: Ports): Ports {
  if ((outputs[0]?.length ?? 0) > 0) return outputs;
  return [[{ json: {}, pairedItem: linksToAll(inputs) }], ...outputs.slice(1)];
}

function shape(at: Settling, returned: Ports): Ports {
  const { inputs } = at.current;
  let outputs = returned;
  if (at.definition.onError === 'continueErrorOutput' && !at.definition.disabled) {
    outputs = routeErrors(outputs, inputs, factsIn(at.state, at.key.node)?.outputs ?? 1);
  }
  outputs = linkItems(outputs, inputs);
  return at.definition.alwaysOutputData ? alwaysSomething(outputs, inputs) : outputs;
}

function finishing(at: Settling, result: Outputs): RunEvent {
  const { node, run } = at.key;
  const outputs = shape(at, result.outputs);
  const { memory, response, staticData, hints, error } = result;
  const event: NodeFinished = { type: 'node.finished', at: at.now, node, run, outputs: mutable(outputs) };
  if (error !== undefined) event.error = error;
  if (memory !== undefined) event.memory = memory;
  if (response !== undefined) event.response = response;
  // n8n never saves the static data of manual runs.
  if (staticData !== undefined && at.state.mode !== 'manual') event.staticData = staticData;
  if (hints !== undefined && hints.length > 0) event.hints = hints.slice(0, HINTS_PER_NODE_RUN);
  return event;
}

function mutable(outputs: Ports): (Item[] | null)[] {
  // The event's type is of plain JSON; nobody changes the arrays, so they are shared and not copied.
  return outputs as (Item[] | null)[];
}

function waitingFor(at: Settling, wait: Wait): RunEvent {
  const { node, run } = at.key;
  if (wait.reason === 'timer' && wait.until !== undefined && wait.until <= at.now) {
    return finishing(at, { kind: 'outputs', outputs: [at.current.inputs[0] ?? []] });
  }
  const { reason, until, resume } = wait;
  return {
    type: 'execution.waiting',
    at: at.now,
    node,
    run,
    reason,
    ...(until === undefined ? {} : { until }),
    ...(resume === undefined ? {} : { resume }),
  };
}

/**
 * Decides what an attempt's outcome means for the run, by the node's settings as n8n applies them: retries first
 * (also when the first item carries `json.error`), then `onError`, then item links and `alwaysOutputData`. Changes
 * nothing; feed the event to `transition`.
 *
 * Outputs over `limits` (default: those of the state) fail the attempt without a retry: NODE_OUTPUT_TOO_MANY_ITEMS,
 * NODE_OUTPUT_TOO_LARGE, NODE_OUTPUT_TOO_DEEP. `now` is epoch milliseconds.
 *
 * Throws RUN_EVENT_UNEXPECTED when `key` is not the run at work, as a late outcome after a cancel would be.
 */
export function settle(state: RunState, key: RunKey, outcome: Outcome, now: number, limits?: RunLimits): RunEvent {
  const { current } = state;
  const definition = state.workflow.node.get(key.node);
  const fits = current?.node === key.node && current.run === key.run && current.attempt === key.attempt;
  if (current === undefined || definition === undefined || !fits) {
    const event = `the outcome of ${key.node}.${key.run} (attempt ${key.attempt})`;
    const expected = current === undefined ? 'none' : `${current.node}.${current.run} (attempt ${current.attempt})`;
    throw workflowErrors.RUN_EVENT_UNEXPECTED({ executionId: state.executionId, event, expected });
  }
  const at: Settling = { state, key, current, definition, now, limits: limits ?? state.limits };
  if ('failure' in outcome) return retrying(at, outcome.failure) ?? failing(at, outcome.failure);
  const { result } = outcome;
  if (result.kind === 'wait') return waitingFor(at, result);
  // Given outputs were measured where they came from.
  const over = current.given === undefined ? overLimit(at, result.outputs) : undefined;
  if (over !== undefined) return failing(at, toItemError(over));
  const soft = softFailure(result.outputs);
  return (soft === undefined ? undefined : retrying(at, soft)) ?? finishing(at, result);
}
