import { Budget } from './budget.ts';
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
  readonly budget: Budget;
  #copies: Map<object, object> | undefined;

  constructor(scene: Scene, itemIndex: number, budget = new Budget()) {
    this.scene = scene;
    this.itemIndex = itemIndex;
    this.budget = budget;
  }

  /** The same budget and scene, seen from another item. */
  forItem(itemIndex: number): Evaluation {
    return new Evaluation(this.scene, itemIndex, this.budget);
  }

  /** @see Budget.spend */
  spend(steps: number): void {
    this.budget.spend(steps);
  }

  /** @see Budget.allocate */
  allocate(bytes: number): void {
    this.budget.allocate(bytes);
  }

  /** @see Budget.elements */
  elements(count: number): void {
    this.budget.elements(count);
  }

  /** The current content behind a value: its private copy if it was written, else itself. */
  look<T>(value: T): T {
    if (this.#copies === undefined || typeof value !== 'object' || value === null) return value;
    // The map holds copies of the same kind as their originals; see `own`.
    return (this.#copies.get(value) as T | undefined) ?? value;
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
