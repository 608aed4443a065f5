import type { DateTime, Duration, Interval } from 'luxon';
import { rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { VALUE_DEPTH } from './limits.ts';
import { define, type GuestError, type Handle, kindOf, newRecord } from './values.ts';

/**
 * Guest values as JSON. The copy that is stringified holds only what JSON knows, so the host's JSON.stringify meets
 * no `toJSON`, no getter and no cycle; its bytes are paid while the copy is made.
 */

function scalar(e: Evaluation, value: unknown): unknown {
  if (typeof value === 'string') e.allocate(value.length + 2);
  if (typeof value === 'bigint') throw typeFault('Do not know how to serialize a BigInt');
  return value;
}

/** A copy for JSON; undefined where JSON leaves the value out. */
function jsonCopy(e: Evaluation, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return scalar(e, value);
  if (depth > VALUE_DEPTH) throw rangeFault('Converting circular structure to JSON');
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'array':
      e.elements((seen as unknown[]).length);
      return (seen as unknown[]).map((element) => jsonCopy(e, element, depth + 1));
    case 'object': {
      const copy = newRecord();
      const entries = Object.entries(seen);
      e.elements(entries.length);
      for (const [key, content] of entries) {
        e.allocate(key.length);
        define(copy, key, jsonCopy(e, content, depth + 1));
      }
      return copy;
    }
    case 'dateTime':
      return (seen as DateTime).toISO();
    case 'duration':
      return (seen as Duration).toISO();
    case 'interval':
      return (seen as Interval).toISO();
    case 'date':
      return Date.prototype.toJSON.call(seen);
    case 'function':
      return undefined;
    case 'handle':
      return jsonCopy(e, (seen as Handle).plain(e), depth + 1);
    case 'error':
      return { name: (seen as GuestError).name, message: (seen as GuestError).message };
    default:
      return {};
  }
}

/** JSON text of a guest value; undefined for undefined and functions. `indent` as JSON.stringify takes it. */
export function stringify(e: Evaluation, value: unknown, indent?: string | number): string | undefined {
  const copy = jsonCopy(e, value, 0);
  // Indentation can at most add its width per level and line; the copy paid per element, this pays the rest.
  if (indent !== undefined && indent !== 0 && indent !== '') e.allocate(countLines(copy, 0));
  return JSON.stringify(copy, undefined, indent);
}

function countLines(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return depth * 10 + 12;
  let sum = depth * 10 + 12;
  for (const content of Object.values(value)) sum += countLines(content, depth + 1);
  return sum;
}

/** Parses JSON text into guest data; throws the host's SyntaxError. A `__proto__` key stays data. */
export function parseJson(e: Evaluation, text: string): unknown {
  e.allocate(text.length * 4);
  e.spend(Math.floor(text.length / 16));
  return JSON.parse(text);
}
