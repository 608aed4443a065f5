import { getPath as readPath, parsePath } from '#workflow';
import type { JsonObject, JsonValue } from '#workflow';

import { errors } from './errors.ts';
import { CACHED_PATHS, PATH_LIST_INDEX } from './limits.ts';
import { isRecord } from './values.ts';

/**
 * Dot paths into items. Items are shared and read-only, so writing here copies what lies on the path; which paths there
 * are, and which names are refused, is decided in one place, by `parsePath` of the language.
 */

const cache = new Map<string, readonly string[]>();

/** The steps of `a.b[0]["c d"]`, parsed once per path. Throws PATH_UNSAFE, PATH_TOO_LONG. */
function stepsOf(path: string): readonly string[] {
  const known = cache.get(path);
  if (known) return known;
  const steps = parsePath(path);
  if (cache.size >= CACHED_PATHS) cache.clear();
  cache.set(path, steps);
  return steps;
}

/**
 * Reads a dot path; undefined when a step is missing. A member whose name is the whole path wins over the walk, as in
 * n8n; without dot notation there is no walk.
 */
export function getPath(value: unknown, path: string, dotNotation = true): JsonValue | undefined {
  const direct = ownMember(value, path);
  if (direct !== undefined || !dotNotation) return direct;
  // Items hold JSON only, so what a path leads to is JSON.
  return readPath(value, stepsOf(path)) as JsonValue | undefined;
}

/** One own member of an object, an element of a list, or undefined. */
export function ownMember(value: unknown, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}

const isPlain = (path: string, dotNotation: boolean): boolean => !dotNotation || !/[.[]/.test(path);

/** The object with a value put at a path; the original is left alone. Missing steps are made. */
export function withPath(object: JsonObject, path: string, value: JsonValue, dotNotation = true): JsonObject {
  const made = { ...object };
  placePath(made, path, value, dotNotation);
  return made;
}

/** `withPath` for an object whose top level is the caller's own: that is changed in place, what lies below is copied. */
export function placePath(own: JsonObject, path: string, value: JsonValue, dotNotation = true): void {
  const steps = isPlain(path, dotNotation) ? [path] : stepsOf(path);
  let at: JsonObject = own;
  for (let i = 0; i < steps.length; i++) {
    const step = checkedStep(at, steps[i] ?? '', path);
    // A list without holes: they would be null once stored anyway.
    if (Array.isArray(at)) while (at.length < Number(step)) at.push(null);
    if (i === steps.length - 1) at[step] = value;
    else at = at[step] = copyFor(ownMember(at, step), steps[i + 1] ?? '');
  }
}

/** A plain name is data, whatever it says; only `__proto__` would not be a field of its own. */
function checkedStep(at: JsonObject, step: string, path: string): string {
  if (step === '__proto__') throw errors.NODE_PATH_INVALID({ path, problem: '"__proto__" is not a field name' });
  if (Array.isArray(at) && !(Number(step) <= PATH_LIST_INDEX)) {
    throw errors.NODE_PATH_INVALID({ path, problem: `"${step}" is not an index of a list` });
  }
  return step;
}

/** A copy of what is there, or a new container that suits the next step. Lists are walked as objects by index. */
function copyFor(there: JsonValue | undefined, next: string): JsonObject {
  if (Array.isArray(there)) return [...there] as unknown as JsonObject;
  if (isRecord(there)) return { ...there };
  return (/^(?:0|[1-9]\d*)$/.test(next) ? [] : {}) as JsonObject;
}

/** The object without what lies at a path; shared and unchanged when there is nothing. */
export function withoutPath(object: JsonObject, path: string, dotNotation = true): JsonObject {
  if (Object.hasOwn(object, path)) {
    const { [path]: _dropped, ...rest } = object;
    return rest;
  }
  if (isPlain(path, dotNotation) || getPath(object, path) === undefined) return object;
  const steps = stepsOf(path);
  const made = { ...object };
  let at: JsonObject = made;
  for (const step of steps.slice(0, -1)) at = at[step] = copyFor(ownMember(at, step), step);
  delete at[steps.at(-1) ?? ''];
  return made;
}
