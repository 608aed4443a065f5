import type { Evaluation } from './evaluation.ts';
import { isRecord, kindOf } from './values.ts';

/** Deep equality of guest data, for `unique`, `union` and their like. Costs fuel per compared value. */
export function sameValue(e: Evaluation, left: unknown, right: unknown): boolean {
  e.spend(1);
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  const a = e.look(left);
  const b = e.look(right);
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((value, i) => sameValue(e, value, b[i]));
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  if (kind === 'dateTime' || kind === 'date' || kind === 'duration') return a.valueOf() === b.valueOf();
  if (!isRecord(a) || !isRecord(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameValue(e, a[key], b[key]))
  );
}
