import { DateTime, Duration, Interval } from 'luxon';
import { rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { BIGINT_BITS, VALUE_DEPTH } from './limits.ts';

/**
 * The values an expression can hold. Anything else that reaches the engine is `opaque`: it has no members and no
 * methods. A kind is decided by the engine's own checks, never by asking the value.
 */
export type Kind =
  | 'nothing'
  | 'boolean'
  | 'number'
  | 'string'
  | 'bigint'
  | 'array'
  | 'object'
  | 'function'
  | 'handle'
  | 'dateTime'
  | 'duration'
  | 'interval'
  | 'date'
  | 'regexp'
  | 'set'
  | 'map'
  | 'error'
  | 'opaque';

/** A function of the guest: a closure of the interpreter or an entry of a table. It has no properties and no `this`. */
export abstract class GuestFunction {
  /** Its source or name, for messages. */
  abstract readonly text: string;
  abstract invoke(e: Evaluation, args: unknown[]): unknown;
}

/** A name with members that are computed on demand: `$input`, `$('X')`, `Math`, `DateTime`. */
export abstract class Handle {
  /** Member without a call; undefined when there is none. */
  abstract read(e: Evaluation, key: string): unknown;
  /** Member with a call. */
  abstract call(e: Evaluation, key: string, args: unknown[]): unknown;
  /** The handle as data, when it is the result of an expression. */
  abstract plain(e: Evaluation): unknown;
  /** `Handle(…)`. */
  invoke(_e: Evaluation, _args: unknown[]): unknown {
    throw typeFault('is not a function');
  }
  /** `new Handle(…)`. */
  construct(_e: Evaluation, _args: unknown[]): unknown {
    throw typeFault('is not a constructor');
  }
  /** `value instanceof Handle`. */
  instance(_value: unknown): boolean {
    return false;
  }
  /** True when it can be called, for `typeof`. */
  get callable(): boolean {
    return false;
  }
}

/** `new Error(…)` of the guest. */
export class GuestError {
  readonly name: string;
  readonly message: string;
  constructor(name: string, message: string) {
    this.name = name;
    this.message = message;
  }
}

const objectPrototype = Object.prototype;

function kindOfObject(value: object): Kind {
  if (Array.isArray(value)) return 'array';
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === objectPrototype || prototype === null) return 'object';
  if (value instanceof GuestFunction) return 'function';
  if (value instanceof Handle) return 'handle';
  if (DateTime.isDateTime(value)) return value instanceof DateTime ? 'dateTime' : 'opaque';
  if (value instanceof Date) return 'date';
  if (value instanceof Duration) return 'duration';
  if (value instanceof Interval) return 'interval';
  if (value instanceof RegExp) return 'regexp';
  if (value instanceof Set) return 'set';
  if (value instanceof Map) return 'map';
  if (value instanceof GuestError) return 'error';
  return 'opaque';
}

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'bigint';
    case 'undefined':
      return 'nothing';
    case 'object':
      return value === null ? 'nothing' : kindOfObject(value);
    default:
      return 'opaque';
  }
}

/** A plain object: own properties only, no class. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object';
}

/** A fresh object for guest data, on which no key means anything special. */
export function newRecord(): Record<string, unknown> {
  return {};
}

/** Writes an own data property; `__proto__` becomes an ordinary key. */
export function define(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    // Not __proto__, so this creates or replaces an own data property.
    (target as Record<string, unknown>)[key] = value;
  }
}

/** An array as text: elements joined by commas, null and undefined as nothing. */
function arrayText(e: Evaluation, value: readonly unknown[], depth: number, separator = ','): string {
  if (depth > VALUE_DEPTH) throw rangeFault('Value is nested too deeply');
  e.spend(value.length);
  let text = '';
  for (let i = 0; i < value.length; i++) {
    const element = value[i];
    const part = element === null || element === undefined ? '' : textOf(e, element, depth + 1);
    e.allocate(part.length + separator.length);
    text += i === 0 ? part : separator + part;
  }
  return text;
}

/** Joins an array, counting the bytes before they are made. */
export function joinText(e: Evaluation, value: readonly unknown[], separator: string): string {
  return arrayText(e, value, 0, separator);
}

/**
 * A value as text, by JavaScript's rules for built-in values. An object of the guest is always `[object Object]`:
 * its own `toString` is never called, so a value cannot change between a check and its use.
 */
export function textOf(e: Evaluation, value: unknown, depth = 0): string {
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'string':
      return seen as string;
    case 'nothing':
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(seen);
    case 'array':
      return arrayText(e, seen as unknown[], depth);
    case 'function':
      return (seen as GuestFunction).text;
    case 'dateTime':
      return String(seen as DateTime);
    case 'duration':
      return String((seen as Duration).toISO());
    case 'interval':
      return (seen as Interval).toString();
    case 'date':
      return Date.prototype.toString.call(seen);
    case 'regexp':
      return `/${(seen as RegExp).source}/${(seen as RegExp).flags}`;
    case 'error': {
      const error = seen as GuestError;
      return error.message === '' ? error.name : `${error.name}: ${error.message}`;
    }
    default:
      return '[object Object]';
  }
}

/** The primitive behind a value; `text` decides for a JS Date, which prefers text under `+`. */
export function primitiveOf(e: Evaluation, value: unknown, prefer: 'number' | 'text'): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'dateTime':
      return (seen as DateTime).toMillis();
    case 'duration':
      return (seen as Duration).toMillis();
    case 'date':
      return prefer === 'number' ? Date.prototype.getTime.call(seen) : Date.prototype.toString.call(seen);
    default:
      return textOf(e, seen);
  }
}

/** A value as number, as `Number(value)` does. */
export function numberOf(e: Evaluation, value: unknown): number {
  if (typeof value === 'number') return value;
  const primitive = primitiveOf(e, value, 'number');
  return Number(primitive);
}

/** A value as integer for indexes and counts; NaN is 0. */
export function integerOf(e: Evaluation, value: unknown): number {
  const number = numberOf(e, value);
  return Number.isNaN(number) ? 0 : Math.trunc(number);
}

/** A member key as text, decided once. */
export function keyOf(e: Evaluation, value: unknown): string {
  return typeof value === 'string' ? value : textOf(e, value);
}

/** Refuses bigints over the limit. */
export function boundedBigint(value: bigint): bigint {
  if (value.toString(16).length * 4 > BIGINT_BITS) throw rangeFault('Maximum BigInt size exceeded');
  return value;
}

/** `typeof` of the guest. */
export function typeOf(value: unknown): string {
  if (value instanceof GuestFunction) return 'function';
  if (value instanceof Handle) return value.callable ? 'function' : 'object';
  return value === null ? 'object' : typeof value;
}

/** Calls a guest function within the budget. */
export function callFunction(e: Evaluation, fn: unknown, args: unknown[]): unknown {
  if (!(fn instanceof GuestFunction) && !(fn instanceof Handle)) throw typeFault(`${typeOf(fn)} is not a function`);
  e.budget.enter();
  const result = fn.invoke(e, args);
  e.budget.leave();
  return result;
}
