import { DateTime, Duration, Interval } from 'luxon';
import type { JsonObject, JsonValue } from '../items.ts';
import { PARAMETER_VALUE_DEPTH } from './limits.ts';

/**
 * What an expression gave as the JSON an item can hold: dates as ISO text, bigint as text, NaN and the infinities as
 * null, undefined members left out, sets and maps as {}. Deeper than the limit becomes null.
 */
export function toJsonValue(value: unknown, depth = 0): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // JSON has no negative zero.
      return Number.isFinite(value) ? value || 0 : null;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null || depth > PARAMETER_VALUE_DEPTH ? null : objectJson(value, depth);
    default:
      return null;
  }
}

function objectJson(value: object, depth: number): JsonValue {
  if (Array.isArray(value)) return value.map((element) => toJsonValue(element, depth + 1));
  const special = specialText(value);
  if (special !== undefined) return special;
  const made: JsonObject = {};
  if (value instanceof Set || value instanceof Map) return made;
  for (const [key, content] of Object.entries(value)) {
    if (content === undefined) continue;
    Object.defineProperty(made, key, {
      value: toJsonValue(content, depth + 1),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return made;
}

/** The text of a date-like object; undefined for others. */
export function specialText(value: object): string | null | undefined {
  if (value instanceof DateTime || value instanceof Duration || value instanceof Interval) return value.toISO();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  return undefined;
}
