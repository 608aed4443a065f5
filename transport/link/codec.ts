import { isUtf8 } from 'node:buffer';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { causeOf } from '#runtime';
import { isPlainObject, measureJson, type JsonObject, type JsonValue } from '#workflow';
import { errors } from '../errors.ts';
import type { LinkLimits } from '../limits.ts';
import type { Envelope } from './envelope.ts';

/**
 *   message = version flags text
 *   version = %x01          one byte; another one is unreadable
 *   flags   = %x00 / %x01   one byte; bit 0: text is compressed by zstd; any other bit is unreadable
 *   text    = UTF-8 JSON, an object: {form, from, id, …} as in envelope.ts; unknown members are ignored
 */
const VERSION = 1;
const PLAIN = 0;
const ZSTD = 1;
const HEAD_BYTES = 2;

/** A message read, or in words why it cannot be. */
export type Decoded = { readonly ok: true; readonly envelope: Envelope } | { readonly ok: false; readonly why: string };

/** Throws LINK_MESSAGE_TOO_LARGE and LINK_MESSAGE_INVALID. */
export function encode(envelope: Envelope, limits: LinkLimits): Buffer {
  const name = 'kind' in envelope ? envelope.kind : envelope.form;
  const fault = faultOf(envelope, limits);
  if (fault !== undefined) throw errors.LINK_MESSAGE_INVALID({ kind: name, why: fault });
  const text = Buffer.from(JSON.stringify(envelope), 'utf8');
  tooLarge(name, text.length, limits.LINK_TEXT_BYTES);
  const compressed = text.length >= limits.COMPRESS_FROM_BYTES;
  const rest = compressed ? zstdCompressSync(text) : text;
  tooLarge(name, rest.length + HEAD_BYTES, limits.LINK_MESSAGE_BYTES);
  return Buffer.concat([Buffer.of(VERSION, compressed ? ZSTD : PLAIN), rest]);
}

/** Never throws, whatever the bytes are; they may come from another version or from anybody with access to the broker. */
export function decode(content: Buffer, limits: LinkLimits): Decoded {
  try {
    const text = textOf(content, limits);
    if (typeof text !== 'string') return text;
    return envelopeOf(JSON.parse(text), limits);
  } catch (error) {
    return unreadable(causeOf(error));
  }
}

function textOf(content: Buffer, limits: LinkLimits): string | Decoded {
  const [version, flags] = content;
  if (version !== VERSION) return unreadable(version === undefined ? 'it is empty' : `its version is ${version}`);
  if (content.length > limits.LINK_MESSAGE_BYTES) return unreadable(`it has ${content.length} bytes`);
  if (flags !== PLAIN && flags !== ZSTD) return unreadable(`its flags are ${flags}`);
  const rest = content.subarray(HEAD_BYTES);
  const text = flags === ZSTD ? zstdDecompressSync(rest, { maxOutputLength: limits.LINK_TEXT_BYTES }) : rest;
  return isUtf8(text) ? text.toString('utf8') : unreadable('it is not UTF-8');
}

function envelopeOf(value: unknown, limits: LinkLimits): Decoded {
  if (!isPlainObject(value)) return unreadable('it is no object');
  const envelope = shaped(value);
  if (envelope === undefined) return unreadable('its envelope is incomplete');
  const fault = faultOf(envelope, limits);
  return fault === undefined ? { ok: true, envelope } : unreadable(fault);
}

function shaped(raw: Record<string, unknown>): Envelope | undefined {
  const { form, from, id, kind, body, to, value, code, message, timeoutMs } = raw;
  if (typeof from !== 'string' || typeof id !== 'string') return undefined;
  if (form === 'tell' || form === 'all') {
    return typeof kind === 'string' && isObject(body) ? { form, from, id, kind, body } : undefined;
  }
  if (form === 'ask') {
    if (typeof kind !== 'string' || !isObject(body) || typeof timeoutMs !== 'number') return undefined;
    return { form, from, id, kind, body, timeoutMs };
  }
  if (typeof to !== 'string') return undefined;
  if (form === 'reply') return value === undefined ? undefined : { form, from, id, to, value: parsed(value) };
  if (form !== 'refusal' || typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { form, from, id, to, code, message };
}

/** Both sides ask this: what one may not send the other does not take. */
function faultOf(envelope: Envelope, limits: LinkLimits): string | undefined {
  const { MEMBER_CHARACTERS, KIND_CHARACTERS, LINK_MESSAGE_DEPTH } = limits;
  const short = (text: string, most: number): boolean => text.length > 0 && text.length <= most;
  if (!short(envelope.from, MEMBER_CHARACTERS)) return 'the name of the sender is empty or too long';
  if (!short(envelope.id, MEMBER_CHARACTERS)) return 'its id is empty or too long';
  if ('to' in envelope && !short(envelope.to, MEMBER_CHARACTERS)) return 'the id it answers is empty or too long';
  if ('kind' in envelope && !short(envelope.kind, KIND_CHARACTERS)) return 'the name of its kind is empty or too long';
  const load = 'body' in envelope ? envelope.body : 'value' in envelope ? envelope.value : null;
  // Depth alone: bytes are counted exactly where they are known.
  const { depth } = measureJson(load, Infinity, LINK_MESSAGE_DEPTH);
  return depth > LINK_MESSAGE_DEPTH ? `it is nested deeper than ${LINK_MESSAGE_DEPTH}` : undefined;
}

function tooLarge(kind: string, bytes: number, limit: number): void {
  if (bytes > limit) throw errors.LINK_MESSAGE_TOO_LARGE({ kind, bytes, limit });
}

function isObject(value: unknown): value is JsonObject {
  return isPlainObject(value);
}

/** What `JSON.parse` made is JSON. */
function parsed(value: unknown): JsonValue {
  return value as JsonValue;
}

function unreadable(why: string): Decoded {
  return { ok: false, why };
}
