import type { Evaluation } from '../evaluation.ts';

/**
 * n8n's own functions on values (`"a".toTitleCase()`, `[1].sum()`). A table per type; `value` is the current content.
 * Wrong arguments stop the run with n8n's text.
 */
export type Extension = (e: Evaluation, value: unknown, args: unknown[]) => unknown;
export type ExtensionTable = ReadonlyMap<string, Extension>;

/** A table from an object literal whose functions take the type that the table is asked with. */
export function extensions<T>(
  entries: Record<string, (e: Evaluation, value: T, args: unknown[]) => unknown>,
): ExtensionTable {
  // callExtension picks the table by the kind of the value, so `value` is a T.
  return new Map(Object.entries(entries) as [string, Extension][]);
}

/** n8n has these on every type; where they make no sense they give undefined instead of an error. */
export const nothing: Extension = () => undefined;
