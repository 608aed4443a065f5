import type { Item, JsonObject, JsonValue } from '#workflow';
import { errors } from './errors.ts';

/**
 * Items from what a caller sent: one object is one item, a list is an item each. An object whose only members are
 * `json` and `pairedItem` is taken as an item already; everything else becomes the `json` of one. Files cannot be sent
 * this way: a member `binary` is data like any other.
 */
export function inputItems(input: JsonObject | JsonValue[]): Item[] {
  return (Array.isArray(input) ? input : [input]).map((entry, index) => {
    if (!isObject(entry)) throw errors.INPUT_INVALID({ where: `body/input/${index}`, fault: 'must be object' });
    const { json } = entry;
    return isObject(json) && Object.keys(entry).every((key) => key === 'json' || key === 'pairedItem')
      ? { json }
      : { json: entry };
  });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
