import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { linksTo } from '../items.ts';
import { getPath, placePath } from '../paths.ts';
import { flagParam, rowsParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, rows, text } from '../schema.ts';
import { asText, names, sameJson } from '../values.ts';

const type = 'n8n-nodes-base.aggregate';

/** Puts all items into one, linked to all of them. */
export function aggregated(context: NodeContext): Item {
  const items = context.items();
  const all = textParam(context, 'aggregate', 0, 'aggregateIndividualFields') === 'aggregateAllItemData';
  const json = all ? wholeItems(context, items) : singleFields(context, items);
  const binary = flagParam(context, 'options.includeBinaries', 0) ? binariesOf(context, items) : {};
  return { json, ...binary, pairedItem: linksTo(items) };
}

function wholeItems(context: NodeContext, items: readonly Item[]): JsonObject {
  const destination = textParam(context, 'destinationFieldName', 0, 'data');
  const include = textParam(context, 'include', 0, 'allFields');
  const listed = new Set(
    names(context.param(include === 'specifiedFields' ? 'fieldsToInclude' : 'fieldsToExclude', 0, '')),
  );
  const list = items.flatMap(({ json }): JsonObject[] => {
    if (include === 'allFields') return [json];
    const kept = Object.entries(json).filter(([key]) => listed.has(key) === (include === 'specifiedFields'));
    return kept.length === 0 ? [] : [Object.fromEntries(kept)];
  });
  // The destination is a plain name: `out.rows` makes one field of that name (observed in n8n 2.41.1).
  return Object.fromEntries([[destination, list]]);
}

function singleFields(context: NodeContext, items: readonly Item[]): JsonObject {
  const dots = !flagParam(context, 'options.disableDotNotation', 0);
  const flatten = flagParam(context, 'options.mergeLists', 0);
  const keepMissing = flagParam(context, 'options.keepMissing', 0);
  const json: JsonObject = {};
  const used = new Set<string>();
  for (const row of rowsParam(context, 'fieldsToAggregate.fieldToAggregate', 0)) {
    const field = asText(row['fieldToAggregate']);
    if (field === '') throw errors.NODE_PARAMETER_MISSING({ parameter: 'fieldToAggregate' });
    const output = outputName(field, row, dots);
    if (used.has(output)) {
      const message = `The '${output}' output field is used more than once`;
      throw errors.NODE_STOPPED({ message, wholeNode: true });
    }
    used.add(output);
    placePath(json, output, valuesOf(items, field, dots, flatten, keepMissing), dots);
  }
  return json;
}

function outputName(field: string, row: Record<string, unknown>, dots: boolean): string {
  const renamed = row['renameField'] === true ? asText(row['outputFieldName']) : '';
  if (renamed !== '') return renamed;
  return dots && field.includes('.') ? field.slice(field.lastIndexOf('.') + 1) : field;
}

function valuesOf(
  items: readonly Item[],
  field: string,
  dots: boolean,
  flatten: boolean,
  keepMissing: boolean,
): JsonValue[] {
  const values: JsonValue[] = [];
  for (const { json } of items) {
    const value = getPath(json, field, dots) ?? null;
    if (value === null && !keepMissing) continue;
    if (flatten && Array.isArray(value)) for (const one of value) values.push(one);
    else values.push(value);
  }
  return values;
}

/** The files of all items in one; a name that is taken gets a number. */
function binariesOf(context: NodeContext, items: readonly Item[]): Pick<Item, 'binary'> {
  const unique = flagParam(context, 'options.keepOnlyUnique', 0);
  const binary: NonNullable<Item['binary']> = {};
  for (const [key, file] of items.flatMap((item) => Object.entries(item.binary ?? {}))) {
    if (unique && Object.values(binary).some((other) => sameJson(other, file))) continue;
    let name = key;
    for (let n = 1; Object.hasOwn(binary, name); n++) name = `${key}_${n}`;
    binary[name] = file;
  }
  return Object.keys(binary).length === 0 ? {} : { binary };
}

export const aggregate: NodeType = {
  type,
  displayName: 'Aggregate',
  description: 'Puts a field of many items, or whole items, into one list.',
  group: 'data',
  versions: [1],
  properties: [
    choice('aggregate', ['aggregateIndividualFields', 'aggregateAllItemData']),
    rows('fieldsToAggregate', 'fieldToAggregate', [
      text('fieldToAggregate'),
      flag('renameField'),
      text('outputFieldName'),
    ]),
    text('destinationFieldName', 'data', { show: { aggregate: ['aggregateAllItemData'] } }),
    choice('include', ['allFields', 'specifiedFields', 'allFieldsExcept'], {
      show: { aggregate: ['aggregateAllItemData'] },
    }),
    text('fieldsToInclude', '', { show: { include: ['specifiedFields'] } }),
    text('fieldsToExclude', '', { show: { include: ['allFieldsExcept'] } }),
    collection('options', [
      flag('disableDotNotation'),
      flag('mergeLists'),
      flag('includeBinaries'),
      flag('keepOnlyUnique'),
      flag('keepMissing'),
    ]),
  ],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [[aggregated(context)]] }),
};
