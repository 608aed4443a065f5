import { Agent, ProxyAgent, request as send, type Dispatcher } from 'undici';

import type { HttpClient, OutgoingRequest, OutgoingResponse } from '#runtime';

import { connectorFor, guardedLookup, guardedUrl, type AddressRule } from './http/address-guard.ts';
import { failureOf } from './http/failures.ts';
import { errors } from './errors.ts';
import {
  HTTP_CONNECTIONS_PER_ORIGIN,
  HTTP_KEEP_ALIVE_MS,
  HTTP_POOLS,
  HTTP_REDIRECTS,
  HTTP_RESPONSE_BYTES,
  HTTP_TIMEOUT_MS,
} from './limits.ts';
import { afterRedirect, isRedirect, type Hop } from './http/redirects.ts';

/** Which addresses may be called, and the clock that ends calls. */
export interface HttpClientOptions extends AddressRule {
  /** Sets the deadline of a call; injected in tests. Default: `setTimeout`. */
  readonly timer?: (act: () => void, ms: number) => () => void;
}

/**
 * The guarded HTTP client of all nodes, on pooled connections. The address is checked when a connection is made and
 * before every redirect; credential headers leave with the first change of host; the answer's size, the time and
 * the redirects are bounded. `close` ends the pools.
 *
 * Fails with HTTP_URL_INVALID, HTTP_ADDRESS_REFUSED, HTTP_TIMEOUT, HTTP_TOO_MANY_REDIRECTS,
 * HTTP_RESPONSE_TOO_LARGE, HTTP_CONNECTION_REFUSED, HTTP_CONNECTION_FAILED; an abort of the caller's signal is
 * passed on as it is.
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient & { close(): Promise<void> } {
  const pools = new Map<string, Dispatcher>();
  const poolFor = (request: OutgoingRequest): Dispatcher => {
    const key = `${request.allowUnauthorizedCerts === true}|${request.proxy ?? ''}`;
    const known = pools.get(key);
    if (known) return known;
    if (pools.size >= HTTP_POOLS) dropOldest(pools);
    const made = makePool(request, options);
    pools.set(key, made);
    return made;
  };
  return {
    request: async (request) => bounded(request, options, poolFor(request)),
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      pools.clear();
    },
  };
}

function dropOldest(pools: Map<string, Dispatcher>): void {
  const [oldest] = pools;
  if (!oldest) return;
  pools.delete(oldest[0]);
  void oldest[1].close();
}

function makePool(request: OutgoingRequest, rule: AddressRule): Dispatcher {
  const trust = { rejectUnauthorized: request.allowUnauthorizedCerts !== true };
  const common = { keepAliveTimeout: HTTP_KEEP_ALIVE_MS, connections: HTTP_CONNECTIONS_PER_ORIGIN };
  if (request.proxy) {
    const uri = guardedUrl(request.proxy, rule).href;
    return new ProxyAgent({ ...common, uri, requestTls: trust, proxyTls: { lookup: guardedLookup(rule) } });
  }
  return new Agent({ ...common, connect: connectorFor(rule, trust) });
}

const startTimer = (act: () => void, ms: number): (() => void) => {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
};

/** One call under its deadline and the caller's signal. */
async function bounded(
  request: OutgoingRequest,
  options: HttpClientOptions,
  pool: Dispatcher,
): Promise<OutgoingResponse> {
  const timeoutMs = request.timeoutMs ?? HTTP_TIMEOUT_MS;
  const deadline = new AbortController();
  const stop = (options.timer ?? startTimer)(() => deadline.abort(), timeoutMs);
  try {
    return await followed(request, options, pool, AbortSignal.any([request.signal, deadline.signal]));
  } catch (failure) {
    if (request.signal.aborted) throw request.signal.reason;
    if (deadline.signal.aborted) throw errors.HTTP_TIMEOUT({ url: request.url, timeoutMs }, failure);
    throw failureOf(failure, request.url);
  } finally {
    stop();
  }
}

async function followed(
  request: OutgoingRequest,
  rule: AddressRule,
  pool: Dispatcher,
  signal: AbortSignal,
): Promise<OutgoingResponse> {
  const limit = request.maxRedirects ?? HTTP_REDIRECTS;
  let hop: Hop = {
    url: guardedUrl(request.url, rule),
    method: request.method,
    headers: request.headers,
    ...(request.body === undefined ? {} : { body: request.body }),
  };
  for (let redirects = 0; ; redirects++) {
    const response = await once(hop, request.maxResponseBytes ?? HTTP_RESPONSE_BYTES, pool, signal);
    const location = response.headers['location'];
    if (limit === 0 || !isRedirect(response.status) || typeof location !== 'string') return response;
    if (redirects >= limit) throw errors.HTTP_TOO_MANY_REDIRECTS({ url: hop.url.href, limit });
    hop = afterRedirect(hop, response.status, guardedUrl(new URL(location, hop.url).href, rule));
  }
}

async function once(hop: Hop, maxBytes: number, pool: Dispatcher, signal: AbortSignal): Promise<OutgoingResponse> {
  const answer = await send(hop.url, {
    method: hop.method as Dispatcher.HttpMethod, // undici checks the token itself and refuses a bad one.
    headers: hop.headers,
    body: hop.body ?? null,
    dispatcher: pool,
    signal,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    status: answer.statusCode,
    statusMessage: answer.statusText,
    headers: headersOf(answer.headers),
    body: await readBounded(answer.body, maxBytes, hop.url.href),
    url: hop.url.href,
  };
}

function headersOf(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  const made: [string, string | string[]][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === 'keep-alive') continue;
    // Connection headers speak of our pool, not of the answer; nodes see a connection of their own.
    if (name === 'connection') made.push([name, 'close']);
    else if (name === 'set-cookie') made.push([name, Array.isArray(value) ? value : [value]]);
    else made.push([name, Array.isArray(value) ? value.join(', ') : value]);
  }
  return Object.fromEntries(made);
}

async function readBounded(body: AsyncIterable<Uint8Array>, maxBytes: number, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    // Leaving the loop destroys the stream, so that the rest is never read.
    if (bytes > maxBytes) throw errors.HTTP_RESPONSE_TOO_LARGE({ url, bytes: maxBytes });
    parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}
