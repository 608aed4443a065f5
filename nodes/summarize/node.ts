import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, JsonValue, PairedItem } from '#workflow';

import { errors } from '../errors.ts';
import { linkTo } from '../items.ts';
import { getPath } from '../paths.ts';
import { flagParam, oneOf, rowsParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, rows, text } from '../schema.ts';
import { asText, names, plainObject } from '../values.ts';
import { AGGREGATIONS, plainName, resultName, summarized, type Summary } from './aggregate.ts';

const type = 'n8n-nodes-base.summarize';

interface Group {
  readonly keys: (JsonValue | undefined)[];
  readonly rows: JsonObject[];
  readonly links: PairedItem[];
}

/** Figures over all items, or over the items of each group. Parameters are read against the first item. */
export function summarizeItems(context: NodeContext): Item[] {
  const summaries = rowsParam(context, 'fieldsToSummarize.values', 0).map(summaryOf);
  if (summaries.length === 0) throw errors.NODE_PARAMETER_MISSING({ parameter: 'fieldsToSummarize' });
  const dots = !flagParam(context, 'options.disableDotNotation', 0);
  const by = names(context.param('fieldsToSplitBy', 0, ''));
  const skipEmpty = flagParam(context, 'options.skipEmptySplitFields', 0);
  const groups = nestedOrder(groupsOf(context.items(), by, dots, skipEmpty), by.length);
  if (textParam(context, 'options.outputFormat', 0, 'separateItems') === 'singleItem') {
    return [{ json: nested(groups, summaries, dots), pairedItem: groups.flatMap((group) => group.links) }];
  }
  return groups.map((group) => ({
    json: { ...figures(group, summaries, dots), ...labels(group, by) },
    pairedItem: group.links,
  }));
}

function summaryOf(row: Record<string, unknown>): Summary {
  const separator = asText(row['separateBy'] ?? ',');
  return {
    aggregation: oneOf(row['aggregation'] ?? 'count', AGGREGATIONS, 'aggregation'),
    field: asText(row['field']),
    separator: separator === 'other' ? asText(row['customSeparator']) : separator.replace(/\\n/g, '\n'),
    includeEmpty: row['includeEmpty'] === true,
  };
}

/** Items by the values of the split fields, in order of first appearance; values of other types are other groups. */
function groupsOf(items: readonly Item[], by: readonly string[], dots: boolean, skipEmpty: boolean): Group[] {
  const groups = new Map<string, Group>();
  items.forEach((item, index) => {
    const keys = by.map((field) => getPath(item.json, field, dots));
    if (skipEmpty && keys.some((key) => key === undefined || key === null || key === '')) return;
    // undefined and null differ as groups but not as JSON, so the kind goes in front.
    const name = keys.map((key) => `${typeof key}:${JSON.stringify(key) ?? ''}`).join('\u0000');
    const group = groups.get(name) ?? { keys, rows: [], links: [] };
    groups.set(name, group);
    group.rows.push(item.json);
    group.links.push(linkTo(index));
  });
  return [...groups.values()];
}

/** Groups level by level: all groups of the first value of the first field, then of its second, and so on. */
function nestedOrder(groups: Group[], levels: number): Group[] {
  const ranks = Array.from({ length: levels }, () => new Map<string, number>());
  const keyed = groups.map((group) => {
    const path = group.keys.map((_, level) => JSON.stringify(group.keys.slice(0, level + 1)));
    path.forEach((name, level) => {
      const rank = ranks[level];
      if (rank && !rank.has(name)) rank.set(name, rank.size);
    });
    return { group, place: path.map((name, level) => ranks[level]?.get(name) ?? 0) };
  });
  const compare = (a: readonly number[], b: readonly number[]): number => {
    const level = a.findIndex((place, n) => place !== b[n]);
    return level === -1 ? 0 : (a[level] ?? 0) - (b[level] ?? 0);
  };
  return keyed.sort((a, b) => compare(a.place, b.place)).map(({ group }) => group);
}

const figures = (group: Group, summaries: readonly Summary[], dots: boolean): JsonObject =>
  Object.fromEntries(summaries.map((summary) => [resultName(summary), summarized(group.rows, summary, dots)]));

function labels(group: Group, by: readonly string[]): JsonObject {
  const entries = by.flatMap((field, n): [string, JsonValue][] => {
    const key = group.keys[n];
    return key === undefined ? [] : [[plainName(field), key]];
  });
  return Object.fromEntries(entries);
}

/** All groups in one object: the values of the split fields are its member names, level by level. */
function nested(groups: readonly Group[], summaries: readonly Summary[], dots: boolean): JsonObject {
  const root: JsonObject = {};
  for (const group of groups) {
    let at = root;
    for (const key of group.keys) {
      const name = asText(key);
      const next = (Object.hasOwn(at, name) ? plainObject(at[name]) : undefined) ?? {};
      Object.defineProperty(at, name, { value: next, enumerable: true, configurable: true, writable: true });
      at = next;
    }
    Object.assign(at, figures(group, summaries, dots));
  }
  return root;
}

export const summaryProperties = [
  rows('fieldsToSummarize', 'values', [
    choice('aggregation', AGGREGATIONS, { value: 'count' }),
    text('field'),
    flag('includeEmpty'),
    choice('separateBy', [',', ', ', '\n', '', ' ', 'other']),
    text('customSeparator'),
  ]),
  text('fieldsToSplitBy'),
];

export const summarize: NodeType = {
  type,
  displayName: 'Summarize',
  description: 'Counts, adds and collects values over items.',
  group: 'data',
  versions: [1, 1.1],
  properties: [
    ...summaryProperties,
    collection('options', [
      flag('continueIfFieldNotFound'),
      flag('disableDotNotation'),
      choice('outputFormat', ['separateItems', 'singleItem']),
      flag('skipEmptySplitFields'),
    ]),
  ],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [summarizeItems(context)] }),
};
