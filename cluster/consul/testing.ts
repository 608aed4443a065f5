/** A Consul in memory for tests: agents over one catalog, with the faults of real ones. */
import type { Clock } from '#runtime';
import { errors } from '../errors.ts';
import { CONSUL_TTL_MS } from '../limits.ts';
import type { ConsulAgent, ConsulAnswer } from './agent.ts';
import type { ConsulService } from './service.ts';

interface Registration {
  readonly service: ConsulService;
  passedAt: number;
}

/** Faults that tests set; all off at first. */
export interface FakeFaults {
  away: boolean;
  /** Answers without anybody. */
  empty: boolean;
  /** Answers without the header of the index. */
  noIndex: boolean;
  /** Every call is refused with this status. */
  refuse: number | undefined;
}

/** One catalog; its index rises with every change. */
export class FakeConsul {
  readonly faults: FakeFaults = { away: false, empty: false, noIndex: false, refuse: undefined };
  readonly services = new Map<string, Registration>();
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  index = 10;
  queries = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something changed: blocked queries answer. */
  changed(): void {
    this.index += 1;
    for (const answer of this.#waiting) answer();
  }

  /** As an agent in development mode does at a restart. */
  forgetAll(index = 3): void {
    this.services.clear();
    this.index = index;
    for (const answer of this.#waiting) answer();
  }

  /** Breaks queries that wait, as a restart does. */
  breakConnections(): void {
    for (const answer of this.#waiting) answer();
  }

  agent(): ConsulAgent {
    let closed = false;
    const guard = (call: string): void => {
      const address = 'fake';
      if (closed || this.faults.away) throw errors.CONSUL_UNAVAILABLE({ address, call, reason: 'away' });
      const { refuse } = this.faults;
      if (refuse !== undefined) throw errors.CONSUL_REFUSED({ address, call, answer: refuse, reason: 'no' });
    };
    return {
      register: async (service) => {
        guard('register');
        this.services.set(service.id, { service, passedAt: this.#clock.monotonic() });
        this.changed();
      },
      pass: async (checkId) => {
        guard('pass');
        const found = [...this.services.values()].find(({ service }) => service.check.checkid === checkId);
        if (!found) throw errors.CONSUL_REFUSED({ address: 'fake', call: 'pass', answer: 500, reason: 'unknown' });
        found.passedAt = this.#clock.monotonic();
      },
      knows: async (id) => {
        guard('services');
        return this.services.has(id);
      },
      deregister: async (id) => {
        guard('deregister');
        if (this.services.delete(id)) this.changed();
      },
      services: async (_name, index, waitMs) => {
        this.queries += 1;
        guard('health');
        if (index === String(this.index)) await this.#block(waitMs);
        guard('health');
        return this.#answer();
      },
      close: () => (closed = true),
    };
  }

  #block(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#waiting.add(end);
    });
  }

  #answer(): ConsulAnswer {
    const entries = this.faults.empty ? [] : [...this.services.values()].map((one) => this.#entry(one));
    return { entries, index: this.faults.noIndex ? undefined : String(this.index) };
  }

  #entry({ service, passedAt }: Registration): unknown {
    const silent = service.check.ttl !== undefined && this.#clock.monotonic() - passedAt > CONSUL_TTL_MS;
    return {
      Service: { ID: service.id, Service: service.name, Tags: service.tags, Meta: service.meta },
      Checks: [{ Status: 'passing' }, { Status: silent ? 'critical' : 'passing' }],
    };
  }
}
