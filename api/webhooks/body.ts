import type { JsonValue } from '#workflow';
import type { WebhookRequest } from '#runtime';
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { errors } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { ApiLimits } from '../limits.ts';
import { parseForm } from './form.ts';
import { parseMultipart } from './multipart.ts';

export const NO_BYTES = Buffer.alloc(0);

export interface Body {
  body: JsonValue;
  raw: Buffer;
  files: WebhookRequest['files'];
}

/** True when the call announces a body; others are never listened to. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Reads the whole body, decompressed, within WEBHOOK_BODY_BYTES. Throws BODY_TOO_LARGE, BODY_MALFORMED, CLIENT_GONE. */
export function readBody(request: IncomingMessage, limits: ApiLimits): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limits.WEBHOOK_BODY_BYTES) {
    return Promise.reject(errors.BODY_TOO_LARGE({ bytes: limits.WEBHOOK_BODY_BYTES }));
  }
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return collect(request, limits);
  return inflate(request, encoding, limits);
}

function collect(request: IncomingMessage, limits: ApiLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limits.WEBHOOK_BODY_BYTES) chunks.push(chunk);
      else {
        request.removeAllListeners('data').pause();
        reject(errors.BODY_TOO_LARGE({ bytes: limits.WEBHOOK_BODY_BYTES }));
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? NO_BYTES) : Buffer.concat(chunks, size)));
    request.on('close', () => {
      if (!request.complete) reject(errors.CLIENT_GONE({}));
    });
    request.on('error', () => reject(errors.CLIENT_GONE({})));
  });
}

/** Decompresses as it comes and stops at the first byte over the size or the ratio: a bomb never unfolds. */
function inflate(request: IncomingMessage, encoding: string, limits: ApiLimits): Promise<Buffer> {
  const stream = decoder(encoding.trim().toLowerCase());
  if (stream === undefined) return Promise.reject(errors.BODY_TYPE_UNSUPPORTED({ type: encoding }));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let taken = 0;
    let size = 0;
    const stop = (error: Error): void => {
      request.unpipe(stream);
      stream.destroy();
      reject(error);
    };
    request.on('data', (chunk: Buffer) => void (taken += chunk.length));
    request.on('close', () => {
      if (!request.complete) stop(errors.CLIENT_GONE({}));
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      const bomb = size > limits.INFLATE_FREE_BYTES && size > taken * limits.INFLATE_RATIO;
      if (bomb || size > limits.WEBHOOK_BODY_BYTES) stop(errors.BODY_TOO_LARGE({ bytes: limits.WEBHOOK_BODY_BYTES }));
      else chunks.push(chunk);
    });
    stream.on('end', () => resolve(Buffer.concat(chunks, size)));
    stream.on('error', (error) => stop(errors.BODY_MALFORMED({ kind: encoding, fault: error.message })));
    request.pipe(stream);
  });
}

function decoder(encoding: string): Transform | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  return undefined;
}

/**
 * Reads the body by its content type: JSON, form, multipart, text (text/*, XML). Of other types only the bytes are
 * handed on, and the body is an empty object, as it is for a call without a body.
 */
export function parseBody(raw: Buffer, contentType: string | undefined): Body {
  if (raw.length === 0) return { body: {}, raw, files: [] };
  const header = contentType ?? 'text/plain';
  const semicolon = header.indexOf(';');
  const type = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  if (type === 'application/json' || type.endsWith('+json')) {
    return { body: parseJson(textOf(raw, header)), raw, files: [] };
  }
  if (type === 'application/x-www-form-urlencoded') return { body: parseForm(textOf(raw, header)), raw, files: [] };
  if (type === 'multipart/form-data') return { ...parseMultipart(raw, header), raw };
  if (type.startsWith('text/') || type === 'application/xml' || type.endsWith('+xml')) {
    return { body: textOf(raw, header), raw, files: [] };
  }
  return { body: {}, raw, files: [] };
}

function textOf(raw: Buffer, contentType: string): string {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset === 'utf-8' || charset === 'utf8') return raw.toString('utf8');
  if (charset === 'iso-8859-1' || charset === 'latin1' || charset === 'us-ascii') return raw.toString('latin1');
  if (charset === 'utf-16le') return raw.toString('utf16le');
  throw errors.BODY_TYPE_UNSUPPORTED({ type: contentType });
}
