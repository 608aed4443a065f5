import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeResult } from '#workflow';

import { conditionsHold, filterOptions } from '../conditions/conditions.ts';
import { legacyFilterProperties, matchesLegacy } from '../conditions/legacy.ts';
import { linked } from '../items.ts';
import { facts, parameter } from '../schema.ts';

const type = 'n8n-nodes-base.filter';

/**
 * Keeps items that meet the conditions. The others are recorded as a second output that leads nowhere, as n8n 2.41.1
 * does; the node still has one output.
 */
function filterItems(context: NodeContext): NodeResult {
  const [kept, discarded]: [Item[], Item[]] = [[], []];
  context.items().forEach((item, index) => {
    let holds = false;
    try {
      holds =
        context.node.typeVersion >= 2
          ? conditionsHold(context, context.param('conditions', index), index)
          : matchesLegacy(context, index);
    } catch (failure) {
      if (!context.continuesOnFail) throw failure;
    }
    (holds ? kept : discarded).push(linked(item, index));
  });
  return { kind: 'outputs', outputs: [kept, discarded] };
}

export const filter: NodeType = {
  type,
  displayName: 'Filter',
  description: 'Keeps the items that meet conditions.',
  group: 'flow',
  versions: [1, 2, 2.1, 2.2, 2.3],
  properties: [
    ...legacyFilterProperties,
    parameter('conditions', 'filter', {}, { hide: { '@version': [1] } }),
    ...filterOptions({ hide: { '@version': [1] } }),
  ],
  facts: facts(type),
  execute: filterItems,
};
