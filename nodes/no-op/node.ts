import type { NodeType } from '#runtime';

import { passOn } from '../items.ts';
import { facts } from '../schema.ts';

const type = 'n8n-nodes-base.noOp';

/** Hands every item on as it is. */
export const noOp: NodeType = {
  type,
  displayName: 'No Operation, do nothing',
  description: 'Hands its items on unchanged.',
  group: 'flow',
  versions: [1],
  properties: [],
  facts: facts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [passOn(context.items())] }),
};
