import type { NodeContext, ParameterSchema } from '#runtime';

import { rowsParam, textParam } from '../read.ts';
import { choice, parameter } from '../schema.ts';
import { holdsV1, type ConditionKind } from './legacy-operations.ts';

const KINDS: readonly ConditionKind[] = ['boolean', 'dateTime', 'number', 'string'];

/**
 * The conditions of If and Filter of version 1: rows by type, and all or any of them. No condition at all is true
 * for `all` (`AND`) and false for `any` (`OR`).
 */
export function matchesLegacy(context: NodeContext, index: number): boolean {
  const filter = context.node.type.endsWith('.filter');
  const combine = filter
    ? textParam(context, 'combineConditions', index, 'AND')
    : textParam(context, 'combineOperation', index, 'all');
  const any = combine === 'any' || combine === 'OR';
  for (const kind of KINDS) {
    for (const row of rowsParam(context, `conditions.${kind}`, index)) {
      const holds = holdsV1(kind, row, context.zone);
      if (holds === any) return any;
    }
  }
  return !any;
}

/** Parameters of version 1 of If and Filter. */
export const legacyFilterProperties: readonly ParameterSchema[] = [
  parameter('conditions', 'fixedCollection', {}, { show: { '@version': [1] } }),
  choice('combineOperation', ['all', 'any'], { show: { '@version': [1] } }),
  choice('combineConditions', ['AND', 'OR'], { show: { '@version': [1] } }),
];
