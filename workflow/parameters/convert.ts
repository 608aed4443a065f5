import { DateTime } from 'luxon';
import { parseDateText } from '../expressions/index.ts';
import { specialText, toJsonValue } from './json-value.ts';
import { parseLooseJson } from './loose-json.ts';

/** n8n's rules for reading a value as a type; shared by filters and typed assignments. */

export type ValueType = 'any' | 'array' | 'boolean' | 'dateTime' | 'number' | 'object' | 'string';

export type Converted = { readonly valid: true; readonly value: unknown } | { readonly valid: false };

const INVALID: Converted = { valid: false };
const valid = (value: unknown): Converted => ({ valid: true, value });

/** `array`, `object`, or the value in quotes. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object' && value !== null && specialText(value) === undefined) return 'object';
  return `'${String(value).slice(0, 200)}'`;
}

/** The name of a value's type in messages. */
export function typeName(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toBoolean(value: unknown): Converted {
  if (typeof value === 'boolean') return valid(value);
  if (typeof value !== 'string' && typeof value !== 'number') return INVALID;
  const word = String(value).toLowerCase().trim();
  if (word === 'true' || word === 'false') return valid(word === 'true');
  const number = word === '' ? NaN : Number(word);
  return number === 0 || number === 1 ? valid(number === 1) : INVALID;
}

function toNumber(value: unknown): Converted {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value instanceof DateTime || value instanceof Date ? valid(value.valueOf()) : INVALID;
  }
  const number = Number(Array.isArray(value) ? value.join() : value);
  return Number.isNaN(number) ? INVALID : valid(number);
}

function toText(value: unknown): Converted {
  if (typeof value !== 'object' || value === null) return valid(String(value));
  if (value instanceof Date) return valid(JSON.stringify(value));
  const special = specialText(value);
  return valid(special === undefined || special === null ? JSON.stringify(toJsonValue(value)) : special);
}

function toContainer(value: unknown, fits: (value: unknown) => boolean): Converted {
  if (fits(value)) return valid(value);
  if (typeof value !== 'string') return INVALID;
  const parsed = parseLooseJson(value.trim());
  return parsed !== undefined && fits(parsed) ? valid(parsed) : INVALID;
}

function toDateTime(value: unknown, zone: string): Converted {
  if (value instanceof DateTime) return value.isValid ? valid(value) : INVALID;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? INVALID : valid(DateTime.fromJSDate(value, { zone }));
  if (typeof value !== 'string' || /^\d+$/.test(value.trim())) return INVALID;
  const date = parseDateText(value, zone);
  return date.isValid ? valid(date) : INVALID;
}

/** Reads a value as a type, converting where n8n converts. */
export function convertLoosely(value: unknown, type: ValueType, zone: string): Converted {
  switch (type) {
    case 'any':
      return valid(value);
    case 'boolean':
      return toBoolean(value);
    case 'number':
      return toNumber(value);
    case 'string':
      return toText(value);
    case 'array':
      return toContainer(value, Array.isArray);
    case 'object':
      return toContainer(value, isRecord);
    case 'dateTime':
      return toDateTime(value, zone);
  }
}

/** Takes a value only if it is of the type already; a dateTime may be text that reads as one. */
export function checkStrictly(value: unknown, type: ValueType, zone: string): Converted {
  switch (type) {
    case 'any':
      return valid(value);
    case 'array':
      return Array.isArray(value) ? valid(value) : INVALID;
    case 'object':
      return isRecord(value) ? valid(value) : INVALID;
    case 'dateTime':
      return toDateTime(value, zone);
    case 'string':
      // A date stands for its text.
      if (value instanceof DateTime) return valid(value.toISO());
      return typeof value === 'string' ? valid(value) : INVALID;
    default:
      return typeof value === type ? valid(value) : INVALID;
  }
}
