import { DateTime } from 'luxon';

import { patternMatches } from '#workflow';

import { errors } from '../errors.ts';
import { asText, isRecord } from '../values.ts';

export type ConditionKind = 'boolean' | 'dateTime' | 'number' | 'string';

/** One condition row of version 1: `{value1, operation, value2}`. Throws NODE_PARAMETER_INVALID. */
export function holdsV1(kind: ConditionKind, row: Record<string, unknown>, zone: string): boolean {
  const [left, right] = [row['value1'], row['value2']];
  switch (kind) {
    case 'boolean':
      return booleanHolds(asText(row['operation'] ?? 'equal'), left ?? false, right ?? false);
    case 'dateTime':
      return dateHolds(asText(row['operation'] ?? 'after'), instant(left, zone), instant(right, zone));
    case 'number':
      return numberHolds(asText(row['operation'] ?? 'smaller'), left, right);
    case 'string':
      return stringHolds(asText(row['operation'] ?? 'equal'), left ?? '', right ?? '');
  }
}

const unknown = (operation: string, allowed: string): Error =>
  errors.NODE_PARAMETER_INVALID({ parameter: 'operation', value: operation, allowed });

function booleanHolds(operation: string, left: unknown, right: unknown): boolean {
  if (operation === 'equal') return left === right;
  if (operation === 'notEqual') return left !== right;
  throw unknown(operation, 'equal, notEqual');
}

function dateHolds(operation: string, left: number, right: number): boolean {
  if (operation === 'after') return left > right;
  if (operation === 'before') return left < right;
  throw unknown(operation, 'after, before');
}

function instant(value: unknown, zone: string): number {
  if (isRecord(value) && typeof value['toMillis'] === 'function') return Number(value['toMillis']());
  if (value instanceof Date) return value.getTime();
  const text = asText(value);
  const read =
    typeof value === 'number' || /^\d{10,13}$/.test(text)
      ? DateTime.fromMillis(Number(text))
      : DateTime.fromISO(text, { zone });
  const date = read.isValid ? read : DateTime.fromJSDate(new Date(text));
  if (!date.isValid) throw errors.NODE_PARAMETER_INVALID({ parameter: 'value', value: text, allowed: 'a date' });
  return date.toMillis();
}

function numberHolds(operation: string, left: unknown, right: unknown): boolean {
  const [a, b] = [numeric(left ?? 0), numeric(right ?? 0)];
  switch (operation) {
    case 'smaller':
      return a < b;
    case 'smallerEqual':
      return a <= b;
    case 'equal':
      return left === right || (a === b && typeof left === typeof right);
    case 'notEqual':
      return left !== right;
    case 'larger':
      return a > b;
    case 'largerEqual':
      return a >= b;
    case 'isEmpty':
      return isEmpty(left);
    case 'isNotEmpty':
      return !isEmpty(left);
    default:
      throw unknown(operation, 'smaller, smallerEqual, equal, notEqual, larger, largerEqual, isEmpty, isNotEmpty');
  }
}

const numeric = (value: unknown): number =>
  value === null ? 0 : typeof value === 'object' ? Number.NaN : Number(value);
const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (typeof value === 'number' && Number.isNaN(value));

function stringHolds(operation: string, left: unknown, right: unknown): boolean {
  const [a, b] = [asText(left), asText(right)];
  switch (operation) {
    case 'contains':
      return a.includes(b);
    case 'notContains':
      return !a.includes(b);
    case 'endsWith':
      return a.endsWith(b);
    case 'notEndsWith':
      return !a.endsWith(b);
    case 'equal':
      return left === right;
    case 'notEqual':
      return left !== right;
    case 'startsWith':
      return a.startsWith(b);
    case 'notStartsWith':
      return !a.startsWith(b);
    case 'regex':
      return patternMatches(b, a);
    case 'notRegex':
      return !patternMatches(b, a);
    case 'isEmpty':
      return isEmpty(left);
    case 'isNotEmpty':
      return !isEmpty(left);
    default:
      throw unknown(operation, 'contains, equal, startsWith, endsWith, regex, isEmpty and their negations');
  }
}
