import { connect, type Socket } from 'node:net';

/** One answer as far as a load generator cares. */
export interface Answer {
  status: number;
  bodyBytes: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKS_END = Buffer.from('\r\n0\r\n\r\n');

/**
 * The least HTTP/1.1 client that is correct for answers with Content-Length or chunks: one keep-alive connection, one
 * call at a time, the request given as bytes. It costs the machine as little as possible, since it shares the cores
 * with what it measures.
 */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #pending: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  constructor(host: string, port: number) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new ConnectionClosed()));
  }

  /** Sends the bytes and resolves with the answer. Rejects when the connection ends before it is whole. */
  call(request: Buffer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#pending = { resolve, reject };
    this.#socket.write(request);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#pending?.reject(error);
    this.#pending = undefined;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const parsed = parseAnswer(this.#received);
    if (parsed === undefined) return;
    this.#received = this.#received.subarray(parsed.length);
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve({ status: parsed.status, bodyBytes: parsed.bodyBytes });
  }
}

/** The server closed the connection in the middle of a call. */
export class ConnectionClosed extends Error {
  constructor() {
    super('the server closed the connection');
  }
}

/** The answer at the start of the bytes, with its whole length; undefined while it is incomplete. */
export function parseAnswer(bytes: Buffer): (Answer & { length: number }) | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const bodyStart = headEnd + HEAD_END.length;
  const sized = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (sized !== null) {
    const bodyBytes = Number(sized[1]);
    const length = bodyStart + bodyBytes;
    return bytes.length < length ? undefined : { status, bodyBytes, length };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, bodyBytes: 0, length: bodyStart };
  // The head's own CRLF may be the first of the end mark, when the body is empty.
  const end = bytes.indexOf(CHUNKS_END, headEnd + 2);
  return end < 0 ? undefined : { status, bodyBytes: Math.max(0, end - bodyStart), length: end + CHUNKS_END.length };
}

/** A request as bytes. */
export function requestBytes(url: URL, method: string, headers: Record<string, string>, body = ''): Buffer {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
