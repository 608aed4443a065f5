import type { NodeContext, OutgoingResponse } from '#runtime';
import type { Item, JsonObject, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { HTTP_ERROR_BODY_CHARACTERS } from '../limits.ts';
import { asText, isRecord } from '../values.ts';
import type { ResponseRule } from './shared.ts';
import { statusText } from './status.ts';
import { mimeTypeOfName } from './mime.ts';

/** What an answer came to: its body as data, or a file. */
export type Read = { body: JsonValue; asText: boolean } | { file: Uint8Array; mimeType: string; fileName?: string };

/** Types that autodetect takes for files. */
const FILES =
  /^(image|audio|video|font)\/|^application\/(octet-stream|gzip|zip|pdf|rtf|msword|x-(tar|bzip2?|7z-compressed|cdf)|epub\+zip|vnd\.(rar|visio|ms-(excel|powerpoint|fontobject)|amazon\.ebook|oasis\.opendocument\.|openxmlformats-officedocument\.))/;

/** Refuses an answer with an error status, unless the node never fails on those. */
export function checkStatus(response: OutgoingResponse, rule: ResponseRule, item: number): void {
  if (rule.neverError || (response.status >= 200 && response.status < 300)) return;
  const body = textOf(response).slice(0, HTTP_ERROR_BODY_CHARACTERS);
  const description = describe(body);
  throw errors.HTTP_STATUS({
    httpCode: String(response.status),
    text: statusText(response.status),
    messages: [`${response.status} - ${JSON.stringify(body)}`],
    item,
    ...(description === undefined ? {} : { description }),
  });
}

/** What the service says itself about its refusal. */
function describe(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (!isRecord(parsed)) return undefined;
    const said = [parsed['message'], parsed['error'], parsed['description']].find((entry) => typeof entry === 'string');
    return said === undefined ? undefined : asText(said);
  } catch {
    return body === '' ? undefined : body;
  }
}

/** Reads the body as the node asks for, or by its content type. */
export function readBody(response: OutgoingResponse, rule: ResponseRule, item: number): Read {
  const type = asText(response.headers['content-type']).toLowerCase();
  const format = rule.format === 'autodetect' ? detected(type) : rule.format;
  if (format === 'file') return fileFrom(response, type);
  if (format === 'text') return { body: textOf(response), asText: true };
  return { body: jsonFrom(response, rule, item), asText: false };
}

function detected(type: string): 'json' | 'text' | 'file' {
  if (type.includes('application/json')) return 'json';
  return FILES.test(type) ? 'file' : 'text';
}

function jsonFrom(response: OutgoingResponse, rule: ResponseRule, item: number): JsonValue {
  const text = textOf(response);
  if (text === '') return {};
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (failure) {
    if (rule.neverError) return {};
    const problem =
      rule.format === 'autodetect'
        ? 'Invalid JSON in response body'
        : 'Response body is not valid JSON. Change "Response Format" to "Text"';
    throw errors.HTTP_ANSWER_INVALID({ problem, item }, failure);
  }
  if (typeof value === 'string' && !rule.full) {
    const problem = 'Response body is not valid JSON. Change "Response Format" to "Text"';
    throw errors.HTTP_ANSWER_INVALID({ problem, item });
  }
  return value;
}

/** The body as text in the charset it names; UTF-8 where it names none that is known. */
export function textOf(response: OutgoingResponse): string {
  const label = /charset="?([^";\s]+)/i.exec(asText(response.headers['content-type']))?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(response.body);
  } catch {
    return new TextDecoder().decode(response.body);
  }
}

function fileFrom(response: OutgoingResponse, type: string): Read {
  const disposition = asText(response.headers['content-disposition']);
  const named = /filename\*?="?(?:UTF-8'')?([^";]+)/i.exec(disposition)?.[1];
  const last = new URL(response.url).pathname.split('/').pop() ?? '';
  const fileName = named ?? (last.includes('.') ? last : undefined);
  const mimeType = type.split(';')[0]?.trim() || mimeTypeOfName(fileName) || 'application/octet-stream';
  return { file: response.body, mimeType, ...(fileName === undefined ? {} : { fileName: decoded(fileName) }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).replace(/^.*[\\/]/, '');
  } catch {
    return text.replace(/^.*[\\/]/, '');
  }
}

/** The items of one answer: a list becomes one item per element, a full response always one. */
export async function itemsFrom(
  context: NodeContext,
  response: OutgoingResponse,
  rule: ResponseRule,
  index: number,
): Promise<Item[]> {
  const read = readBody(response, rule, index);
  const frame: JsonObject = {
    headers: response.headers,
    statusCode: response.status,
    statusMessage: response.statusMessage,
  };
  const pairedItem = { item: index };
  if ('file' in read) {
    const meta = { mimeType: read.mimeType, ...(read.fileName === undefined ? {} : { fileName: read.fileName }) };
    const binary = {
      ...context.items()[index]?.binary,
      [rule.outputProperty]: await context.binary.write(read.file, meta),
    };
    return [{ json: rule.full ? frame : {}, binary, pairedItem }];
  }
  if (read.asText) {
    return [{ json: { [rule.outputProperty]: read.body, ...(rule.full ? frame : {}) }, pairedItem }];
  }
  if (rule.full) return [{ json: { body: read.body, ...frame }, pairedItem }];
  const list = Array.isArray(read.body) ? read.body : [read.body];
  // A scalar stands bare where an object should be: that is what n8n puts out.
  return list.map((json) => ({ json: json as JsonObject, pairedItem }));
}
