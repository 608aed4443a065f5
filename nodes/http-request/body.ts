import { createHash } from 'node:crypto';

import type { NodeContext } from '#runtime';
import type { BinaryData, JsonObject } from '#workflow';

import { errors } from '../errors.ts';
import { placePath } from '../paths.ts';
import { flagParam, rowsParam, textParam } from '../read.ts';
import { asText, isRecord, plain } from '../values.ts';
import { queryPairs } from './query.ts';

export interface Body {
  readonly content?: string | Uint8Array;
  readonly headers: Record<string, string>;
}

type Fields = Record<string, unknown>;

/** The body of a call of version 3 and later; `page` holds fields that pagination adds. */
export async function requestBody(context: NodeContext, index: number, page: Fields): Promise<Body> {
  const paged = Object.keys(page).length > 0;
  if (!flagParam(context, 'sendBody', index)) return paged ? jsonBody(page) : { headers: {} };
  const kind = textParam(context, 'contentType', index, 'json');
  const specify = textParam(context, 'specifyBody', index, 'keypair');
  if (kind === 'json' && specify === 'json') return givenJson(context.param('jsonBody', index, ''), index, page);
  if (kind === 'json') return jsonBody(nested(context, index, page));
  if (kind === 'form-urlencoded' && specify === 'string') {
    return { content: textParam(context, 'body', index), headers: formHeader };
  }
  if (kind === 'form-urlencoded') return formBody({ ...fieldRows(context, index), ...page });
  if (kind === 'multipart-form-data') return multipart(context, index, page);
  if (kind === 'raw') return rawBody(context, index);
  if (kind === 'binaryData') return fileBody(context, index);
  throw errors.NODE_PARAMETER_INVALID({
    parameter: 'contentType',
    value: kind,
    allowed: 'json, form-urlencoded, multipart-form-data, raw, binaryData',
    item: index,
  });
}

const formHeader = { 'content-type': 'application/x-www-form-urlencoded' };

export function jsonBody(value: unknown): Body {
  return { content: JSON.stringify(plain(value)), headers: { 'content-type': 'application/json' } };
}

export function formBody(fields: Fields): Body {
  const pairs = queryPairs(fields, 'indices');
  return { content: new URLSearchParams(pairs).toString(), headers: formHeader };
}

/** JSON given as one value: an object from an expression, or a text that has to be JSON. */
export function givenJson(value: unknown, index: number, page: Fields = {}): Body {
  let data = value;
  if (typeof value === 'string') {
    if (value.trim() === '') return jsonBody(page);
    try {
      data = JSON.parse(value) as unknown;
    } catch (failure) {
      throw errors.HTTP_BODY_INVALID({ problem: 'JSON parameter needs to be valid JSON', item: index }, failure);
    }
  }
  return jsonBody(isRecord(data) ? { ...data, ...page } : data);
}

function fieldRows(context: NodeContext, index: number): Fields {
  const rows = rowsParam(context, 'bodyParameters.parameters', index);
  return Object.fromEntries(
    rows.filter((row) => asText(row['name']) !== '').map((row) => [asText(row['name']), row['value']]),
  );
}

/** Fields of a JSON body; from version 4 on a dot in a name makes an object. */
function nested(context: NodeContext, index: number, page: Fields): JsonObject {
  const fields: JsonObject = {};
  for (const [name, value] of Object.entries({ ...fieldRows(context, index), ...page })) {
    placePath(fields, name, plain(value), context.node.typeVersion >= 4);
  }
  return fields;
}

function rawBody(context: NodeContext, index: number): Body {
  const type = textParam(context, 'rawContentType', index);
  return { content: textParam(context, 'body', index), headers: type === '' ? {} : { 'content-type': type } };
}

async function fileBody(context: NodeContext, index: number): Promise<Body> {
  const file = fileOf(context, index, textParam(context, 'inputDataFieldName', index, 'data'));
  return { content: await context.binary.read(file), headers: { 'content-type': file.mimeType } };
}

function fileOf(context: NodeContext, index: number, field: string): BinaryData {
  const binary = context.items()[index]?.binary;
  const file = binary && Object.hasOwn(binary, field) ? binary[field] : undefined;
  if (!file) throw errors.NODE_BINARY_MISSING({ field, item: index });
  return file;
}

async function multipart(context: NodeContext, index: number, page: Fields): Promise<Body> {
  // The same call gets the same bytes on a retry, so the boundary comes from its key and not from chance.
  const boundary = `----troupe-${createHash('sha256').update(context.idempotencyKey(index)).digest('hex').slice(0, 32)}`;
  const parts: Uint8Array[] = [];
  const add = (head: string, content: Uint8Array): void => {
    parts.push(Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), content, Buffer.from('\r\n'));
  };
  for (const row of rowsParam(context, 'bodyParameters.parameters', index)) {
    const name = quoted(asText(row['name']));
    if (row['parameterType'] === 'formBinaryData') {
      const file = fileOf(context, index, asText(row['inputDataFieldName']));
      const fileName = quoted(file.fileName ?? 'file');
      const head = `Content-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: ${oneLine(file.mimeType)}`;
      add(head, await context.binary.read(file));
    } else add(`Content-Disposition: form-data; name="${name}"`, Buffer.from(asText(row['value'])));
  }
  for (const [name, value] of Object.entries(page)) {
    add(`Content-Disposition: form-data; name="${quoted(name)}"`, Buffer.from(asText(value)));
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { content: Buffer.concat(parts), headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } };
}

/** Names from data must not end the header they stand in. */
const oneLine = (text: string): string => text.replace(/[\r\n]/g, ' ');
const quoted = (text: string): string => text.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
