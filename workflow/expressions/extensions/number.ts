import { DateTime } from 'luxon';
import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { DEFAULT_LOCALE } from '../tables/scalar.ts';
import { plainArguments } from '../tables/table.ts';
import { integerOf, isRecord, textOf } from '../values.ts';
import { extensions, type ExtensionTable } from './extension.ts';

/** n8n's functions on numbers. */

/** Milliseconds, seconds, microseconds or Excel days as a DateTime of the workflow's zone. */
export function dateTimeOf(e: Evaluation, value: number, format: unknown): DateTime {
  const unit = format === undefined ? 'ms' : textOf(e, format);
  const scale: Readonly<Record<string, (n: number) => number>> = {
    ms: (n) => n,
    s: (n) => n * 1000,
    us: (n) => n / 1000,
    // Day 25569 of Excel's calendar is 1970-01-01.
    excel: (n) => Math.round((n - 25_569) * 86_400_000),
  };
  const toMillis = Object.hasOwn(scale, unit) ? scale[unit] : undefined;
  if (toMillis === undefined) {
    throw functionStop(`Unsupported format '${unit}'. toDateTime() supports 'ms', 's', 'us' and 'excel'.`);
  }
  return DateTime.fromMillis(toMillis(value), { zone: e.scene.zone });
}

function whole(value: number, name: string): number {
  if (!Number.isInteger(value)) throw functionStop(`${name}() is only callable on integers`);
  return value;
}

export const NUMBER_EXTENSIONS: ExtensionTable = extensions<number>({
  abs: (_e, value) => Math.abs(value),
  ceil: (_e, value) => Math.ceil(value),
  floor: (_e, value) => Math.floor(value),
  format: (e, value, args) => {
    const [locale, options] = plainArguments(e, args);
    e.spend(10);
    return value.toLocaleString(
      locale === undefined ? DEFAULT_LOCALE : textOf(e, locale),
      isRecord(options) ? options : undefined,
    );
  },
  isEmpty: () => false,
  isNotEmpty: () => true,
  isEven: (_e, value) => whole(value, 'isEven') % 2 === 0,
  isInteger: (_e, value) => Number.isInteger(value),
  isOdd: (_e, value) => Math.abs(whole(value, 'isOdd')) % 2 === 1,
  round: (e, value, args) => Number(value.toFixed(Math.min(100, Math.max(0, integerOf(e, args[0]))))),
  toBoolean: (_e, value) => value !== 0,
  toDateTime: (e, value, args) => dateTimeOf(e, value, args[0]),
  toFloat: (_e, value) => value,
  toInt: (_e, value) => Math.round(value),
  toJsonString: (_e, value) => JSON.stringify(value),
  toNumber: (_e, value) => value,
  toWholeNumber: (_e, value) => Math.round(value),
  toDecimalNumber: (_e, value) => value,
  random: (e, value) => Math.floor(e.scene.random() * value),
});
