import type { NodeContext, OutgoingRequest } from '#runtime';

import { errors } from '../errors.ts';
import { textParam } from '../read.ts';
import { asText, isRecord } from '../values.ts';

/** Waits, or ends early with the signal. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** How the answer is turned into items. */
export interface ResponseRule {
  readonly format: 'autodetect' | 'json' | 'text' | 'file';
  readonly outputProperty: string;
  readonly full: boolean;
  readonly neverError: boolean;
}

/** One call, ready to go, and what to do with its answer. */
export interface Plan {
  readonly request: OutgoingRequest;
  readonly response: ResponseRule;
}

/** What pagination changes in the next call. */
export interface PageChange {
  url?: string;
  query: Record<string, unknown>;
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
}

const ACCEPT = {
  autodetect: 'application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7',
  file: 'application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7',
  json: 'application/json,text/*;q=0.99',
  text: 'application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, */*;q=0.1',
} as const;

/** The address as the node has it; a call needs a scheme of its own. */
export function urlOf(context: NodeContext, index: number): string {
  const url = textParam(context, 'url', index).trim();
  if (!/^https?:\/\//i.test(url)) throw errors.HTTP_URL_INVALID({ url });
  return url;
}

/** Timeout, proxy, certificates and redirects out of the options. */
export function callLimits(options: Record<string, unknown>): Partial<OutgoingRequest> {
  const outer = isRecord(options['redirect']) ? options['redirect']['redirect'] : undefined;
  const redirect = isRecord(outer) ? outer : {};
  const follows = redirect['followRedirects'] ?? options['followRedirect'] ?? true;
  const most = Number(redirect['maxRedirects'] ?? 21);
  const timeout = Number(options['timeout'] ?? 0);
  return {
    maxRedirects: follows === false ? 0 : Number.isInteger(most) && most >= 0 ? most : 21,
    ...(timeout > 0 ? { timeoutMs: timeout } : {}),
    ...(asText(options['proxy']) === '' ? {} : { proxy: asText(options['proxy']) }),
    ...(options['allowUnauthorizedCerts'] === true ? { allowUnauthorizedCerts: true } : {}),
  };
}

/** Name and value rows as an object; a later row of the same name wins. */
export function pairs(rows: readonly Record<string, unknown>[]): Record<string, unknown> {
  return Object.fromEntries(
    rows.filter((row) => asText(row['name']) !== '').map((row) => [asText(row['name']), row['value']]),
  );
}

/** A parameter that holds a JSON object, as text or as the object an expression gave. */
export function jsonParam(context: NodeContext, name: string, index: number): Record<string, unknown> {
  const value = context.param(name, index, '');
  if (isRecord(value)) return value;
  if (asText(value).trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(asText(value));
    if (isRecord(parsed)) return parsed;
  } catch (failure) {
    throw errors.HTTP_BODY_INVALID({ problem: 'JSON parameter needs to be valid JSON', item: index }, failure);
  }
  throw errors.HTTP_BODY_INVALID({ problem: 'JSON parameter needs to be an object', item: index });
}

export const texts = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asText(value)]));

/** The headers every call has unless the author sets them: accept, user agent, and the idempotency key. */
export function finalHeaders(
  context: NodeContext,
  index: number,
  format: ResponseRule['format'],
  headers: Record<string, string>,
): Record<string, string> {
  const set = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const own: Record<string, string> = {};
  const add = (name: string, value: string): void => {
    if (!set.has(name)) own[name] = value;
  };
  add('accept', ACCEPT[format]);
  add('user-agent', 'n8n');
  add('idempotency-key', context.idempotencyKey(index));
  return { ...own, ...headers };
}
