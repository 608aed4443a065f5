import type { NodeType } from '#runtime';

import { facts, number, text } from '../schema.ts';

const type = 'n8n-nodes-base.stickyNote';

/** A note on the canvas. Nothing connects to it; should it run all the same, it puts nothing out. */
export const stickyNote: NodeType = {
  type,
  displayName: 'Sticky Note',
  description: 'Text for the people who read the workflow.',
  group: 'flow',
  versions: [1],
  properties: [text('content'), number('height', 160), number('width', 240), number('color', 1)],
  facts: facts(type, { inputs: 0, outputs: 0 }),
  execute: () => ({ kind: 'outputs', outputs: [] }),
};
