import type { HttpClient, OutgoingRequest, OutgoingResponse } from '#runtime';
import type { ScriptedAnswer } from './record.ts';

/** Redirects a scripted client follows before it gives up. */
const REDIRECTS = 21;

/** An HTTP client that gives the answers of a record; a call that has none fails. */
export function scriptedClient(answers: readonly ScriptedAnswer[]): HttpClient {
  const left = [...answers];
  const answerTo = (method: string, url: URL): ScriptedAnswer | undefined => {
    const found = left.findIndex((one) => fits(one, method, url));
    const answer = left[found];
    if (answer !== undefined && answer.persist !== true) left.splice(found, 1);
    return answer;
  };
  return {
    async request(request: OutgoingRequest): Promise<OutgoingResponse> {
      let url = new URL(request.url);
      for (let hop = 0; hop <= REDIRECTS; hop += 1) {
        const answer = answerTo(request.method, url);
        if (answer === undefined) throw new Error(`the record has no answer to ${request.method} ${url.href}`);
        const headers = lowerCase(answer.responseHeaders ?? {});
        const location = headers['location'];
        if (location === undefined || request.maxRedirects === 0) return responseOf(answer, headers, url.href);
        url = new URL(location, url);
      }
      throw new Error('too many redirects');
    },
  };
}

function fits(answer: ScriptedAnswer, method: string, url: URL): boolean {
  if (answer.generator !== undefined || answer.method !== method.toUpperCase()) return false;
  const wanted = new URL(answer.path, answer.base);
  if (wanted.origin !== url.origin || wanted.pathname !== url.pathname) return false;
  return answer.query === 'any' || wanted.search === url.search;
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function responseOf(answer: ScriptedAnswer, headers: Record<string, string>, url: string): OutgoingResponse {
  const { body } = answer;
  const isJson = typeof body === 'object' && body !== null && !('$buffer' in body);
  if (isJson && headers['content-type'] === undefined) headers['content-type'] = 'application/json';
  return { status: answer.status, statusMessage: '', headers, body: bytesOf(body), url };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array();
  if (typeof body === 'string') return Buffer.from(body);
  if (typeof body === 'object' && body !== null && '$buffer' in body) {
    return Buffer.from(String(body.$buffer), 'base64');
  }
  return Buffer.from(JSON.stringify(body));
}
