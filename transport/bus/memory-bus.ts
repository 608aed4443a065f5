import type { BusSubscription, Clock, OutboxEvent, ParkedEvent } from '#runtime';
import { errors } from '../errors.ts';
import type { BusObserver } from './lanes.ts';
import { BUS_LIMITS, BUS_RETRY, type RetryPolicy } from './limits.ts';
import { MemoryGroup, type GroupMember } from './memory-group.ts';
import { checkGroup, matcherOf } from './patterns.ts';
import type { SelectiveBus } from './selective.ts';

/** What the bus of one machine is made of. `dropped` hears of events thrown away because a group took too long. */
export interface MemoryBusOptions {
  readonly clock: Clock;
  readonly observer?: BusObserver;
  readonly retry?: RetryPolicy;
  readonly dropped?: (event: OutboxEvent) => void;
}

/**
 * The bus of a single machine, under the same conformance suite as RabbitMQ's. A group is known from its first
 * subscription to the end of the process, and holds its events while none of it is there (at most WAITING_EVENTS, then
 * the oldest goes); after a restart it is known again when somebody subscribes. What was not published yet waits in
 * the outbox over a restart, what was published and not handled does not.
 */
export function createMemoryBus(options: MemoryBusOptions): SelectiveBus {
  return new InMemory(options);
}

class InMemory implements SelectiveBus {
  readonly #options: MemoryBusOptions;
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #single = new Set<MemoryGroup>();
  readonly #wanted = new Map<string, boolean>();
  readonly #open = new Set<{ close(): Promise<void> }>();
  #closed = false;

  constructor(options: MemoryBusOptions) {
    this.#options = options;
  }

  async publish(events: readonly OutboxEvent[]): Promise<void> {
    if (this.#closed) throw errors.BUS_UNAVAILABLE({ reason: 'it is closed' });
    const takers = [...this.#groups.values(), ...this.#single];
    for (const group of takers) {
      if (!group.hasRoomFor(events.filter(({ type }) => group.matches(type)).length)) {
        throw errors.BUS_UNAVAILABLE({ reason: 'a group has too many events waiting' });
      }
    }
    for (const event of events) {
      this.#options.observer?.published?.(event.type);
      for (const group of takers) if (group.matches(event.type)) group.take(event);
    }
  }

  async subscribe(subscription: BusSubscription): Promise<{ close(): Promise<void> }> {
    const matches = matcherOf(subscription.patterns);
    if (subscription.group !== undefined) checkGroup(subscription.group);
    if (this.#closed) throw errors.BUS_UNAVAILABLE({ reason: 'it is closed' });
    if (this.#open.size >= BUS_LIMITS.BUS_LISTENERS) {
      throw errors.BUS_LISTENERS_EXCEEDED({ limit: BUS_LIMITS.BUS_LISTENERS });
    }
    const member: GroupMember = { handle: subscription.handle };
    const group = this.#groupFor(subscription.group, matches);
    this.#wanted.clear();
    group.join(member);
    let leaving: Promise<void> | undefined;
    const close = (): Promise<void> => (leaving ??= this.#leave(group, member, handle));
    const handle = { close };
    this.#open.add(handle);
    return handle;
  }

  async parked(group: string, limit: number): Promise<readonly ParkedEvent[]> {
    checkGroup(group);
    return this.#groups.get(group)?.parked(limit) ?? [];
  }

  async replay(group: string, eventIds?: readonly string[]): Promise<number> {
    checkGroup(group);
    return this.#groups.get(group)?.replay(eventIds) ?? 0;
  }

  wants(type: string): boolean {
    const known = this.#wanted.get(type);
    if (known !== undefined) return known;
    const wanted = [...this.#groups.values(), ...this.#single].some((group) => group.matches(type));
    this.#wanted.set(type, wanted);
    return wanted;
  }

  state(): 'up' | 'down' {
    return this.#closed ? 'down' : 'up';
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((each) => each.close()));
  }

  /** The newest subscription says what its group takes from here on. */
  #groupFor(name: string | undefined, matches: (type: string) => boolean): MemoryGroup {
    const known = name === undefined ? undefined : this.#groups.get(name);
    if (known) {
      known.matches = matches;
      return known;
    }
    const { clock, retry = BUS_RETRY, observer = {}, dropped = () => {} } = this.#options;
    const made = new MemoryGroup(name, matches, { clock, retry, observer, dropped });
    if (name === undefined) this.#single.add(made);
    else this.#groups.set(name, made);
    return made;
  }

  async #leave(group: MemoryGroup, member: GroupMember, handle: { close(): Promise<void> }): Promise<void> {
    this.#open.delete(handle);
    if (this.#single.delete(group)) this.#wanted.clear();
    await group.leave(member);
  }
}
