import { fail } from 'node:assert/strict';
import { setTimeout as passes } from 'node:timers/promises';
import { realClock, realRandom, type LinkFixture } from '#runtime';
import type { LinkLimits } from '../limits.ts';
import type { TransportLink } from '../link/transport-link.ts';
import { openBroker, type Broker } from './connection.ts';
import { createRabbitLink } from './rabbit-link.ts';
import { TestProxy } from './test-proxy.ts';

/** Says nothing. */
export const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const SHORT = { RECONNECT_FIRST_MS: 50, RECONNECT_MAX_MS: 500 };
const MESSAGE_BYTES = 64 * 1024;
const LIMITS = { LINK_MESSAGE_BYTES: MESSAGE_BYTES, LINK_TEXT_BYTES: 4 * MESSAGE_BYTES, STOP_DEADLINE_MS: 500 };

/** A member of a test. */
export interface Member {
  readonly proxy: TestProxy;
  readonly broker: Broker;
  readonly link: TransportLink;
}

/** Members on the broker, each behind a wire of its own. */
export class Members implements LinkFixture {
  readonly messageBytes = MESSAGE_BYTES;
  readonly stopMs = LIMITS.STOP_DEADLINE_MS;
  readonly members = new Map<string, Member>();
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async open(bootId: string, limits: Partial<LinkLimits> = {}): Promise<TransportLink> {
    const proxy = await TestProxy.before(this.#url);
    const parts = { clock: realClock, random: realRandom, log: silent };
    const broker = openBroker({ ...parts, url: `${proxy.url}?heartbeat=1`, name: bootId, limits: SHORT });
    const link = createRabbitLink({ ...parts, broker, self: bootId, limits: { ...LIMITS, ...limits } });
    this.members.set(bootId, { proxy, broker, link });
    return link;
  }

  async elapse(ms: number): Promise<void> {
    await passes(ms);
  }

  async cut(bootId: string): Promise<void> {
    this.of(bootId).proxy.cut();
  }

  async join(bootId: string): Promise<void> {
    this.of(bootId).proxy.mend();
  }

  /** The process is gone: its sockets end, and nothing runs that would open others. */
  async kill(bootId: string): Promise<void> {
    this.of(bootId).proxy.cut();
    await this.of(bootId).broker.close();
  }

  async dispose(): Promise<void> {
    for (const { link, broker, proxy } of this.members.values()) {
      await link.stop();
      await broker.close();
      await proxy.close();
    }
  }

  /** A member whose link is up; it answers questions with their body. */
  async enter(bootId: string): Promise<Member & { readonly bootId: string; readonly told: string[] }> {
    const told: string[] = [];
    const link = await this.open(bootId);
    await link.start({ told: (_, { kind }) => void told.push(kind), asked: async (_, { body }) => body });
    return { ...this.of(bootId), bootId, told };
  }

  of(bootId: string): Member {
    return this.members.get(bootId) ?? fail(`no member ${bootId}`);
  }
}

/** Resolves when `condition` holds; fails after `patienceMs`. Returns the milliseconds it took. */
export async function until(what: string, condition: () => boolean, patienceMs = 20_000): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > patienceMs) fail(`${what}: not within ${patienceMs} ms`);
    await passes(5);
  }
  return performance.now() - start;
}
