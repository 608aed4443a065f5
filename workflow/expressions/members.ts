import { callExtension, extensionTypes, isExtensionName } from './extensions/index.ts';
import { refuseDenied } from './denied.ts';
import { functionStop, rangeFault, typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { ARRAY_ELEMENTS } from './limits.ts';
import { GETTERS, METHODS } from './tables/index.ts';
import { callFunction, define, type GuestError, GuestFunction, Handle, kindOf, numberOf } from './values.ts';

/**
 * Member reads, writes and calls. A read finds own properties of data or an entry of a table of getters, a call
 * finds an entry of a table of methods by the kind of the value. No prototype is ever asked.
 */

function isIndex(key: string): boolean {
  const code = key.charCodeAt(0);
  return code >= 48 && code <= 57 && String(Number(key)) === key && Number.isInteger(Number(key));
}

function missing(key: string): undefined {
  refuseDenied(key);
  return undefined;
}

/** `value.key` or `value[key]`, the key being text already. */
export function readMember(e: Evaluation, value: unknown, key: string): unknown {
  if (value === null || value === undefined) {
    refuseDenied(key);
    throw typeFault(`Cannot read properties of ${String(value)} (reading '${key}')`);
  }
  const seen = e.look(value);
  const kind = kindOf(seen);
  switch (kind) {
    case 'object':
    case 'array':
      if (kind === 'array' && key === 'length') return (seen as unknown[]).length;
      // An own data property: items are JSON and everything else was made by the tables or by literals.
      return Object.hasOwn(seen as object, key) ? (seen as Record<string, unknown>)[key] : missing(key);
    case 'string':
      if (key === 'length') return (seen as string).length;
      return isIndex(key) ? (seen as string)[Number(key)] : missing(key);
    case 'handle': {
      const read = (seen as Handle).read(e, key);
      return read === undefined ? missing(key) : read;
    }
    case 'error':
      if (key === 'message' || key === 'name') return (seen as GuestError)[key];
      return missing(key);
    default: {
      const getter = GETTERS[kind]?.get(key);
      return getter === undefined ? missing(key) : getter(e, seen);
    }
  }
}

function copyRecord(original: object): object {
  const copy = {};
  // Own data properties only; define keeps a `__proto__` key what it is.
  for (const key of Object.keys(original)) define(copy, key, (original as Record<string, unknown>)[key]);
  return copy;
}

/** The private copy of an array, for methods that change it. */
function ownArray(e: Evaluation, value: readonly unknown[]): unknown[] {
  return e.own(value as unknown[], (original) => {
    e.elements(original.length);
    return [...original];
  });
}

/** `value.key = content`; writes go to the evaluation's private copy. */
export function writeMember(e: Evaluation, value: unknown, key: string, content: unknown): void {
  const kind = kindOf(e.look(value));
  if (kind === 'array') return writeElement(e, value as unknown[], key, content);
  if (kind !== 'object') {
    if (kind === 'nothing') throw typeFault(`Cannot set properties of ${String(value)} (setting '${key}')`);
    throw typeFault(`Cannot assign to '${key}' of this value`);
  }
  if (!Object.hasOwn(e.look(value) as object, key)) refuseDenied(key);
  const target = e.own(value as object, (original) => {
    e.elements(Object.keys(original).length);
    return copyRecord(original);
  });
  e.elements(1);
  define(target, key, content);
}

function writeElement(e: Evaluation, value: unknown[], key: string, content: unknown): void {
  const target = ownArray(e, value);
  const index = key === 'length' ? numberOf(e, content) : Number(key);
  if (key !== 'length' && !isIndex(key)) throw typeFault(`Cannot set '${key}' of an array`);
  if (!Number.isInteger(index) || index < 0 || index >= ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
  const grow = (key === 'length' ? index : index + 1) - target.length;
  if (grow > 0) e.elements(grow);
  if (key === 'length') target.length = index;
  else {
    // Filled, so that no array of the guest has holes.
    while (target.length < index) target.push(undefined);
    target[index] = content;
  }
}

/** `delete value.key`. */
export function deleteMember(e: Evaluation, value: unknown, key: string): boolean {
  if (value === null || value === undefined) throw typeFault('Cannot convert undefined or null to object');
  if (kindOf(e.look(value)) !== 'object') throw typeFault(`Cannot delete property '${key}'`);
  const target = e.own(value as object, (original) => {
    e.elements(Object.keys(original).length);
    return copyRecord(original);
  });
  return Reflect.deleteProperty(target, key);
}

/**
 * `value.key(…args)`. Order, as in n8n: what handles offer; n8n's own function for this kind of value; the
 * built-in method; a closure that the object holds itself. A name that n8n knows for other kinds only, and that
 * the value has no method for, stops the run; any other unknown method is a TypeError, which n8n swallows.
 */
export function callMember(e: Evaluation, value: unknown, key: string, args: unknown[]): unknown {
  if (value === null || value === undefined) return callOnNothing(value, key);
  const seen = e.look(value);
  const kind = kindOf(seen);
  if (kind === 'handle') return (seen as Handle).call(e, key, args);
  const known = isExtensionName(key);
  if (known) {
    const extended = callExtension(e, kind, seen, key, args);
    if (extended.found) return extended.value;
  }
  const method = METHODS[kind]?.get(key);
  if (method !== undefined) {
    e.spend(1);
    return method(e, seen, args, value);
  }
  if (kind === 'object' && Object.hasOwn(seen as object, key)) {
    const own = (seen as Record<string, unknown>)[key];
    if (own instanceof GuestFunction || own instanceof Handle) return callFunction(e, own, args);
  }
  refuseDenied(key);
  if (known) throw wrongType(key);
  throw typeFault(`${key} is not a function`);
}

/** For `a.b?.()`: whether there is something to call. */
export function hasMethod(e: Evaluation, value: unknown, key: string): boolean {
  const seen = e.look(value);
  const kind = kindOf(seen);
  if (kind === 'handle' || isExtensionName(key) || METHODS[kind]?.has(key)) return true;
  return kind === 'object' && (readMember(e, value, key) ?? undefined) !== undefined;
}

function callOnNothing(value: null | undefined, key: string): never {
  refuseDenied(key);
  if (isExtensionName(key)) {
    throw functionStop(
      `${key} can't be used on ${String(value)} value`,
      `To ignore this error, add a ? to the variable before this function, e.g. my_var?.${key}`,
    );
  }
  throw typeFault(`Cannot read properties of ${String(value)} (reading '${key}')`);
}

function wrongType(key: string): Error {
  const types = extensionTypes(key).map((type) => `"${type}"`);
  const last = types.pop() ?? '';
  if (types.length === 0) return functionStop(`${key}() is only callable on type ${last}`);
  return functionStop(`${key}() is only callable on types ${types.join(', ')}, and ${last}`);
}
