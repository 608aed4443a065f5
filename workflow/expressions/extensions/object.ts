import { functionStop } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { stringify } from '../json.ts';
import { define, newRecord, textOf } from '../values.ts';
import { extensions, nothing, type ExtensionTable } from './extension.ts';

/** n8n's functions on objects. */

type Members = Record<string, unknown>;

/** What `compact` and `isEmpty` take for nothing. */
export function isBlank(value: unknown): boolean {
  return value === null || value === undefined || value === '' || value === 'nil';
}

function keep(e: Evaluation, value: Members, test: (key: string, content: unknown) => boolean): Members {
  const entries = Object.entries(value);
  e.elements(entries.length);
  const made = newRecord();
  for (const [key, content] of entries) if (test(key, content)) define(made, key, content);
  return made;
}

function needle(e: Evaluation, args: unknown[], name: string): string {
  const [text] = args;
  if (typeof text !== 'string' || text === '') throw functionStop(`${name}(): expected non-empty string arg`);
  e.spend(1);
  return text;
}

/** Objects inside are compacted too. */
function compact(e: Evaluation, value: Members, depth: number): Members {
  const made = newRecord();
  const entries = Object.entries(value);
  e.elements(entries.length);
  for (const [key, content] of entries) {
    const seen = e.look(content);
    if (isBlank(seen)) continue;
    const nested = typeof seen === 'object' && seen !== null && Object.getPrototypeOf(seen) === Object.prototype;
    // A plain object, by the line above.
    if (!nested || depth > 100) define(made, key, content);
    else if (Object.keys(seen).length > 0) define(made, key, compact(e, seen as Members, depth + 1));
  }
  return made;
}

function urlEncode(e: Evaluation, value: Members): string {
  const search = new URLSearchParams();
  for (const [key, content] of Object.entries(value)) {
    const text = textOf(e, content);
    e.allocate((key.length + text.length) * 3 + 2);
    search.append(key, text);
  }
  return search.toString();
}

export const OBJECT_EXTENSIONS: ExtensionTable = new Map([
  ...extensions<Members>({
    compact: (e, value) => compact(e, value, 0),
    hasField: (e, value, args) => Object.hasOwn(value, textOf(e, args[0])),
    isEmpty: (_e, value) => Object.keys(value).length === 0,
    isNotEmpty: (_e, value) => Object.keys(value).length > 0,
    keepFieldsContaining: (e, value, args) => {
      const text = needle(e, args, 'keepFieldsContaining');
      return keep(e, value, (_key, content) => typeof content === 'string' && content.includes(text));
    },
    keys: (e, value) => {
      e.elements(Object.keys(value).length);
      return Object.keys(value);
    },
    removeField: (e, value, args) => {
      const name = textOf(e, args[0]);
      return keep(e, value, (key) => key !== name);
    },
    removeFieldsContaining: (e, value, args) => {
      const text = needle(e, args, 'removeFieldsContaining');
      return keep(e, value, (_key, content) => !(typeof content === 'string' && content.includes(text)));
    },
    toJsonString: (e, value) => stringify(e, value),
    urlEncode,
    values: (e, value) => {
      e.elements(Object.keys(value).length);
      return Object.values(value);
    },
  }),
  ['toBoolean', nothing],
  ['toDateTime', nothing],
  ['toFloat', nothing],
  ['toInt', nothing],
  ['toNumber', nothing],
]);
