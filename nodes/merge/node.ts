import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeDefinition, NodeFacts, NodeResult } from '#workflow';

import { errors } from '../errors.ts';
import { linksTo, passOn } from '../items.ts';
import { MERGE_INPUTS, MERGE_OUTPUT_ITEMS } from '../limits.ts';
import { flagParam, groupParam, numberParam, oneOf, rowsParam, textParam } from '../read.ts';
import { written } from '../schema.ts';
import { asText, isRecord, names } from '../values.ts';
import { allPairs, append, byPosition, type Clash } from './combine.ts';
import { mergeV1 } from './legacy.ts';
import { byFields, JOIN_MODES, type FieldPair, type MatchRule } from './match.ts';
import { properties } from './properties.ts';

const type = 'n8n-nodes-base.merge';

function run(context: NodeContext): NodeResult {
  const output = context.node.typeVersion === 1 ? mergeV1(context) : merged(context);
  return { kind: 'outputs', outputs: [output] };
}

function merged(context: NodeContext): Item[] {
  const mode = textParam(context, 'mode', 0, 'append');
  const inputs = Array.from({ length: inputsOf(context.node) }, (_, input) => context.items(input));
  if (mode === 'append') return append(inputs);
  if (mode === 'chooseBranch') return chosenBranch(context, inputs);
  if (mode === 'combineBySql') throw errors.NODE_NOT_SUPPORTED({ feature: 'Merge with an SQL query' });
  if (mode === 'combine') return combine(context, inputs);
  throw errors.NODE_PARAMETER_INVALID({
    parameter: 'mode',
    value: mode,
    allowed: 'append, combine, chooseBranch',
  });
}

function combine(context: NodeContext, inputs: readonly (readonly Item[])[]): Item[] {
  const modern = context.node.typeVersion >= 3;
  const by = modern
    ? textParam(context, 'combineBy', 0, 'combineByFields')
    : textParam(context, 'combinationMode', 0, 'mergeByFields');
  const [first = [], second = []] = inputs;
  if (by === 'combineByPosition' || by === 'mergeByPosition') {
    const unpaired = flagParam(context, 'options.includeUnpaired', 0);
    return byPosition(modern ? inputs : [first, second], clashRule(context), unpaired, modern);
  }
  if (by === 'combineAll' || by === 'multiplex') {
    if (first.length * second.length > MERGE_OUTPUT_ITEMS) {
      throw errors.NODE_TOO_MANY({ what: 'items out of one Merge', limit: MERGE_OUTPUT_ITEMS });
    }
    return allPairs(first, second, clashRule(context));
  }
  return byFields(first, second, matchRule(context));
}

function chosenBranch(context: NodeContext, inputs: readonly (readonly Item[])[]): Item[] {
  const output = textParam(context, 'output', 0, context.node.typeVersion >= 3 ? 'specifiedInput' : 'input1');
  if (output === 'empty') {
    return [{ json: {}, pairedItem: inputs.flatMap((items, input) => linksTo(items, input)) }];
  }
  const chosen =
    output === 'specifiedInput' ? numberParam(context, 'useDataOfInput', 0, 1) : Number(output.replace('input', ''));
  return passOn(inputs[chosen - 1] ?? [], chosen - 1);
}

function clashRule(context: NodeContext): Clash {
  const outer = groupParam(context, 'options', 0)['clashHandling'];
  const values = isRecord(outer) && isRecord(outer['values']) ? outer['values'] : {};
  return {
    ...(values['resolveClash'] === undefined ? {} : { resolveClash: asText(values['resolveClash']) }),
    ...(values['mergeMode'] === undefined ? {} : { mergeMode: asText(values['mergeMode']) }),
    ...(values['overrideEmpty'] === undefined ? {} : { overrideEmpty: values['overrideEmpty'] === true }),
  };
}

function matchRule(context: NodeContext): MatchRule {
  return {
    fields: fieldPairs(context),
    join: oneOf(context.param('joinMode', 0, 'keepMatches'), JOIN_MODES, 'joinMode'),
    from: oneOf(context.param('outputDataFrom', 0, 'both'), ['both', 'input1', 'input2'], 'outputDataFrom'),
    clash: clashRule(context),
    matches: textParam(context, 'options.multipleMatches', 0, 'all') === 'first' ? 'first' : 'all',
    fuzzy: flagParam(context, 'options.fuzzyCompare', 0),
    dotNotation: !flagParam(context, 'options.disableDotNotation', 0),
    lastWins: context.node.typeVersion >= 3 ? 'preferLast' : 'preferInput2',
  };
}

function fieldPairs(context: NodeContext): FieldPair[] {
  const simple = context.node.typeVersion >= 3 && !flagParam(context, 'advanced', 0);
  const pairs = simple
    ? names(context.param('fieldsToMatchString', 0, '')).map((field) => ({ field1: field, field2: field }))
    : rowsParam(context, 'mergeByFields.values', 0).map((row) => ({
        field1: asText(row['field1']),
        field2: asText(row['field2']),
      }));
  if (pairs.length === 0 || pairs.some(({ field1, field2 }) => !field1 || !field2)) {
    throw errors.NODE_STOPPED({
      message: 'You need to define at least one pair of fields in "Fields to Match" to match on',
      wholeNode: true,
    });
  }
  return pairs;
}

/** Two inputs; from version 3 as many as the node says, in the modes that can use them. */
function inputsOf(node: NodeDefinition): number {
  const count = node.typeVersion >= 3 ? Number(written(node, 'numberInputs') ?? 2) : 2;
  return Number.isInteger(count) ? Math.min(Math.max(count, 2), MERGE_INPUTS) : 2;
}

function mergeFacts(node: NodeDefinition): NodeFacts {
  const waitsForBoth = node.typeVersion >= 2 && node.parameters['mode'] === 'chooseBranch';
  return {
    type,
    trigger: false,
    inputs: inputsOf(node),
    outputs: 1,
    requiredInputs: waitsForBoth ? [0, 1] : 'any',
    effect: 'none',
  };
}

export const merge: NodeType = {
  type,
  displayName: 'Merge',
  description: 'Joins the items of several inputs.',
  group: 'flow',
  versions: [1, 2, 2.1, 3, 3.1, 3.2],
  properties,
  facts: mergeFacts,
  execute: run,
};
