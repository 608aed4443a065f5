import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A wire between a member and a broker that tests can cut, freeze and mend. */
export class TestProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #pairs = new Set<readonly [client: Socket, broker: Socket]>();
  #refusing = false;
  #frozen: 'none' | 'both' | 'toBroker' | 'toClient' = 'none';

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((client) => this.#accept(client));
  }

  static async before(target: string): Promise<TestProxy> {
    const proxy = new TestProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** The target's URL, through this wire. */
  get url(): string {
    const url = new URL(this.#target);
    // A listening TCP server has an address of this form.
    url.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return url.href;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Ends all connections and lets none through until {@link mend}. */
  cut(): void {
    this.#refusing = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Connections stay and are silent: nothing passes in the given direction, also of new ones. */
  freeze(direction: 'both' | 'toBroker' | 'toClient' = 'both'): void {
    this.#frozen = direction;
  }

  /** What was held back while frozen is gone with its connections; new ones pass. */
  mend(): void {
    if (this.#frozen !== 'none') for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#refusing = false;
    this.#frozen = 'none';
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#refusing) return void client.destroy();
    const broker = connect(Number(this.#target.port), this.#target.hostname);
    broker.on('error', () => {});
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    client.on('data', (data) => void (this.#holds('toBroker') || broker.write(data)));
    broker.on('data', (data) => void (this.#holds('toClient') || client.write(data)));
    const end = (): void => {
      this.#pairs.delete(pair);
      // A frozen wire does not carry goodbyes either.
      if (this.#frozen === 'none' || this.#refusing) for (const socket of pair) socket.destroy();
    };
    client.on('close', end);
    broker.on('close', end);
  }

  #holds(direction: 'toBroker' | 'toClient'): boolean {
    return this.#frozen === 'both' || this.#frozen === direction;
  }
}
