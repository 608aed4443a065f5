import type { JsonObject, JsonValue } from './items.ts';

/** What is wrong with a value that should be plain JSON of bounded size; undefined = nothing. */
export type JsonFault =
  | { kind: 'tooDeep'; path: string }
  | { kind: 'tooMany'; path: string }
  | { kind: 'forbiddenKey'; path: string }
  | { kind: 'notJson'; path: string };

interface Bounds {
  depth: number;
  values: number;
}

interface Visit {
  value: unknown;
  path: string;
  depth: number;
}

/** An object as JSON.parse makes it, or without prototype; no list, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isLeaf(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  return typeof value === 'number' && Number.isFinite(value);
}

function children(visit: Visit): Visit[] | JsonFault {
  const { value, path, depth } = visit;
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) => ({ value: entry, path: `${path}[${index}]`, depth: depth + 1 }));
  }
  if (!isPlainObject(value)) return { kind: 'notJson', path };
  const visits: Visit[] = [];
  for (const [key, entry] of Object.entries(value)) {
    // An own `__proto__` would change a prototype as soon as anyone copies it by assignment.
    if (key === '__proto__') return { kind: 'forbiddenKey', path: `${path}.__proto__` };
    if (entry !== undefined) visits.push({ value: entry, path: `${path}.${key}`, depth: depth + 1 });
  }
  return visits;
}

/**
 * Walks a value with an explicit stack, so that no depth of nesting can overflow the call stack, and names the
 * first fault. Members that are `undefined` count as absent.
 */
export function jsonFault(root: unknown, bounds: Bounds, rootPath = 'workflow'): JsonFault | undefined {
  const open: Visit[] = [{ value: root, path: rootPath, depth: 1 }];
  let values = 0;
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    values += 1;
    if (values > bounds.values) return { kind: 'tooMany', path: visit.path };
    if (isLeaf(visit.value)) continue;
    if (visit.depth > bounds.depth) return { kind: 'tooDeep', path: visit.path };
    const below = children(visit);
    if (!Array.isArray(below)) return below;
    for (const child of below) open.push(child);
  }
  return undefined;
}

/** True for an object that {@link jsonFault} has passed as part of its root. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isPlainObject(value);
}

/** Approximate bytes and greatest depth of JSON; stops as soon as either passes its bound. */
export function measureJson(root: JsonValue | undefined, maxBytes: number, maxDepth: number): JsonMeasure {
  const measure: JsonMeasure = { bytes: 0, depth: 0 };
  add(measure, root, 1, maxBytes, maxDepth);
  return measure;
}

/** `bytes` is near the length of the JSON text; `depth` counts the root as 1, leaves not at all. */
export interface JsonMeasure {
  bytes: number;
  depth: number;
}

function add(measure: JsonMeasure, value: unknown, depth: number, maxBytes: number, maxDepth: number): void {
  if (typeof value === 'string') measure.bytes += value.length + 2;
  else if (typeof value !== 'object' || value === null) measure.bytes += 5;
  else {
    measure.bytes += 2;
    if (depth > measure.depth) measure.depth = depth;
    if (depth > maxDepth) return;
    for (const key in value) {
      if (measure.bytes > maxBytes) return;
      if (!Array.isArray(value)) measure.bytes += key.length + 3;
      add(measure, (value as Record<string, unknown>)[key], depth + 1, maxBytes, maxDepth);
      if (measure.depth > maxDepth) return;
    }
  }
}
