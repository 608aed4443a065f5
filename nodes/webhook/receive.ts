import type { WebhookAnswer, WebhookReceipt, WebhookRequest } from '#runtime';
import type { BinaryData, Item, JsonObject, JsonValue, NodeDefinition, WebhookResponse } from '#workflow';

import { asText } from '../values.ts';
import { inAllowList, isBot } from './guard.ts';
import { headerRows, webhookOptions, type WebhookOptions } from './options.ts';

/**
 * Turns a call into the item of a run, or refuses it. Refusals come first: whoever may not call learns nothing else.
 * Where the node has an output per method, as many empty items stand before the call's item as there are outputs
 * before its own: items are all that a run is started with, and {@link callOf} reads the place back.
 */
export async function receiveCall(
  node: NodeDefinition,
  request: WebhookRequest,
  route?: string,
): Promise<WebhookReceipt> {
  const settings = webhookOptions(node);
  const refusal = refused(settings, request);
  if (refusal) return { kind: 'refused', response: refusal };
  const output = Math.max(0, settings.methods.indexOf(request.method.toUpperCase()));
  const before = Array.from({ length: output }, (): Item => ({ json: {} }));
  const item = await itemOf(settings, request, route);
  return { kind: 'accepted', items: [...before, item], answer: answerOf(settings) };
}

/** The call's item among the items that a run was started with, and the output it belongs to. */
export function callOf(items: readonly Item[], outputs: number): { item: Item | undefined; output: number } {
  const output = Math.min(Math.max(items.length, 1), outputs) - 1;
  return { item: items[output], output };
}

function refused(settings: WebhookOptions, request: WebhookRequest): WebhookResponse | undefined {
  const allowed = asText(settings.options['ipWhitelist']);
  if (allowed !== '' && !inAllowList(request.remoteAddress, allowed)) {
    return plainRefusal(403, 'IP is not whitelisted to access the webhook!');
  }
  if (settings.options['ignoreBots'] === true && isBot(request.headers['user-agent'] ?? '')) {
    return plainRefusal(403, 'Authorization data is wrong!');
  }
  // Never open: a node that asks for authentication has no verifier until there are credentials.
  if (settings.authentication !== 'none') {
    return {
      status: 501,
      headers: {},
      body: {
        kind: 'json',
        value: {
          code: 'NODE_CREDENTIALS_NOT_SUPPORTED',
          message: `This webhook asks for credentials (${settings.authentication}), which are not supported yet`,
        },
      },
    };
  }
  return undefined;
}

const plainRefusal = (status: number, value: string): WebhookResponse => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: { kind: 'text', value },
});

async function itemOf(settings: WebhookOptions, request: WebhookRequest, route?: string): Promise<Item> {
  const binary = await filesOf(settings, request);
  const json: JsonObject = {
    headers: { ...request.headers },
    params: { ...request.params },
    query: { ...request.query },
    body: bodyOf(request),
    webhookUrl: calledAddress(request.url, route),
    executionMode: request.test ? 'test' : 'production',
  };
  return Object.keys(binary).length === 0 ? { json } : { json, binary };
}

/** The address without its query; of a route with `:name` segments the pattern, as in n8n. */
function calledAddress(url: string, route: string | undefined): string {
  const bare = url.replace(/[?#].*$/, '');
  if (route === undefined || !route.includes('/:')) return bare;
  const prefix = /^[a-z]+:\/\/[^/]+\/[^/]+\//i.exec(bare)?.[0];
  return prefix === undefined ? bare : `${prefix}${route}`;
}

/** A call without a body has an empty object as its body, as in n8n. */
function bodyOf(request: WebhookRequest): JsonValue {
  return request.body === null && request.raw.length === 0 ? {} : request.body;
}

/** Files of a multipart call, and the raw body where the node keeps it. */
async function filesOf(settings: WebhookOptions, request: WebhookRequest): Promise<Record<string, BinaryData>> {
  const prefix = asText(settings.options['binaryPropertyName']);
  const counts = new Map<string, number>();
  const named: [string, BinaryData][] = [];
  for (const file of request.files) {
    const count = counts.get(file.field) ?? 0;
    counts.set(file.field, count + 1);
    const repeated = request.files.filter(({ field }) => field === file.field).length > 1;
    const name = prefix === '' ? `${file.field}${repeated ? count : ''}` : `${prefix}${named.length}`;
    const meta = { mimeType: file.mimeType, ...(file.fileName === '' ? {} : { fileName: file.fileName }) };
    named.push([name, await request.binary.write(file.bytes, meta)]);
  }
  if (settings.options['rawBody'] === true) named.push([prefix || 'data', await rawFile(request)]);
  return Object.fromEntries(named);
}

const rawFile = (request: WebhookRequest): Promise<BinaryData> =>
  request.binary.write(request.raw, { mimeType: request.headers['content-type'] ?? 'application/octet-stream' });

/** The answer of `onReceived`, or how `lastNode` builds it. */
export function answerOf(settings: WebhookOptions): WebhookAnswer {
  const options = settings.options;
  const own = options['responseData'];
  const fixed: WebhookAnswer['fixed'] =
    options['noResponseBody'] === true
      ? { kind: 'empty' }
      : typeof own === 'string' && own !== ''
        ? { kind: 'text', value: own }
        : { kind: 'json', value: { message: 'Workflow was started' } };
  const property =
    settings.responseData === 'firstEntryBinary'
      ? settings.responseBinaryProperty
      : asText(options['responsePropertyName']);
  const contentType = asText(options['responseContentType']);
  return {
    status: settings.status,
    headers: headerRows(options['responseHeaders']),
    data: settings.respond === 'onReceived' ? 'fixed' : dataOf(settings.responseData),
    fixed,
    ...(property === '' ? {} : { property }),
    ...(contentType === '' ? {} : { contentType }),
  };
}

function dataOf(responseData: string): WebhookAnswer['data'] {
  const known = ['firstEntryJson', 'firstEntryBinary', 'allEntries', 'noData'] as const;
  return known.find((entry) => entry === responseData) ?? 'firstEntryJson';
}
