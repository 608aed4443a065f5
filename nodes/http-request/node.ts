import { setTimeout as pause } from 'node:timers/promises';

import { TroupeError } from '#workflow';
import type { Item, JsonObject, NodeResult } from '#workflow';
import type { NodeContext, NodeType } from '#runtime';

import { messageOf } from '../items.ts';
import { HTTP_CALLS_AT_ONCE } from '../limits.ts';
import { facts } from '../schema.ts';
import { pagesOf, paginationOf } from './pagination.ts';
import { batching, planFor } from './plan.ts';
import type { Pause } from './shared.ts';
import { properties } from './properties.ts';
import { checkStatus, itemsFrom } from './response.ts';

const type = 'n8n-nodes-base.httpRequest';

const realPause: Pause = (ms, signal) => pause(ms, undefined, { signal });

/**
 * One call per item, several at a time, items in the order of the input. A failed call fails the node, or becomes an
 * item where the node carries on after errors.
 */
async function perform(context: NodeContext, rest: Pause): Promise<NodeResult> {
  const count = context.items().length;
  const { size, pauseMs } = batching(context);
  const group = size > 0 ? size : count;
  const results: Item[][] = [];
  for (let from = 0; from < count; from += group) {
    if (from > 0 && pauseMs > 0) await rest(pauseMs, context.signal);
    const indexes = Array.from({ length: Math.min(group, count - from) }, (_, offset) => from + offset);
    results.push(...(await inTurns(indexes, (index) => oneItem(context, index, rest))));
  }
  return { kind: 'outputs', outputs: [results.flat()] };
}

/** Runs the work for all indexes, a bounded number at a time; the first failure ends it. */
async function inTurns<T>(indexes: readonly number[], work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < indexes.length) {
      const place = next++;
      results[place] = await work(indexes[place] ?? 0);
    }
  };
  await Promise.all(Array.from({ length: Math.min(HTTP_CALLS_AT_ONCE, indexes.length) }, worker));
  return results;
}

async function oneItem(context: NodeContext, index: number, rest: Pause): Promise<Item[]> {
  try {
    const pagination = paginationOf(context, index);
    if (pagination) return await pagesOf(context, index, pagination, rest);
    const plan = await planFor(context, index);
    const response = await context.http.request(plan.request);
    checkStatus(response, plan.response, index);
    return await itemsFrom(context, response, plan.response, index);
  } catch (failure) {
    if (!context.continuesOnFail || context.signal.aborted) throw failure;
    return [{ json: { error: shownFailure(failure) }, pairedItem: { item: index } }];
  }
}

/** A handled failure as n8n shows it: the raw answer in the message, not the friendly text. */
function shownFailure(failure: unknown): JsonObject {
  const details = failure instanceof TroupeError ? failure.details : {};
  const messages = details['messages'];
  const code = typeof details['httpCode'] === 'string' ? details['httpCode'] : undefined;
  const status = Number(code);
  const message = Array.isArray(messages) && typeof messages[0] === 'string' ? messages[0] : messageOf(failure);
  if (!Number.isInteger(status)) return { message, name: 'Error', ...(code === undefined ? {} : { code }) };
  return { message, name: 'AxiosError', code: status >= 500 ? 'ERR_BAD_RESPONSE' : 'ERR_BAD_REQUEST', status };
}

/** The node type with its own clock; `rest` is injected in tests. */
export const httpRequestWith = (rest: Pause): NodeType => ({
  type,
  displayName: 'HTTP Request',
  description: 'Calls an address over HTTP and gives back the answer.',
  group: 'action',
  versions: [1, 2, 3, 4, 4.1, 4.2, 4.3],
  properties,
  facts: facts(type, { effect: 'external' }),
  execute: (context) => perform(context, rest),
});

export const httpRequest = httpRequestWith(realPause);
