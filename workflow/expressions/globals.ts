import type { Code } from './evaluation.ts';
import { N8N_FUNCTIONS } from './globals-functions.ts';
import { JS_FUNCTIONS, JS_NAMESPACES } from './globals-js.ts';
import { LUXON_NAMESPACES } from './globals-luxon.ts';
import { N8N_NAMES } from './globals-n8n.ts';
import { Namespace } from './namespaces.ts';
import { TableFunction } from './tables/table.ts';
import { newRecord } from './values.ts';

/**
 * Every name an expression knows. A name that is not here is undefined, as in n8n; so is nothing of the host ever
 * reachable by name.
 */

/** Names that exist in n8n as an empty object, so that a workflow which mentions them does not fail. */
const EMPTY_NAMES = [
  'globalThis',
  'document',
  'global',
  'require',
  'module',
  'Buffer',
  'eval',
  'uneval',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'queueMicrotask',
  'Function',
  'GeneratorFunction',
  'Generator',
  'AsyncFunction',
  'AsyncGenerator',
  'AsyncGeneratorFunction',
  'Promise',
  'fetch',
  'XMLHttpRequest',
  'alert',
  'prompt',
  'confirm',
  'Reflect',
  'Proxy',
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'Symbol',
  'WeakRef',
  'FinalizationRegistry',
] as const;

const SILENT = new Namespace('console', {
  functions: Object.fromEntries(
    ['log', 'info', 'warn', 'error', 'debug', 'trace'].map((name) => [name, () => undefined]),
  ),
});

const constant =
  (value: unknown): Code =>
  () =>
    value;

export const GLOBALS: ReadonlyMap<string, Code> = new Map<string, Code>([
  ...EMPTY_NAMES.map((name): [string, Code] => [name, () => newRecord()]),
  ['process', () => ({ env: newRecord() })],
  ['undefined', constant(undefined)],
  ['NaN', constant(NaN)],
  ['Infinity', constant(Infinity)],
  ['console', constant(SILENT)],
  ...[...JS_NAMESPACES, ...LUXON_NAMESPACES].map(([name, value]): [string, Code] => [name, constant(value)]),
  ...[...JS_FUNCTIONS, ...N8N_FUNCTIONS].map(([name, run]): [string, Code] => [
    name,
    constant(new TableFunction(name, run)),
  ]),
  ...N8N_NAMES,
]);
