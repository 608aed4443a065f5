import jmespath from 'jmespath';
import { functionStop } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { isEmptyValue } from './extensions/array.ts';
import { isolated } from './isolate.ts';
import { elementsOf } from './operators.ts';
import { isRecord, numberOf, textOf } from './values.ts';

/** n8n's global functions. */

type Run = (e: Evaluation, args: unknown[]) => unknown;

const PATH_CHARACTERS = 2_000;

function numbers(e: Evaluation, args: unknown[]): number[] {
  e.spend(args.length);
  return args.map((arg) => numberOf(e, arg));
}

function average(e: Evaluation, args: unknown[]): number {
  const list = numbers(e, args);
  return list.reduce((sum, number) => sum + number, 0) / list.length;
}

function numberList(e: Evaluation, args: unknown[]): number[] {
  const [start = 0, end = 0] = numbers(e, args);
  const length = Math.abs(end - start) + 1;
  e.elements(Number.isFinite(length) ? Math.floor(length) : Infinity);
  return Array.from({ length }, (_, i) => (start < end ? start + i : start - i));
}

/** Two lists of the same length as pairs of key and value. */
function zip(e: Evaluation, args: unknown[]): unknown {
  const [keys, values] = [elementsOf(e, args[0]), elementsOf(e, args[1])];
  if (keys.length !== values.length) throw functionStop('keys and values not of equal length');
  e.elements(keys.length);
  return Object.fromEntries(keys.map((key, i) => [textOf(e, key), values[i]]));
}

function ifEmpty(e: Evaluation, args: unknown[]): unknown {
  if (args.length !== 2) throw functionStop('expected two arguments (value, defaultValue) for this function');
  return isEmptyValue(e, args[0]) ? args[1] : args[0];
}

/** The library walks an isolated copy: on it no name leads to a prototype. */
function search(e: Evaluation, args: unknown[]): unknown {
  const [data, path] = args;
  const seen = e.look(data);
  if (typeof path !== 'string' || typeof seen !== 'object' || seen === null) {
    throw functionStop('expected two arguments (Object, string) for this function');
  }
  if (path.length > PATH_CHARACTERS) throw functionStop('The JMESPath expression is too long');
  const copy = isolated(e, seen, 0);
  e.spend(path.length);
  return isolated(e, jmespath.search(copy, path), 0);
}

const KEY = /^[a-zA-Z0-9_-]{1,64}$/;

/** In a run the value an AI tool was called with; it comes in the item. */
function fromAi(e: Evaluation, args: unknown[]): unknown {
  const [key, , , fallback] = args;
  if (typeof key !== 'string' || key === '') throw functionStop("Add a key, e.g. $fromAI('placeholder_name')");
  if (!KEY.test(key))
    throw functionStop(
      'Invalid parameter key, must be between 1 and 64 characters long and only contain lowercase letters, uppercase letters, numbers, underscores, and hyphens',
    );
  const json = e.scene.items[e.itemIndex]?.json;
  const query = json?.['query'];
  if (isRecord(query) && Object.hasOwn(query, key)) return query[key];
  if (json !== undefined && Object.hasOwn(json, key)) return json[key];
  if (fallback !== undefined) return fallback;
  throw functionStop('No execution data available');
}

const not: Run = (_e, args) => !args[0];
const min: Run = (e, args) => Math.min(...numbers(e, args));
const max: Run = (e, args) => Math.max(...numbers(e, args));

export const N8N_FUNCTIONS: ReadonlyMap<string, Run> = new Map<string, Run>([
  ['$average', average],
  ['average', average],
  ['$fromAI', fromAi],
  ['$fromAi', fromAi],
  ['$fromai', fromAi],
  ['$ifEmpty', ifEmpty],
  ['$jmesPath', search],
  ['$jmespath', search],
  ['$max', max],
  ['max', max],
  ['$min', min],
  ['min', min],
  ['$not', not],
  ['not', not],
  ['numberList', numberList],
  ['zip', zip],
  ['toPathSegment', (e, args) => encodeURIComponent(textOf(e, args[0]))],
]);
