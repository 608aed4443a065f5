import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after, before } from 'node:test';

import type { OutgoingRequest } from '#runtime';

import { createHttpClient } from './http-client.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const routes: Record<string, Handler> = {
  '/hello': (_, response) => response.writeHead(200, { 'content-type': 'text/plain', 'x-a': ['1', '2'] }).end('hello'),
  '/cookies': (_, response) => response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end(),
  '/echo': (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () =>
      response.end(
        JSON.stringify({ method: request.method, headers: request.headers, body: Buffer.concat(parts).toString() }),
      ),
    );
  },
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/there': (_, response) => response.writeHead(307, { location: '/echo' }).end(),
  '/metadata': (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
  '/elsewhere': (_, response) => response.writeHead(302, { location: `http://localhost:${port()}/echo` }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/silent': () => undefined,
  '/large': (_, response) => response.end('x'.repeat(10_000)),
  '/cut': (request) => request.socket.destroy(),
};

let server: Server;
let sockets = 0;
const client = createHttpClient();
const port = (): number => (server.address() as AddressInfo).port;

before(async () => {
  server = createServer((request, response) => routes[request.url ?? '']?.(request, response));
  server.on('connection', () => sockets++);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
});

after(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

const ask = (path: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: 'GET',
  url: `http://127.0.0.1:${port()}${path}`,
  headers: {},
  signal: new AbortController().signal,
  ...more,
});
const textOf = (body: Uint8Array): string => Buffer.from(body).toString();

test('an answer has status, headers in one form, body and final address', async () => {
  const answer = await client.request(ask('/hello'));
  assert.equal(answer.status, 200);
  assert.equal(answer.statusMessage, 'OK');
  assert.equal(answer.headers['x-a'], '1, 2');
  assert.equal(textOf(answer.body), 'hello');
  assert.equal(answer.url, `http://127.0.0.1:${port()}/hello`);
});

test('cookies are a list, and what speaks of our pool is not in the answer', async () => {
  const answer = await client.request(ask('/cookies'));
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.headers['connection'], 'close');
  assert.equal('keep-alive' in answer.headers, false);
});

test('method, headers and body arrive', async () => {
  const answer = await client.request(ask('/echo', { method: 'PUT', headers: { 'x-b': 'c' }, body: 'data' }));
  const seen = JSON.parse(textOf(answer.body)) as { method: string; headers: Record<string, string>; body: string };
  assert.deepEqual([seen.method, seen.headers['x-b'], seen.body], ['PUT', 'c', 'data']);
});

test('connections are used again', async () => {
  const started = sockets;
  for (let i = 0; i < 5; i++) await client.request(ask('/hello'));
  assert.ok(sockets - started <= 1);
});

test('a redirect is followed with its body', async () => {
  const answer = await client.request(ask('/there', { method: 'POST', body: 'kept' }));
  assert.match(textOf(answer.body), /"body":"kept"/);
  assert.match(answer.url, /\/echo$/);
});

test('no redirects wanted: the redirect is the answer', async () => {
  assert.equal((await client.request(ask('/there', { maxRedirects: 0 }))).status, 307);
});

test('secrets stay behind on another host', async () => {
  const answer = await client.request(ask('/elsewhere', { headers: { authorization: 'secret', 'x-ok': 'yes' } }));
  const seen = JSON.parse(textOf(answer.body)) as { headers: Record<string, string> };
  assert.equal(seen.headers['authorization'], undefined);
  assert.equal(seen.headers['x-ok'], 'yes');
});

for (const [path, code] of [
  ['/loop', 'HTTP_TOO_MANY_REDIRECTS'],
  ['/metadata', 'HTTP_ADDRESS_REFUSED'],
  ['/file', 'HTTP_URL_INVALID'],
  ['/cut', 'HTTP_CONNECTION_FAILED'],
] as const) {
  test(`${path} fails with ${code}`, async () => {
    await assert.rejects(client.request(ask(path)), { code });
  });
}

test('an answer over the limit is refused, one at the limit is not', async () => {
  await assert.rejects(client.request(ask('/large', { maxResponseBytes: 9_999 })), { code: 'HTTP_RESPONSE_TOO_LARGE' });
  assert.equal((await client.request(ask('/large', { maxResponseBytes: 10_000 }))).body.byteLength, 10_000);
});

test('the deadline ends a call that nobody answers', async () => {
  let expire = (): void => undefined;
  const timed = createHttpClient({
    timer: (act) => {
      expire = act;
      return () => undefined;
    },
  });
  const call = timed.request(ask('/silent', { timeoutMs: 5_000 }));
  setImmediate(() => expire());
  await assert.rejects(call, { code: 'HTTP_TIMEOUT', retryable: true });
  await timed.close();
});

test('the abort of the caller is passed on as it is', async () => {
  const abort = new AbortController();
  const call = client.request(ask('/silent', { signal: abort.signal }));
  const reason = new Error('canceled');
  abort.abort(reason);
  await assert.rejects(call, (failure) => failure === reason);
});

test('a refused connection says so', async () => {
  await assert.rejects(client.request(ask('', { url: 'http://127.0.0.1:1/x' })), {
    code: 'HTTP_CONNECTION_REFUSED',
    message: 'The service refused the connection - perhaps it is offline',
  });
});

test('without private networks a name that leads to this machine is refused when it is connected', async () => {
  const guarded = createHttpClient({ allowPrivateNetwork: false });
  await assert.rejects(guarded.request(ask('', { url: `http://localhost:${port()}/hello` })), {
    code: 'HTTP_ADDRESS_REFUSED',
  });
  await assert.rejects(guarded.request(ask('/hello')), { code: 'HTTP_ADDRESS_REFUSED' });
  await guarded.close();
});

test('a proxy is guarded like any other address', async () => {
  await assert.rejects(client.request(ask('/hello', { proxy: 'http://169.254.169.254:80' })), {
    code: 'HTTP_ADDRESS_REFUSED',
  });
});
