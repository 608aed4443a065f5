import { DateTime, type DurationUnit } from 'luxon';

import type { NodeContext } from '#runtime';
import type { JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { flagParam, groupParam, numberParam, oneOf, textParam } from '../read.ts';
import { asText } from '../values.ts';
import { readDate } from './parse.ts';

const UNITS = ['years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds'] as const;
const ROUND_UNITS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;

/** Name of the output field that an operation has by itself. */
export const OUTPUT_NAMES: Record<string, string> = {
  addToDate: 'newDate',
  subtractFromDate: 'newDate',
  formatDate: 'formattedDate',
  extractDate: 'datePart',
  getCurrentDate: 'currentDate',
  getTimeBetweenDates: 'timeDifference',
  roundDate: 'roundedDate',
};

/** What an operation of Date & Time (version 2) gives for one item. */
export function dateResult(context: NodeContext, operation: string, index: number): JsonValue {
  switch (operation) {
    case 'addToDate':
    case 'subtractFromDate':
      return moved(context, index, operation === 'addToDate' ? 1 : -1);
    case 'formatDate':
      return formatted(context, index);
    case 'extractDate':
      return part(context, index);
    case 'getCurrentDate':
      return current(context, index);
    case 'getTimeBetweenDates':
      return between(context, index);
    case 'roundDate':
      return rounded(context, index);
    default:
      throw errors.NODE_PARAMETER_INVALID({
        parameter: 'operation',
        value: operation,
        allowed: Object.keys(OUTPUT_NAMES).join(', '),
        item: index,
      });
  }
}

function moved(context: NodeContext, index: number, sign: 1 | -1): JsonValue {
  const date = readDate(context.param('magnitude', index, ''), context.zone);
  const unit = oneOf(context.param('timeUnit', index, 'days'), UNITS, 'timeUnit', index);
  return date.plus({ [unit]: sign * numberParam(context, 'duration', index, 0) }).toISO();
}

/** The only operation that stays in UTC, unless the node asks for the workflow's zone. */
function formatted(context: NodeContext, index: number): JsonValue {
  const options = groupParam(context, 'options', index);
  const zone = options['timezone'] === true ? context.zone : 'utc';
  const date = readDate(context.param('date', index, ''), zone, asText(options['fromFormat']));
  const format = textParam(context, 'format', index, 'MM/dd/yyyy');
  return date.setLocale('en').toFormat(format === 'custom' ? textParam(context, 'customFormat', index) : format);
}

function part(context: NodeContext, index: number): JsonValue {
  const date = readDate(context.param('date', index, ''), context.zone);
  const wanted = oneOf(context.param('part', index, 'month'), ROUND_UNITS, 'part', index);
  return wanted === 'week' ? date.weekNumber : date.get(wanted);
}

function current(context: NodeContext, index: number): JsonValue {
  const zone = asText(groupParam(context, 'options', index)['timezone']) || context.zone;
  const now = DateTime.fromMillis(context.now(), { zone });
  if (!now.isValid) {
    throw errors.NODE_PARAMETER_INVALID({
      parameter: 'options.timezone',
      value: zone,
      allowed: 'an IANA zone',
      item: index,
    });
  }
  return (flagParam(context, 'includeTime', index, true) ? now : now.startOf('day')).toISO();
}

function between(context: NodeContext, index: number): JsonValue {
  const start = readDate(context.param('startDate', index, ''), context.zone);
  const end = readDate(context.param('endDate', index, ''), context.zone);
  const given = context.param('units', index, ['day']);
  const units = (Array.isArray(given) ? given : [given]).map((unit) =>
    oneOf(`${asText(unit).replace(/s$/, '')}s`, UNITS, 'units', index),
  );
  const gap = end.diff(start, units as DurationUnit[]);
  if (flagParam(context, 'options.isoString', index)) return gap.toISO();
  return Object.fromEntries(units.map((unit) => [unit, gap.get(unit)]));
}

function rounded(context: NodeContext, index: number): JsonValue {
  const date = readDate(context.param('date', index, ''), context.zone);
  if (textParam(context, 'mode', index, 'roundDown') === 'roundDown') {
    return date.startOf(oneOf(context.param('toNearest', index, 'month'), ROUND_UNITS, 'toNearest', index)).toISO();
  }
  const unit = oneOf(context.param('to', index, 'month'), ROUND_UNITS, 'to', index);
  return date
    .plus({ [unit]: 1 })
    .startOf(unit)
    .toISO();
}
