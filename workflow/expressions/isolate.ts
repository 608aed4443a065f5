import { rangeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { VALUE_DEPTH } from './limits.ts';
import { kindOf, textOf } from './values.ts';

/** A deep copy of data on objects without prototype, for libraries that read members by name. */
export function isolated(e: Evaluation, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? null : value;
  if (depth > VALUE_DEPTH) throw rangeFault('Value is nested too deeply');
  const seen = e.look(value);
  const kind = kindOf(seen);
  if (kind === 'array') {
    e.elements((seen as unknown[]).length);
    return (seen as unknown[]).map((element) => isolated(e, element, depth + 1));
  }
  if (kind !== 'object') return kind === 'dateTime' || kind === 'date' ? textOf(e, seen) : null;
  const entries = Object.entries(seen);
  e.elements(entries.length);
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, content] of entries) copy[key] = isolated(e, content, depth + 1);
  return copy;
}
