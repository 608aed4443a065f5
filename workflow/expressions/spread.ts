import type { Evaluation } from './evaluation.ts';
import { define, Handle, kindOf } from './values.ts';

/** `...value` in an object: own members of data, characters of text, nothing of the rest. */
export function spreadInto(e: Evaluation, target: object, value: unknown): void {
  const given = e.look(value);
  const seen = given instanceof Handle ? given.plain(e) : given;
  const kind = kindOf(seen);
  if (kind !== 'object' && kind !== 'array' && kind !== 'string') return;
  const source: object = kind === 'string' ? [...(seen as string)] : (seen as object);
  const keys = Object.keys(source);
  e.elements(keys.length);
  // Own data properties of a plain object or array.
  for (const key of keys) define(target, key, (source as Record<string, unknown>)[key]);
}
