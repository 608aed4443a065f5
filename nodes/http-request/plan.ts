import type { NodeContext } from '#runtime';

import { errors } from '../errors.ts';
import { flagParam, groupParam, numberParam, rowsParam, textParam } from '../read.ts';
import { asText, isRecord } from '../values.ts';
import { requestBody } from './body.ts';
import { legacyPlan } from './legacy-plan.ts';
import { withQuery, type ArrayFormat } from './query.ts';
import {
  callLimits,
  finalHeaders,
  jsonParam,
  pairs,
  texts,
  urlOf,
  type PageChange,
  type Plan,
  type ResponseRule,
} from './shared.ts';

/** Reads the parameters of item `index` into a call. */
export async function planFor(context: NodeContext, index: number, page?: PageChange): Promise<Plan> {
  const authentication = textParam(context, 'authentication', index, 'none');
  if (authentication !== 'none' && authentication !== '') {
    throw errors.NODE_CREDENTIALS_NOT_SUPPORTED({ node: context.node.name, kind: authentication });
  }
  return context.node.typeVersion < 3 ? legacyPlan(context, index) : modernPlan(context, index, page);
}

async function modernPlan(context: NodeContext, index: number, page?: PageChange): Promise<Plan> {
  const options = groupParam(context, 'options', index);
  const response = responseRule(options);
  const body = await requestBody(context, index, page?.body ?? {});
  const headers = finalHeaders(context, index, response.format, {
    ...body.headers,
    ...lowered(headersOf(context, index), options['lowercaseHeaders'] !== false),
    ...texts(page?.headers ?? {}),
  });
  const query = { ...queryOf(context, index), ...page?.query };
  const arrays = asText(options['queryParameterArrays'] ?? 'indices') as ArrayFormat;
  const url = withQuery(page?.url ?? urlOf(context, index), query, arrays);
  const method = textParam(context, 'method', index, 'GET').toUpperCase();
  return {
    request: {
      method,
      url,
      headers,
      ...(body.content === undefined ? {} : { body: body.content }),
      ...callLimits(options),
      signal: context.signal,
    },
    response,
  };
}

function responseRule(options: Record<string, unknown>): ResponseRule {
  const outer = isRecord(options['response']) ? options['response']['response'] : undefined;
  const rule = isRecord(outer) ? outer : {};
  const format = asText(rule['responseFormat'] ?? 'autodetect');
  const known = (['autodetect', 'json', 'text', 'file'] as const).find((entry) => entry === format);
  return {
    format: known ?? 'autodetect',
    outputProperty: asText(rule['outputPropertyName'] ?? 'data'),
    full: rule['fullResponse'] === true,
    neverError: rule['neverError'] === true,
  };
}

function queryOf(context: NodeContext, index: number): Record<string, unknown> {
  if (!flagParam(context, 'sendQuery', index)) return {};
  if (textParam(context, 'specifyQuery', index, 'keypair') === 'json') return jsonParam(context, 'jsonQuery', index);
  return pairs(rowsParam(context, 'queryParameters.parameters', index));
}

function headersOf(context: NodeContext, index: number): Record<string, string> {
  if (!flagParam(context, 'sendHeaders', index)) return {};
  if (textParam(context, 'specifyHeaders', index, 'keypair') === 'json')
    return texts(jsonParam(context, 'jsonHeaders', index));
  return texts(pairs(rowsParam(context, 'headerParameters.parameters', index)));
}

const lowered = (headers: Record<string, string>, lower: boolean): Record<string, string> =>
  lower ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) : headers;

/** Pauses between groups of calls. */
export function batching(context: NodeContext): { size: number; pauseMs: number } {
  const size = numberParam(
    context,
    'options.batching.batch.batchSize',
    0,
    numberParam(context, 'options.batchSize', 0, -1),
  );
  const pauseMs = numberParam(
    context,
    'options.batching.batch.batchInterval',
    0,
    numberParam(context, 'options.batchInterval', 0, 0),
  );
  return { size: size === 0 ? 1 : size, pauseMs };
}
