import type { Item, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { getPath } from '../paths.ts';

export interface SortField {
  readonly name: string;
  readonly descending: boolean;
}

/**
 * Orders items by fields as n8n 2.41.1 does: text by its lower case, values by `<`; a missing field is first when
 * descending and last when ascending. Stable. Throws NODE_FIELD_MISSING when no item has a field.
 */
export function sorted(items: readonly Item[], fields: readonly SortField[], dotNotation: boolean): Item[] {
  for (const { name } of fields) {
    if (!items.some((item) => getPath(item.json, name, dotNotation) !== undefined)) {
      throw errors.NODE_FIELD_MISSING({ field: name });
    }
  }
  const keyed = items.map((item) => ({
    item,
    keys: fields.map(({ name }) => keyOf(getPath(item.json, name, dotNotation))),
  }));
  // Missing fields would never be compared by `Array.sort` if they stood alone, so they are keys like any other.
  return keyed.sort((a, b) => compareAll(a.keys, b.keys, fields)).map(({ item }) => item);
}

const keyOf = (value: JsonValue | undefined): JsonValue | undefined =>
  typeof value === 'string' ? value.toLowerCase() : value;

function compareAll(
  a: readonly (JsonValue | undefined)[],
  b: readonly (JsonValue | undefined)[],
  fields: readonly SortField[],
): number {
  for (const [n, field] of fields.entries()) {
    const order = compare(a[n], b[n]);
    if (order !== 0) return field.descending ? -order : order;
  }
  return 0;
}

function compare(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  const left = comparable(a);
  const right = comparable(b);
  if (left < right) return -1;
  return left > right ? 1 : 0;
}

/** What `<` compares: null is 0, objects and lists are their text; nothing of the user's is ever called. */
function comparable(value: JsonValue): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (value === null) return 0;
  return typeof value === 'boolean' ? Number(value) : JSON.stringify(value);
}
