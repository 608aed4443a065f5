import type { JsonObject, JsonValue } from '#workflow';

import { errors } from './errors.ts';
import { JSON_DEPTH_LEVELS } from './limits.ts';

/** True for objects that are neither null nor lists. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; empty for anything else. */
export function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/**
 * Turns what an expression gave into plain JSON: dates become ISO text, undefined members vanish, undefined itself
 * and numbers JSON has no word for become null, bigint becomes text. Plain data is returned as it is, not copied.
 */
export function plain(value: unknown, depth = 0): JsonValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return null;
  if (depth > JSON_DEPTH_LEVELS) throw errors.NODE_VALUE_TOO_DEEP({ levels: JSON_DEPTH_LEVELS });
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON(), depth + 1);
  return Array.isArray(value) ? plainList(value, depth) : plainRecord(value, depth);
}

function plainList(list: unknown[], depth: number): JsonValue[] {
  let copy: JsonValue[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const made = plain(list[i], depth + 1);
    if (copy) copy.push(made);
    // Until something differs from the original, the original itself is the answer.
    else if (made !== list[i]) copy = [...(list.slice(0, i) as JsonValue[]), made];
  }
  return copy ?? (list as JsonValue[]);
}

function plainRecord(record: object, depth: number): JsonObject {
  const copy: [string, JsonValue][] = [];
  let same = true;
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined || typeof value === 'function') {
      same = false;
      continue;
    }
    const made = plain(value, depth + 1);
    if (made !== value) same = false;
    copy.push([key, made]);
  }
  // `fromEntries` defines own members, so that a key named `__proto__` stays data.
  return same ? (record as JsonObject) : Object.fromEntries(copy);
}

/** `plain` for places where only an object makes sense; anything else gives undefined. */
export function plainObject(value: unknown): JsonObject | undefined {
  const made = plain(value);
  return isRecord(made) ? made : undefined;
}

/** Text as people expect it in a message or a header: objects as JSON, null and undefined as nothing. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'object') {
    const made = plain(value);
    return typeof made === 'string' ? made : JSON.stringify(made);
  }
  return String(value as number | boolean | bigint);
}

/** Splits `a, b ,c` (or takes a list) into trimmed names without empty ones. */
export function names(value: unknown): string[] {
  const parts = Array.isArray(value) ? value.map(asText) : asText(value).split(',');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Deep equality of JSON values; the order of members does not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameJson(x, b[i]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}
