import { DateTime, Duration, type DateTimeUnit, type DurationLikeObject, type DurationUnit } from 'luxon';
import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { TIME_FORMAT_CHARACTERS } from '../limits.ts';
import { plainArguments } from '../tables/table.ts';
import { isRecord, numberOf, textOf } from '../values.ts';
import { dateArgument } from './date-parse.ts';
import { extensions, type ExtensionTable } from './extension.ts';

/** n8n's functions on dates: DateTime and JavaScript's Date. */

type Dated = DateTime | Date;

const UNITS: readonly DurationUnit[] = [
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
];

function isUnit(name: string): name is DateTimeUnit {
  return UNITS.includes(name as DateTimeUnit);
}

/** `days` and `day` alike; undefined for what is not a unit. */
function unitOf(e: Evaluation, value: unknown): DateTimeUnit | undefined {
  const name = textOf(e, value).toLowerCase().replace(/s$/, '');
  return isUnit(name) ? name : undefined;
}

function at(e: Evaluation, value: Dated): DateTime {
  return value instanceof Date ? DateTime.fromJSDate(value, { zone: e.scene.zone }) : value;
}

/** The result in the type that was given. */
function like(value: Dated, result: DateTime): Dated {
  return value instanceof Date ? result.toJSDate() : result;
}

function beginning(e: Evaluation, value: Dated, args: unknown[]): Dated {
  const unit = args[0] === undefined ? 'week' : unitOf(e, args[0]);
  if (unit === undefined) throw functionStop(`Unsupported unit '${textOf(e, args[0]).slice(0, 50)}'`);
  return like(value, at(e, value).startOf(unit));
}

const PARTS: ReadonlyMap<string, (date: DateTime) => number> = new Map([
  ['year', (date) => date.year],
  ['quarter', (date) => date.quarter],
  ['month', (date) => date.month],
  ['week', (date) => date.weekNumber],
  ['weekNumber', (date) => date.weekNumber],
  ['weekday', (date) => date.weekday],
  ['day', (date) => date.day],
  ['yearDayNumber', (date) => date.ordinal],
  ['ordinal', (date) => date.ordinal],
  ['hour', (date) => date.hour],
  ['minute', (date) => date.minute],
  ['second', (date) => date.second],
  ['millisecond', (date) => date.millisecond],
]);

function extract(e: Evaluation, value: Dated, args: unknown[]): number {
  const part = args[0] === undefined ? 'week' : textOf(e, args[0]);
  const read = PARTS.get(part) ?? PARTS.get(part.replace(/s$/, ''));
  if (read === undefined) throw functionStop(`Unsupported unit '${part.slice(0, 50)}'`);
  return read(at(e, value));
}

/** `(1, 'day')` or `({days: 1})` or a Duration. */
function span(e: Evaluation, args: unknown[], name: string): Duration {
  const [amount, unit] = args;
  if (unit === undefined) {
    const [like] = plainArguments(e, [amount]);
    if (like instanceof Duration) return like;
    if (isRecord(like)) return Duration.fromObject(like as DurationLikeObject);
    return Duration.fromMillis(numberOf(e, amount));
  }
  const checked = unitOf(e, unit);
  if (checked === undefined) throw functionStop(`${name}(): Unsupported unit '${textOf(e, unit).slice(0, 50)}'`);
  return Duration.fromObject({ [checked]: numberOf(e, amount) });
}

function isBetween(e: Evaluation, value: Dated, args: unknown[]): boolean {
  if (args.length !== 2) throw functionStop('isBetween(): expected exactly two args');
  const [first, second] = args.map((arg) => dateArgument(e, arg, 'isBetween').toMillis());
  const now = at(e, value).toMillis();
  return now > Math.min(first ?? NaN, second ?? NaN) && now < Math.max(first ?? NaN, second ?? NaN);
}

function isInLast(e: Evaluation, value: Dated, args: unknown[]): boolean {
  const unit = args[1] === undefined ? 'minute' : unitOf(e, args[1]);
  if (unit === undefined) throw functionStop(`Unsupported unit '${textOf(e, args[1]).slice(0, 50)}'`);
  const amount = args[0] === undefined ? 0 : numberOf(e, args[0]);
  const now = DateTime.fromMillis(e.scene.now, { zone: e.scene.zone });
  const date = at(e, value);
  return date >= now.minus({ [unit]: amount }) && date <= now;
}

/** The difference in one unit as number, in several as object. */
function difference(e: Evaluation, from: DateTime, to: DateTime, unit: unknown): unknown {
  const given = unit === undefined ? ['days'] : Array.isArray(unit) ? (unit as unknown[]) : [unit];
  const units = given.map((one) => {
    const checked = unitOf(e, one);
    if (checked === undefined) {
      throw functionStop(
        `Unsupported unit '${textOf(e, one).slice(0, 50)}'. Supported: ${UNITS.map((name) => `'${name}s'`).join(', ')}.`,
      );
    }
    return `${checked}s` as DurationUnit;
  });
  const result = from.diff(to, units);
  const [only] = units;
  return units.length === 1 && only !== undefined ? result.as(only) : result.toObject();
}

export const DATE_EXTENSIONS: ExtensionTable = extensions<Dated>({
  beginningOf: beginning,
  diffTo: (e, value, args) => difference(e, at(e, value), dateArgument(e, args[0], 'diffTo'), e.look(args[1])),
  diffToNow: (e, value, args) =>
    difference(e, DateTime.fromMillis(e.scene.now, { zone: e.scene.zone }), at(e, value), e.look(args[0])),
  endOfMonth: (e, value) => like(value, at(e, value).endOf('month')),
  extract,
  format: (e, value, args) => {
    const format = args[0] === undefined ? 'yyyy-MM-dd' : textOf(e, args[0]);
    if (format.length > TIME_FORMAT_CHARACTERS) throw functionStop('format(): the format is too long');
    const [, options] = plainArguments(e, args);
    e.allocate(TIME_FORMAT_CHARACTERS);
    return at(e, value).toFormat(format, isRecord(options) ? options : {});
  },
  inBetween: isBetween,
  isBetween,
  isDst: (e, value) => at(e, value).isInDST,
  isEmpty: () => false,
  isInLast,
  isNotEmpty: () => true,
  isWeekend: (e, value) => at(e, value).weekday > 5,
  minus: (e, value, args) => like(value, at(e, value).minus(span(e, args, 'minus'))),
  plus: (e, value, args) => like(value, at(e, value).plus(span(e, args, 'plus'))),
  toBoolean: () => undefined,
  toDateTime: (e, value) => at(e, value),
  toFloat: (e, value) => at(e, value).toMillis(),
  toInt: (e, value) => at(e, value).toMillis(),
  toNumber: (e, value) => at(e, value).toMillis(),
});
