import type { DateTime } from 'luxon';
import { patternMatches } from '../expressions/index.ts';
import type { ValueType } from './convert.ts';

/** The operators of n8n's conditions, by type. Values were converted to the type before; null and undefined come through. */

export interface OperatorOptions {
  readonly ignoreCase: boolean;
}

export type Operator = (left: unknown, right: unknown, options: OperatorOptions) => boolean;
export type OperatorTable = Readonly<Record<string, Operator>>;

const exists = (value: unknown) => value !== undefined && value !== null && !Number.isNaN(value);

/** `not` of an operator. */
const not =
  (operator: Operator): Operator =>
  (left, right, options) =>
    !operator(left, right, options);

/** Operators that every type has; `empty` says what is empty for the type. */
function common(empty: (value: unknown) => boolean): Record<string, Operator> {
  return {
    exists,
    notExists: (left) => !exists(left),
    empty: (left) => empty(left),
    notEmpty: (left) => !empty(left),
  };
}

/** Text of both sides, in lower case where case does not matter; nothing is "". */
function onText(test: (left: string, right: string) => boolean, keepRight = false): Operator {
  return (left, right, { ignoreCase }) => {
    const a = typeof left === 'string' ? left : '';
    const b = typeof right === 'string' ? right : '';
    return test(ignoreCase ? a.toLocaleLowerCase() : a, ignoreCase && !keepRight ? b.toLocaleLowerCase() : b);
  };
}

const equalsText = onText((a, b) => a === b);
const containsText = onText((a, b) => a.includes(b));
const startsWith = onText((a, b) => a.startsWith(b));
const endsWith = onText((a, b) => a.endsWith(b));
// The pattern keeps its case: \D and \d differ.
const regex = onText((a, b) => patternMatches(b, a), true);

const STRING: OperatorTable = {
  ...common((value) => !exists(value) || value === ''),
  equals: equalsText,
  notEquals: not(equalsText),
  contains: containsText,
  notContains: not(containsText),
  startsWith,
  notStartsWith: not(startsWith),
  endsWith,
  notEndsWith: not(endsWith),
  regex,
  notRegex: not(regex),
};

/** JavaScript's comparison: null counts as 0, undefined compares with nothing. */
function onNumbers(test: (left: number, right: number) => boolean): Operator {
  // Number, null or undefined, by the conversion before; the host's operators take all three as wanted.
  return (left, right) => test(left as number, right as number);
}

const NUMBER: OperatorTable = {
  ...common((value) => !exists(value)),
  equals: onNumbers((a, b) => a === b),
  notEquals: onNumbers((a, b) => a !== b),
  gt: onNumbers((a, b) => a > b),
  lt: onNumbers((a, b) => a < b),
  gte: onNumbers((a, b) => a >= b),
  lte: onNumbers((a, b) => a <= b),
};

/** A missing date fails every comparison, also `notEquals`. */
function onDates(test: (left: number, right: number) => boolean): Operator {
  return (left, right) => {
    if (!exists(left) || !exists(right)) return false;
    // DateTimes, by the conversion before.
    return test((left as DateTime).toMillis(), (right as DateTime).toMillis());
  };
}

const DATE_TIME: OperatorTable = {
  ...common((value) => !exists(value)),
  equals: onDates((a, b) => a === b),
  notEquals: onDates((a, b) => a !== b),
  after: onDates((a, b) => a > b),
  before: onDates((a, b) => a < b),
  afterOrEquals: onDates((a, b) => a >= b),
  beforeOrEquals: onDates((a, b) => a <= b),
};

const BOOLEAN: OperatorTable = {
  ...common((value) => !exists(value)),
  true: (left) => left === true,
  false: (left) => left === false,
  equals: (left, right) => left === right,
  notEquals: (left, right) => left !== right,
};

/** Whether a list holds a value; text without regard to case where that is asked. */
export function listContains(list: readonly unknown[], value: unknown, ignoreCase: boolean): boolean {
  if (!ignoreCase || typeof value !== 'string') return list.includes(value);
  const wanted = value.toLocaleLowerCase();
  return list.some((element) => typeof element === 'string' && element.toLocaleLowerCase() === wanted);
}

const contains: Operator = (left, right, { ignoreCase }) =>
  Array.isArray(left) && listContains(left, right, ignoreCase);

/** The length of a list against a number; nothing has length 0. */
function onLength(test: (length: number, right: number) => boolean): Operator {
  return (left, right) => test(Array.isArray(left) ? left.length : 0, Number(right));
}

const ARRAY: OperatorTable = {
  ...common((value) => !Array.isArray(value) || value.length === 0),
  contains,
  notContains: not(contains),
  lengthEquals: onLength((a, b) => a === b),
  lengthNotEquals: onLength((a, b) => a !== b),
  lengthGt: onLength((a, b) => a > b),
  lengthLt: onLength((a, b) => a < b),
  lengthGte: onLength((a, b) => a >= b),
  lengthLte: onLength((a, b) => a <= b),
};

const OBJECT: OperatorTable = {
  ...common((value) => typeof value !== 'object' || value === null || Object.keys(value).length === 0),
};

/** Every operator by type; `any` only asks whether there is something. */
export const OPERATORS: Readonly<Record<ValueType, OperatorTable>> = {
  any: common((value) => !exists(value) || value === ''),
  array: ARRAY,
  boolean: BOOLEAN,
  dateTime: DATE_TIME,
  number: NUMBER,
  object: OBJECT,
  string: STRING,
};
