import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject } from '#workflow';

import { errors } from '../errors.ts';
import { linked, made, passOn } from '../items.ts';
import { rowsParam, textParam } from '../read.ts';
import { choice, json, rows, text, triggerFacts } from '../schema.ts';
import { asText, isRecord } from '../values.ts';

const type = 'n8n-nodes-base.executeWorkflowTrigger';

/** Starts a sub-workflow. With declared inputs the items have just these fields; what the caller left out is null. */
function start(context: NodeContext): Item[] {
  if (context.node.typeVersion < 1.1) return passOn(context.items());
  const source = textParam(context, 'inputSource', 0, 'workflowInputs');
  if (source === 'passthrough') return passOn(context.items());
  const fields = source === 'jsonExample' ? exampleFields(context) : declaredFields(context);
  if (fields.length === 0) return passOn(context.items());
  return context.items().map((item, index) => {
    const json: JsonObject = Object.fromEntries(
      fields.map((field) => [field, Object.hasOwn(item.json, field) ? (item.json[field] ?? null) : null]),
    );
    return item.binary ? { ...linked(item, index), json } : made(json, index);
  });
}

const declaredFields = (context: NodeContext): string[] =>
  rowsParam(context, 'workflowInputs.values', 0)
    .map((row) => asText(row['name']))
    .filter((name) => name !== '');

function exampleFields(context: NodeContext): string[] {
  const given = context.param('jsonExample', 0, '');
  let example: unknown = given;
  try {
    if (typeof given === 'string') example = JSON.parse(given);
  } catch (failure) {
    throw errors.NODE_JSON_INVALID({ parameter: 'jsonExample' }, failure);
  }
  if (!isRecord(example)) throw errors.NODE_JSON_INVALID({ parameter: 'jsonExample' });
  return Object.keys(example);
}

const TYPES = ['string', 'number', 'boolean', 'array', 'object', 'any'];

export const executeWorkflowTrigger: NodeType = {
  type,
  displayName: 'When Executed by Another Workflow',
  description: 'Starts the workflow when another one calls it.',
  group: 'trigger',
  versions: [1, 1.1],
  properties: [
    choice('inputSource', ['workflowInputs', 'jsonExample', 'passthrough'], { show: { '@version': [1.1] } }),
    rows('workflowInputs', 'values', [text('name'), choice('type', TYPES)], {
      show: { inputSource: ['workflowInputs'] },
    }),
    json('jsonExample', '{}', { show: { inputSource: ['jsonExample'] } }),
  ],
  facts: triggerFacts(type),
  execute: (context) => ({ kind: 'outputs', outputs: [start(context)] }),
};
