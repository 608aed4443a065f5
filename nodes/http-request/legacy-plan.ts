import type { NodeContext } from '#runtime';

import { errors } from '../errors.ts';
import { flagParam, groupParam, rowsParam, textParam } from '../read.ts';
import { asText } from '../values.ts';
import { formBody, givenJson, jsonBody, type Body } from './body.ts';
import { callLimits, finalHeaders, jsonParam, pairs, texts, urlOf, type Plan } from './shared.ts';
import { withQuery, type ArrayFormat } from './query.ts';

/** Versions 1 and 2: other names for the same things, and answers are JSON unless the node says otherwise. */
export function legacyPlan(context: NodeContext, index: number): Plan {
  const options = groupParam(context, 'options', index);
  const asJson = flagParam(context, 'jsonParameters', index);
  const format = textParam(context, 'responseFormat', index, 'json');
  const method = textParam(context, 'requestMethod', index, 'GET').toUpperCase();
  const fields = (name: string): Record<string, unknown> =>
    asJson
      ? jsonParam(context, `${name}ParametersJson`, index)
      : pairs(rowsParam(context, `${name}ParametersUi.parameter`, index));
  const hasBody = ['PATCH', 'POST', 'PUT', 'DELETE'].includes(method);
  const body = hasBody ? legacyBody(context, index, options, asJson) : { headers: {} };
  const known = format === 'file' ? 'file' : format === 'string' ? 'text' : 'json';
  const headers = finalHeaders(context, index, known, { ...body.headers, ...lower(texts(fields('header'))) });
  const arrays = asText(options['queryParameterArrays'] ?? 'indices') as ArrayFormat;
  return {
    request: {
      method,
      url: withQuery(urlOf(context, index), fields('query'), arrays),
      headers,
      ...('content' in body && body.content !== undefined ? { body: body.content } : {}),
      ...callLimits({
        ...options,
        allowUnauthorizedCerts: flagParam(context, 'allowUnauthorizedCerts', index),
      }),
      signal: context.signal,
    },
    response: {
      format: known,
      outputProperty: textParam(context, 'dataPropertyName', index, 'data'),
      full: options['fullResponse'] === true,
      neverError: options['ignoreResponseCode'] === true,
    },
  };
}

const lower = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function legacyBody(context: NodeContext, index: number, options: Record<string, unknown>, asJson: boolean): Body {
  const kind = asText(options['bodyContentType'] ?? 'json');
  if (flagParam(context, 'sendBinaryData', index) || kind === 'multipart-form-data') {
    throw errors.NODE_NOT_SUPPORTED({ feature: 'files in HTTP Request of version 1 and 2' });
  }
  if (kind === 'raw') {
    const type = asText(options['bodyContentCustomMimeType'] ?? '');
    const content = textParam(context, 'bodyParametersJson', index);
    return { content, headers: type === '' ? {} : { 'content-type': type } };
  }
  if (asJson) {
    const value = context.param('bodyParametersJson', index, '');
    if (value === '' || value === undefined || value === null) return { headers: {} };
    return kind === 'form-urlencoded'
      ? formBody(jsonParam(context, 'bodyParametersJson', index))
      : givenJson(value, index);
  }
  const rows = rowsParam(context, 'bodyParametersUi.parameter', index);
  if (rows.length === 0) return { headers: {} };
  return kind === 'form-urlencoded' ? formBody(pairs(rows)) : jsonBody(pairs(rows));
}
