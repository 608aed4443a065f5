import type { Evaluation } from '../evaluation.ts';
import type { Kind } from '../values.ts';
import { ARRAY_METHODS } from './array.ts';
import { MAP_METHODS, SET_METHODS, SIZE_GETTERS } from './collections.ts';
import { BIGINT_METHODS, BOOLEAN_METHODS, ERROR_METHODS, NUMBER_METHODS, OBJECT_METHODS } from './scalar.ts';
import { REGEX_METHODS, STRING_METHODS } from './string.ts';
import type { GetterTable, MethodTable } from './table.ts';
import {
  DATE_METHODS,
  DATETIME_GETTERS,
  DATETIME_METHODS,
  DURATION_GETTERS,
  DURATION_METHODS,
  INTERVAL_GETTERS,
  INTERVAL_METHODS,
} from './time.ts';

/** What a kind of value can do: the closed list of built-in methods and getters of expressions. */

export const METHODS: Partial<Record<Kind, MethodTable>> = {
  array: ARRAY_METHODS,
  string: STRING_METHODS,
  number: NUMBER_METHODS,
  bigint: BIGINT_METHODS,
  boolean: BOOLEAN_METHODS,
  object: OBJECT_METHODS,
  error: ERROR_METHODS,
  regexp: REGEX_METHODS,
  set: SET_METHODS,
  map: MAP_METHODS,
  dateTime: DATETIME_METHODS,
  duration: DURATION_METHODS,
  interval: INTERVAL_METHODS,
  date: DATE_METHODS,
};

function regexGetter(name: 'source' | 'flags' | 'lastIndex' | 'global' | 'ignoreCase' | 'multiline') {
  // The table is asked with regular expressions only.
  return [name, (_e: Evaluation, self: unknown) => (self as RegExp)[name]] as const;
}

export const GETTERS: Partial<Record<Kind, GetterTable>> = {
  set: SIZE_GETTERS,
  map: SIZE_GETTERS,
  dateTime: DATETIME_GETTERS,
  duration: DURATION_GETTERS,
  interval: INTERVAL_GETTERS,
  regexp: new Map([
    regexGetter('source'),
    regexGetter('flags'),
    regexGetter('lastIndex'),
    regexGetter('global'),
    regexGetter('ignoreCase'),
    regexGetter('multiline'),
  ]),
};
