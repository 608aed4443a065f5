import { rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { ARRAY_ELEMENTS } from './limits.ts';
import { parseJson, stringify } from './json.ts';
import { spreadInto } from './spread.ts';
import { Namespace, type NamespaceSpec } from './namespaces.ts';
import { elementsOf } from './operators.ts';
import { makeRegex } from './regex.ts';
import { DEFAULT_LOCALE } from './tables/scalar.ts';
import { plainArguments } from './tables/table.ts';
import {
  boundedBigint,
  callFunction,
  define,
  GuestError,
  integerOf,
  isRecord,
  keyOf,
  newRecord,
  numberOf,
  primitiveOf,
  textOf,
} from './values.ts';

/** JavaScript's global names, as far as an expression may use them. */

type Run = (e: Evaluation, args: unknown[]) => unknown;

const MATH_ONE = [
  'abs',
  'acos',
  'acosh',
  'asin',
  'asinh',
  'atan',
  'atanh',
  'cbrt',
  'ceil',
  'clz32',
  'cos',
  'cosh',
  'exp',
  'expm1',
  'floor',
  'fround',
  'log',
  'log10',
  'log1p',
  'log2',
  'round',
  'sign',
  'sin',
  'sinh',
  'sqrt',
  'tan',
  'tanh',
  'trunc',
] as const;
const MATH_MANY = ['hypot', 'max', 'min'] as const;
const MATH_CONSTANTS = ['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'] as const;

function mathFunctions(): Record<string, Run> {
  const made: Record<string, Run> = {
    atan2: (e, args) => Math.atan2(numberOf(e, args[0]), numberOf(e, args[1])),
    imul: (e, args) => Math.imul(numberOf(e, args[0]), numberOf(e, args[1])),
    pow: (e, args) => numberOf(e, args[0]) ** numberOf(e, args[1]),
    random: (e) => e.scene.random(),
  };
  for (const name of MATH_ONE) made[name] = (e, args) => Math[name](numberOf(e, args[0]));
  for (const name of MATH_MANY) {
    made[name] = (e, args) => {
      e.spend(args.length);
      return Math[name](...args.map((arg) => numberOf(e, arg)));
    };
  }
  return made;
}

/** The own keys of data for `Object.keys` and its like. */
function own(e: Evaluation, value: unknown): Record<string, unknown> {
  const seen = e.look(value);
  if (seen === null || seen === undefined) throw typeFault('Cannot convert undefined or null to object');
  const made = newRecord();
  spreadInto(e, made, seen);
  return made;
}

function groupBy(e: Evaluation, args: unknown[]): unknown {
  const made = newRecord();
  elementsOf(e, args[0]).forEach((element, i) => {
    const key = keyOf(e, callFunction(e, args[1], [element, i]));
    const group = Object.hasOwn(made, key) ? made[key] : undefined;
    e.elements(1);
    // Every member of `made` is a list that this function made.
    if (group === undefined) define(made, key, [element]);
    else (group as unknown[]).push(element);
  });
  return made;
}

function fromEntries(e: Evaluation, args: unknown[]): unknown {
  const made = newRecord();
  for (const entry of elementsOf(e, args[0])) {
    const [key, value] = elementsOf(e, entry);
    e.elements(1);
    define(made, keyOf(e, key), value);
  }
  return made;
}

/** Writes into the first argument, like every other write into its private copy. */
function assign(e: Evaluation, args: unknown[]): unknown {
  const [target, ...sources] = args;
  if (!isRecord(e.look(target))) throw typeFault('Cannot convert this value to object');
  const copy = e.own(target as Record<string, unknown>, (original) => {
    const made = newRecord();
    spreadInto(e, made, original);
    return made;
  });
  for (const source of sources) spreadInto(e, copy, source);
  return target;
}

const OBJECT: NamespaceSpec = {
  functions: {
    assign,
    entries: (e, args) => Object.entries(own(e, args[0])),
    freeze: (_e, args) => args[0],
    fromEntries,
    groupBy,
    hasOwn: (e, args) => Object.hasOwn(own(e, args[0]), keyOf(e, args[1])),
    is: (_e, args) => Object.is(args[0], args[1]),
    isFrozen: () => false,
    keys: (e, args) => Object.keys(own(e, args[0])),
    values: (e, args) => Object.values(own(e, args[0])),
  },
  invoke: (_e, args) => args[0] ?? newRecord(),
  construct: (_e, args) => args[0] ?? newRecord(),
  instance: (value) => typeof value === 'object' && value !== null,
};

function makeArray(e: Evaluation, args: unknown[]): unknown[] {
  const [length] = args;
  if (args.length !== 1 || typeof length !== 'number') return [...args];
  if (!Number.isInteger(length) || length < 0 || length > ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
  e.elements(length);
  // Filled: arrays of the guest have no holes.
  return Array.from({ length });
}

function arrayFrom(e: Evaluation, args: unknown[]): unknown[] {
  const [source, map] = args;
  const seen = e.look(source);
  const length = isRecord(seen) ? Math.max(0, integerOf(e, seen['length'])) : undefined;
  if (length !== undefined && length > ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
  if (length !== undefined) e.elements(length);
  // An array-like object: its own members by index.
  const list =
    length === undefined ? elementsOf(e, seen) : Array.from({ length }, (_, i) => (seen as Record<string, unknown>)[i]);
  e.elements(list.length);
  return map === undefined ? [...list] : list.map((element, i) => callFunction(e, map, [element, i]));
}

const ARRAY: NamespaceSpec = {
  functions: { from: arrayFrom, isArray: (e, args) => Array.isArray(e.look(args[0])), of: (_e, args) => [...args] },
  invoke: makeArray,
  construct: makeArray,
  instance: (value) => Array.isArray(value),
};

/** `new Date(…)`: the present is the scene's, local parts are the process's as in n8n. */
function makeDate(e: Evaluation, args: unknown[]): Date {
  if (args.length === 0) return new Date(e.scene.now);
  if (args.length === 1) {
    const primitive = primitiveOf(e, args[0], 'number');
    return typeof primitive === 'string' ? new Date(primitive.slice(0, 200)) : new Date(numberOf(e, primitive));
  }
  const [year = NaN, month = 0, ...rest] = args.slice(0, 7).map((arg) => numberOf(e, arg));
  return new Date(year, month, ...rest);
}

const DATE: NamespaceSpec = {
  functions: {
    now: (e) => e.scene.now,
    parse: (e, args) => Date.parse(textOf(e, args[0]).slice(0, 200)),
    UTC: (e, args) => {
      const [year = NaN, month = 0, ...rest] = args.slice(0, 7).map((arg) => numberOf(e, arg));
      return Date.UTC(year, month, ...rest);
    },
  },
  invoke: (e) => makeDate(e, []).toString(),
  construct: makeDate,
  instance: (value) => value instanceof Date,
};

const parseInteger: Run = (e, args) =>
  Number.parseInt(textOf(e, args[0]), args[1] === undefined ? undefined : integerOf(e, args[1]));
const parseFloating: Run = (e, args) => Number.parseFloat(textOf(e, args[0]));

const NUMBER: NamespaceSpec = {
  functions: {
    isFinite: (_e, args) => Number.isFinite(args[0]),
    isInteger: (_e, args) => Number.isInteger(args[0]),
    isNaN: (_e, args) => Number.isNaN(args[0]),
    isSafeInteger: (_e, args) => Number.isSafeInteger(args[0]),
    parseFloat: parseFloating,
    parseInt: parseInteger,
  },
  constants: {
    EPSILON: Number.EPSILON,
    MAX_SAFE_INTEGER: Number.MAX_SAFE_INTEGER,
    MAX_VALUE: Number.MAX_VALUE,
    MIN_SAFE_INTEGER: Number.MIN_SAFE_INTEGER,
    MIN_VALUE: Number.MIN_VALUE,
    NaN,
    NEGATIVE_INFINITY: -Infinity,
    POSITIVE_INFINITY: Infinity,
  },
  invoke: (e, args) => (args.length === 0 ? 0 : numberOf(e, args[0])),
  construct: (e, args) => (args.length === 0 ? 0 : numberOf(e, args[0])),
};

const stringOf: Run = (e, args) => (args.length === 0 ? '' : textOf(e, args[0]));

const STRING: NamespaceSpec = {
  functions: {
    fromCharCode: (e, args) => String.fromCharCode(...args.map((arg) => numberOf(e, arg))),
    fromCodePoint: (e, args) => String.fromCodePoint(...args.map((arg) => numberOf(e, arg))),
  },
  invoke: stringOf,
  construct: stringOf,
};

const BOOLEAN: NamespaceSpec = { invoke: (_e, args) => Boolean(args[0]), construct: (_e, args) => Boolean(args[0]) };

const BIGINT: NamespaceSpec = {
  invoke: (e, args) => {
    const primitive = primitiveOf(e, args[0], 'number');
    if (typeof primitive === 'string' && primitive.length > 1_300) throw rangeFault('Maximum BigInt size exceeded');
    if (primitive === null || primitive === undefined) throw typeFault('Cannot convert to a BigInt');
    // A string, number, boolean or bigint: the host checks its form.
    return boundedBigint(BigInt(primitive as string | number | boolean | bigint));
  },
};

const JSON_NAMES: NamespaceSpec = {
  functions: {
    parse: (e, args) => parseJson(e, textOf(e, args[0])),
    stringify: (e, args) => {
      const [value, keys, indent] = args;
      const width = typeof indent === 'number' || typeof indent === 'string' ? indent : undefined;
      const list = e.look(keys);
      return stringify(
        e,
        Array.isArray(list)
          ? chosen(
              e,
              value,
              list.map((key) => textOf(e, key)),
              0,
            )
          : value,
        width,
      );
    },
  },
};

/** The members named in a list, at every depth: the second argument of JSON.stringify. */
function chosen(e: Evaluation, value: unknown, keys: readonly string[], depth: number): unknown {
  const seen = e.look(value);
  if (depth > 100) return undefined;
  if (Array.isArray(seen)) return seen.map((element) => chosen(e, element, keys, depth + 1));
  if (!isRecord(seen)) return value;
  const made = newRecord();
  e.elements(keys.length);
  for (const key of keys) if (Object.hasOwn(seen, key)) define(made, key, chosen(e, seen[key], keys, depth + 1));
  return made;
}

function errorNames(): [string, Namespace][] {
  return ['Error', 'TypeError', 'SyntaxError', 'RangeError', 'ReferenceError', 'EvalError', 'URIError'].map((name) => {
    const make: Run = (e, args) => new GuestError(name, args[0] === undefined ? '' : textOf(e, args[0]));
    const instance = (value: unknown) => value instanceof GuestError && (name === 'Error' || value.name === name);
    return [name, new Namespace(name, { invoke: make, construct: make, instance })];
  });
}

const makeRegExp: Run = (e, args) => {
  const [source, flags] = args;
  if (source instanceof RegExp) return makeRegex(source.source, flags === undefined ? source.flags : textOf(e, flags));
  return makeRegex(source === undefined ? '(?:)' : textOf(e, source), flags === undefined ? '' : textOf(e, flags));
};

function formatNumber(e: Evaluation, args: unknown[]): Namespace {
  const [locale, options] = plainArguments(e, args);
  const format = new Intl.NumberFormat(
    locale === undefined ? DEFAULT_LOCALE : textOf(e, locale),
    isRecord(options) ? options : undefined,
  );
  return new Namespace('NumberFormat', {
    functions: { format: (inner, values) => format.format(numberOf(inner, values[0])) },
  });
}

function formatDate(e: Evaluation, args: unknown[]): Namespace {
  const [locale, options] = plainArguments(e, args);
  const format = new Intl.DateTimeFormat(
    locale === undefined ? DEFAULT_LOCALE : textOf(e, locale),
    isRecord(options) ? options : undefined,
  );
  return new Namespace('DateTimeFormat', {
    functions: {
      format: (inner, values) => format.format(values.length === 0 ? inner.scene.now : numberOf(inner, values[0])),
    },
  });
}

const INTL: NamespaceSpec = {
  constants: {
    DateTimeFormat: new Namespace('DateTimeFormat', { invoke: formatDate, construct: formatDate }),
    NumberFormat: new Namespace('NumberFormat', { invoke: formatNumber, construct: formatNumber }),
  },
};

/** JavaScript's names by name. */
export const JS_NAMESPACES: ReadonlyMap<string, Namespace> = new Map([
  [
    'Math',
    new Namespace('Math', {
      functions: mathFunctions(),
      constants: Object.fromEntries(MATH_CONSTANTS.map((name) => [name, Math[name]])),
    }),
  ],
  ['Object', new Namespace('Object', OBJECT)],
  ['Array', new Namespace('Array', ARRAY)],
  ['Date', new Namespace('Date', DATE)],
  ['Number', new Namespace('Number', NUMBER)],
  ['String', new Namespace('String', STRING)],
  ['Boolean', new Namespace('Boolean', BOOLEAN)],
  ['BigInt', new Namespace('BigInt', BIGINT)],
  ['JSON', new Namespace('JSON', JSON_NAMES)],
  ['Intl', new Namespace('Intl', INTL)],
  [
    'RegExp',
    new Namespace('RegExp', {
      invoke: makeRegExp,
      construct: makeRegExp,
      instance: (value) => value instanceof RegExp,
    }),
  ],
  [
    'Set',
    new Namespace('Set', {
      construct: (e, args) => new Set(args[0] === undefined || args[0] === null ? [] : elementsOf(e, args[0])),
      instance: (value) => value instanceof Set,
    }),
  ],
  ['Map', new Namespace('Map', { construct: makeMap, instance: (value) => value instanceof Map })],
  ...errorNames(),
]);

function makeMap(e: Evaluation, args: unknown[]): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>();
  if (args[0] === undefined || args[0] === null) return made;
  for (const entry of elementsOf(e, args[0])) {
    const [key, value] = elementsOf(e, entry);
    e.elements(1);
    made.set(key, value);
  }
  return made;
}

function uri(name: string, run: (text: string) => string): [string, Run] {
  return [
    name,
    (e, args) => {
      const text = textOf(e, args[0]);
      e.allocate(text.length * 9);
      return run(text);
    },
  ];
}

/** JavaScript's global functions by name. */
export const JS_FUNCTIONS: ReadonlyMap<string, Run> = new Map<string, Run>([
  ['parseInt', parseInteger],
  ['parseFloat', parseFloating],
  ['isNaN', (e, args) => Number.isNaN(numberOf(e, args[0]))],
  ['isFinite', (e, args) => Number.isFinite(numberOf(e, args[0]))],
  uri('encodeURIComponent', encodeURIComponent),
  uri('decodeURIComponent', decodeURIComponent),
  uri('encodeURI', encodeURI),
  uri('decodeURI', decodeURI),
]);
