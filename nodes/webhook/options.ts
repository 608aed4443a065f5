import type { JsonObject, JsonValue, NodeDefinition } from '#workflow';

import { asText, isRecord } from '../values.ts';

/**
 * A webhook's parameters are read when a call comes in, before there is a run: so they are the texts as written,
 * never expressions.
 */
export interface WebhookOptions {
  readonly methods: readonly string[];
  readonly path: string;
  readonly authentication: string;
  readonly respond: 'onReceived' | 'lastNode' | 'responseNode';
  readonly status: number;
  readonly responseData: string;
  readonly responseBinaryProperty: string;
  readonly options: JsonObject;
}

const record = (value: JsonValue | undefined): JsonObject => (isRecord(value) ? (value as JsonObject) : {});

/** Reads a webhook node's parameters, defaults applied. */
export function webhookOptions(node: NodeDefinition): WebhookOptions {
  const given = node.parameters;
  const options = record(given['options']);
  const many = given['multipleMethods'] === true && Array.isArray(given['httpMethod']);
  const methods = many ? (given['httpMethod'] as JsonValue[]) : [given['httpMethod'] ?? 'GET'];
  return {
    methods: methods.map((method) => asText(Array.isArray(method) ? method[0] : method).toUpperCase()),
    path: asText(given['path']).replace(/^\/+|\/+$/g, ''),
    authentication: asText(given['authentication'] ?? given['incomingAuthentication'] ?? 'none'),
    respond: respondMode(given['responseMode']),
    status: statusOf(given, options),
    responseData: asText(given['responseData'] ?? 'firstEntryJson'),
    responseBinaryProperty: asText(given['responseBinaryPropertyName'] ?? 'data'),
    options,
  };
}

function respondMode(value: JsonValue | undefined): WebhookOptions['respond'] {
  return value === 'lastNode' || value === 'responseNode' ? value : 'onReceived';
}

/** Version 2 has the status among the options, where `customCode` stands beside the list of usual ones. */
function statusOf(given: JsonObject, options: JsonObject): number {
  const values = record(record(options['responseCode'])['values']);
  const chosen = values['responseCode'] === 'customCode' ? values['customCode'] : values['responseCode'];
  const status = Number(chosen ?? given['responseCode'] ?? 200);
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 200;
}

/** Header rows (`{entries: [{name, value}]}`) as an object with lower-case names. */
export function headerRows(value: JsonValue | undefined): Record<string, string> {
  const entries = record(value)['entries'];
  const rows = (Array.isArray(entries) ? entries : []).map(record);
  return Object.fromEntries(
    rows
      .filter((row) => asText(row['name']) !== '')
      .map((row) => [asText(row['name']).toLowerCase(), asText(row['value'])]),
  );
}
