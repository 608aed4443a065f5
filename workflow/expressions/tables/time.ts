import { DateTime, Duration, Interval, type DurationUnit } from 'luxon';
import { rangeFault } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { TIME_FORMAT_CHARACTERS, TIME_PIECES } from '../limits.ts';
import { integerOf, isRecord, numberOf, textOf } from '../values.ts';
import { DEFAULT_LOCALE } from './scalar.ts';
import {
  hostGetters,
  hostMethods,
  methods,
  plainArguments,
  type GetterTable,
  type Method,
  type MethodTable,
} from './table.ts';

/** luxon's DateTime, Duration and Interval, and JavaScript's Date: what of them an expression may use. */

/** Formatting with a pattern of bounded length. */
function formatted(prototype: object, names: readonly string[]): [string, Method][] {
  return hostMethods(prototype, names).map(([name, run]) => [
    name,
    (e, self, args, handle) => {
      if (typeof args[0] === 'string' && args[0].length > TIME_FORMAT_CHARACTERS)
        throw rangeFault('The format is too long');
      e.allocate(TIME_FORMAT_CHARACTERS);
      return run(e, self, args, handle);
    },
  ]);
}

export const DATETIME_METHODS: MethodTable = new Map([
  ...hostMethods(DateTime.prototype, [
    'diff',
    'endOf',
    'equals',
    'hasSame',
    'minus',
    'plus',
    'reconfigure',
    'set',
    'setLocale',
    'setZone',
    'startOf',
    'toBSON',
    'toHTTP',
    'toISO',
    'toISODate',
    'toISOTime',
    'toISOWeekDate',
    'toJSDate',
    'toJSON',
    'toLocaleParts',
    'toMillis',
    'toObject',
    'toRFC2822',
    'toSQL',
    'toSQLDate',
    'toSQLTime',
    'toSeconds',
    'toString',
    'toUTC',
    'toUnixInteger',
    'until',
    'valueOf',
  ]),
  ...formatted(DateTime.prototype, ['toFormat', 'toLocaleString']),
  ...methods<DateTime>({
    // luxon's own `get` reads any property of the host object.
    get: (e, self, args) => DATETIME_GETTERS.get(textOf(e, args[0]))?.(e, self),
    // These three would ask the clock and the zone of the process.
    diffNow: (e, self, args) => diffNow(e, self, args),
    toLocal: (e, self) => self.setZone(e.scene.zone),
    toRelative: (e, self, args) => self.toRelative({ base: nowOf(e), ...optionsOf(e, args[0]) }),
    toRelativeCalendar: (e, self, args) => self.toRelativeCalendar({ base: nowOf(e), ...optionsOf(e, args[0]) }),
  }),
]);

function nowOf(e: Evaluation): DateTime {
  return DateTime.fromMillis(e.scene.now, { zone: e.scene.zone });
}

function optionsOf(e: Evaluation, value: unknown): Record<string, unknown> {
  const [options] = plainArguments(e, [value]);
  return isRecord(options) ? options : {};
}

function diffNow(e: Evaluation, self: DateTime, args: unknown[]): unknown {
  const [unit, options] = plainArguments(e, args);
  const units = Array.isArray(unit)
    ? unit.map((one) => textOf(e, one))
    : [unit === undefined ? 'milliseconds' : textOf(e, unit)];
  // luxon checks the names of units itself.
  return self.diff(nowOf(e), units as DurationUnit[], isRecord(options) ? options : {});
}

export const DATETIME_GETTERS: GetterTable = new Map(
  hostGetters(DateTime.prototype, [
    'day',
    'daysInMonth',
    'daysInYear',
    'hour',
    'invalidExplanation',
    'invalidReason',
    'isInDST',
    'isInLeapYear',
    'isOffsetFixed',
    'isValid',
    'isWeekend',
    'locale',
    'localWeekNumber',
    'localWeekYear',
    'localWeekday',
    'millisecond',
    'minute',
    'month',
    'monthLong',
    'monthShort',
    'numberingSystem',
    'offset',
    'offsetNameLong',
    'offsetNameShort',
    'ordinal',
    'outputCalendar',
    'quarter',
    'second',
    'weekNumber',
    'weekYear',
    'weekday',
    'weekdayLong',
    'weekdayShort',
    'weeksInLocalWeekYear',
    'weeksInWeekYear',
    'year',
    'zoneName',
  ]),
);

export const DURATION_METHODS: MethodTable = new Map([
  ...hostMethods(Duration.prototype, [
    'as',
    'equals',
    'get',
    'minus',
    'negate',
    'normalize',
    'plus',
    'reconfigure',
    'rescale',
    'set',
    'shiftTo',
    'shiftToAll',
    'toISO',
    'toISOTime',
    'toJSON',
    'toMillis',
    'toObject',
    'toString',
    'valueOf',
  ]),
  ...formatted(Duration.prototype, ['toFormat', 'toHuman']),
]);

export const DURATION_GETTERS: GetterTable = new Map(
  hostGetters(Duration.prototype, [
    'days',
    'hours',
    'invalidExplanation',
    'invalidReason',
    'isValid',
    'locale',
    'milliseconds',
    'minutes',
    'months',
    'numberingSystem',
    'quarters',
    'seconds',
    'weeks',
    'years',
  ]),
);

/** `splitBy` and `divideEqually` make one interval per piece: the number of pieces is bounded first. */
function splitBy(e: Evaluation, self: Interval, args: unknown[]): unknown {
  const [by] = plainArguments(e, args);
  const step = Duration.fromDurationLike(
    by instanceof Duration || typeof by === 'number' ? by : isRecord(by) ? by : {},
  ).toMillis();
  if (!(step > 0) || self.length('milliseconds') / step > TIME_PIECES) throw rangeFault('Too many intervals');
  e.elements(Math.ceil(self.length('milliseconds') / step));
  return self.splitBy({
    milliseconds: 0,
    ...(by instanceof Duration ? by.toObject() : isRecord(by) ? by : { milliseconds: step }),
  });
}

function divideEqually(e: Evaluation, self: Interval, args: unknown[]): unknown {
  const parts = integerOf(e, args[0]);
  if (parts < 1 || parts > TIME_PIECES) throw rangeFault('Too many intervals');
  e.elements(parts);
  return self.divideEqually(parts);
}

export const INTERVAL_METHODS: MethodTable = new Map([
  ...hostMethods(Interval.prototype, [
    'abutsEnd',
    'abutsStart',
    'contains',
    'count',
    'difference',
    'engulfs',
    'equals',
    'hasSame',
    'intersection',
    'isAfter',
    'isBefore',
    'isEmpty',
    'length',
    'overlaps',
    'set',
    'splitAt',
    'toDuration',
    'toISO',
    'toISODate',
    'toISOTime',
    'toString',
    'union',
  ]),
  ...formatted(Interval.prototype, ['toFormat', 'toLocaleString']),
  // The table is asked with intervals only.
  ['splitBy', (e, self, args) => splitBy(e, self as Interval, args)],
  ['divideEqually', (e, self, args) => divideEqually(e, self as Interval, args)],
]);

export const INTERVAL_GETTERS: GetterTable = new Map(
  hostGetters(Interval.prototype, ['end', 'invalidExplanation', 'invalidReason', 'isValid', 'start']),
);

const DATE_READS = [
  'getDate',
  'getDay',
  'getFullYear',
  'getHours',
  'getMilliseconds',
  'getMinutes',
  'getMonth',
  'getSeconds',
  'getTime',
  'getTimezoneOffset',
  'getUTCDate',
  'getUTCDay',
  'getUTCFullYear',
  'getUTCHours',
  'getUTCMilliseconds',
  'getUTCMinutes',
  'getUTCMonth',
  'getUTCSeconds',
  'toDateString',
  'toISOString',
  'toJSON',
  'toString',
  'toTimeString',
  'toUTCString',
  'valueOf',
];

const DATE_WRITES = [
  'setDate',
  'setFullYear',
  'setHours',
  'setMilliseconds',
  'setMinutes',
  'setMonth',
  'setSeconds',
  'setTime',
  'setUTCDate',
  'setUTCFullYear',
  'setUTCHours',
  'setUTCMilliseconds',
  'setUTCMinutes',
  'setUTCMonth',
  'setUTCSeconds',
];

/** A setter changes the evaluation's private copy, as a Date may belong to an item. */
function dateWrites(): [string, Method][] {
  return DATE_WRITES.map((name) => {
    const method: unknown = Reflect.get(Date.prototype, name);
    return [
      name,
      (e, _self, args, handle) => {
        // The table is asked with dates only, and every name above is a method of Date.
        const own = e.own(handle as Date, (original) => new Date(Date.prototype.getTime.call(original)));
        return Reflect.apply(
          method as (...values: number[]) => number,
          own,
          args.map((arg) => numberOf(e, arg)),
        );
      },
    ];
  });
}

function dateLocale(name: 'toLocaleDateString' | 'toLocaleString' | 'toLocaleTimeString'): [string, Method] {
  return [
    name,
    (e, self, args) => {
      const [locale, options] = plainArguments(e, args);
      e.spend(10);
      // As above: a date.
      return (self as Date)[name](
        locale === undefined ? DEFAULT_LOCALE : textOf(e, locale),
        isRecord(options) ? options : undefined,
      );
    },
  ];
}

export const DATE_METHODS: MethodTable = new Map([
  ...hostMethods(Date.prototype, DATE_READS),
  ...dateWrites(),
  dateLocale('toLocaleDateString'),
  dateLocale('toLocaleString'),
  dateLocale('toLocaleTimeString'),
]);
