import { rangeFault, stop } from './errors.ts';
import { ALLOCATION_BYTES, ARRAY_ELEMENTS, CALL_DEPTH, ELEMENT_BYTES, FUEL_STEPS } from './limits.ts';
import type { Scene } from './scene.ts';

/**
 * The state of one evaluation: its budget, its place, and its private copies. Items and everything else that the
 * expression did not make itself are never written: the first write to an object copies it, and from then on every
 * look at the object goes to the copy (copy on write, as the author of an n8n expression expects).
 */
export class Evaluation {
  readonly scene: Scene;
  readonly itemIndex: number;
  /** Position of the syntax node that was started last, for errors. */
  at = 0;
  /** Value of the `return` that is under way. */
  returned: unknown = undefined;
  #fuel = FUEL_STEPS;
  #bytes = ALLOCATION_BYTES;
  /** Closures that are running; a `catch` puts it back to its own level. */
  depth = 0;
  #copies: Map<object, object> | undefined;

  constructor(scene: Scene, itemIndex: number) {
    this.scene = scene;
    this.itemIndex = itemIndex;
  }

  /** Takes fuel; call before work that grows with `steps`. */
  spend(steps: number): void {
    this.#fuel -= steps;
    if (this.#fuel < 0) throw stop('EXPRESSION_LIMIT', { what: 'steps', limit: FUEL_STEPS });
  }

  /** Takes bytes; call before the allocation. */
  allocate(bytes: number): void {
    this.#bytes -= bytes;
    // Also refuses NaN, which a helper could compute from a hostile argument.
    if (!(this.#bytes >= 0)) throw stop('EXPRESSION_LIMIT', { what: 'bytes', limit: ALLOCATION_BYTES });
  }

  /** Takes fuel and bytes for an array or object of `count` members. */
  elements(count: number): void {
    if (count > ARRAY_ELEMENTS) throw rangeFault('Invalid array length');
    this.spend(count);
    this.allocate(count * ELEMENT_BYTES);
  }

  enter(): void {
    this.spend(1);
    if (++this.depth > CALL_DEPTH) throw stop('EXPRESSION_LIMIT', { what: 'nested calls', limit: CALL_DEPTH });
  }

  leave(): void {
    this.depth--;
  }

  /** The current content behind a value: its private copy if it was written, else itself. */
  look<T>(value: T): T {
    if (this.#copies === undefined || typeof value !== 'object' || value === null) return value;
    // The map holds copies of the same kind as their originals; see `own`.
    return (this.#copies.get(value) as T | undefined) ?? value;
  }

  /** True when something was written, so that results must be copied out deeply. */
  get wrote(): boolean {
    return this.#copies !== undefined;
  }

  /** The private copy of an object, made by `copy` on the first write. */
  own<T extends object>(value: T, copy: (original: T) => T): T {
    this.#copies ??= new Map();
    const known = this.#copies.get(value);
    // As in `look`: what is stored under a value was made by that value's own `copy`.
    if (known !== undefined) return known as T;
    const made = copy(value);
    this.#copies.set(value, made);
    // The copy may be met again as a value of its own; it then is its own copy.
    this.#copies.set(made, made);
    return made;
  }
}

/** A compiled piece of an expression. */
export type Code = (e: Evaluation, frame: Frame) => unknown;

/** Variables of one scope; slot 0 is the enclosing frame. */
export type Frame = unknown[];
