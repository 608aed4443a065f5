import { DateTime, Duration, Interval, type DurationLike } from 'luxon';
import { rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { TIME_FORMAT_CHARACTERS } from './limits.ts';
import { Namespace } from './namespaces.ts';
import { plainArguments } from './tables/table.ts';
import { isRecord, numberOf, textOf } from './values.ts';

/** `DateTime`, `Duration` and `Interval` of luxon. What luxon takes from its global settings, zone and clock, is the scene's. */

type Run = (e: Evaluation, args: unknown[]) => unknown;

const TEXT_CHARACTERS = 1_000;

function options(e: Evaluation, value: unknown): Record<string, unknown> {
  const [plain] = plainArguments(e, [value]);
  return { zone: e.scene.zone, ...(isRecord(plain) ? plain : {}) };
}

function short(e: Evaluation, value: unknown): string {
  const text = textOf(e, value);
  if (text.length > TEXT_CHARACTERS) throw rangeFault('The text is too long for a date');
  e.spend(20);
  return text;
}

/** `DateTime.fromISO(text, options)` and its like. */
function fromText(read: (text: string, options: Record<string, unknown>) => DateTime): Run {
  return (e, args) => read(short(e, args[0]), options(e, args[1]));
}

function fromFormat(e: Evaluation, args: unknown[]): DateTime {
  const format = textOf(e, args[1]);
  if (format.length > TIME_FORMAT_CHARACTERS) throw rangeFault('The format is too long');
  return DateTime.fromFormat(short(e, args[0]), format, options(e, args[2]));
}

/** `DateTime.local(2024, 1, 2, {zone})`. */
function local(e: Evaluation, args: unknown[], zone: string): DateTime {
  const last = e.look(args.at(-1));
  const given = isRecord(last) ? options(e, last) : { zone };
  const [year, month, day, hour, minute, second, millisecond] = args
    .filter((arg) => !isRecord(e.look(arg)))
    .map((arg) => numberOf(e, arg));
  if (year === undefined) return DateTime.fromMillis(e.scene.now, given);
  return DateTime.fromObject(
    {
      year,
      month: month ?? 1,
      day: day ?? 1,
      hour: hour ?? 0,
      minute: minute ?? 0,
      second: second ?? 0,
      millisecond: millisecond ?? 0,
    },
    given,
  );
}

function dates(e: Evaluation, args: unknown[]): DateTime[] {
  return args.flat().map((arg) => {
    const seen = e.look(arg);
    if (!(seen instanceof DateTime)) throw typeFault('expected DateTimes');
    return seen;
  });
}

function durationLike(e: Evaluation, value: unknown): DurationLike {
  const [plain] = plainArguments(e, [value]);
  // luxon checks the members and the numbers itself.
  return plain as DurationLike;
}

function dateLike(e: Evaluation, value: unknown): DateTime | Date {
  const seen = e.look(value);
  if (seen instanceof DateTime || seen instanceof Date) return seen;
  throw typeFault('expected a DateTime');
}

const FORMATS = [
  'DATE_SHORT',
  'DATE_MED',
  'DATE_MED_WITH_WEEKDAY',
  'DATE_FULL',
  'DATE_HUGE',
  'TIME_SIMPLE',
  'TIME_WITH_SECONDS',
  'TIME_WITH_SHORT_OFFSET',
  'TIME_WITH_LONG_OFFSET',
  'TIME_24_SIMPLE',
  'TIME_24_WITH_SECONDS',
  'TIME_24_WITH_SHORT_OFFSET',
  'TIME_24_WITH_LONG_OFFSET',
  'DATETIME_SHORT',
  'DATETIME_SHORT_WITH_SECONDS',
  'DATETIME_MED',
  'DATETIME_MED_WITH_SECONDS',
  'DATETIME_MED_WITH_WEEKDAY',
  'DATETIME_FULL',
  'DATETIME_FULL_WITH_SECONDS',
  'DATETIME_HUGE',
  'DATETIME_HUGE_WITH_SECONDS',
] as const;

const DATETIME = new Namespace('DateTime', {
  functions: {
    fromFormat,
    fromHTTP: fromText((text, given) => DateTime.fromHTTP(text, given)),
    fromISO: fromText((text, given) => DateTime.fromISO(text, given)),
    fromJSDate: (e, args) => {
      const date = e.look(args[0]);
      return date instanceof Date ? DateTime.fromJSDate(date, options(e, args[1])) : DateTime.invalid('invalid input');
    },
    fromMillis: (e, args) => {
      if (typeof args[0] !== 'number') throw typeFault('fromMillis requires a numerical input');
      return DateTime.fromMillis(args[0], options(e, args[1]));
    },
    fromObject: (e, args) => {
      const [plain] = plainArguments(e, [args[0]]);
      return DateTime.fromObject(isRecord(plain) ? plain : {}, options(e, args[1]));
    },
    fromRFC2822: fromText((text, given) => DateTime.fromRFC2822(text, given)),
    fromSQL: fromText((text, given) => DateTime.fromSQL(text, given)),
    fromSeconds: (e, args) => {
      if (typeof args[0] !== 'number') throw typeFault('fromSeconds requires a numerical input');
      return DateTime.fromSeconds(args[0], options(e, args[1]));
    },
    fromString: fromFormat,
    invalid: (e, args) => DateTime.invalid(short(e, args[0])),
    isDateTime: (e, args) => e.look(args[0]) instanceof DateTime,
    local: (e, args) => local(e, args, e.scene.zone),
    max: (e, args) => DateTime.max(...dates(e, args)),
    min: (e, args) => DateTime.min(...dates(e, args)),
    now: (e) => DateTime.fromMillis(e.scene.now, { zone: e.scene.zone }),
    utc: (e, args) => local(e, args, 'utc'),
  },
  constants: Object.fromEntries(FORMATS.map((name) => [name, { ...DateTime[name] }])),
  instance: (value) => value instanceof DateTime,
});

const DURATION = new Namespace('Duration', {
  functions: {
    fromDurationLike: (e, args) => Duration.fromDurationLike(durationLike(e, args[0])),
    fromISO: (e, args) => Duration.fromISO(short(e, args[0])),
    fromISOTime: (e, args) => Duration.fromISOTime(short(e, args[0])),
    fromMillis: (e, args) => Duration.fromMillis(numberOf(e, args[0])),
    fromObject: (e, args) => Duration.fromDurationLike(durationLike(e, args[0])),
    isDuration: (e, args) => e.look(args[0]) instanceof Duration,
  },
  instance: (value) => value instanceof Duration,
});

function intervals(e: Evaluation, value: unknown): Interval[] {
  const list = e.look(value);
  const all = Array.isArray(list) ? list.map((one: unknown) => e.look(one)) : [];
  e.elements(all.length);
  return all.filter((one): one is Interval => one instanceof Interval);
}

const INTERVAL = new Namespace('Interval', {
  functions: {
    after: (e, args) => Interval.after(dateLike(e, args[0]), durationLike(e, args[1])),
    before: (e, args) => Interval.before(dateLike(e, args[0]), durationLike(e, args[1])),
    fromDateTimes: (e, args) => Interval.fromDateTimes(dateLike(e, args[0]), dateLike(e, args[1])),
    fromISO: (e, args) => Interval.fromISO(short(e, args[0]), options(e, args[1])),
    isInterval: (e, args) => e.look(args[0]) instanceof Interval,
    merge: (e, args) => Interval.merge(intervals(e, args[0])),
    xor: (e, args) => Interval.xor(intervals(e, args[0])),
  },
  instance: (value) => value instanceof Interval,
});

export const LUXON_NAMESPACES: ReadonlyMap<string, Namespace> = new Map([
  ['DateTime', DATETIME],
  ['Duration', DURATION],
  ['Interval', INTERVAL],
]);
