import type { NodeContext } from '#runtime';
import { parseLooseJson, renderJson } from '#workflow';
import type { JsonObject } from '#workflow';

import { errors } from '../errors.ts';
import { isRecord, plainObject } from '../values.ts';

const DEFAULT_OUTPUT = '{\n  "my_field_1": "value",\n  "my_field_2": 1\n}';

/**
 * The object that raw JSON mode gives for one item. Each `{{ }}` is evaluated by itself and objects are written as
 * JSON in its place; broken JSON is repaired. Throws NODE_JSON_INVALID.
 */
export function rawFields(context: NodeContext, index: number): JsonObject {
  const written = context.node.parameters['jsonOutput'] ?? DEFAULT_OUTPUT;
  if (typeof written !== 'string') return plainObject(context.param('jsonOutput', index, {})) ?? {};
  const text = renderJson(written, (expression) => context.evaluate(expression, index));
  const value = parseLooseJson(text);
  if (!isRecord(value)) throw errors.NODE_JSON_INVALID({ parameter: 'JSON Output', item: index });
  return value as JsonObject;
}
