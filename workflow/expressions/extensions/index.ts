import type { Evaluation } from '../evaluation.ts';
import type { Kind } from '../values.ts';
import { ARRAY_EXTENSIONS } from './array.ts';
import { BOOLEAN_EXTENSIONS } from './boolean.ts';
import { DATE_EXTENSIONS } from './date.ts';
import type { ExtensionTable } from './extension.ts';
import { NUMBER_EXTENSIONS } from './number.ts';
import { OBJECT_EXTENSIONS } from './object.ts';
import { STRING_EXTENSIONS } from './string.ts';

const TYPES: readonly { name: string; table: ExtensionTable; kinds: readonly Kind[] }[] = [
  { name: 'Array', table: ARRAY_EXTENSIONS, kinds: ['array'] },
  { name: 'Date', table: DATE_EXTENSIONS, kinds: ['dateTime', 'date'] },
  { name: 'Number', table: NUMBER_EXTENSIONS, kinds: ['number'] },
  { name: 'Object', table: OBJECT_EXTENSIONS, kinds: ['object'] },
  { name: 'String', table: STRING_EXTENSIONS, kinds: ['string'] },
  { name: 'Boolean', table: BOOLEAN_EXTENSIONS, kinds: ['boolean'] },
];

const NAMES: ReadonlySet<string> = new Set(TYPES.flatMap(({ table }) => [...table.keys()]));
const BY_KIND: Partial<Record<Kind, ExtensionTable>> = Object.fromEntries(
  TYPES.flatMap(({ table, kinds }) => kinds.map((kind) => [kind, table])),
);

/** True when n8n has a function of this name for some type. */
export function isExtensionName(name: string): boolean {
  return NAMES.has(name);
}

/** The types, by n8n's names, that have a function of this name. */
export function extensionTypes(name: string): string[] {
  return TYPES.filter(({ table }) => table.has(name)).map((type) => type.name);
}

/** Calls the function of this name for this kind of value, if there is one. */
export function callExtension(
  e: Evaluation,
  kind: Kind,
  value: unknown,
  name: string,
  args: unknown[],
): { found: true; value: unknown } | { found: false } {
  const extension = BY_KIND[kind]?.get(name);
  if (extension === undefined) return { found: false };
  e.spend(1);
  return { found: true, value: extension(e, value, args) };
}

/** All tables by type name, for the editor's completion and the tests. */
export const EXTENSION_TABLES: ReadonlyMap<string, ExtensionTable> = new Map(
  TYPES.map(({ name, table }) => [name, table]),
);
