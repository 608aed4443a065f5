import type { NodeContext, NodeType } from '#runtime';

import { errors } from '../errors.ts';
import { textParam } from '../read.ts';
import { choice, facts, json, text } from '../schema.ts';
import { asText, isRecord } from '../values.ts';

const type = 'n8n-nodes-base.stopAndError';

/**
 * Always throws, to the engine and never per item: so both `continue…` modes hand the input on through output 0
 * (observed in n8n 2.41.1). Parameters are read against the first item.
 */
function stop(context: NodeContext): never {
  if (textParam(context, 'errorType', 0, 'errorMessage') === 'errorObject') throw thrownObject(context);
  throw errors.NODE_STOPPED({ message: textParam(context, 'errorMessage', 0), wholeNode: true });
}

function thrownObject(context: NodeContext): Error {
  const given = context.param('errorObject', 0, '');
  const object = typeof given === 'string' ? parsed(given) : given;
  if (!isRecord(object)) throw errors.NODE_JSON_INVALID({ parameter: 'errorObject', item: 0 });
  const message = object['message'] ?? object['description'] ?? object['error'] ?? `Error: ${JSON.stringify(object)}`;
  return errors.NODE_STOPPED({
    message: asText(message),
    wholeNode: true,
    ...(object['description'] === undefined ? {} : { description: asText(object['description']) }),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (failure) {
    throw errors.NODE_JSON_INVALID({ parameter: 'errorObject', item: 0 }, failure);
  }
}

export const stopAndError: NodeType = {
  type,
  displayName: 'Stop and Error',
  description: 'Ends the run as failed, with a message of its own.',
  group: 'flow',
  versions: [1],
  properties: [
    choice('errorType', ['errorMessage', 'errorObject']),
    text('errorMessage', '', { required: true, show: { errorType: ['errorMessage'] } }),
    json('errorObject', '', { required: true, show: { errorType: ['errorObject'] } }),
  ],
  facts: facts(type),
  execute: stop,
};
