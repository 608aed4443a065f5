import type { NodeType } from '#runtime';

import { parameter } from '../schema.ts';
import { mayAct, sourceOf } from './code.ts';
import { performAll, performEach } from './performance.ts';

/** The old Function node: JavaScript once for all items, which must return an array. */
export const functionNode: NodeType = legacy('function', 'Function', (context) =>
  performAll(context, sourceOf(context, 'functionCode'), 'function'),
);

/** The old Function Item node: JavaScript once per item; `item` is its json, and so is what it returns. */
export const functionItemNode: NodeType = legacy('functionItem', 'Function Item', (context) =>
  performEach(context, sourceOf(context, 'functionCode'), 'functionItem'),
);

function legacy(name: string, displayName: string, execute: NodeType['execute']): NodeType {
  const type = `n8n-nodes-base.${name}`;
  return {
    type,
    displayName,
    description: 'Runs JavaScript of the author in a contained process (of old; new workflows use Code)',
    group: 'data',
    versions: [1],
    properties: [parameter('functionCode', 'code', '')],
    facts: (node) => ({
      type,
      trigger: false,
      inputs: 1,
      outputs: 1,
      requiredInputs: 'any',
      effect: mayAct(node, 'functionCode') ? 'external' : 'none',
    }),
    execute,
  };
}
