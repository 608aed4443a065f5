import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** What a reader gets: the truth, an empty list, or the error of an agent without a leader. */
export type Lie = 'none' | 'empty' | 'no leader';

/** A blocking query that found something new comes back at once; a liar should not make its readers spin. */
const EMPTY_AFTER_MS = 200;

/** Consul's HTTP behind a proxy that can lie to whoever reads. What is written always goes through. */
export class FalseConsul {
  lie: Lie = 'none';
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((asked, answer) => this.#handle(asked, answer));
  }

  static async open(target: string): Promise<FalseConsul> {
    const consul = new FalseConsul(target);
    const { promise, resolve } = Promise.withResolvers<void>();
    consul.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return consul;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }

  #handle(asked: IncomingMessage, answer: ServerResponse): void {
    const lists = /^\/v1\/(?:health|catalog)\//.test(asked.url ?? '');
    if (asked.method === 'GET' && lists && this.lie === 'empty') {
      setTimeout(
        () => answer.writeHead(200, { 'content-type': 'application/json', 'x-consul-index': '1' }).end('[]'),
        EMPTY_AFTER_MS,
      );
      return;
    }
    if (asked.method === 'GET' && this.lie === 'no leader') {
      answer.writeHead(500).end('No cluster leader');
      return;
    }
    const { hostname, port } = this.#target;
    const through = request(
      { hostname, port, method: asked.method, path: asked.url, headers: asked.headers, agent: false },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      },
    );
    through.on('error', () => answer.destroy());
    answer.on('close', () => through.destroy());
    asked.pipe(through);
  }
}
