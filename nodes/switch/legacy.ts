import type { NodeContext, ParameterSchema } from '#runtime';
import type { NodeDefinition } from '#workflow';

import { holdsV1, type ConditionKind } from '../conditions/legacy-operations.ts';
import { errors } from '../errors.ts';
import { SWITCH_OUTPUTS } from '../limits.ts';
import { numberParam, rowsParam, textParam } from '../read.ts';
import { choice, number, parameter, rows, text, written } from '../schema.ts';
import { asText, isRecord } from '../values.ts';

const KINDS: readonly ConditionKind[] = ['boolean', 'dateTime', 'number', 'string'];

/** Switch of versions 1 and 2: one value compared with the rules in turn; the first that holds names the output. */
export function legacyOutput(context: NodeContext, index: number, count: number): number[] {
  if (textParam(context, 'mode', index, 'rules') === 'expression') {
    return [checked(numberParam(context, 'output', index, 0), count)];
  }
  const kind = KINDS.find((entry) => entry === textParam(context, 'dataType', index, 'number')) ?? 'number';
  const value1 = context.param('value1', index);
  for (const [place, row] of rowsParam(context, 'rules.rules', index).entries()) {
    const operation = row['operation'] ?? 'equal';
    if (!holdsV1(kind, { ...row, value1, operation }, context.zone)) continue;
    // Version 1 rules name their output; in version 2 every rule has its own.
    return [checked(context.node.typeVersion === 1 ? Number(row['output'] ?? 0) : place, count)];
  }
  const fallback = numberParam(context, 'fallbackOutput', index, -1);
  return fallback === -1 ? [] : [checked(fallback, count)];
}

function checked(output: number, count: number): number {
  if (Number.isInteger(output) && output >= 0 && output < count) return output;
  throw errors.NODE_OUTPUT_RANGE({ output: asText(output), last: count - 1 });
}

/** Version 1 always has four outputs; version 2 one per rule, or as many as it says beside an expression. */
export function legacyOutputs(node: NodeDefinition): number {
  const rules = node.parameters['rules'];
  const listed = isRecord(rules) && Array.isArray(rules['rules']) ? rules['rules'].length : 0;
  const byRules = node.parameters['mode'] !== 'expression';
  const count = node.typeVersion === 1 ? 4 : byRules ? listed : Number(written(node, 'outputsAmount') ?? 4);
  return Number.isInteger(count) ? Math.min(Math.max(count, 1), SWITCH_OUTPUTS) : 4;
}

const old = { '@version': [1, 2] };

export const legacyProperties: readonly ParameterSchema[] = [
  choice('mode', ['expression', 'rules'], { value: 'rules', show: old }),
  number('outputsAmount', 4, { show: { '@version': [2] } }),
  number('output', 0, { show: { ...old, mode: ['expression'] } }),
  choice('dataType', ['boolean', 'dateTime', 'number', 'string'], {
    value: 'number',
    show: { ...old, mode: ['rules'] },
  }),
  parameter('value1', 'string', '', { show: { ...old, mode: ['rules'] } }),
  rows('rules', 'rules', [text('operation', 'equal'), text('value2'), number('output', 0)], {
    show: { ...old, mode: ['rules'] },
  }),
  number('fallbackOutput', -1, { show: { ...old, mode: ['rules'] } }),
];
