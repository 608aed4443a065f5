import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { aggregated } from '../aggregate/node.ts';
import { errors } from '../errors.ts';
import { limitItems } from '../limit/node.ts';
import { getPath } from '../paths.ts';
import { flagParam, rowsParam, textParam } from '../read.ts';
import { dedupe } from '../remove-duplicates/node.ts';
import { choice, collection, facts, flag, number, rows, text } from '../schema.ts';
import { sortItems } from '../sort/node.ts';
import { splitItem, type SplitRule } from '../split-out/node.ts';
import { summarizeItems, summaryProperties } from '../summarize/node.ts';
import { asText, names } from '../values.ts';

const type = 'n8n-nodes-base.itemLists';

/** The old node of which Split Out, Aggregate, Sort, Limit, Remove Duplicates and Summarize were made. */
function perform(context: NodeContext): Item[] | Promise<Item[]> {
  const operation = textParam(context, 'operation', 0, 'splitOutItems');
  if (context.node.typeVersion < 2.1) checkFields(context, operation);
  switch (operation) {
    case 'splitOutItems':
      return context.items().flatMap((item, index) => splitItem(item, index, splitRule(context, index)));
    case 'aggregateItems':
    case 'concatenateItems':
      return [aggregated(context)];
    case 'sort':
      return sortItems(context);
    case 'limit':
      return limitItems(context);
    case 'removeDuplicates':
      return dedupe(context);
    case 'summarize':
      return summarizeItems(context);
    default:
      throw errors.NODE_NOT_SUPPORTED({ feature: `Item Lists with "${operation}"` });
  }
}

/** Before version 2.1 a field that no item has stopped the node. */
function checkFields(context: NodeContext, operation: string): void {
  const rows = operation === 'aggregateItems' ? 'fieldsToAggregate.fieldToAggregate' : 'fieldsToSummarize.values';
  const fields =
    operation === 'splitOutItems'
      ? [textParam(context, 'fieldToSplitOut', 0)]
      : rowsParam(context, rows, 0).map((row) => asText(row['fieldToAggregate'] ?? row['field']));
  for (const field of fields) {
    if (!context.items().some((item) => getPath(item.json, field) !== undefined)) {
      throw errors.NODE_FIELD_MISSING({ field });
    }
  }
}

/** Before version 3 there was one field, and the fields to keep were rows. */
function splitRule(context: NodeContext, index: number): SplitRule {
  const modern = context.node.typeVersion >= 3;
  const include = textParam(context, 'include', index, 'noOtherFields');
  const kept = modern
    ? names(context.param('fieldsToInclude', index, ''))
    : rowsParam(context, 'fieldsToInclude.fields', index).map((row) => asText(row['fieldName']));
  return {
    fields: names(textParam(context, 'fieldToSplitOut', index)),
    destinations: names(textParam(context, 'options.destinationFieldName', index)),
    include: include === 'allOtherFields' || include === 'selectedOtherFields' ? include : 'noOtherFields',
    others: kept,
    dotNotation: !flagParam(context, 'options.disableDotNotation', index),
    withBinary: false,
  };
}

const OPERATIONS = [
  'splitOutItems',
  'aggregateItems',
  'concatenateItems',
  'limit',
  'removeDuplicates',
  'sort',
  'summarize',
];

export const itemLists: NodeType = {
  type,
  displayName: 'Item Lists',
  description: 'Splits, collects, orders and counts items (old; its parts are nodes of their own today).',
  group: 'data',
  versions: [1, 2, 2.1, 2.2, 3, 3.1],
  properties: [
    choice('operation', OPERATIONS),
    text('fieldToSplitOut'),
    choice('include', ['noOtherFields', 'allOtherFields', 'selectedOtherFields'], {
      show: { operation: ['splitOutItems'] },
    }),
    choice('include', ['allFields', 'specifiedFields', 'allFieldsExcept'], { hide: { operation: ['splitOutItems'] } }),
    choice('aggregate', ['aggregateIndividualFields', 'aggregateAllItemData']),
    rows('fieldsToAggregate', 'fieldToAggregate', [
      text('fieldToAggregate'),
      flag('renameField'),
      text('outputFieldName'),
    ]),
    text('destinationFieldName', 'data'),
    choice('compare', ['allFields', 'allFieldsExcept', 'selectedFields']),
    choice('type', ['simple', 'random', 'code']),
    rows('sortFieldsUi', 'sortField', [text('fieldName'), choice('order', ['ascending', 'descending'])]),
    number('maxItems', 1),
    choice('keep', ['firstItems', 'lastItems']),
    ...summaryProperties,
    collection('options', [
      flag('disableDotNotation'),
      text('destinationFieldName'),
      flag('mergeLists'),
      flag('keepMissing'),
      flag('removeOtherFields'),
      choice('outputFormat', ['separateItems', 'singleItem']),
    ]),
  ],
  facts: facts(type),
  execute: async (context) => ({ kind: 'outputs', outputs: [await perform(context)] }),
};
