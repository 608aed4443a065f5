import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, JsonValue, NodeDefinition, NodeResult, WebhookResponse } from '#workflow';

import { errors } from '../errors.ts';
import { passOn } from '../items.ts';
import { placePath } from '../paths.ts';
import { groupParam, numberParam, textParam } from '../read.ts';
import { choice, collection, facts, flag, json, number, rows, text } from '../schema.ts';
import { asText, plain, recordsOf } from '../values.ts';

const type = 'n8n-nodes-base.respondToWebhook';
const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/html; charset=utf-8';

type Body = WebhookResponse['body'];

/**
 * Answers the call that started the run and hands its items on. The answer leaves after this run is committed.
 * Parameters are read against the first item.
 */
async function respond(context: NodeContext): Promise<NodeResult> {
  const kind = textParam(context, 'respondWith', 0, 'firstIncomingItem');
  const own = ownHeaders(context);
  const { body, headers, status } = await answerOf(context, kind);
  const response: WebhookResponse = { status, headers: { ...typeOf(body, status), ...headers, ...own }, body };
  const outputs: Item[][] = [passOn(context.items())];
  if (outputsOf(context.node) === 2) {
    outputs.push([
      { json: { response: { body: shownBody(body), headers: { ...headers, ...own }, statusCode: status } } },
    ]);
  }
  return { kind: 'outputs', outputs, response };
}

interface Answer {
  body: Body;
  headers: Record<string, string>;
  status: number;
}

async function answerOf(context: NodeContext, kind: string): Promise<Answer> {
  const status = numberParam(context, 'options.responseCode', 0, kind === 'redirect' ? 307 : 200);
  const plainAnswer = (body: Body): Answer => ({ body, headers: {}, status });
  switch (kind) {
    case 'firstIncomingItem':
      return plainAnswer({ kind: 'json', value: keyed(context, context.items()[0]?.json ?? {}) });
    case 'allIncomingItems':
      return plainAnswer({
        kind: 'json',
        value: keyed(
          context,
          context.items().map((item) => item.json),
        ),
      });
    case 'json':
      return plainAnswer({ kind: 'json', value: jsonBody(context) });
    case 'text':
      return plainAnswer({ kind: 'text', value: textParam(context, 'responseBody', 0) });
    case 'noData':
      return plainAnswer({ kind: 'empty' });
    case 'redirect':
      return { body: { kind: 'empty' }, headers: { location: redirectTarget(context) }, status };
    case 'binary':
      return plainAnswer(await binaryBody(context));
    default:
      throw errors.NODE_NOT_SUPPORTED({ feature: `Respond to Webhook with "${kind}"` });
  }
}

function redirectTarget(context: NodeContext): string {
  const target = textParam(context, 'redirectURL', 0);
  if (target === '') throw errors.NODE_PARAMETER_MISSING({ parameter: 'redirectURL', item: 0 });
  return target;
}

/** Puts the body under `responseKey`, where the node has one. */
function keyed(context: NodeContext, value: JsonValue): JsonValue {
  const key = textParam(context, 'options.responseKey', 0);
  if (key === '') return value;
  const holder: JsonObject = {};
  placePath(holder, key, value);
  return holder;
}

function jsonBody(context: NodeContext): JsonValue {
  const value = context.param('responseBody', 0, '');
  if (typeof value !== 'string') return plain(value);
  try {
    return JSON.parse(value) as JsonValue;
  } catch (failure) {
    throw errors.NODE_RESPONSE_JSON_INVALID({}, failure);
  }
}

async function binaryBody(context: NodeContext): Promise<Body> {
  const item = context.items()[0];
  const chosen = textParam(context, 'responseDataSource', 0, 'automatically') === 'set';
  const name = chosen
    ? textParam(context, 'inputFieldName', 0, 'data')
    : (Object.keys(item?.binary ?? {})[0] ?? 'data');
  const file = item?.binary && Object.hasOwn(item.binary, name) ? item.binary[name] : undefined;
  if (!file) throw errors.NODE_BINARY_MISSING({ field: name, item: 0 });
  const bytes = await context.binary.read(file);
  return { kind: 'binary', base64: Buffer.from(bytes).toString('base64'), mimeType: file.mimeType };
}

function ownHeaders(context: NodeContext): Record<string, string> {
  const entries = recordsOf(groupParam(context, 'options.responseHeaders', 0)['entries']);
  return Object.fromEntries(
    entries
      .filter((row) => asText(row['name']) !== '')
      .map((row) => [asText(row['name']).toLowerCase(), asText(row['value'])]),
  );
}

/** An answer that may have no body names no type; an empty one calls itself JSON, as in n8n. */
function typeOf(body: Body, status: number): Record<string, string> {
  if (status === 204 || status === 304) return {};
  if (body.kind === 'binary') return { 'content-type': body.mimeType };
  return { 'content-type': body.kind === 'text' ? TEXT_TYPE : JSON_TYPE };
}

function shownBody(body: Body): JsonValue {
  if (body.kind === 'json' || body.kind === 'text') return body.value;
  return body.kind === 'binary' ? { mimeType: body.mimeType } : '';
}

const outputsOf = (node: NodeDefinition): number =>
  node.typeVersion >= 1.3 && node.parameters['enableResponseOutput'] === true ? 2 : 1;

const KINDS = ['allIncomingItems', 'binary', 'firstIncomingItem', 'json', 'jwt', 'noData', 'redirect', 'text'];

export const respondToWebhook: NodeType = {
  type,
  displayName: 'Respond to Webhook',
  description: 'Answers the call that started the run.',
  group: 'flow',
  versions: [1, 1.1, 1.2, 1.3, 1.4, 1.5],
  properties: [
    flag('enableResponseOutput', false, { hide: { '@version': [1, 1.1, 1.2] } }),
    choice('respondWith', KINDS, { value: 'firstIncomingItem' }),
    text('redirectURL', '', { required: true, show: { respondWith: ['redirect'] } }),
    json('responseBody', '{\n  "myField": "value"\n}', { show: { respondWith: ['json'] } }),
    text('responseBody', '', { show: { respondWith: ['text'] } }),
    choice('responseDataSource', ['automatically', 'set'], { show: { respondWith: ['binary'] } }),
    text('inputFieldName', 'data', { show: { respondWith: ['binary'], responseDataSource: ['set'] } }),
    collection('options', [
      number('responseCode', 200),
      rows('responseHeaders', 'entries', [text('name'), text('value')]),
      text('responseKey'),
    ]),
  ],
  facts: (node) => ({ ...facts(type)(), outputs: outputsOf(node) }),
  execute: respond,
};
