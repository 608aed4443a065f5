import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRequest, OutgoingResponse } from '#runtime';
import type { BreakerGate } from '../services.ts';
import { guardedHttp } from './guarded-http.ts';

function gate(open = false): BreakerGate & { seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    admit: (breaker) => {
      seen.push(`admit ${breaker}`);
      return open ? { admitted: false, retryAt: 1_000 } : { admitted: true };
    },
    record: (breaker, result) => seen.push(`${result} ${breaker}`),
  };
}

const request = (signal = new AbortController().signal): OutgoingRequest => ({
  method: 'GET',
  url: 'http://api.test:8080/a?b',
  headers: {},
  signal,
});
const answer = (status: number): OutgoingResponse => ({
  status,
  statusMessage: '',
  headers: {},
  body: new Uint8Array(),
  url: '',
});
const NAME = 'api.test:8080/httpRequest';

for (const [status, result] of [
  [200, 'ok'],
  [404, 'ok'],
  [500, 'ok'],
  [502, 'failure'],
  [503, 'failure'],
  [504, 'failure'],
] as const) {
  test(`an answer of ${status} counts as ${result}`, async () => {
    const breakers = gate();
    const http = guardedHttp({ request: async () => answer(status) }, breakers, 'n8n-nodes-base.httpRequest');
    assert.equal((await http.request(request())).status, status);
    assert.deepEqual(breakers.seen, [`admit ${NAME}`, `${result} ${NAME}`]);
  });
}

test('a call that broke is a failure; one that we ended ourselves says nothing about the target', async () => {
  const broken = { request: () => Promise.reject(new Error('reset')) };
  const breakers = gate();
  await assert.rejects(guardedHttp(broken, breakers, 'x.httpRequest').request(request()), /reset/);
  assert.deepEqual(breakers.seen, [`admit ${NAME}`, `failure ${NAME}`]);
  const canceled = new AbortController();
  canceled.abort();
  const other = gate();
  await assert.rejects(guardedHttp(broken, other, 'x.httpRequest').request(request(canceled.signal)));
  assert.deepEqual(other.seen, [`admit ${NAME}`, `ok ${NAME}`]);
});

test('an open breaker refuses without calling, and says until when', async () => {
  const http = guardedHttp({ request: () => assert.fail('called') }, gate(true), 'x.httpRequest');
  await assert.rejects(http.request(request()), { code: 'BREAKER_OPEN', message: /1970-01-01T00:00:01/ });
});
