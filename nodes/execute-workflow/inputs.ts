import type { NodeContext } from '#runtime';
import type { Item, JsonObject, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { CONVERTED_JSON_CHARACTERS } from '../limits.ts';
import { asText, isRecord, plain, recordsOf } from '../values.ts';

/**
 * The items that the sub-workflow gets: the input as it is, or per item the fields of `workflowInputs` where the
 * node declares them. A declared field without a value is null.
 */
export function mappedItems(context: NodeContext): Item[] {
  const items = context.items();
  return items.map((item, index) => {
    const mapping = context.param('workflowInputs', index, {});
    const schema = isRecord(mapping) ? recordsOf(mapping['schema']) : [];
    if (!isRecord(mapping) || schema.length === 0) return item;
    const values = isRecord(mapping['value']) ? mapping['value'] : {};
    const convert = mapping['attemptToConvertTypes'] === true;
    const fields = schema
      .filter((field) => field['removed'] !== true)
      .map((field): [string, JsonValue] => {
        const name = asText(field['id']);
        const value = Object.hasOwn(values, name) ? plain(values[name]) : null;
        return [name, convert ? converted(name, value, asText(field['type']), index) : value];
      });
    const json: JsonObject = Object.fromEntries(fields);
    return { ...item, json };
  });
}

/** A value turned into the declared type of its field, or refused. */
function converted(field: string, value: JsonValue, wanted: string, item: number): JsonValue {
  if (value === null) return value;
  if (wanted === 'string') return asText(value);
  if (wanted === 'number') {
    const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
    if (Number.isFinite(number)) return number;
  } else if (wanted === 'boolean') {
    const yes = ['true', '1'].includes(asText(value).toLowerCase());
    if (yes || ['false', '0'].includes(asText(value).toLowerCase())) return yes;
  } else if (wanted === 'array' || wanted === 'object') {
    const parsed = typeof value === 'string' ? parsedJson(value) : value;
    if (wanted === 'array' ? Array.isArray(parsed) : isRecord(parsed)) return parsed as JsonValue;
  } else return value;
  throw errors.NODE_PARAMETER_INVALID({ parameter: field, value: asText(value), allowed: `a ${wanted}`, item });
}

function parsedJson(text: string): unknown {
  if (text.length > CONVERTED_JSON_CHARACTERS) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
