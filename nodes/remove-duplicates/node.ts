import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { errors } from '../errors.ts';
import { flagParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, text } from '../schema.ts';
import { names } from '../values.ts';
import { withoutDuplicates, type DedupeRule } from './dedupe.ts';

const type = 'n8n-nodes-base.removeDuplicates';

/** Drops items that were there before, within this input. The parameters are read once, against the first item. */
export function dedupe(context: NodeContext): Item[] {
  const operation = textParam(context, 'operation', 0, 'removeDuplicateInputItems');
  if (context.node.type === type && operation !== 'removeDuplicateInputItems') {
    throw errors.NODE_NOT_SUPPORTED({ feature: `Remove Duplicates with "${operation}"` });
  }
  return withoutDuplicates(context.items(), ruleOf(context));
}

function ruleOf(context: NodeContext): DedupeRule {
  const compare = textParam(context, 'compare', 0, 'allFields');
  const except = compare === 'allFieldsExcept';
  return {
    compare: except ? 'allFieldsExcept' : compare === 'selectedFields' ? 'selectedFields' : 'allFields',
    fields: names(context.param(except ? 'fieldsToExclude' : 'fieldsToCompare', 0, '')),
    dotNotation: !flagParam(context, 'options.disableDotNotation', 0),
    removeOthers: flagParam(context, 'options.removeOtherFields', 0),
  };
}

export const removeDuplicates: NodeType = {
  type,
  displayName: 'Remove Duplicates',
  description: 'Keeps the first of items that are the same.',
  group: 'data',
  versions: [1, 1.1, 2],
  properties: [
    choice(
      'operation',
      ['removeDuplicateInputItems', 'removeItemsSeenInPreviousExecutions', 'clearDeduplicationHistory'],
      {
        show: { '@version': [2] },
      },
    ),
    choice('compare', ['allFields', 'allFieldsExcept', 'selectedFields']),
    text('fieldsToExclude', '', { show: { compare: ['allFieldsExcept'] } }),
    text('fieldsToCompare', '', { show: { compare: ['selectedFields'] } }),
    collection('options', [flag('disableDotNotation'), flag('removeOtherFields')]),
  ],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [dedupe(context)] }),
};
