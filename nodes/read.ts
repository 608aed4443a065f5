import type { NodeContext } from '#runtime';

import { errors } from './errors.ts';
import { asText, isRecord, recordsOf } from './values.ts';

/** Reads a parameter as text. */
export function textParam(context: NodeContext, path: string, index: number, fallback = ''): string {
  return asText(context.param(path, index, fallback) ?? fallback);
}

/** Reads a parameter as a yes or no; the text `false` is no. */
export function flagParam(context: NodeContext, path: string, index: number, fallback = false): boolean {
  const value = context.param(path, index, fallback);
  return typeof value === 'string' ? value.trim().toLowerCase() === 'true' : Boolean(value);
}

/** Reads a parameter as a number; what is not one is refused. */
export function numberParam(context: NodeContext, path: string, index: number, fallback = 0): number {
  const value = context.param(path, index, fallback);
  if (value === undefined || value === null || value === '') return fallback;
  const number = typeof value === 'boolean' ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) {
    throw errors.NODE_PARAMETER_INVALID({ parameter: path, value: asText(value), allowed: 'a number', item: index });
  }
  return number;
}

/** Reads a collection: an object with the members that the author set; empty when none. */
export function groupParam(context: NodeContext, path: string, index: number): Record<string, unknown> {
  const value = context.param(path, index, {});
  return isRecord(value) ? value : {};
}

/** Reads the rows of a fixedCollection, such as `rules.values`; empty when none. */
export function rowsParam(context: NodeContext, path: string, index: number): Record<string, unknown>[] {
  const value = context.param(path, index, []);
  return isRecord(value) ? [value] : recordsOf(value);
}

/** The id in a resource locator (`{mode, value}`) or in plain text. */
export function locatorValue(value: unknown): string {
  return asText(isRecord(value) && 'value' in value ? value['value'] : value);
}

/** Narrows to one of a closed list, or refuses with the allowed values. */
export function oneOf<T extends string>(value: unknown, allowed: readonly T[], parameter: string, index = 0): T {
  const found = allowed.find((entry) => entry === value);
  if (found !== undefined) return found;
  throw errors.NODE_PARAMETER_INVALID({ parameter, value: asText(value), allowed: allowed.join(', '), item: index });
}
