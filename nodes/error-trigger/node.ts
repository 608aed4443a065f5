import type { NodeType } from '#runtime';

import { passOn } from '../items.ts';
import { triggerFacts } from '../schema.ts';

const type = 'n8n-nodes-base.errorTrigger';

/**
 * Starts when a production run failed, with one item `{execution, workflow}` (or `{trigger, workflow}`) that the
 * engine makes.
 */
export const errorTrigger: NodeType = {
  type,
  displayName: 'Error Trigger',
  description: 'Starts the workflow when another workflow, or this one, has failed.',
  group: 'trigger',
  versions: [1],
  properties: [],
  facts: triggerFacts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [passOn(context.items())] }),
};
