import type { NodeContext, NodeType } from '#runtime';
import type { Item } from '#workflow';

import { passOn } from '../items.ts';
import { numberParam, textParam } from '../read.ts';
import { choice, facts, number } from '../schema.ts';

const type = 'n8n-nodes-base.limit';

/** Keeps the first or the last items. The parameters are read once, against the first item. */
export function limitItems(context: NodeContext): Item[] {
  const most = numberParam(context, 'maxItems', 0, 1);
  const items = passOn(context.items());
  if (most >= items.length) return items;
  return textParam(context, 'keep', 0, 'firstItems') === 'lastItems'
    ? items.slice(items.length - most)
    : items.slice(0, most);
}

export const limit: NodeType = {
  type,
  displayName: 'Limit',
  description: 'Keeps a number of items from the start or the end.',
  group: 'data',
  versions: [1],
  properties: [number('maxItems', 1), choice('keep', ['firstItems', 'lastItems'])],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [limitItems(context)] }),
};
