import type { RunEvent } from '#workflow';
import type { InspectionEvent } from '#runtime';
import { HUB_LIMITS } from './limits.ts';

/**
 * What a live subscriber sees of a run event: everything but the data. Items are counted, not carried, so that a
 * buffer of a thousand events stays small whatever the runs carry. Who wants the data reads the journal at `seq`.
 *
 *   execution.started   items: n
 *   execution.resumed   items: n            results: [{status, items: n}]
 *   node.finished       outputs: [n, …]     (null where nothing was delivered), hints: n
 *   all others          as in the journal, error messages cut
 */
export interface LiveEvent {
  readonly executionId: string;
  readonly workflowId: string;
  readonly seq: number;
  readonly type: RunEvent['type'];
  /** Epoch milliseconds. */
  readonly at: number;
  readonly [field: string]: unknown;
}

/**
 * Events of the supervision tree that people may watch; dead letters and overruns are for logs and metrics. `member`
 * is the name of the member it happened on, absent where there is only one.
 */
export type TreeEvent = Exclude<InspectionEvent, { type: 'deadLetter' | 'actor.stopOverran' }> & {
  readonly member?: string;
};

/** Kinds of actors that come and go with every run. */
const BRIEF_KINDS: ReadonlySet<string> = new Set(['execution', 'node', 'runner']);

/** True for the start or end of an actor that lives for a run only. */
export function isBrief(event: TreeEvent): boolean {
  return (event.type === 'actor.started' || event.type === 'actor.stopped') && BRIEF_KINDS.has(event.kind);
}

/** True for the events that the `tree` topic carries. */
export function isTreeEvent(event: InspectionEvent): event is TreeEvent {
  return event.type !== 'deadLetter' && event.type !== 'actor.stopOverran';
}

/** Makes the live form of a committed event. Pure; never keeps a reference to items. */
export function liveEvent(executionId: string, workflowId: string, seq: number, event: RunEvent): LiveEvent {
  const head = { executionId, workflowId, seq, type: event.type, at: event.at };
  switch (event.type) {
    case 'execution.started':
      return { ...head, mode: event.mode, trigger: event.trigger, items: event.items.length };
    case 'execution.resumed':
      return { ...head, node: event.node, run: event.run, ...resumedCounts(event) };
    case 'node.started':
      return { ...head, node: event.node, run: event.run, attempt: event.attempt };
    case 'node.finished':
      return { ...head, node: event.node, run: event.run, ...finishedCounts(event) };
    case 'node.failed':
      return { ...head, node: event.node, run: event.run, error: shortError(event.error) };
    case 'node.retrying': {
      const { node, run, attempt, wakeAt } = event;
      return { ...head, node, run, attempt, wakeAt, error: shortError(event.error) };
    }
    case 'execution.waiting': {
      const until = event.until === undefined ? {} : { until: event.until };
      return { ...head, node: event.node, run: event.run, reason: event.reason, ...until };
    }
    case 'execution.finished':
      return head;
    case 'execution.failed':
      return { ...head, error: shortError(event.error), ...(event.node === undefined ? {} : { node: event.node }) };
    case 'execution.canceled':
      return { ...head, reason: event.reason };
  }
}

function finishedCounts(event: Extract<RunEvent, { type: 'node.finished' }>): Record<string, unknown> {
  return {
    outputs: event.outputs.map((items) => (items === null ? null : items.length)),
    ...(event.error === undefined ? {} : { error: shortError(event.error) }),
    ...(event.hints === undefined ? {} : { hints: event.hints.length }),
  };
}

function resumedCounts(event: Extract<RunEvent, { type: 'execution.resumed' }>): Record<string, unknown> {
  return {
    ...(event.items === undefined ? {} : { items: event.items.length }),
    ...(event.results === undefined
      ? {}
      : { results: event.results.map(({ status, items }) => ({ status, items: items.length })) }),
  };
}

/** Message and name only: descriptions and extra fields may carry items. */
function shortError(error: { message: string; name?: string }): { message: string; name?: string } {
  const message = error.message.slice(0, HUB_LIMITS.ERROR_MESSAGE_CHARACTERS);
  return error.name === undefined ? { message } : { message, name: error.name };
}
