import { rangeFault, stop } from './errors.ts';
import { ALLOCATION_BYTES, ARRAY_ELEMENTS, CALL_DEPTH, ELEMENT_BYTES, FUEL_STEPS } from './limits.ts';

/** What one evaluation may use up, with all that it starts itself (`$parameter`, `$item`). */
export class Budget {
  /** Closures that are running; a `catch` puts it back to its own level. */
  depth = 0;
  #fuel = FUEL_STEPS;
  #bytes = ALLOCATION_BYTES;

  /** Takes fuel; call before work that grows with `steps`. */
  spend(steps: number): void {
    this.#fuel -= steps;
    // Also refuses NaN, which a helper could compute from a hostile argument.
    if (!(this.#fuel >= 0)) throw stop('EXPRESSION_LIMIT', { what: 'steps', limit: FUEL_STEPS });
  }

  /** Takes bytes; call before the allocation. */
  allocate(bytes: number): void {
    this.#bytes -= bytes;
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
}
