import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** A call that reached the outside. */
export interface EffectCall {
  /** The `Idempotency-Key` header; empty when there was none. */
  readonly key: string;
  /** Method, path and body. */
  readonly input: string;
  /** When it came, in ms of the monotonic clock of this process. */
  readonly atMs: number;
}

export interface Stub {
  /** Address, with a slash at its end. */
  readonly url: string;
  readonly calls: readonly EffectCall[];
  close(): void;
}

/**
 * Counts the effects: what is outside of the member and is never killed. It does not honour keys: every answer holds
 * another `nonce`. Below `/refuse-first` the first call of each key gets a 503.
 */
export async function startStub(): Promise<Stub> {
  const calls: EffectCall[] = [];
  const server = createServer((request, response) => {
    void callOf(request).then(
      (call) => {
        const refused = call.input.includes('/refuse-first') && !calls.some(({ key }) => key === call.key);
        calls.push(call);
        const body = JSON.stringify({ nonce: randomUUID() });
        response.writeHead(refused ? 503 : 200, { 'content-type': 'application/json' }).end(body);
      },
      // A caller that died in the middle of its request has not called.
      () => response.destroy(),
    );
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/`, calls, close };
}

async function callOf(request: IncomingMessage): Promise<EffectCall> {
  const body = await text(request);
  const key = request.headers['idempotency-key'];
  const input = `${request.method} ${request.url} ${body}`;
  return { key: typeof key === 'string' ? key : '', input, atMs: performance.now() };
}
