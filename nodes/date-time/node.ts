import type { NodeContext, NodeType, ParameterSchema } from '#runtime';
import type { Item } from '#workflow';

import { eachItem, linked, made } from '../items.ts';
import { withPath } from '../paths.ts';
import { flagParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, number, parameter, text } from '../schema.ts';
import { legacyResult } from './legacy.ts';
import { dateResult, OUTPUT_NAMES } from './operations.ts';

const type = 'n8n-nodes-base.dateTime';

/** Computes with dates, item by item. */
function compute(context: NodeContext): Item[] {
  if (context.node.typeVersion < 2) {
    return eachItem(context, (item, index) => {
      const field = textParam(context, 'dataPropertyName', index, 'data');
      return { ...linked(item, index), json: withPath(item.json, field, legacyResult(context, index)) };
    });
  }
  return eachItem(context, (item, index) => {
    const operation = textParam(context, 'operation', index, 'getCurrentDate');
    const field = textParam(context, 'outputFieldName', index, OUTPUT_NAMES[operation] ?? 'data');
    const kept = flagParam(context, 'options.includeInputFields', index) ? item.json : {};
    return made({ ...kept, [field]: dateResult(context, operation, index) }, index);
  });
}

const on = (...operations: string[]): { show: Record<string, string[]>; hide: Record<string, number[]> } => ({
  show: { operation: operations },
  hide: { '@version': [1] },
});
const old = { '@version': [1] };
const round = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'];
const units = ['years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds'];

const outputs: ParameterSchema[] = Object.entries(OUTPUT_NAMES).map(([operation, name]) =>
  text('outputFieldName', name, on(operation)),
);

export const dateTime: NodeType = {
  type,
  displayName: 'Date & Time',
  description: 'Formats, moves, rounds and compares dates.',
  group: 'data',
  versions: [1, 2],
  properties: [
    choice('action', ['format', 'calculate'], { show: old }),
    text('value', '', { show: old }),
    text('dataPropertyName', 'data', { show: old }),
    text('toFormat', 'MM/DD/YYYY', { show: old }),
    choice('operation', ['add', 'subtract'], { show: old }),
    number('duration', 0, { show: old }),
    choice('timeUnit', units, { value: 'days', show: old }),
    choice('operation', Object.keys(OUTPUT_NAMES), { value: 'getCurrentDate', hide: old }),
    parameter('magnitude', 'dateTime', '', on('addToDate', 'subtractFromDate')),
    choice('timeUnit', units, { value: 'days', ...on('addToDate', 'subtractFromDate') }),
    number('duration', 0, on('addToDate', 'subtractFromDate')),
    parameter('date', 'dateTime', '', on('formatDate', 'extractDate', 'roundDate')),
    text('format', 'MM/dd/yyyy', on('formatDate')),
    text('customFormat', '', on('formatDate')),
    choice('part', round, { value: 'month', ...on('extractDate') }),
    flag('includeTime', true, on('getCurrentDate')),
    parameter('startDate', 'dateTime', '', on('getTimeBetweenDates')),
    parameter('endDate', 'dateTime', '', on('getTimeBetweenDates')),
    parameter('units', 'multiOptions', ['day'], on('getTimeBetweenDates')),
    choice('mode', ['roundDown', 'roundUp'], on('roundDate')),
    choice('toNearest', round, { value: 'month', ...on('roundDate') }),
    choice('to', ['month'], on('roundDate')),
    ...outputs,
    collection('options', [
      flag('includeInputFields'),
      parameter('timezone', 'string', ''),
      text('fromFormat'),
      flag('isoString'),
      text('fromTimezone'),
      text('toTimezone'),
    ]),
  ],
  // The present moment is the context's, so that a run computed again sees the same one where the engine repeats it.
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [compute(context)] }),
};
