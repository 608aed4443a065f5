import { createHash } from 'node:crypto';

import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { errors } from '../errors.ts';
import { passOn } from '../items.ts';
import { flagParam, rowsParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, parameter, rows, text } from '../schema.ts';
import { asText } from '../values.ts';
import { sortedByCode } from './by-code.ts';
import { sorted, type SortField } from './order.ts';

const type = 'n8n-nodes-base.sort';

/** Orders all items. The parameters are read once, against the first item. */
export function sortItems(context: NodeContext): Item[] | Promise<Item[]> {
  const items = passOn(context.items());
  const mode = textParam(context, 'type', 0, 'simple');
  if (mode === 'random') return shuffled(items, context.idempotencyKey(0));
  if (mode === 'code') return sortedByCode(context, items);
  const fields = rowsParam(context, 'sortFieldsUi.sortField', 0).map((row): SortField => {
    return { name: asText(row['fieldName']), descending: row['order'] === 'descending' };
  });
  if (fields.length === 0) {
    const message = 'No sorting specified. Please add a field to sort by';
    throw errors.NODE_STOPPED({ message, wholeNode: true });
  }
  return sorted(items, fields, !flagParam(context, 'options.disableDotNotation', 0));
}

/**
 * A random order that is drawn from the run's key: a run that is computed again after a crash gives the same order,
 * as it must, and every other run another one.
 */
function shuffled(items: Item[], seed: string): Item[] {
  const drawn = items.map((item, index) => {
    return { item, lot: createHash('sha256').update(`${seed}/${index}`).digest('hex') };
  });
  return drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1)).map(({ item }) => item);
}

export const sort: NodeType = {
  type,
  displayName: 'Sort',
  description: 'Orders items by fields, or at random.',
  group: 'data',
  versions: [1],
  properties: [
    choice('type', ['simple', 'random', 'code']),
    rows('sortFieldsUi', 'sortField', [text('fieldName'), choice('order', ['ascending', 'descending'])], {
      show: { type: ['simple'] },
    }),
    parameter('code', 'code', '', { show: { type: ['code'] } }),
    collection('options', [flag('disableDotNotation')]),
  ],
  facts: facts(type),
  execute: (context) => {
    const ordered = sortItems(context);
    if (!(ordered instanceof Promise)) return { kind: 'outputs', outputs: [ordered] };
    return ordered.then((items) => ({ kind: 'outputs', outputs: [items] }));
  },
};
