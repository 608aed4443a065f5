import type { BinaryStore, WebhookRequest } from '#runtime';
import type { IncomingMessage } from 'node:http';
import { errors } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { hasBody, NO_BYTES, parseBody, readBody, type Body } from './body.ts';
import { parseForm } from './form.ts';

const NO_BODY: Body = { body: {}, raw: NO_BYTES, files: [] };

/** Where a call goes: the path behind the prefix, without slash in front, and its query text. */
export interface Address {
  readonly path: string;
  readonly query: string;
}

/** Splits the address behind `prefix` (such as `/webhook/`). Throws URL_INVALID when it is too long. */
export function addressOf(url: string, prefix: string, limits: ApiLimits): Address {
  if (url.length > limits.URL_CHARACTERS) throw errors.URL_INVALID({ fault: 'it is too long' });
  const mark = url.indexOf('?');
  return mark === -1
    ? { path: url.slice(prefix.length), query: '' }
    : { path: url.slice(prefix.length, mark), query: url.slice(mark + 1) };
}

/** Reads a call to its end and makes what a node's `receive` takes. */
export async function readRequest(
  request: IncomingMessage,
  address: Address,
  params: Record<string, string>,
  options: { binary: BinaryStore; test: boolean; publicUrl: string | undefined; limits: ApiLimits },
): Promise<WebhookRequest> {
  const { limits, binary, test } = options;
  const { body, raw, files } = hasBody(request)
    ? parseBody(await readBody(request, limits), request.headers['content-type'])
    : NO_BODY;
  return {
    method: request.method ?? 'GET',
    url: (options.publicUrl ?? `http://${request.headers.host ?? 'localhost'}`) + (request.url ?? '/'),
    headers: plainHeaders(request),
    params,
    query: parseForm(address.query),
    body,
    raw,
    files,
    remoteAddress: request.socket.remoteAddress ?? '',
    test,
    binary,
  };
}

/** The key of a repeated call, if it has one. Throws IDEMPOTENCY_KEY_INVALID. */
export function idempotencyKeyOf(request: IncomingMessage, limits: ApiLimits): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key === '' || key.length > limits.IDEMPOTENCY_KEY_CHARACTERS) {
    throw errors.IDEMPOTENCY_KEY_INVALID({ characters: limits.IDEMPOTENCY_KEY_CHARACTERS });
  }
  return key;
}

/** Own text values only: names such as `constructor` would show members of all objects. */
function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name in headers || value === undefined) continue;
    headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}
