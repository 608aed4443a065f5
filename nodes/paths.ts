import type { JsonObject, JsonValue } from '#workflow';

import { errors } from './errors.ts';
import { CACHED_PATHS, PATH_LIST_INDEX, PATH_STEPS } from './limits.ts';
import { isRecord } from './values.ts';

const cache = new Map<string, readonly string[]>();
const STEP = /\[(?:(\d+)|"([^"]*)"|'([^']*)'|([^\]]*))\]|([^.[\]]+)/g;

/** The steps of `a.b[0]["c d"]`: `a`, `b`, `0`, `c d`. */
export function stepsOf(path: string): readonly string[] {
  const known = cache.get(path);
  if (known) return known;
  const steps: string[] = [];
  for (const match of path.matchAll(STEP)) {
    steps.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? match[5] ?? '');
    if (steps.length > PATH_STEPS) throw errors.NODE_PATH_INVALID({ path, problem: `more than ${PATH_STEPS} steps` });
  }
  if (cache.size >= CACHED_PATHS) cache.clear();
  cache.set(path, steps);
  return steps;
}

/**
 * Reads a dot path; undefined when a step is missing. Own members only, so that no prototype is ever reached. A
 * member whose name is the whole path wins over the walk, as in n8n.
 */
export function getPath(value: unknown, path: string, dotNotation = true): JsonValue | undefined {
  const direct = ownMember(value, path);
  if (direct !== undefined || !dotNotation) return direct;
  let at: unknown = value;
  for (const step of stepsOf(path)) {
    at = ownMember(at, step);
    if (at === undefined) return undefined;
  }
  return at as JsonValue | undefined;
}

/** One own member of an object, an element of a list, or undefined. */
export function ownMember(value: unknown, key: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as JsonObject)[key];
}

/**
 * The object with a value put at a path: what lies on the path is copied, the rest is shared, the original is left
 * alone. Missing steps become objects, or lists where the next step is a number. `__proto__` is refused.
 */
export function withPath(object: JsonObject, path: string, value: JsonValue, dotNotation = true): JsonObject {
  const steps = dotNotation && /[.[]/.test(path) ? stepsOf(path) : [path];
  const made = { ...object };
  placeAt(made, steps, value, path);
  return made;
}

/** `withPath` for an object that is the caller's own already: its top level is changed in place. */
export function placePath(own: JsonObject, path: string, value: JsonValue, dotNotation = true): void {
  if (!dotNotation || !/[.[]/.test(path)) placeAt(own, [path], value, path);
  else placeAt(own, stepsOf(path), value, path);
}

function placeAt(own: JsonObject, steps: readonly string[], value: JsonValue, path: string): void {
  let at: JsonObject = own;
  for (let i = 0; i < steps.length; i++) {
    const step = checkedStep(at, steps[i] ?? '', path);
    if (i === steps.length - 1) at[step] = value;
    else at = at[step] = copyFor(ownMember(at, step), steps[i + 1] ?? '');
  }
}

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
  const steps = stepsOf(path);
  if (!dotNotation || steps.length < 2 || getPath(object, path) === undefined) return object;
  const made = { ...object };
  let at: JsonObject = made;
  for (const step of steps.slice(0, -1)) at = at[step] = copyFor(ownMember(at, step), step);
  delete at[steps[steps.length - 1] ?? ''];
  return made;
}
