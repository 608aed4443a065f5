import type { NodeType } from '#runtime';

import { passOn } from '../items.ts';
import { triggerFacts } from '../schema.ts';

const type = 'n8n-nodes-base.manualTrigger';

/** Starts a run by hand: hands on the items the run was started with. */
export const manualTrigger: NodeType = {
  type,
  displayName: 'Manual Trigger',
  description: 'Starts the workflow when a person asks for it.',
  group: 'trigger',
  versions: [1],
  properties: [],
  facts: triggerFacts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [passOn(context.items())] }),
};

const startType = 'n8n-nodes-base.start';

/** The start of workflows from before there were triggers. */
export const start: NodeType = {
  ...manualTrigger,
  type: startType,
  displayName: 'Start',
  facts: triggerFacts(startType),
};
