import type { BinaryOperator, UnaryOperator } from 'acorn';
import { rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { BIGINT_BITS } from './limits.ts';
import {
  boundedBigint,
  GuestFunction,
  Handle,
  integerOf,
  isRecord,
  keyOf,
  kindOf,
  numberOf,
  primitiveOf,
  textOf,
  typeOf,
} from './values.ts';

/** The operators of JavaScript over guest values. */

type Binary = (e: Evaluation, left: unknown, right: unknown) => unknown;

function add(e: Evaluation, left: unknown, right: unknown): unknown {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  const a = primitiveOf(e, left, 'text');
  const b = primitiveOf(e, right, 'text');
  if (typeof a === 'string' || typeof b === 'string') {
    const x = textOf(e, a);
    const y = textOf(e, b);
    e.allocate(x.length + y.length);
    return x + y;
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return boundedBigint(a + b);
  return numeric(e, a) + numeric(e, b);
}

/** A number; mixing in a bigint is a TypeError as in JavaScript. */
function numeric(e: Evaluation, value: unknown): number {
  if (typeof value === 'bigint') throw typeFault('Cannot mix BigInt and other types, use explicit conversions');
  return numberOf(e, value);
}

/** An operator that exists for two numbers and for two bigints. */
function arithmetic(onNumbers: (a: number, b: number) => number, onBigints: (a: bigint, b: bigint) => bigint): Binary {
  return (e, left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return onNumbers(left, right);
    const a = primitiveOf(e, left, 'number');
    const b = primitiveOf(e, right, 'number');
    if (typeof a === 'bigint' && typeof b === 'bigint') return boundedBigint(onBigints(a, b));
    return onNumbers(numeric(e, a), numeric(e, b));
  };
}

function nonZero(value: bigint): bigint {
  if (value === 0n) throw rangeFault('Division by zero');
  return value;
}

/** Refuses a power whose size would pass the limit, before it is computed. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw rangeFault('Exponent must be non-negative');
  const bits = BigInt(base.toString(16).length * 4);
  if (bits * exponent > BigInt(BIGINT_BITS * 4)) throw rangeFault('Maximum BigInt size exceeded');
  return base ** exponent;
}

function shift(value: bigint, by: bigint): bigint {
  if (by > BigInt(BIGINT_BITS)) throw rangeFault('Maximum BigInt size exceeded');
  return value << by;
}

function compare(test: (a: string | number | bigint, b: string | number | bigint) => boolean): Binary {
  return (e, left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return test(left, right);
    const a = primitiveOf(e, left, 'number');
    const b = primitiveOf(e, right, 'number');
    if (typeof a === 'string' && typeof b === 'string') return test(a, b);
    const x = typeof a === 'bigint' ? a : numberOf(e, a);
    const y = typeof b === 'bigint' ? b : numberOf(e, b);
    return test(x, y);
  };
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

function looseEqual(e: Evaluation, left: unknown, right: unknown): boolean {
  if (left === null || left === undefined) return right === null || right === undefined;
  if (right === null || right === undefined) return false;
  if (!isPrimitive(left) && !isPrimitive(right)) return strictEqual(e, left, right);
  // Two primitives now; the host's == on them calls nothing.
  // eslint-disable-next-line eqeqeq
  return primitiveOf(e, left, 'text') == primitiveOf(e, right, 'text');
}

/** Identity; two sides that are the same object before and after a private copy are the same. */
export function strictEqual(e: Evaluation, left: unknown, right: unknown): boolean {
  return left === right || (!isPrimitive(left) && e.look(left) === e.look(right));
}

function hasKey(e: Evaluation, key: unknown, target: unknown): boolean {
  const seen = e.look(target);
  if (!Array.isArray(seen) && !isRecord(seen))
    throw typeFault("Cannot use 'in' operator to search for a key in a value");
  return Object.hasOwn(seen, keyOf(e, key));
}

function instanceOf(e: Evaluation, value: unknown, type: unknown): boolean {
  if (type instanceof Handle) return type.instance(e.look(value));
  if (type instanceof GuestFunction) return false;
  throw typeFault("Right-hand side of 'instanceof' is not callable");
}

const int32 = (e: Evaluation, value: unknown) => integerOf(e, value) | 0;

export const BINARY: Readonly<Record<BinaryOperator, Binary>> = {
  '+': add,
  '-': arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': arithmetic(
    (a, b) => a / b,
    (a, b) => a / nonZero(b),
  ),
  '%': arithmetic(
    (a, b) => a % b,
    (a, b) => a % nonZero(b),
  ),
  '**': arithmetic((a, b) => a ** b, power),
  '&': arithmetic(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  '|': arithmetic(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  '^': arithmetic(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),
  '<<': arithmetic((a, b) => a << b, shift),
  '>>': arithmetic(
    (a, b) => a >> b,
    (a, b) => (b < 0n ? shift(a, -b) : a >> b),
  ),
  '>>>': (e, left, right) => int32(e, left) >>> int32(e, right),
  '==': looseEqual,
  '!=': (e, left, right) => !looseEqual(e, left, right),
  '===': strictEqual,
  '!==': (e, left, right) => !strictEqual(e, left, right),
  '<': compare((a, b) => a < b),
  '<=': compare((a, b) => a <= b),
  '>': compare((a, b) => a > b),
  '>=': compare((a, b) => a >= b),
  in: hasKey,
  instanceof: instanceOf,
};

function negate(e: Evaluation, value: unknown): unknown {
  const primitive = primitiveOf(e, value, 'number');
  return typeof primitive === 'bigint' ? -primitive : -numberOf(e, primitive);
}

function invert(e: Evaluation, value: unknown): unknown {
  const primitive = primitiveOf(e, value, 'number');
  return typeof primitive === 'bigint' ? boundedBigint(~primitive) : ~numberOf(e, primitive);
}

/** `delete` is compiled apart: it needs the member, not its value. */
export const UNARY: Readonly<Record<Exclude<UnaryOperator, 'delete'>, (e: Evaluation, value: unknown) => unknown>> = {
  '-': negate,
  '+': (e, value) => numeric(e, primitiveOf(e, value, 'number')),
  '!': (_e, value) => !value,
  '~': invert,
  typeof: (_e, value) => typeOf(value),
  void: () => undefined,
};

/** The next value of `++` and `--`. */
export function step(e: Evaluation, value: unknown, by: 1 | -1): unknown {
  return typeof value === 'bigint' ? boundedBigint(value + BigInt(by)) : numberOf(e, value) + by;
}

function notIterable(value: unknown): never {
  throw typeFault(`${typeOf(value)} is not iterable`);
}

/** The elements of something that `...`, `for…of` and destructuring can walk. */
export function elementsOf(e: Evaluation, value: unknown): readonly unknown[] {
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'array':
      return seen as unknown[];
    case 'string': {
      const text = seen as string;
      e.elements(text.length);
      return [...text];
    }
    case 'handle': {
      const plain = (seen as Handle).plain(e);
      return Array.isArray(plain) ? plain : notIterable(value);
    }
    case 'set':
    case 'map': {
      const collection = seen as Set<unknown> | Map<unknown, unknown>;
      e.elements(collection.size);
      return [...collection];
    }
    default:
      return notIterable(value);
  }
}
