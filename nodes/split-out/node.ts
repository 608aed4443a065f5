import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { made } from '../items.ts';
import { SPLIT_OUT_ITEMS } from '../limits.ts';
import { getPath, ownMember, placePath, withoutPath } from '../paths.ts';
import { flagParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, text } from '../schema.ts';
import { isRecord, names } from '../values.ts';

const type = 'n8n-nodes-base.splitOut';

export interface SplitRule {
  readonly fields: readonly string[];
  /** Names in the output, one per field; absent = the field's own. */
  readonly destinations: readonly string[];
  readonly include: 'noOtherFields' | 'allOtherFields' | 'selectedOtherFields';
  readonly others: readonly string[];
  readonly dotNotation: boolean;
  readonly withBinary: boolean;
}

/** Reads the rule of Split Out, for one item. */
function ruleFor(context: NodeContext, index: number): SplitRule {
  const include = textParam(context, 'include', index, 'noOtherFields');
  return {
    fields: names(textParam(context, 'fieldToSplitOut', index)).map((field) => field.replace(/^\$json\./, '')),
    destinations: names(textParam(context, 'options.destinationFieldName', index)),
    include: include === 'allOtherFields' || include === 'selectedOtherFields' ? include : 'noOtherFields',
    others: names(context.param('fieldsToInclude', index, '')),
    dotNotation: !flagParam(context, 'options.disableDotNotation', index),
    withBinary: flagParam(context, 'options.includeBinary', index),
  };
}

/** One item per element of a list (or member of an object); several lists are walked side by side. */
export function splitItem(item: Item, index: number, rule: SplitRule): Item[] {
  if (rule.fields.length === 0) throw errors.NODE_PARAMETER_MISSING({ parameter: 'fieldToSplitOut', item: index });
  const lists = rule.fields.map((field) => elementsOf(item, field, rule.dotNotation));
  const count = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: count }, (_, n) => {
    const json = otherFields(item.json, rule);
    const alone = rule.fields.length === 1 && rule.include === 'noOtherFields' && rule.destinations.length === 0;
    rule.fields.forEach((field, f) => {
      const element = lists[f]?.[n];
      if (element === undefined) return;
      if (alone && typeof element === 'object' && element !== null) Object.assign(json, { ...element });
      else putElement(json, rule.destinations[f] ?? field, element, rule);
    });
    return rule.withBinary && item.binary ? { ...made(json, index), binary: item.binary } : made(json, index);
  });
}

/** A list's elements, an object's members, a single value as a list of one; nothing where the field is missing. */
function elementsOf(item: Item, field: string, dots: boolean): JsonValue[] {
  if (field === '$binary') {
    return Object.entries(item.binary ?? {}).map(([key, file]) => ({ [key]: { ...file } as JsonObject }));
  }
  const value = getPath(item.json, field, dots);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  return isRecord(value) ? Object.values(value) : [value];
}

/** The field name is a plain name in the output: `a.b` makes one field of that name, unless other fields are kept. */
function putElement(json: JsonObject, name: string, element: JsonValue, rule: SplitRule): void {
  placePath(json, name, element, rule.dotNotation && rule.include !== 'noOtherFields');
}

function otherFields(json: JsonObject, rule: SplitRule): JsonObject {
  if (rule.include === 'allOtherFields') {
    return { ...rule.fields.reduce((rest, field) => withoutPath(rest, field, rule.dotNotation), json) };
  }
  const kept: JsonObject = {};
  if (rule.include === 'noOtherFields') return kept;
  for (const field of rule.others) {
    const value = rule.dotNotation ? getPath(json, field) : ownMember(json, field);
    if (value !== undefined) placePath(kept, field, value, rule.dotNotation);
  }
  return kept;
}

function split(context: NodeContext): Item[] {
  const output: Item[] = [];
  context.items().forEach((item, index) => {
    for (const one of splitItem(item, index, ruleFor(context, index))) output.push(one);
    if (output.length > SPLIT_OUT_ITEMS) {
      throw errors.NODE_TOO_MANY({ what: 'items out of one Split Out', limit: SPLIT_OUT_ITEMS });
    }
  });
  return output;
}

export const splitOut: NodeType = {
  type,
  displayName: 'Split Out',
  description: 'Makes an item of every element of a list.',
  group: 'data',
  versions: [1],
  properties: [
    text('fieldToSplitOut', '', { required: true }),
    choice('include', ['noOtherFields', 'allOtherFields', 'selectedOtherFields']),
    text('fieldsToInclude', '', { show: { include: ['selectedOtherFields'] } }),
    collection('options', [flag('disableDotNotation'), text('destinationFieldName'), flag('includeBinary')]),
  ],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [split(context)] }),
};
