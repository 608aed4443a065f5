import type { JsonObject, JsonValue } from '#workflow';
import type { ActorSystem, Ref } from '#runtime';
import type { NodePlaces, PlaceWord, Services } from '../services.ts';
import { guestsActor, type GuestsMessage } from './guests.ts';
import { ANSWER_MS, ORPHAN_MS, TICKETS_LEFT } from './limits.ts';
import { heardOf, KINDS, orderOf, ticketsOf, type Answer } from './wire.ts';

interface Open {
  readonly member: string;
  readonly heard: (word: PlaceWord) => void;
}

/**
 * A member's end of the node runs that members perform for each other: what the others say of our runs goes to the
 * proxies that wait for them, what they ask of us to the guests. One per company.
 */
export class Places implements NodePlaces {
  readonly #system: ActorSystem;
  readonly #services: Services;
  readonly #open = new Map<string, Open>();
  /** Tickets whose execution went on to another owner (or incarnation), with the moment at which they are forgotten. */
  readonly #left = new Map<string, number>();
  readonly #watchers = new Set<() => void>();
  readonly #unregister: readonly (() => void)[];
  #guests: Ref<GuestsMessage> | undefined;
  #draining = false;

  constructor(system: ActorSystem, services: Services) {
    this.#system = system;
    this.#services = services;
    const { peers } = services;
    const changed = (): void => {
      for (const watcher of this.#watchers) watcher();
    };
    this.#unregister = [
      peers.watch(changed),
      peers.link.watch(changed),
      peers.told(KINDS.alive, (from, { tickets }) => this.#alive(from, ticketsOf(tickets))),
      peers.told(KINDS.performed, (from, body) => this.#performed(from, body)),
      peers.told(KINDS.left, (from, body) => this.#leftBy(from, body)),
      peers.told(KINDS.heard, (from, body) => this.#tellGuests({ type: 'heard', from, heard: heardOf(body) })),
      peers.told(KINDS.abort, (from, { tickets }) =>
        this.#tellGuests({ type: 'abort', from, tickets: ticketsOf(tickets) }),
      ),
      peers.asked(KINDS.perform, (from, body) => this.#asked(from, body)),
    ];
  }

  open(ticket: string, member: string, heard: (word: PlaceWord) => void): void {
    this.#open.set(ticket, { member, heard });
  }

  close(ticket: string, how: 'done' | 'dropped' | 'left'): void {
    const known = this.#open.get(ticket);
    if (!this.#open.delete(ticket) || !known) return;
    if (how === 'left') return this.#leave(ticket);
    const { link } = this.#services.peers;
    if (how === 'done') void link.tell(known.member, { kind: KINDS.heard, body: { done: [ticket] } });
    else void link.tell(known.member, { kind: KINDS.abort, body: { tickets: [ticket] }, lane: 'control' });
  }

  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  /** Takes no further node runs of others; those at work go on. */
  drain(): void {
    this.#draining = true;
  }

  /** Gives the node runs of others back and listens no more. */
  async stop(): Promise<void> {
    this.#draining = true;
    if (this.#guests) await this.#system.stop(this.#guests);
    for (const unregister of this.#unregister) unregister();
  }

  // As the owner of executions.

  #alive(from: string, tickets: readonly string[]): void {
    const kept: string[] = [];
    const unwanted: string[] = [];
    for (const ticket of tickets) {
      const known = this.#known(from, ticket);
      if (known) kept.push(ticket);
      else if (!this.#isLeft(ticket)) unwanted.push(ticket);
      known?.heard({ type: 'alive' });
    }
    this.#answer(from, { kept, unwanted });
  }

  #performed(from: string, body: JsonObject): void {
    const { ticket } = body;
    if (typeof ticket !== 'string') return;
    const known = this.#known(from, ticket);
    if (known) known.heard({ type: 'performed', body });
    else if (!this.#isLeft(ticket)) this.#answer(from, { unwanted: [ticket] });
  }

  #leftBy(from: string, { tickets, why }: JsonObject): void {
    const reason = typeof why === 'string' ? why : 'it said no reason';
    for (const ticket of ticketsOf(tickets)) this.#known(from, ticket)?.heard({ type: 'left', why: reason });
  }

  #known(from: string, ticket: string): Open | undefined {
    const known = this.#open.get(ticket);
    return known?.member === from ? known : undefined;
  }

  #answer(to: string, body: { kept?: string[]; unwanted?: string[] }): void {
    if ((body.kept?.length ?? 0) + (body.unwanted?.length ?? 0) === 0) return;
    void this.#services.peers.link.tell(to, { kind: KINDS.heard, body });
  }

  /** Whoever performs it is told nothing more by us: it hears from the next owner, or gives up. */
  #leave(ticket: string): void {
    const now = this.#services.clock.monotonic();
    for (const [old, until] of this.#left) {
      if (until > now && this.#left.size < TICKETS_LEFT) break;
      this.#left.delete(old);
    }
    this.#left.set(ticket, now + ORPHAN_MS);
  }

  #isLeft(ticket: string): boolean {
    return (this.#left.get(ticket) ?? -Infinity) > this.#services.clock.monotonic();
  }

  // As the one who performs.

  async #asked(from: string, body: JsonObject): Promise<JsonValue> {
    const order = orderOf(body);
    if (!order) return { refused: 'invalid', why: 'an order in a form not known here' };
    if (this.#draining) return { refused: 'busy', why: 'the member is stopping' };
    const ask = (reply: (answer: Answer) => void): GuestsMessage => ({ type: 'perform', from, order, reply });
    return { ...(await this.#system.ask(this.#guestsRef(), ask, ANSWER_MS)) };
  }

  #tellGuests(message: GuestsMessage): void {
    if (this.#guests) this.#system.tell(this.#guests, message, message.type === 'abort' ? 'control' : undefined);
  }

  /** There is none before somebody asks, and a new one should it have crashed: its guests' owners notice the silence. */
  #guestsRef(): Ref<GuestsMessage> {
    const gone = (): void => void (this.#guests = undefined);
    return (this.#guests ??= this.#system.spawn('guests', guestsActor(this.#services, gone)));
  }
}
