import { DateTime, Duration, Interval } from 'luxon';

/** Checks for hostile tests: the built-ins as text, and whether a result is data. */

const OBJECTS: readonly object[] = [
  Object,
  Array,
  String,
  Number,
  Boolean,
  Date,
  RegExp,
  Map,
  Set,
  Promise,
  Error,
  BigInt,
  Symbol,
  DateTime,
  Duration,
  Interval,
].flatMap((type) => [type, type.prototype as object]);

const FUNCTION: object = Object.getPrototypeOf(Object) as object;
const FIXED: readonly object[] = [...OBJECTS, FUNCTION, Math, JSON, Reflect, Intl, globalThis.console];
const ids = new WeakMap<object, number>();
let next = 1;

function id(value: unknown): string {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return String(value);
  let known = ids.get(value);
  if (known === undefined) ids.set(value, (known = next++));
  return `#${known}`;
}

/** Every own property of every built-in with the identity of its value. */
export function builtInsPrint(): string {
  return FIXED.map((object) =>
    Reflect.ownKeys(object)
      .map((key) => {
        const property = Object.getOwnPropertyDescriptor(object, key);
        return `${String(key)}=${id(property?.value)},${id(property?.get)},${id(property?.set)}`;
      })
      .join(';'),
  ).join('\n');
}

/** True for what may leave an evaluation: nothing callable, no class but dates, sets and maps, however deep. */
export function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (depth > 300) return false;
  if (value instanceof DateTime || value instanceof Duration || value instanceof Interval || value instanceof Date)
    return true;
  if (value instanceof Set || value instanceof Map) return [...value].every((member) => isPlain(member, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every(
    (property) => property.get === undefined && isPlain(property.value, depth + 1),
  );
}
