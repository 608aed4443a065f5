import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as passes } from 'node:timers/promises';
import { linkConformance, realClock, realRandom, type LinkFixture } from '#runtime';
import { startRabbit, type TestService } from '../../test/services/index.ts';
import type { TransportLink } from '../link/transport-link.ts';
import { openBroker, type Broker } from './connection.ts';
import { createRabbitLink } from './rabbit-link.ts';
import { TestProxy } from './test-proxy.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SHORT = { RECONNECT_FIRST_MS: 50, RECONNECT_MAX_MS: 500 };
const MESSAGE_BYTES = 64 * 1024;
const LIMITS = { LINK_MESSAGE_BYTES: MESSAGE_BYTES, LINK_TEXT_BYTES: 4 * MESSAGE_BYTES, STOP_DEADLINE_MS: 500 };

let rabbit: TestService;
before(async () => {
  rabbit = await startRabbit({ mayKill: true });
});
after(() => rabbit.stop());

interface Member {
  readonly proxy: TestProxy;
  readonly broker: Broker;
  readonly link: TransportLink;
}

/** Members on the broker, each behind a wire of its own. */
class Members implements LinkFixture {
  readonly messageBytes = MESSAGE_BYTES;
  readonly stopMs = LIMITS.STOP_DEADLINE_MS;
  readonly members = new Map<string, Member>();
  async open(bootId: string): Promise<TransportLink> {
    const proxy = await TestProxy.before(rabbit.url);
    const parts = { clock: realClock, random: realRandom, log };
    const broker = openBroker({ ...parts, url: proxy.url, name: bootId, limits: SHORT });
    const link = createRabbitLink({ ...parts, broker, self: bootId, limits: LIMITS });
    this.members.set(bootId, { proxy, broker, link });
    return link;
  }

  async elapse(ms: number): Promise<void> {
    await passes(ms);
  }

  async cut(bootId: string): Promise<void> {
    this.#of(bootId).proxy.cut();
  }

  async join(bootId: string): Promise<void> {
    this.#of(bootId).proxy.mend();
  }

  /** The process is gone: its sockets end, and nothing runs that would open others. */
  async kill(bootId: string): Promise<void> {
    this.#of(bootId).proxy.cut();
    await this.#of(bootId).broker.close();
  }

  async dispose(): Promise<void> {
    for (const { link, broker, proxy } of this.members.values()) {
      await link.stop();
      await broker.close();
      await proxy.close();
    }
  }

  #of(bootId: string): Member {
    return this.members.get(bootId) ?? assert.fail(`no member ${bootId}`);
  }
}

for (const { rule, check } of linkConformance(async () => new Members())) test(`RabbitMQ: ${rule}`, check);
