import type { NodeDefinition } from '../definition.ts';
import { shownParameters } from './defaults.ts';
import { ownMember } from './path.ts';
import type { ParameterSchema } from './schema.ts';

/**
 * Display names of the required parameters that are shown and empty: not set without a default, null, or empty text.
 * An expression is not empty, whatever it will give. A resource locator is as empty as its value.
 */
export function missingParameters(node: NodeDefinition, schemas: readonly ParameterSchema[]): string[] {
  if (!schemas.some(({ required }) => required === true)) return [];
  const empty = shownParameters(node, schemas)
    .filter(([{ required }, value]) => required === true && isEmpty(value))
    .map(([{ displayName }]) => displayName);
  return [...new Set(empty)];
}

function isEmpty(value: unknown): boolean {
  const inner = ownMember(value, '__rl') === true ? ownMember(value, 'value') : value;
  return inner === undefined || inner === null || inner === '';
}
