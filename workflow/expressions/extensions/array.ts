import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { stringify } from '../json.ts';
import { define, isRecord, keyOf, kindOf, newRecord, textOf } from '../values.ts';
import { sameValue } from '../same-value.ts';
import { extensions, nothing, type ExtensionTable } from './extension.ts';
import { isBlank } from './object.ts';

/** n8n's functions on arrays. */

type List = readonly unknown[];

function numbers(e: Evaluation, value: List, name: string): number[] {
  e.spend(value.length);
  return value.map((element) => {
    if (typeof element !== 'number') throw functionStop(`${name}(): all array elements must be numbers`);
    return element;
  });
}

function sum(list: readonly number[]): number {
  return list.reduce((total, number) => total + number, 0);
}

function listArgument(e: Evaluation, args: unknown[], name: string): List {
  const other = e.look(args[0]);
  if (!Array.isArray(other))
    throw functionStop(`${name}(): expected array arg, e.g. .${name}([{ id: 1, otherValue: 3 }])`);
  return other;
}

/** True when the list holds an equal value; every comparison costs fuel. */
function holds(e: Evaluation, list: List, value: unknown): boolean {
  return list.some((element) => sameValue(e, element, value));
}

function unique(e: Evaluation, value: List, args: unknown[]): unknown[] {
  const fields = args.flat().map((arg) => {
    if (typeof arg !== 'string') throw functionStop('unique(): all arguments must be strings');
    return arg;
  });
  const made: unknown[] = [];
  const seen: unknown[] = [];
  for (const element of value) {
    const part = fields.length === 0 ? element : picked(e, element, fields);
    if (holds(e, seen, part)) continue;
    seen.push(part);
    made.push(element);
  }
  return made;
}

function picked(e: Evaluation, element: unknown, fields: readonly string[]): unknown {
  const seen = e.look(element);
  if (!isRecord(seen)) return element;
  const made = newRecord();
  for (const field of fields) if (Object.hasOwn(seen, field)) define(made, field, seen[field]);
  return made;
}

function pluck(e: Evaluation, value: List, args: unknown[]): unknown[] {
  if (args.length === 0) return [...value];
  const fields = args.map((arg) => {
    if (typeof arg !== 'string') throw functionStop('arguments must be passed to pluck');
    return arg;
  });
  e.elements(value.length * fields.length);
  return value.flatMap((element) => {
    const seen = e.look(element);
    if (!isRecord(seen)) return [];
    const values = fields.flatMap((field) => (Object.hasOwn(seen, field) ? [seen[field]] : []));
    if (values.length === 0) return [];
    return values.length === 1 ? values : [values];
  });
}

function chunk(e: Evaluation, value: List, args: unknown[]): unknown[] {
  const [size] = args;
  if (typeof size !== 'number' || size < 1)
    throw functionStop('chunk(): expected non-zero numeric arg, e.g. .chunk(5)');
  e.elements(value.length);
  const made: unknown[] = [];
  for (let at = 0; at < value.length; at += Math.floor(size)) made.push(value.slice(at, at + Math.floor(size)));
  return made;
}

function compact(e: Evaluation, value: List): unknown[] {
  e.elements(value.length);
  return value.filter((element) => !isBlank(e.look(element)) && !isEmptyRecord(e, element));
}

function isEmptyRecord(e: Evaluation, value: unknown): boolean {
  const seen = e.look(value);
  return isRecord(seen) && Object.keys(seen).length === 0;
}

function smartJoin(e: Evaluation, value: List, args: unknown[]): unknown {
  const [keyField, valueField] = args;
  if (typeof keyField !== 'string' || typeof valueField !== 'string' || keyField === '' || valueField === '') {
    throw functionStop('smartJoin(): expected two string args, e.g. .smartJoin("name", "value")');
  }
  const made = newRecord();
  e.elements(value.length);
  for (const element of value) {
    const seen = e.look(element);
    if (isRecord(seen) && Object.hasOwn(seen, keyField) && Object.hasOwn(seen, valueField)) {
      define(made, keyOf(e, seen[keyField]), seen[valueField]);
    }
  }
  return made;
}

function renameKeys(e: Evaluation, value: List, args: unknown[]): unknown[] {
  if (args.length === 0 || args.length % 2 !== 0) {
    throw functionStop(
      'renameKeys(): expected an even amount of args: from1, to1 [, from2, to2, ...]. e.g. .renameKeys("name", "title")',
    );
  }
  const names = args.map((arg) => textOf(e, arg));
  return value.map((element) => {
    const seen = e.look(element);
    if (!isRecord(seen)) return element;
    e.elements(Object.keys(seen).length);
    const made = newRecord();
    for (const [key, content] of Object.entries(seen)) {
      const at = names.findIndex((name, i) => i % 2 === 0 && name === key);
      define(made, at < 0 ? key : (names[at + 1] ?? key), content);
    }
    return made;
  });
}

/** All objects of both lists in one; of a key that comes twice the first stays. */
function merge(e: Evaluation, value: List, args: unknown[], name: string): unknown {
  const other = listArgument(e, args, name);
  const made = newRecord();
  for (const element of [...value, ...other]) {
    const seen = e.look(element);
    if (!isRecord(seen)) continue;
    e.elements(Object.keys(seen).length);
    for (const [key, content] of Object.entries(seen)) if (!Object.hasOwn(made, key)) define(made, key, content);
  }
  return made;
}

function union(e: Evaluation, value: List, args: unknown[]): unknown[] {
  const other = setArgument(e, args, 'union');
  const made: unknown[] = [];
  for (const element of [...value, ...other]) if (!holds(e, made, element)) made.push(element);
  return made;
}

function setArgument(e: Evaluation, args: unknown[], name: string): List {
  const other = e.look(args[0]);
  if (!Array.isArray(other)) throw functionStop(`${name}(): expected array arg, e.g. .${name}([1, 2, 3, 4])`);
  e.spend(other.length);
  return other;
}

function extreme(e: Evaluation, value: List, name: 'min' | 'max'): number {
  const list = numbers(e, value, name);
  return list.reduce((best, number) => Math[name](best, number), name === 'min' ? Infinity : -Infinity);
}

export const ARRAY_EXTENSIONS: ExtensionTable = new Map([
  ...extensions<List>({
    append: (e, value, args) => {
      e.elements(value.length + args.length);
      return [...value, ...args];
    },
    average: (e, value) => {
      const list = numbers(e, value, 'average');
      return list.length === 0 ? 0 : sum(list) / list.length;
    },
    chunk,
    compact,
    difference: (e, value, args) => {
      const other = setArgument(e, args, 'difference');
      return value.filter((element) => !holds(e, other, element));
    },
    first: (_e, value) => value[0],
    intersection: (e, value, args) => {
      const other = setArgument(e, args, 'intersection');
      return unique(
        e,
        value.filter((element) => holds(e, other, element)),
        [],
      );
    },
    isEmpty: (_e, value) => value.length === 0,
    isNotEmpty: (_e, value) => value.length > 0,
    last: (_e, value) => value.at(-1),
    max: (e, value) => extreme(e, value, 'max'),
    merge: (e, value, args) => merge(e, value, args, 'merge'),
    mergeIntoObject: (e, value, args) => merge(e, value, args, 'mergeIntoObject'),
    min: (e, value) => extreme(e, value, 'min'),
    pluck,
    randomItem: (e, value) => value[Math.floor(e.scene.random() * value.length)],
    removeDuplicates: unique,
    renameKeys,
    reverse: (e, value) => {
      e.elements(value.length);
      return value.toReversed();
    },
    smartJoin,
    sum: (e, value) => sum(numbers(e, value, 'sum')),
    toJsonString: (e, value) => stringify(e, value),
    union,
    unique,
  }),
  ['toBoolean', nothing],
  ['toDateTime', nothing],
  ['toFloat', nothing],
  ['toInt', nothing],
  ['toNumber', nothing],
]);

/** Kinds whose emptiness `$ifEmpty` knows. */
export function isEmptyValue(e: Evaluation, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  const seen = e.look(value);
  const kind = kindOf(seen);
  if (kind === 'array') return (seen as List).length === 0;
  return kind === 'object' && Object.keys(seen as object).length === 0;
}
