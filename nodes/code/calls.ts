import type { BinaryData, JsonObject, JsonValue } from '#workflow';
import type { NodeContext, OutgoingRequest } from '#runtime';

import { errors } from './errors.ts';

/** Answers what user code asks of the outside through `this.helpers`. Rejects with what the code then catches. */
export async function answerCall(context: NodeContext, name: string, argument: JsonValue): Promise<JsonValue> {
  if (name === 'httpRequest') return httpRequest(context, asObject(argument));
  if (name === 'readBinary') return readBinary(context, asObject(argument));
  throw errors.CODE_CALL_REFUSED({ name });
}

async function readBinary(context: NodeContext, file: JsonObject): Promise<JsonValue> {
  const { id } = file;
  // Only files that came with this node's own items: an id is not a key to everyone's files.
  const own = context.inputs.flatMap((items) => items ?? []).flatMap((item) => Object.values(item.binary ?? {}));
  const binary = own.find((one: BinaryData) => one.id !== undefined && one.id === id);
  if (!binary) throw errors.CODE_CALL_REFUSED({ name: 'getBinaryDataBuffer' });
  return Buffer.from(await context.binary.read(binary)).toString('base64');
}

async function httpRequest(context: NodeContext, options: JsonObject): Promise<JsonValue> {
  const response = await context.http.request(outgoing(options, context.signal));
  const text = new TextDecoder().decode(response.body);
  if (response.status >= 400 && options['ignoreHttpStatusErrors'] !== true) {
    throw errors.CODE_HTTP_STATUS({ status: response.status, body: text.slice(0, 200) });
  }
  const body =
    options['encoding'] === 'arraybuffer' ? Buffer.from(response.body).toString('base64') : parsed(text, options);
  if (options['returnFullResponse'] !== true && options['resolveWithFullResponse'] !== true) return body;
  return { body, headers: response.headers, statusCode: response.status, statusMessage: response.statusMessage };
}

/** n8n's request options in the form of our client. */
function outgoing(options: JsonObject, signal: AbortSignal): OutgoingRequest {
  const url = new URL(String(options['url'] ?? options['uri'] ?? ''), optionalText(options['baseURL']));
  for (const [key, value] of Object.entries(asObject(options['qs'] ?? {}))) url.searchParams.append(key, String(value));
  const headers = Object.fromEntries(
    Object.entries(asObject(options['headers'] ?? {})).map(([key, value]) => [key.toLowerCase(), String(value)]),
  );
  const body = options['body'];
  const json = body !== undefined && body !== null && typeof body === 'object';
  if (json) headers['content-type'] ??= 'application/json';
  if (options['json'] === true) headers['accept'] ??= 'application/json';
  return {
    method: String(options['method'] ?? 'GET').toUpperCase(),
    url: url.href,
    headers,
    ...(body === undefined || body === null ? {} : { body: json ? JSON.stringify(body) : String(body) }),
    ...(typeof options['timeout'] === 'number' ? { timeoutMs: options['timeout'] } : {}),
    ...(options['disableFollowRedirect'] === true ? { maxRedirects: 0 } : {}),
    signal,
  };
}

function parsed(text: string, options: JsonObject): JsonValue {
  if (options['json'] === false || options['encoding'] === 'text') return text;
  try {
    return JSON.parse(text) as JsonValue; // JSON.parse gives a JsonValue by definition
  } catch {
    return text;
  }
}

const optionalText = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

function asObject(value: JsonValue): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
