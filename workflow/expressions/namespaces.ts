import { refuseDenied } from './denied.ts';
import { typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { TableFunction } from './tables/table.ts';
import { GuestFunction, Handle, newRecord } from './values.ts';

type Run = (e: Evaluation, args: unknown[]) => unknown;

/** A global name with functions and constants of its own, such as `Math` or `Date`. */
export interface NamespaceSpec {
  readonly functions?: Readonly<Record<string, Run>>;
  readonly constants?: Readonly<Record<string, unknown>>;
  readonly invoke?: Run;
  readonly construct?: Run;
  readonly instance?: (value: unknown) => boolean;
}

export class Namespace extends Handle {
  readonly #name: string;
  readonly #spec: NamespaceSpec;
  readonly #functions: ReadonlyMap<string, TableFunction>;
  readonly #constants: ReadonlyMap<string, unknown>;

  constructor(name: string, spec: NamespaceSpec) {
    super();
    this.#name = name;
    this.#spec = spec;
    const entries = Object.entries(spec.functions ?? {});
    this.#functions = new Map(entries.map(([key, run]) => [key, new TableFunction(key, run)]));
    this.#constants = new Map(Object.entries(spec.constants ?? {}));
  }

  get text(): string {
    return `function ${this.#name}() { [native code] }`;
  }

  override get callable(): boolean {
    return this.#spec.invoke !== undefined || this.#spec.construct !== undefined;
  }

  read(_e: Evaluation, key: string): unknown {
    return this.#functions.get(key) ?? this.#constants.get(key);
  }

  call(e: Evaluation, key: string, args: unknown[]): unknown {
    const run = this.#functions.get(key) ?? this.#constants.get(key);
    if (!(run instanceof GuestFunction)) {
      refuseDenied(key);
      throw typeFault(`${this.#name}.${key} is not a function`);
    }
    e.spend(1);
    return run.invoke(e, args);
  }

  override invoke(e: Evaluation, args: unknown[]): unknown {
    if (this.#spec.invoke === undefined) throw typeFault(`${this.#name} is not a function`);
    return this.#spec.invoke(e, args);
  }

  override construct(e: Evaluation, args: unknown[]): unknown {
    if (this.#spec.construct === undefined) throw typeFault(`${this.#name} is not a constructor`);
    return this.#spec.construct(e, args);
  }

  override instance(value: unknown): boolean {
    return this.#spec.instance?.(value) ?? false;
  }

  plain(): unknown {
    return newRecord();
  }
}
