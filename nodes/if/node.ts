import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeResult } from '#workflow';

import { legacyFilterProperties, matchesLegacy } from '../conditions/legacy.ts';
import { conditionsHold, filterOptions } from '../conditions/conditions.ts';
import { linked } from '../items.ts';
import { facts, parameter } from '../schema.ts';

const type = 'n8n-nodes-base.if';

/** Items that meet the conditions go to output 0, the others to output 1. */
function branch(context: NodeContext): NodeResult {
  const [yes, no]: [Item[], Item[]] = [[], []];
  context.items().forEach((item, index) => {
    let holds = false;
    try {
      holds =
        context.node.typeVersion >= 2
          ? conditionsHold(context, context.param('conditions', index), index)
          : matchesLegacy(context, index);
    } catch (failure) {
      // An item whose conditions cannot be read goes the "false" way.
      if (!context.continuesOnFail) throw failure;
    }
    (holds ? yes : no).push(linked(item, index));
  });
  return { kind: 'outputs', outputs: [yes, no] };
}

export const ifNode: NodeType = {
  type,
  displayName: 'If',
  description: 'Sends items one way or the other.',
  group: 'flow',
  versions: [1, 2, 2.1, 2.2, 2.3],
  properties: [
    ...legacyFilterProperties,
    parameter('conditions', 'filter', {}, { hide: { '@version': [1] } }),
    ...filterOptions({ hide: { '@version': [1] } }),
  ],
  facts: facts(type, { outputs: 2 }),
  execute: branch,
};
