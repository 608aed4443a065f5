import { errors } from './errors.ts';
import { PATH_INDEX, PATH_STEPS } from './limits.ts';

/**
 * Dot paths into data: `a.b[0].c`, `a["b c"]`. The only way of the product to read and write by path: own properties
 * only, and no step may be `__proto__`, `constructor` or `prototype`.
 */

export type Path = readonly string[];

const REFUSED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Takes a path apart. Throws PATH_UNSAFE or PATH_TOO_LONG. */
export function parsePath(path: string): Path {
  const steps: string[] = [];
  const pattern = /\[(?:"([^"]*)"|'([^']*)'|([^\]]*))\]|([^.[\]]+)/g;
  for (const match of path.matchAll(pattern)) {
    const step = match[1] ?? match[2] ?? match[3] ?? match[4] ?? '';
    if (REFUSED.has(step)) throw errors.PATH_UNSAFE({ path, step });
    steps.push(step);
    if (steps.length > PATH_STEPS) throw errors.PATH_TOO_LONG({ path, limit: PATH_STEPS });
  }
  return steps;
}

function steps(path: string | Path): Path {
  if (typeof path === 'string') return parsePath(path);
  for (const step of path) if (REFUSED.has(step)) throw errors.PATH_UNSAFE({ path: path.join('.'), step });
  return path;
}

/** The own member of an object or array; undefined for everything else. */
export function ownMember(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  // Own property, checked above.
  return (value as Record<string, unknown>)[key];
}

/** Reads by path; undefined where a step is missing. A path that is one whole key of the top level wins over its steps. */
export function getPath(value: unknown, path: string | Path): unknown {
  if (
    typeof path === 'string' &&
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, path) &&
    !REFUSED.has(path)
  ) {
    return ownMember(value, path);
  }
  let at = value;
  for (const step of steps(path)) {
    at = ownMember(at, step);
    if (at === undefined) return undefined;
  }
  return at;
}

/** True when the path leads to an own member, whatever its value. */
export function hasPath(value: unknown, path: string | Path): boolean {
  const list = steps(path);
  const parent = getPath(value, list.slice(0, -1));
  const last = list.at(-1);
  return last !== undefined && typeof parent === 'object' && parent !== null && Object.hasOwn(parent, last);
}

function isIndex(step: string): boolean {
  return /^\d{1,9}$/.test(step);
}

/**
 * Writes by path into `target`, which is changed. Missing steps are made: an array where the next step is a number,
 * else an object. Whatever stands in the way and is no container is replaced. Throws PATH_UNSAFE or PATH_TOO_LONG.
 */
export function setPath(target: object, path: string | Path, content: unknown): void {
  const list = steps(path);
  let at = target;
  list.forEach((step, i) => {
    checkIndex(at, step, list);
    const next = list[i + 1];
    if (next === undefined) return put(at, step, content);
    const inner = ownMember(at, step);
    if (typeof inner === 'object' && inner !== null) {
      at = inner;
      return;
    }
    const made = isIndex(next) ? [] : {};
    put(at, step, made);
    at = made;
  });
}

function checkIndex(at: object, step: string, path: Path): void {
  if (!Array.isArray(at)) return;
  if (!isIndex(step)) throw errors.PATH_UNSAFE({ path: path.join('.'), step });
  if (Number(step) > PATH_INDEX) throw errors.PATH_TOO_LONG({ path: path.join('.'), limit: PATH_INDEX });
}

function put(at: object, step: string, content: unknown): void {
  // Own data property; refused names never come here.
  (at as Record<string, unknown>)[step] = content;
}

/** Removes the member at a path; false when there was none. */
export function deletePath(target: object, path: string | Path): boolean {
  const list = steps(path);
  const last = list.at(-1);
  const parent = list.length === 1 ? target : getPath(target, list.slice(0, -1));
  if (last === undefined || typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, last)) return false;
  if (!Array.isArray(parent)) return Reflect.deleteProperty(parent, last);
  if (!isIndex(last)) return false;
  parent.splice(Number(last), 1);
  return true;
}

/** True for an object that `merge` goes into. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Copies the members of `source` into `target`, which is changed and returned; objects on both sides are merged, all
 * else is replaced. Refused names are left out.
 */
export function merge<T extends Record<string, unknown>>(target: T, source: Record<string, unknown>, depth = 0): T {
  for (const [key, content] of Object.entries(source)) {
    if (REFUSED.has(key)) continue;
    const before = ownMember(target, key);
    if (depth < PATH_STEPS && isRecord(before) && isRecord(content)) merge(before, content, depth + 1);
    else put(target, key, content);
  }
  return target;
}
