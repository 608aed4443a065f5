import { DateTime } from 'luxon';
import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { HASH_NAMES, hashText } from '../hashes/index.ts';
import { stringify, parseJson } from '../json.ts';
import { TIME_FORMAT_CHARACTERS } from '../limits.ts';
import { textOf } from '../values.ts';
import { parseDateText } from './date-parse.ts';
import { extensions, type ExtensionTable } from './extension.ts';
import { dateTimeOf } from './number.ts';
import * as text from './text.ts';

/** n8n's functions on text. */

function hash(e: Evaluation, value: string, args: unknown[]): string {
  const algorithm = args[0] === undefined ? 'md5' : textOf(e, args[0]);
  // Our hashes are not the platform's: about two steps per byte.
  e.spend(value.length * 2);
  const made = hashText(value, algorithm.toLowerCase());
  if (made === undefined) {
    throw functionStop(
      `Unknown algorithm ${algorithm.slice(0, 50)}. Available algorithms are: ${HASH_NAMES.join(', ')}, and Base64.`,
    );
  }
  return made;
}

const REPAIR_HINTS: readonly [RegExp, string][] = [
  [/'/, "Parsing failed. Check you're using double quotes"],
  [/(undefined|NaN|Infinity)/, 'Parsing failed. undefined, NaN and Infinity are not JSON'],
];

function parse(e: Evaluation, value: string): unknown {
  try {
    return parseJson(e, value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw functionStop(REPAIR_HINTS.find(([pattern]) => pattern.test(value))?.[1] ?? 'Parsing failed');
  }
}

function toDateTime(e: Evaluation, value: string, args: unknown[]): DateTime {
  const format = args[0] === undefined || args[0] === '' ? undefined : textOf(e, args[0]);
  e.spend(20);
  if (format === undefined) {
    const date = parseDateText(value, e.scene.zone);
    if (date.isValid) return date;
    throw functionStop('cannot convert to Luxon DateTime');
  }
  if (['ms', 's', 'us', 'excel'].includes(format)) return dateTimeOf(e, toNumber(value), format);
  if (format.length > TIME_FORMAT_CHARACTERS) throw functionStop('toDateTime(): the format is too long');
  return DateTime.fromFormat(value.slice(0, TIME_FORMAT_CHARACTERS), format, { zone: e.scene.zone });
}

function toNumber(value: string): number {
  const number = Number(value.trim() === '' ? NaN : value);
  if (Number.isNaN(number)) throw functionStop('cannot convert to number');
  return number;
}

function toFloat(value: string): number {
  if (value.includes(',')) throw functionStop('cannot convert to float, expected . as decimal separator');
  const float = Number.parseFloat(value);
  if (Number.isNaN(float)) throw functionStop('cannot convert to float');
  return float;
}

function toInt(e: Evaluation, value: string, args: unknown[]): number {
  const radix = args[0] === undefined ? 10 : Number(textOf(e, args[0]));
  const int = Number.parseInt(value.replaceAll(',', ''), radix);
  if (Number.isNaN(int)) throw functionStop('cannot convert to integer');
  return int;
}

function decode(run: (value: string) => string, value: string): string {
  try {
    return run(value);
  } catch {
    throw functionStop('cannot decode the text');
  }
}

function charged(run: (value: string) => unknown) {
  return (e: Evaluation, value: string): unknown => {
    e.allocate(value.length * 3 + 16);
    e.spend(1 + Math.floor(value.length / 16));
    return run(value);
  };
}

export const STRING_EXTENSIONS: ExtensionTable = extensions<string>({
  base64Decode: charged((value) => decode(text.base64Decode, value)),
  base64Encode: charged(text.base64Encode),
  extractDomain: charged(text.extractDomain),
  extractEmail: charged(text.extractEmail),
  extractUrl: charged(text.extractUrl),
  extractUrlPath: charged(text.extractUrlPath),
  hash,
  isDomain: charged(text.isDomain),
  isEmail: charged(text.isEmail),
  isEmpty: (_e, value) => value === '',
  isNotEmpty: (_e, value) => value !== '',
  isNumeric: (_e, value) => value.trim() !== '' && !Number.isNaN(Number(value)),
  isUrl: charged(text.isUrl),
  parseJson: parse,
  quote: (e, value, args) => {
    const mark = args[0] === undefined ? '"' : textOf(e, args[0]);
    e.allocate(value.length * (mark.length + 2));
    return mark === '' ? value : `${mark}${value.replaceAll(mark, `\\${mark}`)}${mark}`;
  },
  removeMarkdown: charged(text.removeMarkdown),
  removeTags: charged(text.removeTags),
  replaceSpecialChars: charged(text.replaceSpecialChars),
  toBoolean: (_e, value) => value !== '' && !['0', 'false', 'no', 'off'].includes(value.toLowerCase()),
  toCamelCase: charged(text.toCamelCase),
  toDate: (e, value) => {
    e.spend(20);
    const date = parseDateText(value, e.scene.zone);
    if (!date.isValid) throw functionStop('cannot convert to date');
    return date.toJSDate();
  },
  toDateTime,
  toDecimalNumber: (_e, value) => toFloat(value),
  toFloat: (_e, value) => toFloat(value),
  toInt,
  toJsonString: (e, value) => stringify(e, value),
  toKebabCase: charged(text.toKebabCase),
  toNumber: (_e, value) => toNumber(value),
  toSentenceCase: charged(text.toSentenceCase),
  toSnakeCase: charged(text.toSnakeCase),
  toTitleCase: charged(text.toTitleCase),
  toWholeNumber: toInt,
  urlDecode: (e, value, args) => {
    e.allocate(value.length);
    return decode(args[0] === true ? decodeURI : decodeURIComponent, value);
  },
  urlEncode: (e, value, args) => {
    e.allocate(value.length * 9);
    return decode(args[0] === true ? encodeURI : encodeURIComponent, value);
  },
});
