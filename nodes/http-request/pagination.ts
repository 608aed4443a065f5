import type { NodeContext, OutgoingResponse } from '#runtime';
import type { Item, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { HTTP_IDENTICAL_PAGES, HTTP_PAGES } from '../limits.ts';
import { asText, isRecord, plain, recordsOf } from '../values.ts';
import { planFor } from './plan.ts';
import type { PageChange, Pause } from './shared.ts';
import { checkStatus, itemsFrom, readBody } from './response.ts';

/** Pagination as written: its expressions are evaluated anew for every page, with `$response` and `$pageCount`. */
export type Pagination = Record<string, JsonValue>;

/** The pagination of a node, or undefined when it is off. */
export function paginationOf(context: NodeContext, _index: number): Pagination | undefined {
  const options = context.node.parameters['options'];
  const outer = isRecord(options) ? options['pagination'] : undefined;
  const inner = isRecord(outer) ? outer['pagination'] : undefined;
  if (!isRecord(inner) || inner['paginationMode'] === 'off') return undefined;
  return inner as Pagination;
}

/** All pages of one item, in order. */
export async function pagesOf(
  context: NodeContext,
  index: number,
  pagination: Pagination,
  rest: Pause,
): Promise<Item[]> {
  const items: Item[] = [];
  const limit = pageLimit(context, index, pagination);
  const repeats = { before: '', times: 0 };
  let seen: Record<string, unknown> | undefined;
  for (let page = 0; page < limit; page++) {
    if (page > 0) await restBetween(pagination, context, rest);
    const also = { $pageCount: page, ...(seen ? { $response: seen } : { $response: {} }) };
    const plan = await planFor(context, index, changeFor(context, index, pagination, also, seen !== undefined));
    const response = await context.http.request(plan.request);
    const made = await pageItems(context, response, plan.response, index, pagination);
    items.push(...made.items);
    noteRepeat(repeats, made.body);
    seen = { body: made.body, headers: response.headers, statusCode: response.status };
    if (isLast(context, index, pagination, response, made.body, { $pageCount: page + 1, $response: seen }))
      return items;
  }
  if (limit === HTTP_PAGES) throw errors.NODE_TOO_MANY({ what: 'pages of one call', limit: HTTP_PAGES });
  return items;
}

async function pageItems(
  context: NodeContext,
  response: OutgoingResponse,
  rule: Parameters<typeof checkStatus>[1],
  index: number,
  pagination: Pagination,
): Promise<{ items: Item[]; body: JsonValue }> {
  // A status that ends the pagination is an answer like any other, even an error status: its body is put out.
  if (!endsByStatus(pagination, response.status)) checkStatus(response, rule, index);
  const read = readBody(response, rule, index);
  const items = await itemsFrom(context, response, rule, index);
  return { items, body: 'body' in read ? read.body : null };
}

function pageLimit(context: NodeContext, index: number, pagination: Pagination): number {
  if (pagination['limitPagesFetched'] !== true) return HTTP_PAGES;
  const most = Number(resolved(context, index, pagination['maxRequests'] ?? 100, {}));
  return Number.isInteger(most) && most > 0 ? Math.min(most, HTTP_PAGES) : 1;
}

async function restBetween(pagination: Pagination, context: NodeContext, rest: Pause): Promise<void> {
  const ms = Number(pagination['requestInterval'] ?? 0);
  if (ms > 0) await rest(ms, context.signal);
}

/** The fifth identical page in a row means that the requests do not move on. */
function noteRepeat(repeats: { before: string; times: number }, body: JsonValue): void {
  const now = JSON.stringify(body);
  repeats.times = now === repeats.before ? repeats.times + 1 : 1;
  repeats.before = now;
  if (repeats.times >= HTTP_IDENTICAL_PAGES) throw errors.HTTP_PAGES_IDENTICAL({ times: HTTP_IDENTICAL_PAGES });
}

function changeFor(
  context: NodeContext,
  index: number,
  pagination: Pagination,
  also: Record<string, unknown>,
  later: boolean,
): PageChange {
  const change: PageChange = { query: {}, headers: {}, body: {} };
  if (pagination['paginationMode'] === 'responseContainsNextURL') {
    // The first page is at the node's own address; later ones where the answer says.
    const url = later ? asText(resolved(context, index, pagination['nextURL'] ?? '', also)) : '';
    if (url !== '') change.url = url;
    return change;
  }
  const outer = pagination['parameters'];
  const listed = isRecord(outer) ? outer['parameters'] : undefined;
  for (const row of recordsOf(listed)) {
    const value = resolved(context, index, (row['value'] ?? '') as JsonValue, also);
    const name = asText(resolved(context, index, (row['name'] ?? '') as JsonValue, also));
    const where = asText(row['type'] ?? 'qs');
    (where === 'headers' ? change.headers : where === 'body' ? change.body : change.query)[name] = value;
  }
  return change;
}

function isLast(
  context: NodeContext,
  index: number,
  pagination: Pagination,
  response: OutgoingResponse,
  body: JsonValue,
  also: Record<string, unknown>,
): boolean {
  const when = asText(pagination['paginationCompleteWhen'] ?? 'responseIsEmpty');
  if (when === 'receiveSpecificStatusCodes') return endsByStatus(pagination, response.status);
  if (when === 'other') return Boolean(resolved(context, index, pagination['completeExpression'] ?? '', also));
  const nothing = body === null || body === '' || (Array.isArray(body) && body.length === 0);
  return nothing || (isRecord(body) && Object.keys(body).length === 0);
}

function endsByStatus(pagination: Pagination, status: number): boolean {
  if (pagination['paginationCompleteWhen'] !== 'receiveSpecificStatusCodes') return false;
  const codes = asText(pagination['statusCodesWhenComplete']).split(',');
  return codes.some((code) => Number(code.trim()) === status);
}

function resolved(context: NodeContext, index: number, value: JsonValue, also: Record<string, unknown>): unknown {
  return typeof value === 'string' && value.startsWith('=') ? context.evaluate(value, index, also) : plain(value);
}
