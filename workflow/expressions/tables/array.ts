import { rangeFault, typeFault } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { ARRAY_ELEMENTS } from '../limits.ts';
import { strictEqual } from '../operators.ts';
import { integerOf, joinText, numberOf, textOf } from '../values.ts';
import { callback, methods, requireFunction, type MethodTable } from './table.ts';

/** Methods of arrays. Those that change the array change the evaluation's private copy of it. */

type List = readonly unknown[];

/** The private copy to change. */
function own(e: Evaluation, handle: unknown): unknown[] {
  // The table is asked with arrays only.
  return e.own(handle as unknown[], (original) => {
    e.elements(original.length);
    return [...original];
  });
}

function index(e: Evaluation, value: unknown, length: number, fallback: number): number {
  if (value === undefined) return fallback;
  const at = integerOf(e, value);
  return at < 0 ? Math.max(0, length + at) : Math.min(at, length);
}

/** The first (or last) element for which the callback holds. */
function search(e: Evaluation, self: List, args: unknown[], from: 'start' | 'end'): number {
  requireFunction(args[0]);
  for (let n = 0; n < self.length; n++) {
    const at = from === 'start' ? n : self.length - 1 - n;
    if (callback(e, args[0], [self[at], at, self])) return at;
  }
  return -1;
}

function flatten(e: Evaluation, self: List, depth: number, target: unknown[]): unknown[] {
  e.elements(self.length);
  for (const element of self) {
    const seen = e.look(element);
    if (depth > 0 && Array.isArray(seen)) flatten(e, seen, Math.min(depth, 100) - 1, target);
    else target.push(element);
  }
  if (target.length > ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
  return target;
}

function reduce(e: Evaluation, self: List, args: unknown[], from: 'start' | 'end'): unknown {
  requireFunction(args[0]);
  const order = self.map((_, n) => (from === 'start' ? n : self.length - 1 - n));
  e.spend(order.length);
  let value = args[1];
  if (args.length < 2) {
    const first = order.shift();
    if (first === undefined) throw typeFault('Reduce of empty array with no initial value');
    value = self[first];
  }
  for (const at of order) value = callback(e, args[0], [value, self[at], at, self]);
  return value;
}

/** Sorts a fresh array by the guest's comparison, or by text; undefined goes last. */
function sorted(e: Evaluation, self: List, compare: unknown): unknown[] {
  e.elements(self.length);
  const given: unknown[] = self.filter((element) => element !== undefined);
  if (compare === undefined) {
    const keyed = given.map((element) => {
      const key = textOf(e, element);
      e.allocate(key.length);
      return { key, element };
    });
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    replaceContent(
      given,
      keyed.map(({ element }) => element),
    );
  } else {
    requireFunction(compare);
    given.sort((a, b) => numberOf(e, callback(e, compare, [a, b])));
  }
  while (given.length < self.length) given.push(undefined);
  return given;
}

function spliced(e: Evaluation, list: unknown[], args: unknown[]): unknown[] {
  const start = index(e, args[0], list.length, 0);
  const rest = list.length - start;
  const count = args.length === 0 ? 0 : args.length === 1 ? rest : Math.max(0, Math.min(integerOf(e, args[1]), rest));
  e.elements(list.length + args.length);
  return list.splice(start, count, ...args.slice(2));
}

function replaceContent(target: unknown[], content: List): void {
  target.length = 0;
  for (const element of content) target.push(element);
}

function includes(e: Evaluation, self: List, args: unknown[]): boolean {
  e.spend(self.length);
  const from = index(e, args[1], self.length, 0);
  return self.some((element, at) => at >= from && (strictEqual(e, element, args[0]) || Object.is(element, args[0])));
}

function indexOf(e: Evaluation, self: List, args: unknown[]): number {
  e.spend(self.length);
  const from = index(e, args[1], self.length, 0);
  return self.findIndex((element, at) => at >= from && strictEqual(e, element, args[0]));
}

function visit(e: Evaluation, self: List, fn: unknown, use: (result: unknown, at: number) => boolean | void): void {
  requireFunction(fn);
  for (let at = 0; at < self.length; at++) if (use(callback(e, fn, [self[at], at, self]), at)) return;
}

const READING: Record<string, (e: Evaluation, self: List, args: unknown[]) => unknown> = {
  at: (e, self, args) => self.at(integerOf(e, args[0])),
  concat: (e, self, args) => {
    const made = [...self];
    e.elements(self.length);
    for (const arg of args) {
      const seen = e.look(arg);
      if (!Array.isArray(seen)) made.push(arg);
      else {
        e.elements(made.length + seen.length);
        for (const element of seen) made.push(element);
      }
    }
    return made;
  },
  entries: (e, self) => {
    e.elements(self.length * 3);
    return self.map((element, at) => [at, element]);
  },
  every: (e, self, args) => {
    let all = true;
    visit(e, self, args[0], (result) => (result ? false : !(all = false)));
    return all;
  },
  filter: (e, self, args) => {
    const made: unknown[] = [];
    e.elements(self.length);
    visit(e, self, args[0], (result, at) => void (result && made.push(self[at])));
    return made;
  },
  find: (e, self, args) => self[search(e, self, args, 'start')],
  findIndex: (e, self, args) => search(e, self, args, 'start'),
  findLast: (e, self, args) => self[search(e, self, args, 'end')],
  findLastIndex: (e, self, args) => search(e, self, args, 'end'),
  flat: (e, self, args) => flatten(e, self, args[0] === undefined ? 1 : integerOf(e, args[0]), []),
  flatMap: (e, self, args) => {
    const made: unknown[] = [];
    visit(e, self, args[0], (result) => void made.push(result));
    return flatten(e, made, 1, []);
  },
  forEach: (e, self, args) => visit(e, self, args[0], () => undefined),
  includes,
  indexOf,
  join: (e, self, args) => joinText(e, self, args[0] === undefined ? ',' : textOf(e, args[0])),
  keys: (e, self) => {
    e.elements(self.length);
    return self.map((_, at) => at);
  },
  lastIndexOf: (e, self, args) => {
    e.spend(self.length);
    return self.findLastIndex((element) => strictEqual(e, element, args[0]));
  },
  map: (e, self, args) => {
    const made: unknown[] = [];
    e.elements(self.length);
    visit(e, self, args[0], (result) => void made.push(result));
    return made;
  },
  reduce: (e, self, args) => reduce(e, self, args, 'start'),
  reduceRight: (e, self, args) => reduce(e, self, args, 'end'),
  slice: (e, self, args) => {
    const made = self.slice(index(e, args[0], self.length, 0), index(e, args[1], self.length, self.length));
    e.elements(made.length);
    return made;
  },
  some: (e, self, args) => {
    let any = false;
    visit(e, self, args[0], (result) => Boolean(result) && (any = true));
    return any;
  },
  toReversed: (e, self) => {
    e.elements(self.length);
    return self.toReversed();
  },
  toSorted: (e, self, args) => sorted(e, self, args[0]),
  toSpliced: (e, self, args) => {
    const made = [...self];
    spliced(e, made, args);
    return made;
  },
  toString: (e: Evaluation, self: List) => joinText(e, self, ','),
  toLocaleString: (e: Evaluation, self: List) => joinText(e, self, ','),
  values: (e, self) => {
    e.elements(self.length);
    return [...self];
  },
  with: (e, self, args) => {
    const at = integerOf(e, args[0]);
    if (at >= self.length || at < -self.length) throw rangeFault('Invalid index');
    e.elements(self.length);
    return self.with(at, args[1]);
  },
};

const WRITING: Record<string, (e: Evaluation, list: unknown[], args: unknown[], handle: unknown) => unknown> = {
  fill: (e, list, args, handle) => {
    list.fill(args[0], index(e, args[1], list.length, 0), index(e, args[2], list.length, list.length));
    return handle;
  },
  pop: (_e, list) => list.pop(),
  push: (e, list, args) => {
    e.elements(args.length);
    if (list.length + args.length > ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
    return list.push(...args);
  },
  reverse: (_e, list, _args, handle) => {
    list.reverse();
    return handle;
  },
  shift: (e, list) => {
    e.spend(list.length);
    return list.shift();
  },
  sort: (e, list, args, handle) => {
    replaceContent(list, sorted(e, list, args[0]));
    return handle;
  },
  splice: spliced,
  unshift: (e, list, args) => {
    e.elements(args.length);
    e.spend(list.length);
    return list.unshift(...args);
  },
};

export const ARRAY_METHODS: MethodTable = new Map([
  ...methods<List>(READING),
  ...Object.entries(WRITING).map(
    ([name, run]) =>
      [
        name,
        (e: Evaluation, _self: unknown, args: unknown[], handle: unknown) => run(e, own(e, handle), args, handle),
      ] as const,
  ),
]);
