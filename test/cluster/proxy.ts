import { connect, createServer, type Server, type Socket } from 'node:net';

/** Ways of the bytes: `up` from the client to the server, `down` back. */
export type Way = 'up' | 'down';

/** What a direction does with bytes. Held bytes are not lost: as with a broken cable, they come when it is mended. */
interface Rule {
  held: boolean;
  delayMs: number;
}

/** Bytes that one direction of one connection holds before it stops reading. */
const HELD_BYTES = 4 * 1024 * 1024;

/** A TCP proxy in front of one service, for one member: the cable between them, which a test cuts, delays and mends. */
export class Proxy {
  readonly #target: { host: string; port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #lanes = new Set<Lane>();
  readonly #rules: Record<Way, Rule> = { up: { held: false, delayMs: 0 }, down: { held: false, delayMs: 0 } };
  #refusing = false;

  private constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  /** Listens on a free loopback port and passes everything on to `target`. */
  static async open(target: { host: string; port: number }): Promise<Proxy> {
    const proxy = new Proxy(target);
    const { promise, resolve } = Promise.withResolvers<void>();
    proxy.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Connections at this moment. */
  get connections(): number {
    return this.#lanes.size / 2;
  }

  /** Cuts off: open connections are reset, new ones too. */
  cut(): void {
    this.#refusing = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Falls silent: connections stay, and nothing comes through in these directions. One way alone is a one-way cut. */
  silence(...ways: Way[]): void {
    for (const way of ways) this.#rules[way].held = true;
  }

  /** Every byte comes later, in order. */
  delay(ms: number): void {
    for (const rule of Object.values(this.#rules)) rule.delayMs = ms;
  }

  /** As it was: what was held goes on. */
  mend(): void {
    this.#refusing = false;
    for (const rule of Object.values(this.#rules)) Object.assign(rule, { held: false, delayMs: 0 });
    for (const lane of this.#lanes) lane.pump();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#refusing) return void client.resetAndDestroy();
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const lanes = [new Lane(client, server, this.#rules.up), new Lane(server, client, this.#rules.down)];
    const pair = [client, server];
    for (const lane of lanes) this.#lanes.add(lane);
    for (const socket of pair) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        for (const lane of lanes) this.#lanes.delete(lane);
        // An orderly end has gone through the lanes; whatever else closes one side closes both.
        for (const other of pair) if (!other.writableEnded) other.destroy();
      });
    }
  }
}

/** One direction of one connection: a queue that keeps its order. */
class Lane {
  readonly #to: Socket;
  readonly #from: Socket;
  readonly #rule: Rule;
  readonly #queue: { chunk: Buffer | undefined; atMs: number }[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, rule: Rule) {
    this.#from = from;
    this.#to = to;
    this.#rule = rule;
    from.on('data', (chunk) => this.#add(chunk));
    from.once('end', () => this.#add(undefined));
    to.on('drain', () => this.#from.resume());
  }

  /** Passes on what may go now. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next !== undefined && !this.#rule.held; next = this.#queue[0]) {
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.#queue.shift();
      if (next.chunk === undefined) this.#to.end();
      else this.#write(next.chunk);
    }
  }

  #add(chunk: Buffer | undefined): void {
    this.#queue.push({ chunk, atMs: performance.now() + this.#rule.delayMs });
    this.#bytes += chunk?.length ?? 0;
    if (this.#bytes > HELD_BYTES) this.#from.pause();
    this.pump();
  }

  #write(chunk: Buffer): void {
    this.#bytes -= chunk.length;
    if (this.#to.destroyed || this.#to.writableEnded) return;
    if (!this.#to.write(chunk)) this.#from.pause();
    else if (this.#bytes <= HELD_BYTES) this.#from.resume();
  }
}
