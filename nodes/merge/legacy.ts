import type { NodeContext } from '#runtime';
import type { Item, JsonObject } from '#workflow';

import { linked, linkTo, passOn } from '../items.ts';
import { getPath } from '../paths.ts';
import { textParam } from '../read.ts';
import { sameJson } from '../values.ts';
import { allPairs, append, binariesOf } from './combine.ts';

/** Merge of version 1: its modes had other names and rules. */
export function mergeV1(context: NodeContext): Item[] {
  const [first, second] = [context.items(0), context.items(1)];
  switch (textParam(context, 'mode', 0, 'append')) {
    case 'mergeByIndex':
      return byIndex(first, second, textParam(context, 'join', 0, 'left'));
    case 'mergeByKey':
      return byKey(context, first, second);
    case 'multiplex':
      return allPairs(first, second, {});
    case 'keepKeyMatches':
      return matching(context, first, second, true);
    case 'removeKeyMatches':
      return matching(context, first, second, false);
    case 'passThrough':
      return textParam(context, 'output', 0, 'input1') === 'input2' ? passOn(second, 1) : passOn(first);
    case 'wait':
      return [{ json: {} }];
    default:
      return append([first, second]);
  }
}

function byIndex(first: readonly Item[], second: readonly Item[], join: string): Item[] {
  const count =
    join === 'outer'
      ? Math.max(first.length, second.length)
      : join === 'inner'
        ? Math.min(first.length, second.length)
        : first.length;
  return Array.from({ length: count }, (_, index) => {
    const parts = [first[index], second[index]];
    const items = parts.filter((item): item is Item => item !== undefined);
    return {
      json: Object.assign({}, ...items.map((item) => item.json)) as JsonObject,
      ...binariesOf(items),
      pairedItem: parts.flatMap((item, input) => (item ? [linkTo(index, input)] : [])),
    };
  });
}

function byKey(context: NodeContext, first: readonly Item[], second: readonly Item[]): Item[] {
  const [name1, name2] = keyNames(context);
  const overwrite = textParam(context, 'overwrite', 0, 'always');
  return first.map((item, index) => {
    const key = getPath(item.json, name1);
    const at = key === undefined ? -1 : lastIndexWhere(second, (other) => sameJson(getPath(other.json, name2), key));
    const partner = second[at];
    if (!partner) return linked(item, index);
    const json = overlay(item.json, partner.json, overwrite);
    return { json, ...binariesOf([item, partner]), pairedItem: [linkTo(index), linkTo(at, 1)] };
  });
}

const keyNames = (context: NodeContext): [string, string] => [
  textParam(context, 'propertyName1', 0),
  textParam(context, 'propertyName2', 0),
];

/** Of several items with the same key the last one counts. */
function lastIndexWhere(items: readonly Item[], test: (item: Item) => boolean): number {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i];
    if (item && test(item)) return i;
  }
  return -1;
}

/** `always`: the second wins; `blank`: only over null and ""; `undefined`: only where nothing is. */
function overlay(base: JsonObject, over: JsonObject, rule: string): JsonObject {
  const fields = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const there = fields.get(key);
    const free = there === undefined || (rule === 'blank' && (there === null || there === ''));
    if (rule === 'always' || free) fields.set(key, value);
  }
  return Object.fromEntries(fields);
}

function matching(context: NodeContext, first: readonly Item[], second: readonly Item[], keep: boolean): Item[] {
  const [name1, name2] = keyNames(context);
  const keys = new Set(second.map((item) => JSON.stringify(getPath(item.json, name2))));
  return first.flatMap((item, index) => {
    const key = getPath(item.json, name1);
    if (key === undefined) return keep ? [] : [linked(item, index)];
    return keys.has(JSON.stringify(key)) === keep ? [linked(item, index)] : [];
  });
}
