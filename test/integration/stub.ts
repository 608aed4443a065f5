import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server of a test, with what it was asked. */
export interface Stub {
  readonly url: string;
  readonly port: number;
  /** Every call that arrived, in order. */
  readonly calls: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
  close(): Promise<void>;
}

/** Starts a stub; `port` 0 or absent = a free one. Without `answer` it says 200 `{"ok":true}`. */
export async function stub(
  answer: (request: IncomingMessage, reply: ServerResponse, count: number) => void = okay,
  port = 0,
): Promise<Stub> {
  const calls: Stub['calls'] = [];
  const server: Server = createServer((request, reply) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      calls.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      answer(request, reply, calls.length);
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port; // a TCP server has an AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** 200 with JSON. */
export function okay(_request: IncomingMessage, reply: ServerResponse): void {
  reply.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
}

/** A status without a body. */
export function status(code: number): (request: IncomingMessage, reply: ServerResponse) => void {
  return (_request, reply) => void reply.writeHead(code).end();
}
