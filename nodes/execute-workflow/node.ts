import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, NodeResult, SubworkflowCall } from '#workflow';

import { errors } from '../errors.ts';
import { linksTo, passOn } from '../items.ts';
import { SUBWORKFLOW_CALLS } from '../limits.ts';
import { flagParam, locatorValue, textParam } from '../read.ts';
import { choice, collection, facts, flag, json, parameter, text } from '../schema.ts';
import { isRecord } from '../values.ts';
import { mappedItems } from './inputs.ts';

const type = 'n8n-nodes-base.executeWorkflow';

/**
 * Calls another workflow, once with all items or once per item. The engine starts the calls and, when all have
 * ended, runs this node again with their results.
 */
function call(context: NodeContext): NodeResult {
  if (context.resumed) return { kind: 'outputs', outputs: [answers(context)] };
  const wait = waits(context);
  const items = mappedItems(context);
  if (!perItem(context)) return { kind: 'call', calls: [{ workflow: target(context, 0), items }], wait };
  if (items.length > SUBWORKFLOW_CALLS) {
    throw errors.NODE_TOO_MANY({ what: 'sub-workflow calls of one node', limit: SUBWORKFLOW_CALLS });
  }
  const calls = items.map((item, index): SubworkflowCall => ({ workflow: target(context, index), items: [item] }));
  return { kind: 'call', calls, wait };
}

const perItem = (context: NodeContext): boolean => textParam(context, 'mode', 0, 'once') === 'each';
const waits = (context: NodeContext): boolean => flagParam(context, 'options.waitForSubWorkflow', 0, true);

function target(context: NodeContext, index: number): SubworkflowCall['workflow'] {
  const source = textParam(context, 'source', index, 'database');
  if (source === 'database') {
    const id = locatorValue(context.param('workflowId', index, '')).trim();
    if (id === '') throw errors.NODE_PARAMETER_MISSING({ parameter: 'workflowId', item: index });
    return { id };
  }
  if (source === 'parameter') return { inline: inlineWorkflow(context, index) };
  throw errors.NODE_NOT_SUPPORTED({ feature: `a sub-workflow from "${source}"` });
}

function inlineWorkflow(context: NodeContext, index: number): JsonObject {
  const given = context.param('workflowJson', index, '');
  let workflow: unknown = given;
  try {
    if (typeof given === 'string') workflow = JSON.parse(given);
  } catch (failure) {
    throw errors.NODE_JSON_INVALID({ parameter: 'workflowJson', item: index }, failure);
  }
  if (!isRecord(workflow)) throw errors.NODE_JSON_INVALID({ parameter: 'workflowJson', item: index });
  return workflow as JsonObject;
}

/** What the calls gave back; without waiting, the input. */
function answers(context: NodeContext): Item[] {
  const results = context.resumed?.results;
  if (!results || !waits(context)) return passOn(context.items());
  const each = perItem(context);
  return results.flatMap((result, index): Item[] => {
    if (result.status !== 'success') return [failed(context, result.error?.message, index, each)];
    return each
      ? result.items.map((item) => ({ ...item, pairedItem: { item: index } }))
      : result.items.map((item, place) => withLink(context, item, place, result.items.length));
  });
}

/** Links of the child are kept; items without one go by position, or to all items of the input. */
function withLink(context: NodeContext, item: Item, place: number, count: number): Item {
  if (item.pairedItem !== undefined) return item;
  const items = context.items();
  return { ...item, pairedItem: count === items.length ? { item: place } : linksTo(items) };
}

function failed(context: NodeContext, message = 'The sub-workflow failed', index: number, each: boolean): Item {
  if (!context.continuesOnFail) throw errors.NODE_SUBWORKFLOW_FAILED({ message });
  return { json: { error: message }, pairedItem: each ? { item: index } : linksTo(context.items()) };
}

export const executeWorkflow: NodeType = {
  type,
  displayName: 'Execute Sub-workflow',
  description: 'Calls another workflow and gives back what it puts out.',
  group: 'flow',
  versions: [1, 1.1, 1.2, 1.3],
  properties: [
    choice('source', ['database', 'parameter', 'localFile', 'url']),
    text('workflowId', '', { required: true, show: { source: ['database'], '@version': [1] } }),
    parameter(
      'workflowId',
      'resourceLocator',
      { mode: 'list', value: '' },
      {
        required: true,
        show: { source: ['database'] },
        hide: { '@version': [1] },
      },
    ),
    json('workflowJson', '', { show: { source: ['parameter'] } }),
    parameter(
      'workflowInputs',
      'json',
      { mappingMode: 'defineBelow', value: null, schema: [] },
      {
        show: { source: ['database'] },
        hide: { '@version': [1, 1.1] },
      },
    ),
    choice('mode', ['once', 'each']),
    collection('options', [flag('waitForSubWorkflow', true)]),
  ],
  facts: facts(type, { effect: 'external' }),
  execute: call,
};
