import type { NodeContext, NodeType } from '#runtime';
import { convertAssignment } from '#workflow';
import type { Item, JsonObject, JsonValue } from '#workflow';

import { eachItem, linked } from '../items.ts';
import { getPath, ownMember, placePath, withoutPath } from '../paths.ts';
import { flagParam, numberParam, rowsParam, textParam } from '../read.ts';
import { facts } from '../schema.ts';
import { asText, names, plain } from '../values.ts';
import { properties } from './properties.ts';
import { rawFields } from './raw.ts';

const type = 'n8n-nodes-base.set';

/** Sets fields of every item, and keeps the others where asked to. */
function setFields(context: NodeContext): Item[] {
  const copies = copiesOf(context);
  const make = context.node.typeVersion >= 3 ? modern : legacy;
  return eachItem(context, (item, index) => {
    const made = make(context, item, index);
    return copies === 1 ? made : Array.from({ length: copies }, () => made);
  });
}

/** Testing aid of the editor: the node puts out each item several times, in manual runs only. */
function copiesOf(context: NodeContext): number {
  if (context.mode !== 'manual' || !flagParam(context, 'duplicateItem', 0)) return 1;
  return 1 + Math.max(0, Math.floor(numberParam(context, 'duplicateCount', 0, 1)));
}

function modern(context: NodeContext, item: Item, index: number): Item {
  const dots = flagParam(context, 'options.dotNotation', index, true);
  const kept = keptFields(context, item.json, index, dots);
  if (textParam(context, 'mode', index, 'manual') === 'raw') {
    return withJson(context, item, { ...kept, ...rawFields(context, index) }, index);
  }
  const ignoreErrors = flagParam(context, 'options.ignoreConversionErrors', index);
  for (const { name, value, kind } of assignments(context, index)) {
    placePath(kept, name, convertAssignment(kind, value, { name, itemIndex: index, ignoreErrors }), dots);
  }
  return withJson(context, item, kept, index);
}

interface Assignment {
  name: string;
  value: unknown;
  /** `string`, `number`, `boolean`, `array` or `object`. */
  kind: string;
}

/** The rows of today's `assignments`, or of `fields` before version 3.3. */
function assignments(context: NodeContext, index: number): Assignment[] {
  if (context.node.typeVersion >= 3.3) {
    return rowsParam(context, 'assignments.assignments', index).map((row) => {
      return { name: asText(row['name']), value: row['value'], kind: asText(row['type'] ?? 'string') };
    });
  }
  return rowsParam(context, 'fields.values', index).map((row) => {
    const typed = asText(row['type'] ?? 'stringValue');
    return { name: asText(row['name']), value: row[typed], kind: typed.replace('Value', '') };
  });
}

/** The fields of the input item that stay, in an object of our own. */
function keptFields(context: NodeContext, json: JsonObject, index: number, dots: boolean): JsonObject {
  const modernForm = context.node.typeVersion >= 3.3;
  if (modernForm && !flagParam(context, 'includeOtherFields', index)) return {};
  const include = textParam(context, 'include', index, 'all');
  if (include === 'none') return {};
  if (include === 'selected') return selected(json, names(context.param('includeFields', index, '')), dots);
  if (include !== 'except') return { ...json };
  const left = names(context.param('excludeFields', index, ''));
  return { ...left.reduce((rest, field) => withoutPath(rest, field, dots), json) };
}

/** Selected fields stand under their last name: `address.city` gives `city`. */
function selected(json: JsonObject, fields: readonly string[], dots: boolean): JsonObject {
  const kept: JsonObject = {};
  for (const field of fields) {
    const value = dots ? getPath(json, field) : ownMember(json, field);
    if (value === undefined) continue;
    const plainName = Object.hasOwn(json, field) || !dots;
    placePath(kept, plainName ? field : field.slice(field.lastIndexOf('.') + 1), value, false);
  }
  return kept;
}

/** The new item; its files stay where the options say so, or where other fields do in old versions. */
function withJson(context: NodeContext, item: Item, json: JsonObject, index: number): Item {
  const made: Item = { json, pairedItem: { item: index } };
  if (item.binary && keepsBinary(context, index)) made.binary = item.binary;
  return made;
}

function keepsBinary(context: NodeContext, index: number): boolean {
  if (context.node.typeVersion >= 3.4) {
    const others = flagParam(context, 'includeOtherFields', index);
    return others && !flagParam(context, 'options.stripBinary', index, true);
  }
  return flagParam(context, 'options.includeBinary', index, true);
}

const LEGACY_KINDS = ['boolean', 'number', 'string'] as const;

/** Versions 1 and 2: rows by type, values as they are. */
function legacy(context: NodeContext, item: Item, index: number): Item {
  const only = flagParam(context, 'keepOnlySet', index);
  const dots = flagParam(context, 'options.dotNotation', index, true);
  const json: JsonObject = only ? {} : { ...item.json };
  for (const kind of LEGACY_KINDS) {
    for (const row of rowsParam(context, `values.${kind}`, index)) {
      const value: JsonValue = plain(row['value'] ?? LEGACY_DEFAULTS[kind]);
      placePath(json, asText(row['name'] ?? 'propertyName'), value, dots);
    }
  }
  return only ? { json, pairedItem: { item: index } } : { ...linked(item, index), json };
}

const LEGACY_DEFAULTS = { boolean: false, number: 0, string: '' } as const;

export const set: NodeType = {
  type,
  displayName: 'Edit Fields (Set)',
  description: 'Sets fields of items.',
  group: 'data',
  versions: [1, 2, 3, 3.1, 3.2, 3.3, 3.4, 3.5],
  properties,
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [setFields(context)] }),
};
