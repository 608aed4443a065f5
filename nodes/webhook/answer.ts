import type { WebhookAnswer } from '#runtime';
import type { BinaryData, Item, WebhookResponse } from '#workflow';

import { getPath } from '../paths.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/html; charset=utf-8';

/**
 * The answer to a webhook call once its moment has come: at once for `fixed`, else made of the items of output 0 of
 * the last node. Pure. The rules are n8n's, observed in 2.41.1:
 * no item where one is wanted is 500 `No item to return was found`; all entries of nothing is `[]`.
 */
export function answerFrom(answer: WebhookAnswer, lastItems: readonly Item[] = []): WebhookResponse {
  switch (answer.data) {
    case 'fixed':
      return withBody(answer, answer.fixed ?? { kind: 'empty' });
    case 'noData':
      return withBody(answer, { kind: 'empty' });
    case 'allEntries':
      return withBody(answer, { kind: 'json', value: lastItems.map((item) => item.json) });
    case 'firstEntryBinary':
      return binaryAnswer(answer, lastItems[0]);
    case 'firstEntryJson':
      return jsonAnswer(answer, lastItems[0]);
  }
}

/** What a caller gets whose run failed before it was answered. */
export const FAILED_RUN_ANSWER: WebhookResponse = {
  status: 500,
  headers: { 'content-type': JSON_TYPE },
  body: { kind: 'json', value: { message: 'Error in workflow' } },
};

/** What a caller gets when a run with a Respond node ended without reaching it. */
export const UNREACHED_RESPOND_ANSWER: WebhookResponse = {
  status: 200,
  headers: { 'content-type': JSON_TYPE },
  body: { kind: 'empty' },
};

/** What a caller gets when the workflow is to answer by a Respond node and has none. */
export const NO_RESPOND_NODE_ANSWER: WebhookResponse = problem('No Respond to Webhook node found in the workflow');

function problem(message: string): WebhookResponse {
  return {
    status: 500,
    headers: { 'content-type': JSON_TYPE },
    body: { kind: 'json', value: { code: 0, message } },
  };
}

function withBody(answer: WebhookAnswer, body: WebhookResponse['body']): WebhookResponse {
  const type =
    answer.contentType ?? (body.kind === 'text' ? TEXT_TYPE : body.kind === 'binary' ? body.mimeType : JSON_TYPE);
  return { status: answer.status, headers: { 'content-type': type, ...answer.headers }, body };
}

function jsonAnswer(answer: WebhookAnswer, item: Item | undefined): WebhookResponse {
  if (!item) return problem('No item to return was found');
  const value = answer.property === undefined ? item.json : (getPath(item.json, answer.property) ?? null);
  if (answer.contentType !== undefined && typeof value === 'string') return withBody(answer, { kind: 'text', value });
  return withBody(answer, { kind: 'json', value });
}

function binaryAnswer(answer: WebhookAnswer, item: Item | undefined): WebhookResponse {
  if (!item) return problem('No item was found to return');
  if (!item.binary) return problem('No binary data was found to return');
  const name = answer.property ?? 'data';
  const file: BinaryData | undefined = Object.hasOwn(item.binary, name) ? item.binary[name] : undefined;
  if (file?.data === undefined) return problem(`The binary property '${name}' which should be returned does not exist`);
  return withBody(answer, { kind: 'binary', base64: file.data, mimeType: file.mimeType });
}
