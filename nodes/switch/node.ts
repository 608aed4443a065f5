import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeDefinition, NodeResult } from '#workflow';

import { conditionsHold, filterOptions } from '../conditions/conditions.ts';
import { errors } from '../errors.ts';
import { errorItem, linked } from '../items.ts';
import { SWITCH_OUTPUTS } from '../limits.ts';
import { flagParam, groupParam, rowsParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, number, parameter, rows, text, written } from '../schema.ts';
import { asText, isRecord } from '../values.ts';
import { legacyOutput, legacyOutputs, legacyProperties } from './legacy.ts';

const type = 'n8n-nodes-base.switch';

/** Sends each item to the outputs whose rules it meets; to the first of them unless all are asked for. */
function route(context: NodeContext): NodeResult {
  const outputs: Item[][] = Array.from({ length: outputsOf(context.node) }, () => []);
  context.items().forEach((item, index) => {
    try {
      for (const output of outputsFor(context, index, outputs.length)) outputs[output]?.push(linked(item, index));
    } catch (failure) {
      if (!context.continuesOnFail) throw failure;
      outputs[0]?.push(errorItem(failure, index));
    }
  });
  return { kind: 'outputs', outputs };
}

function outputsFor(context: NodeContext, index: number, count: number): readonly number[] {
  if (context.node.typeVersion < 3) return legacyOutput(context, index, count);
  if (textParam(context, 'mode', index, 'rules') === 'expression') return [chosenOutput(context, index, count)];
  const matching: number[] = [];
  const all = flagParam(context, 'options.allMatchingOutputs', index);
  const rules = rowsParam(context, 'rules.values', index);
  for (const [rule, row] of rules.entries()) {
    if (!conditionsHold(context, row['conditions'], index)) continue;
    matching.push(rule);
    if (!all) break;
  }
  return matching.length > 0 ? matching : fallback(context, index, rules.length);
}

/** `none` drops the item, `extra` is one more output, a number is one of the rules' outputs. */
function fallback(context: NodeContext, index: number, extra: number): number[] {
  const chosen = groupParam(context, 'options', index)['fallbackOutput'] ?? 'none';
  if (chosen === 'none') return [];
  return [chosen === 'extra' ? extra : Number(chosen)];
}

/** The output that an expression names. Throws NODE_OUTPUT_RANGE. */
function chosenOutput(context: NodeContext, index: number, count: number): number {
  const given = context.param('output', index, 0);
  const output = Number(given);
  if (Number.isInteger(output) && output >= 0 && output < count) return output;
  throw errors.NODE_OUTPUT_RANGE({ output: asText(given), last: count - 1 });
}

function rulesOf(node: NodeDefinition): unknown[] {
  const rules = node.parameters['rules'];
  const values = isRecord(rules) ? (rules['values'] ?? rules['rules']) : undefined;
  return Array.isArray(values) ? values : [];
}

function outputsOf(node: NodeDefinition): number {
  if (node.typeVersion < 3) return legacyOutputs(node);
  if (node.parameters['mode'] === 'expression') return bounded(Number(written(node, 'numberOutputs') ?? 4));
  const options = node.parameters['options'];
  const extra = isRecord(options) && options['fallbackOutput'] === 'extra' ? 1 : 0;
  return bounded(rulesOf(node).length + extra);
}

const bounded = (count: number): number => (Number.isInteger(count) ? Math.min(Math.max(count, 1), SWITCH_OUTPUTS) : 4);

export const switchNode: NodeType = {
  type,
  displayName: 'Switch',
  description: 'Sends items to one of several outputs.',
  group: 'flow',
  versions: [1, 2, 3, 3.1, 3.2, 3.3, 3.4],
  properties: [
    ...legacyProperties,
    choice('mode', ['rules', 'expression'], { hide: { '@version': [1, 2] } }),
    number('numberOutputs', 4, { hide: { '@version': [1, 2] }, show: { mode: ['expression'] } }),
    parameter('output', 'number', 0, { hide: { '@version': [1, 2] }, show: { mode: ['expression'] } }),
    rows('rules', 'values', [parameter('conditions', 'filter', {}), flag('renameOutput'), text('outputKey')], {
      hide: { '@version': [1, 2] },
      show: { mode: ['rules'] },
    }),
    ...filterOptions({ hide: { '@version': [1, 2] } }).slice(0, 1),
    collection(
      'options',
      [
        parameter('fallbackOutput', 'options', 'none'),
        text('renameFallbackOutput'),
        flag('ignoreCase', true),
        flag('looseTypeValidation'),
        flag('allMatchingOutputs'),
      ],
      { hide: { '@version': [1, 2] } },
    ),
  ],
  facts: (node) => ({ ...facts(type)(), outputs: outputsOf(node) }),
  execute: route,
};
