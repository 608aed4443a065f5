import { TroupeError } from '#workflow';
import type { Clock, MemberInfo, Membership, Random } from '#runtime';
import * as limits from '../limits.ts';
import { Roster } from '../membership/roster.ts';
import { consulAgent, type ConsulAgent, type ConsulPlace } from './agent.ts';
import { doubtAfter, nextIndex, NO_DOUBT, TokenBucket, viewAfter } from './judgement.ts';
import { checkIdOf, membersIn, serviceIdOf, serviceOf, type ConsulCheck } from './service.ts';

/** What `createConsulMembership` takes. */
export interface ConsulMembershipOptions extends ConsulPlace {
  readonly clock: Clock;
  readonly random: Random;
  /** Default `ttl`: the member gives signs of life. `http`: the agent asks `<address>/health`, which it must reach. */
  readonly check?: ConsulCheck;
  /** Name of the service; members of one name find one another. Default CONSUL_SERVICE. */
  readonly service?: string;
  /** A call that failed; everything is tried again by itself. */
  readonly failed?: (error: unknown) => void;
}

/**
 * Membership by a Consul agent: registration with a health check, kept up over restarts of the agent, and a blocking
 * query for the others. Throws CONSUL_ADDRESS_INVALID; `join` rejects with CONSUL_REFUSED when the agent does not let
 * us register (a fault of the token), with MEMBER_ADDRESS_INVALID, and waits for an absent agent in the background.
 */
export function createConsulMembership(options: ConsulMembershipOptions): Membership {
  return new ConsulMembership(options, consulAgent(options));
}

/** The same over a given agent. */
export class ConsulMembership implements Membership {
  readonly #options: Omit<ConsulMembershipOptions, 'address' | 'token'>;
  readonly #agent: ConsulAgent;
  readonly #name: string;
  readonly #roster = new Roster();
  readonly #bucket: TokenBucket;
  #registered = false;
  #beatOk = false;
  #watchOk = false;
  #left = false;
  #index = '0';
  #doubt = NO_DOUBT;
  readonly #pauses = new Set<() => void>();

  constructor(options: Omit<ConsulMembershipOptions, 'address' | 'token'>, agent: ConsulAgent) {
    this.#options = options;
    this.#agent = agent;
    this.#name = options.service ?? limits.CONSUL_SERVICE;
    this.#bucket = new TokenBucket(options.clock.monotonic());
  }

  async join(self: MemberInfo): Promise<void> {
    this.#roster.setSelf(self);
    try {
      await this.#register(self);
    } catch (error) {
      if (isConfiguration(error)) throw error;
      this.#failed(error);
    }
    void this.#beatOnAndOn();
    void this.#watchOnAndOn();
  }

  members(): readonly MemberInfo[] {
    return this.#roster.members();
  }

  state(): 'up' | 'stale' {
    return this.#beatOk && this.#watchOk ? 'up' : 'stale';
  }

  watch(listener: Parameters<Membership['watch']>[0]): () => void {
    return this.#roster.watch(listener);
  }

  async update(patch: Partial<Pick<MemberInfo, 'draining' | 'address'>>): Promise<void> {
    if (this.#roster.self === undefined) return;
    const self = { ...this.#roster.self, ...patch };
    this.#roster.setSelf(self);
    this.#registered = false;
    // What fails now is done by the next beat.
    await this.#register(self).catch((error: unknown) => this.#failed(error));
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    for (const end of this.#pauses) end();
    const { self } = this.#roster;
    if (self) await this.#agent.deregister(serviceIdOf(self.bootId)).catch((error: unknown) => this.#failed(error));
    this.#agent.close();
  }

  async #register(self: MemberInfo): Promise<void> {
    await this.#agent.register(serviceOf(self, this.#name, this.#options.check ?? 'ttl'));
    // A change of ourselves while this was under way is registered by the next beat.
    this.#registered = self === this.#roster.self;
    this.#beatOk = true;
  }

  async #beatOnAndOn(): Promise<void> {
    while (!this.#left) {
      await this.#pause(this.#jittered(limits.CONSUL_BEAT_MS));
      const { self } = this.#roster;
      if (this.#left || self === undefined) return;
      try {
        await this.#beat(self);
        this.#beatOk = true;
      } catch (error) {
        this.#beatOk = false;
        this.#failed(error);
      }
    }
  }

  /** A sign of life; an agent that does not know us any more was restarted, and is told anew. */
  async #beat(self: MemberInfo): Promise<void> {
    if (this.#registered) {
      if (await this.#known(self)) return;
      this.#registered = false;
    }
    await this.#register(self);
  }

  async #known({ bootId, address }: MemberInfo): Promise<boolean> {
    if (this.#options.check === 'http' && address !== undefined) return this.#agent.knows(serviceIdOf(bootId));
    try {
      await this.#agent.pass(checkIdOf(bootId));
      return true;
    } catch (error) {
      if (error instanceof TroupeError && error.code === 'CONSUL_REFUSED') return false;
      throw error;
    }
  }

  async #watchOnAndOn(): Promise<void> {
    let failures = 0;
    while (!this.#left) {
      await this.#pause(this.#bucket.take(this.#options.clock.monotonic()));
      if (this.#left) return;
      try {
        const { entries, index } = await this.#agent.services(this.#name, this.#index, limits.CONSUL_WAIT_MS);
        if (this.#left) return;
        const next = nextIndex(this.#index, index);
        const reset = failures > 0 || (next === '0' && index !== undefined);
        failures = 0;
        this.#watchOk = true;
        this.#index = next;
        this.#answered(membersIn(entries), reset);
      } catch (error) {
        if (this.#left) return;
        this.#watchOk = false;
        this.#index = '0';
        this.#failed(error);
        await this.#pause(this.#jittered(backoffMs(failures)));
        failures += 1;
      }
    }
  }

  #answered(answered: readonly MemberInfo[], reset: boolean): void {
    const own = this.#roster.self?.bootId;
    const others = (list: readonly MemberInfo[]): number => list.filter(({ bootId }) => bootId !== own).length;
    const known = this.members();
    const now = this.#options.clock.monotonic();
    this.#doubt = doubtAfter(this.#doubt, { reset, othersKnown: others(known), others: others(answered) }, now);
    const doubtful = now < this.#doubt.until;
    this.#roster.set(viewAfter(known, answered, doubtful));
    // The same answer would only come again when something changes: the next look is asked for.
    if (doubtful) this.#index = '0';
  }

  /** Up to twice as long, lest members that failed together come back together. */
  #jittered(ms: number): number {
    return ms * (1 + this.#options.random.next());
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#left) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(ms, end);
      this.#pauses.add(end);
    });
  }

  #failed(error: unknown): void {
    this.#options.failed?.(error);
  }
}

function backoffMs(failures: number): number {
  return Math.min(limits.CONSUL_RETRY_LAST_MS, limits.CONSUL_RETRY_FIRST_MS * 2 ** Math.min(failures, 10));
}

const CONFIGURATION_STATUS: ReadonlySet<number> = new Set([400, 401, 403]);

/** No waiting heals these. Other refusals come from an agent that is starting or has lost its servers. */
function isConfiguration(error: unknown): boolean {
  if (!(error instanceof TroupeError)) return true;
  if (error.code === 'MEMBER_ADDRESS_INVALID') return true;
  return error.code === 'CONSUL_REFUSED' && CONFIGURATION_STATUS.has(Number(error.details['answer']));
}
