import type { NodeContext, NodeType } from '#runtime';
import type { Item, NodeDefinition, NodeResult } from '#workflow';

import { errors } from '../errors.ts';
import { linkTo } from '../items.ts';
import { choice, collection, flag, group, number, parameter, rows, text, triggerFacts } from '../schema.ts';
import { webhookOptions } from './options.ts';
import { callOf, receiveCall } from './receive.ts';

const type = 'n8n-nodes-base.webhook';

const METHODS = ['GET', 'DELETE', 'HEAD', 'PATCH', 'POST', 'PUT'];

/** Puts the call's item on the output of its method; there is one output unless several methods are chosen. */
function execute(context: NodeContext): NodeResult {
  const outputs: Item[][] = Array.from({ length: outputsOf(context.node) }, () => []);
  const { item, output } = callOf(context.items(), outputs.length);
  // The link names the method's input, though there is none: so n8n 2.41.1 has it.
  if (item) outputs[output]?.push({ ...item, pairedItem: linkTo(0, output) });
  return { kind: 'outputs', outputs };
}

const outputsOf = (node: NodeDefinition): number =>
  node.typeVersion >= 2 ? Math.max(1, webhookOptions(node).methods.length) : 1;

/** A path with `:name` segments is prefixed by the node's webhook id, as in n8n. */
function routePath(node: NodeDefinition): string {
  const { path } = webhookOptions(node);
  if (path === '') return node.webhookId ?? '';
  return path.split('/').some((segment) => segment.startsWith(':')) && node.webhookId
    ? `${node.webhookId}/${path}`
    : path;
}

export const webhook: NodeType = {
  type,
  displayName: 'Webhook',
  description: 'Starts the workflow when its address is called.',
  group: 'trigger',
  versions: [1, 1.1, 2, 2.1],
  properties: [
    flag('multipleMethods', false, { hide: { '@version': [1, 1.1] } }),
    choice('httpMethod', METHODS, { hide: { multipleMethods: [true] } }),
    parameter('httpMethod', 'multiOptions', ['GET', 'POST'], { show: { multipleMethods: [true] } }),
    text('path', '', { required: true }),
    choice('authentication', ['none', 'basicAuth', 'headerAuth', 'jwtAuth']),
    choice('responseMode', ['onReceived', 'lastNode', 'responseNode']),
    number('responseCode', 200, { show: { '@version': [1, 1.1] }, hide: { responseMode: ['responseNode'] } }),
    choice('responseData', ['firstEntryJson', 'allEntries', 'firstEntryBinary', 'noData'], {
      show: { responseMode: ['lastNode'] },
    }),
    text('responseBinaryPropertyName', 'data', { show: { responseData: ['firstEntryBinary'] } }),
    collection('options', [
      text('allowedOrigins', '*'),
      text('binaryPropertyName'),
      flag('ignoreBots'),
      text('ipWhitelist'),
      flag('noResponseBody'),
      flag('rawBody'),
      group('responseCode', 'values', [number('responseCode', 200), number('customCode', 200)]),
      text('responseContentType'),
      text('responseData'),
      rows('responseHeaders', 'entries', [text('name'), text('value')]),
      text('responsePropertyName'),
    ]),
  ],
  facts: (node) => ({ ...triggerFacts(type)(), outputs: outputsOf(node) }),
  execute,
  webhook: {
    routes: (node) => {
      const { methods, respond, authentication } = webhookOptions(node);
      // Refused at activation already, so that nobody takes an address for guarded that answers 501 to all.
      if (authentication !== 'none') {
        throw errors.NODE_CREDENTIALS_NOT_SUPPORTED({ node: node.name, kind: authentication });
      }
      return methods.map((method) => ({ method, path: routePath(node), respond }));
    },
    receive: (node, request) => receiveCall(node, request, routePath(node)),
  },
};
