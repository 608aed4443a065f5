import { typeFault } from '../errors.ts';
import type { Evaluation } from '../evaluation.ts';
import { freshRegex } from '../regex.ts';
import { callFunction, define, GuestFunction, Handle, kindOf, newRecord } from '../values.ts';

/** A method of a kind: `self` is the current content, `handle` the value as the guest holds it. */
export type Method = (e: Evaluation, self: unknown, args: unknown[], handle: unknown) => unknown;
export type MethodTable = ReadonlyMap<string, Method>;
export type Getter = (e: Evaluation, self: unknown) => unknown;
export type GetterTable = ReadonlyMap<string, Getter>;

/** A table from an object literal whose members take `self` as the type that the kind guarantees. */
export function methods<T>(
  entries: Record<string, (e: Evaluation, self: T, args: unknown[], handle: unknown) => unknown>,
): Map<string, Method> {
  // The table of a kind is only ever asked with values of that kind.
  return new Map(Object.entries(entries) as [string, Method][]);
}

/** Guest values as arguments for a library: private copies looked up, functions and handles dropped. */
export function plainArguments(e: Evaluation, args: readonly unknown[]): unknown[] {
  return args.map((arg) => plainArgument(e, arg, 0));
}

function plainArgument(e: Evaluation, value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const seen = e.look(value);
  switch (kindOf(seen)) {
    case 'array':
      if (depth > 3) return undefined;
      e.elements((seen as unknown[]).length);
      return (seen as unknown[]).map((element) => plainArgument(e, element, depth + 1));
    case 'object': {
      if (depth > 3) return undefined;
      const copy = newRecord();
      const entries = Object.entries(seen as object);
      e.elements(entries.length);
      for (const [key, content] of entries) define(copy, key, plainArgument(e, content, depth + 1));
      return copy;
    }
    case 'dateTime':
    case 'duration':
    case 'interval':
    case 'date':
      return seen;
    case 'regexp':
      return freshRegex(seen as RegExp);
    default:
      return undefined;
  }
}

/**
 * Table entries for methods of a host class that only compute: each is taken from the prototype once, when this
 * module loads, and applied to a value of the right kind with plain arguments.
 */
export function hostMethods(prototype: object, names: readonly string[], cost = 0): [string, Method][] {
  return names.map((name) => {
    const method: unknown = Reflect.get(prototype, name);
    if (typeof method !== 'function') throw typeFault(`${name} is not a method`);
    return [
      name,
      (e, self, args) => {
        e.spend(1 + cost);
        return Reflect.apply(method, self, plainArguments(e, args));
      },
    ];
  });
}

/** Table entries for getters of a host class. */
export function hostGetters(prototype: object, names: readonly string[]): [string, Getter][] {
  return names.map((name) => {
    const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get;
    if (getter === undefined) throw typeFault(`${name} is not a getter`);
    return [name, (_e, self) => Reflect.apply(getter, self, [])];
  });
}

/** A function of a table as a guest value, for `.map(Number)` and `.map(JSON.stringify)`. */
export class TableFunction extends GuestFunction {
  readonly text: string;
  readonly #run: (e: Evaluation, args: unknown[]) => unknown;
  constructor(name: string, run: (e: Evaluation, args: unknown[]) => unknown) {
    super();
    this.text = `function ${name}() { [native code] }`;
    this.#run = run;
  }
  invoke(e: Evaluation, args: unknown[]): unknown {
    return this.#run(e, args);
  }
}

/** Calls the guest's callback of `map`, `filter` and the like. */
export function callback(e: Evaluation, fn: unknown, args: unknown[]): unknown {
  return callFunction(e, fn, args);
}

/** Throws unless `fn` can be called, before any element is visited. */
export function requireFunction(fn: unknown): void {
  if (!(fn instanceof GuestFunction) && !(fn instanceof Handle && fn.callable))
    throw typeFault('callback is not a function');
}
