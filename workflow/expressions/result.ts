import { rangeFault, stop } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { VALUE_DEPTH } from './limits.ts';
import { define, GuestFunction, Handle, kindOf, newRecord, textOf } from './values.ts';

/**
 * What leaves an evaluation: plain data, luxon values and JS Dates. Closures stop the run as in n8n; handles become
 * data; data that holds nothing special is passed on as it is, without a copy.
 */
export function resultOf(e: Evaluation, value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > VALUE_DEPTH) throw rangeFault('Result is nested too deeply');
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'array':
      return arrayResult(e, seen as unknown[], depth);
    case 'object':
      return recordResult(e, seen as Record<string, unknown>, depth);
    case 'function':
      throw stop('EXPRESSION_RESULT', { text: (seen as GuestFunction).text.slice(0, 200) });
    case 'handle':
      return resultOf(e, (seen as Handle).plain(e), depth + 1);
    case 'set':
      return new Set([...(seen as Set<unknown>)].map((member) => resultOf(e, member, depth + 1)));
    case 'map':
      return new Map(
        [...(seen as Map<unknown, unknown>)].map(([key, content]) => [
          resultOf(e, key, depth + 1),
          resultOf(e, content, depth + 1),
        ]),
      );
    case 'error':
    case 'regexp':
      return textOf(e, seen);
    case 'opaque':
      return newRecord();
    default:
      return seen;
  }
}

function arrayResult(e: Evaluation, list: unknown[], depth: number): unknown[] {
  e.spend(list.length);
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const result = resultOf(e, list[i], depth + 1);
    if (copy === undefined && result !== list[i]) copy = list.slice(0, i);
    copy?.push(result);
  }
  return copy ?? list;
}

function recordResult(e: Evaluation, record: Record<string, unknown>, depth: number): Record<string, unknown> {
  const keys = Object.keys(record);
  e.spend(keys.length);
  let copy: Record<string, unknown> | undefined;
  for (const [i, key] of keys.entries()) {
    const result = resultOf(e, record[key], depth + 1);
    if (copy === undefined && result !== record[key]) {
      copy = newRecord();
      for (const before of keys.slice(0, i)) define(copy, before, record[before]);
    }
    if (copy !== undefined) define(copy, key, result);
  }
  return copy ?? record;
}

/**
 * The text of a value inside a longer text: nothing for null, undefined, NaN and "", ISO for a DateTime, the long
 * form for a JS Date, `[object Object]` for objects, elements with commas for arrays.
 */
export function partText(e: Evaluation, value: unknown): string {
  if (value === null || value === undefined || Number.isNaN(value) || value instanceof GuestFunction) return '';
  return textOf(e, value instanceof Handle ? value.plain(e) : value);
}
