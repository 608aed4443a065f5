import { typeFault } from './errors.ts';
import type { Evaluation } from './evaluation.ts';
import { callMember } from './members.ts';
import { isExpression } from './split.ts';
import { define, Handle, newRecord } from './values.ts';

/**
 * `$parameter` and `$('X').params`: parameters whose expressions are evaluated when they are read, so that one field
 * may refer to another of the same collection.
 */
export class ParameterView extends Handle {
  readonly #value: object;

  constructor(value: object) {
    super();
    this.#value = value;
  }

  read(e: Evaluation, key: string): unknown {
    if (key === 'length' && Array.isArray(this.#value)) return this.#value.length;
    if (!Object.hasOwn(this.#value, key)) return undefined;
    // Own data property of JSON.
    return resolved(e, (this.#value as Record<string, unknown>)[key], false);
  }

  call(e: Evaluation, key: string, args: unknown[]): unknown {
    const value = this.plain(e);
    if (value instanceof Handle) throw typeFault(`${key} is not a function`);
    return callMember(e, value, key, args);
  }

  plain(e: Evaluation): unknown {
    return resolved(e, this.#value, true);
  }
}

function resolved(e: Evaluation, value: unknown, deep: boolean): unknown {
  if (isExpression(value)) return e.scene.evaluateText(value, e.itemIndex, e.scene.depth + 1, e.budget);
  if (typeof value !== 'object' || value === null) return value;
  if (!deep) return new ParameterView(value);
  e.spend(1);
  if (Array.isArray(value)) return value.map((element) => resolved(e, element, true));
  const made = newRecord();
  for (const [key, content] of Object.entries(value)) define(made, key, resolved(e, content, true));
  return made;
}
