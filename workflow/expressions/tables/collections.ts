import { ARRAY_ELEMENTS } from '../limits.ts';
import { rangeFault } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { elementsOf } from '../operators.ts';
import { callback, methods, type GetterTable, type MethodTable } from './table.ts';

/** Set and Map. Only expressions make them, so they are changed in place. */

function grow(e: Evaluation, size: number): void {
  if (size >= ARRAY_ELEMENTS) throw rangeFault('Too many members');
  e.elements(1);
}

function membersOf(e: Evaluation, value: unknown): Set<unknown> {
  return new Set(elementsOf(e, value));
}

export const SET_METHODS: MethodTable = methods<Set<unknown>>({
  add: (e, self, args, handle) => {
    grow(e, self.size);
    self.add(args[0]);
    return handle;
  },
  clear: (_e, self) => self.clear(),
  delete: (_e, self, args) => self.delete(args[0]),
  difference: (e, self, args) => self.difference(membersOf(e, args[0])),
  entries: (e, self) => {
    e.elements(self.size * 3);
    return [...self.entries()];
  },
  forEach: (e, self, args) => {
    // A copy: the callback may change the set.
    for (const member of Array.from(self)) callback(e, args[0], [member, member, self]);
  },
  has: (_e, self, args) => self.has(args[0]),
  intersection: (e, self, args) => self.intersection(membersOf(e, args[0])),
  isSubsetOf: (e, self, args) => self.isSubsetOf(membersOf(e, args[0])),
  isSupersetOf: (e, self, args) => self.isSupersetOf(membersOf(e, args[0])),
  keys: (e, self) => {
    e.elements(self.size);
    return [...self];
  },
  union: (e, self, args) => self.union(membersOf(e, args[0])),
  values: (e, self) => {
    e.elements(self.size);
    return [...self];
  },
});

export const MAP_METHODS: MethodTable = methods<Map<unknown, unknown>>({
  clear: (_e, self) => self.clear(),
  delete: (_e, self, args) => self.delete(args[0]),
  entries: (e, self) => {
    e.elements(self.size * 3);
    return [...self.entries()];
  },
  forEach: (e, self, args) => {
    for (const [key, value] of Array.from(self)) callback(e, args[0], [value, key, self]);
  },
  get: (_e, self, args) => self.get(args[0]),
  has: (_e, self, args) => self.has(args[0]),
  keys: (e, self) => {
    e.elements(self.size);
    return [...self.keys()];
  },
  set: (e, self, args, handle) => {
    grow(e, self.size);
    self.set(args[0], args[1]);
    return handle;
  },
  values: (e, self) => {
    e.elements(self.size);
    return [...self.values()];
  },
});

/** Both kinds have only their size to read. */
export const SIZE_GETTERS: GetterTable = new Map([
  // The table is asked with sets and maps only.
  ['size', (_e: Evaluation, self: unknown) => (self as Set<unknown> | Map<unknown, unknown>).size],
]);
