import type { BusSubscription, Clock, OutboxEvent, ParkedEvent } from '#runtime';
import { Lanes, type BusObserver } from './lanes.ts';
import { BUS_LIMITS, type RetryPolicy } from './limits.ts';
import { SeenIds } from './seen-ids.ts';

/** What a group calls upon; `dropped` hears of events that were thrown away because nobody took them for too long. */
export interface GroupParts {
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly observer: BusObserver;
  dropped(event: OutboxEvent): void;
}

/** One member of a group. */
export interface GroupMember {
  readonly handle: BusSubscription['handle'];
}

/**
 * A consumer group in memory: what waits for it, in order, and the one member that gets it. The others stand by, as
 * behind a queue with a single active consumer. Without a name it is the queue of one subscriber: nothing is parked.
 */
export class MemoryGroup {
  matches: (type: string) => boolean;
  readonly #name: string | undefined;
  readonly #parts: GroupParts;
  readonly #members: GroupMember[] = [];
  readonly #waiting = new Map<number, OutboxEvent>();
  readonly #seen = new SeenIds(BUS_LIMITS.DEDUP_EVENTS);
  #parked: ParkedEvent[] = [];
  #next = 0;
  #active: { member: GroupMember; lanes: Lanes } | undefined;

  constructor(name: string | undefined, matches: (type: string) => boolean, parts: GroupParts) {
    this.#name = name;
    this.matches = matches;
    this.#parts = parts;
  }

  get populated(): boolean {
    return this.#members.length > 0;
  }

  /** False: it is full and a member of it is there, who will make room. */
  hasRoomFor(events: number): boolean {
    const waits = this.#name !== undefined && this.populated;
    return !waits || this.#waiting.size + events <= BUS_LIMITS.WAITING_EVENTS;
  }

  take(event: OutboxEvent): void {
    const n = this.#next++;
    this.#waiting.set(n, event);
    this.#active?.lanes.offer(this.#delivery(n, event));
    for (const [oldest, lost] of this.#waiting) {
      if (this.#waiting.size <= BUS_LIMITS.WAITING_EVENTS) break;
      this.#waiting.delete(oldest);
      this.#parts.dropped(lost);
    }
  }

  join(member: GroupMember): void {
    this.#members.push(member);
    this.#activate();
  }

  /** Resolves when the member handles nothing any more; the next one goes on with what is unsettled. */
  async leave(member: GroupMember): Promise<void> {
    const place = this.#members.indexOf(member);
    if (place >= 0) this.#members.splice(place, 1);
    const active = this.#active;
    if (active?.member !== member) return;
    await active.lanes.close();
    this.#active = undefined;
    this.#activate();
  }

  parked(limit: number): readonly ParkedEvent[] {
    return this.#parked.slice(0, Math.max(0, limit));
  }

  replay(eventIds?: readonly string[]): number {
    const wanted = eventIds && new Set(eventIds);
    const back = this.#parked.filter(({ event }) => wanted?.has(event.id) ?? true);
    this.#parked = this.#parked.filter((each) => !back.includes(each));
    for (const { event } of back) this.take(event);
    return back.length;
  }

  #activate(): void {
    const [member] = this.#members;
    if (this.#active || !member) return;
    const { clock, retry, observer } = this.#parts;
    const lanes = new Lanes({ clock, retry, observer, handle: member.handle, seen: this.#seen });
    this.#active = { member, lanes };
    // What handlers publish meanwhile is offered by `take`.
    const held = [...this.#waiting];
    for (const [n, event] of held) lanes.offer(this.#delivery(n, event));
  }

  #delivery(n: number, event: OutboxEvent): Parameters<Lanes['offer']>[0] {
    return {
      event,
      done: () => void this.#waiting.delete(n),
      park: (attempts, reason) => {
        this.#waiting.delete(n);
        if (this.#name === undefined) return;
        this.#parked.push({ event, group: this.#name, attempts, reason, parkedAt: this.#parts.clock.now() });
        if (this.#parked.length > BUS_LIMITS.PARKED_EVENTS) this.#parked.shift();
      },
    };
  }
}
