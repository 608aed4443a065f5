import { DateTime } from 'luxon';

import type { NodeContext } from '#runtime';
import type { JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { groupParam, numberParam, oneOf, textParam } from '../read.ts';
import { asText } from '../values.ts';
import { readDate } from './parse.ts';

const UNITS = ['years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds'] as const;

/** Tokens of version 1 in today's words; what is in brackets is text. */
const TOKENS: Record<string, string> = {
  YYYY: 'yyyy',
  YY: 'yy',
  DD: 'dd',
  D: 'd',
  dddd: 'EEEE',
  ddd: 'EEE',
  A: 'a',
  Z: 'ZZ',
  ZZ: 'ZZZ',
  SSS: 'SSS',
  DDDD: 'ooo',
  E: 'E',
  WW: 'WW',
  W: 'W',
  Q: 'q',
};

/** Translates a format such as `YYYY/MM/DD` into luxon's `yyyy/MM/dd`. */
export function translated(format: string): string {
  return format.replace(/\[([^\]]*)\]|YYYY|YY|DDDD|DD|D|dddd|ddd|ZZ|Z|A|WW|W|Q/g, (token, literal?: string) =>
    literal === undefined ? (TOKENS[token] ?? token) : `'${literal}'`,
  );
}

/** What Date & Time of version 1 gives for one item: a formatted date, or one moved by a duration. */
export function legacyResult(context: NodeContext, index: number): JsonValue {
  const action = textParam(context, 'action', index, 'format');
  const options = groupParam(context, 'options', index);
  const value = context.param('value', index, '');
  const fromFormat = asText(options['fromFormat']);
  if (action === 'calculate') {
    const date = dateIn(value, fromFormat, 'utc');
    const unit = oneOf(context.param('timeUnit', index, 'days'), UNITS, 'timeUnit', index);
    const sign = textParam(context, 'operation', index, 'add') === 'subtract' ? -1 : 1;
    return date
      .plus({ [unit]: sign * numberParam(context, 'duration', index, 0) })
      .toUTC()
      .toISO();
  }
  if (action !== 'format') throw errors.NODE_NOT_SUPPORTED({ feature: `Date & Time with "${action}"` });
  const [from, to] = [asText(options['fromTimezone']), asText(options['toTimezone'])];
  const date = dateIn(value, fromFormat, from || 'utc');
  const zoned = date.setZone(to || from || 'utc').setLocale('en');
  if (!zoned.isValid) throw errors.NODE_DATE_INVALID({ value: asText(value) });
  return zoned.toFormat(translated(textParam(context, 'toFormat', index, 'MM/DD/YYYY')));
}

/** A date without a zone is read in `zone`; one that only JavaScript can read is UTC, as in n8n. */
function dateIn(value: unknown, fromFormat: string, zone: string): DateTime {
  const text = asText(value).trim();
  if (typeof value === 'object' || /^-?\d+(\.\d+)?$/.test(text)) return readDate(value, zone);
  const tries = [
    fromFormat === '' ? undefined : DateTime.fromFormat(text, translated(fromFormat), { zone, locale: 'en' }),
    DateTime.fromISO(text, { zone, setZone: true }),
    DateTime.fromRFC2822(text, { zone }),
  ];
  return tries.find((date) => date?.isValid === true) ?? readDate(value, zone);
}
