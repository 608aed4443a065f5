import type { WebhookResponse } from '#workflow';
import type { ServerResponse } from 'node:http';
import { errors } from '../errors.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Set by the connection, not by workflows. */
const HOP_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'trailer', 'transfer-encoding', 'upgrade']);
/**
 * What a workflow answers is foreign content on our origin: scripts in it get an origin of their own, so that they
 * can neither read the API nor its cookies.
 */
const SANDBOX = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts';
/** Types that a browser would run when it opens a file. */
const ACTIVE_FILE = /^(text\/html|image\/svg\+xml|application\/xhtml\+xml|text\/xml|application\/xml)\b/i;

/** Writes the answer of a workflow. Returns the bytes of its body. Throws WEBHOOK_ANSWER_INVALID before the first byte. */
export function writeAnswer(reply: ServerResponse, answer: WebhookResponse, extra: Record<string, string>): number {
  if (!Number.isInteger(answer.status) || answer.status < 200 || answer.status > 599) {
    throw errors.WEBHOOK_ANSWER_INVALID({ fault: `status ${answer.status} is not between 200 and 599` });
  }
  const { content, type } = contentOf(answer.body);
  const headers: Record<string, string> = {};
  for (const name in answer.headers) {
    const lower = name.toLowerCase();
    if (!HOP_HEADERS.has(lower)) headers[lower] = String(answer.headers[name]);
  }
  if (answer.status !== 204 && answer.status !== 304) headers['content-type'] ??= type;
  protect(headers, answer.body.kind === 'binary');
  const bytes = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
  headers['content-length'] = String(bytes);
  if (answer.status === 204 || answer.status === 304) delete headers['content-length'];
  try {
    reply.writeHead(answer.status, { ...headers, ...extra });
  } catch (error) {
    throw errors.WEBHOOK_ANSWER_INVALID({ fault: error instanceof Error ? error.message : 'bad header' });
  }
  reply.end(content);
  return bytes;
}

function contentOf(body: WebhookResponse['body']): { content: string | Buffer; type: string } {
  switch (body.kind) {
    case 'json':
      return { content: JSON.stringify(body.value), type: JSON_TYPE };
    case 'text':
      return { content: body.value, type: 'text/html; charset=utf-8' };
    case 'binary':
      return { content: Buffer.from(body.base64, 'base64'), type: body.mimeType };
    case 'empty':
      return { content: '', type: JSON_TYPE };
  }
}

function protect(headers: Record<string, string>, file: boolean): void {
  const type = headers['content-type'] ?? '';
  headers['x-content-type-options'] = 'nosniff';
  if (type.startsWith('application/json')) return;
  headers['content-security-policy'] = SANDBOX;
  if (file && ACTIVE_FILE.test(type)) headers['content-disposition'] ??= 'attachment';
}
