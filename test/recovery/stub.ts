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

/** What the first call of a key gets, by a part of the path. */
const FIRST = [
  ['/refuse-first', 503],
  ['/stumble-first', 500],
] as const;

/**
 * Counts the effects: what is outside of the member and is never killed. It does not honour keys: every answer holds
 * another `nonce`. Below `/refuse-first` the first call of each key gets a 503, as of a target in trouble, which opens
 * breakers; below `/stumble-first` a 500, which does not.
 */
export async function startStub(): Promise<Stub> {
  const calls: EffectCall[] = [];
  const keys = new Set<string>();
  const server = createServer((request, response) => {
    void callOf(request).then(
      (call) => {
        const [, status] = FIRST.find(([path]) => call.input.includes(path)) ?? [];
        const first = status !== undefined && !keys.has(call.key);
        keys.add(call.key);
        calls.push(call);
        const body = JSON.stringify({ nonce: randomUUID() });
        response.writeHead(first ? status : 200, { 'content-type': 'application/json' }).end(body);
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
