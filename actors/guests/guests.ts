import type { JsonObject } from '#workflow';
import { same, type ActorContext, type Behavior, type Exit, type Next } from '#runtime';
import { asItemError } from '../node/failure.ts';
import { nodeActor } from '../node/actor.ts';
import { taskOf } from '../node/task.ts';
import type { NodeOutcome } from '../execution/protocol.ts';
import type { Services } from '../services.ts';
import { Folds } from './folds.ts';
import { keyOf, type Guest } from './guest.ts';
import { KEPT_MS, KEPT_RESULTS, LOADS, ORPHAN_MS, RESEND_LAST_MS, SIGN_MS } from './limits.ts';
import { loadGuest, type Loaded } from './load.ts';
import { packed } from './outcome.ts';
import { KINDS, portions, type Answer, type Heard, type Order } from './wire.ts';

/** Everything the guests understand; a `serial` that is no longer there is let pass. */
export type GuestsMessage =
  | { type: 'perform'; from: string; order: Order; reply: (answer: Answer) => void }
  | { type: 'abort'; from: string; tickets: readonly string[] }
  | { type: 'heard'; from: string; heard: Heard }
  | { type: 'load'; serial: number }
  | { type: 'loaded'; serial: number; found: Loaded | { why: string } | undefined }
  | { type: 'outcome'; serial: number; outcome: NodeOutcome }
  | { type: 'pack'; serial: number }
  | { type: 'packed'; serial: number; result: JsonObject | undefined }
  | { type: 'tick' };

/**
 * Performs node runs for executions of other members, `limits.guests` at once. It gives signs of life to their owners,
 * sends results until they are taken over, and aborts what nobody wants any more. `gone` is told when it has ended.
 */
export function guestsActor(services: Services, gone: () => void): Behavior<GuestsMessage, Guests> {
  return {
    kind: 'guests',
    init: (context) => new Guests(services, context),
    receive: (guests, message) => guests.receive(message),
    childExited: (guests, exit) => guests.exited(exit),
    stopping: (guests) => {
      guests.farewell();
      gone();
    },
    inspect: (guests) => guests.shown,
  };
}

class Guests {
  readonly #services: Services;
  readonly #context: ActorContext<GuestsMessage>;
  readonly #guests = new Map<string, Guest>();
  readonly #bySerial = new Map<number, Guest>();
  readonly #folds: Folds;
  #serial = 0;
  #ticking = false;

  constructor(services: Services, context: ActorContext<GuestsMessage>) {
    this.#services = services;
    this.#context = context;
    this.#folds = new Folds(services.clock);
  }

  get shown(): Record<string, unknown> {
    const atWork = this.#atWork();
    return { performing: atWork, limit: this.#services.limits.guests, kept: this.#guests.size - atWork };
  }

  receive(message: GuestsMessage): Next<Guests> {
    switch (message.type) {
      case 'perform':
        message.reply(this.#perform(message.from, message.order));
        return same;
      case 'abort':
        for (const guest of this.#of(message.from, message.tickets)) this.#drop(guest);
        return same;
      case 'heard':
        this.#heard(message.from, message.heard);
        return same;
      case 'tick':
        this.#ticking = false;
        this.#tick();
        return same;
      default: {
        const guest = this.#bySerial.get(message.serial);
        if (guest) this.#goOn(guest, message);
        return same;
      }
    }
  }

  /** A node actor that ended without reporting has crashed; that is a failure of its node. */
  exited({ ref, reason }: Exit): Next<Guests> {
    if (reason.kind !== 'crashed') return same;
    const guest = [...this.#guests.values()].find((one) => one.ref?.uid === ref.uid);
    if (guest?.phase === 'running') this.#reported(guest, { kind: 'failure', error: asItemError(reason.error) });
    return same;
  }

  /** Last words: owners need not wait for the silence. */
  farewell(): void {
    for (const [owner, guests] of this.#byOwner()) {
      for (const guest of guests.filter(({ phase }) => phase === 'ready')) this.#send(guest);
      const unfinished = guests.filter(({ phase }) => phase !== 'ready' && phase !== 'kept');
      this.#giveBack(owner, unfinished, 'the member is stopping');
    }
  }

  #perform(from: string, order: Order): Answer {
    const known = this.#guests.get(keyOf(order));
    if (known) return this.#adopt(known, from, order);
    const limit = this.#services.limits.guests;
    if (this.#atWork() >= limit) return { refused: 'busy', why: `it performs ${limit} nodes for others` };
    this.#serial += 1;
    const guest: Guest = {
      serial: this.#serial,
      order,
      from,
      phase: 'loading',
      heardAt: this.#now(),
      loads: 0,
      ref: undefined,
      fold: undefined,
      outcome: undefined,
      result: undefined,
      sendAt: 0,
      sendPauseMs: SIGN_MS,
      forgetAt: 0,
    };
    this.#guests.set(keyOf(order), guest);
    this.#bySerial.set(guest.serial, guest);
    this.#load(guest);
    this.#tickLater();
    return { taken: true };
  }

  /** The execution has a new owner, or its actor was restarted: what is done here is done for that one now. */
  #adopt(guest: Guest, from: string, order: Order): Answer {
    if (order.epoch < guest.order.epoch) return { refused: 'stale', why: 'another member performs the execution' };
    guest.order = order;
    guest.from = from;
    guest.heardAt = this.#now();
    if (guest.result) this.#deliver(guest, guest.result);
    return { taken: true };
  }

  #goOn(guest: Guest, message: Extract<GuestsMessage, { serial: number }>): void {
    switch (message.type) {
      case 'load':
        return this.#load(guest);
      case 'loaded':
        return this.#loaded(guest, message.found);
      case 'outcome':
        return this.#reported(guest, message.outcome);
      case 'pack':
        return this.#pack(guest);
      case 'packed':
        if (message.result) return this.#deliver(guest, message.result);
        this.#context.tellSelfAfter(SIGN_MS, { type: 'pack', serial: guest.serial });
    }
  }

  #load(guest: Guest): void {
    const { serial } = guest;
    guest.loads += 1;
    this.#context.pipeToSelf(
      loadGuest(guest.order, this.#services, this.#folds),
      (found) => ({ type: 'loaded', serial, found }),
      () => ({ type: 'loaded', serial, found: undefined }),
    );
  }

  #loaded(guest: Guest, found: Loaded | { why: string } | undefined): void {
    const { serial } = guest;
    if (found && 'why' in found) return this.#refuse(guest, found.why);
    if (found) return this.#start(guest, found);
    if (guest.loads >= LOADS) return this.#refuse(guest, 'the execution could not be loaded');
    this.#context.tellSelfAfter(SIGN_MS, { type: 'load', serial });
  }

  #start(guest: Guest, { source, node, type, effect, fold }: Loaded): void {
    const { self, system } = this.#context;
    const { serial } = guest;
    const task = taskOf(source, node, type, effect, {
      report: (outcome) => void system.tell(self, { type: 'outcome', serial, outcome }),
      slow: () => {},
    });
    const name = `execution-${guest.order.executionId}.${serial}`;
    guest.phase = 'running';
    guest.fold = fold;
    guest.ref = this.#context.spawn(name, nodeActor(task, source.services));
    system.tell(guest.ref, { type: 'run' });
  }

  #reported(guest: Guest, outcome: NodeOutcome): void {
    if (guest.fold) this.#folds.put(guest.order.executionId, guest.fold);
    guest.fold = undefined;
    guest.ref = undefined;
    guest.phase = 'packing';
    guest.outcome = outcome;
    this.#pack(guest);
  }

  #pack(guest: Guest): void {
    const { serial, outcome } = guest;
    if (!outcome) return;
    this.#context.pipeToSelf(
      packed(outcome, this.#services.blobs),
      (result) => ({ type: 'packed', serial, result }),
      () => ({ type: 'packed', serial, result: undefined }),
    );
  }

  #deliver(guest: Guest, result: JsonObject): void {
    guest.phase = 'ready';
    guest.outcome = undefined;
    guest.result = result;
    guest.sendPauseMs = SIGN_MS;
    this.#send(guest);
  }

  #send(guest: Guest): void {
    guest.sendAt = this.#now() + guest.sendPauseMs;
    guest.sendPauseMs = Math.min(RESEND_LAST_MS, guest.sendPauseMs * 2);
    const body = { ticket: guest.order.ticket, ...guest.result };
    void this.#services.peers.link.tell(guest.from, { kind: KINDS.performed, body });
  }

  #refuse(guest: Guest, why: string): void {
    this.#giveBack(guest.from, [guest], why);
    this.#drop(guest);
  }

  #giveBack(owner: string, guests: readonly Guest[], why: string): void {
    for (const tickets of portions(guests.map(({ order }) => order.ticket))) {
      void this.#services.peers.link.tell(owner, { kind: KINDS.left, body: { tickets, why } });
    }
  }

  #heard(from: string, { kept, done, unwanted }: Heard): void {
    const now = this.#now();
    for (const guest of this.#of(from, [...kept, ...done])) guest.heardAt = now;
    for (const guest of this.#of(from, done)) {
      if (guest.phase !== 'ready') continue;
      guest.phase = 'kept';
      guest.forgetAt = now + KEPT_MS;
    }
    for (const guest of this.#of(from, unwanted)) if (guest.phase !== 'kept') this.#drop(guest);
  }

  #drop(guest: Guest): void {
    this.#guests.delete(keyOf(guest.order));
    this.#bySerial.delete(guest.serial);
    if (guest.ref) void this.#context.stop(guest.ref);
  }

  /** Signs of life, results that were not taken over yet, and an end for what nobody asks for. */
  #tick(): void {
    const now = this.#now();
    const linked = this.#services.peers.link.state() === 'up';
    let kept = 0;
    for (const guest of [...this.#guests.values()].reverse()) {
      if (guest.phase === 'kept') {
        kept += 1;
        if (now >= guest.forgetAt || kept > KEPT_RESULTS) this.#drop(guest);
      } else if (!linked) guest.heardAt = now;
      else if (now - guest.heardAt > ORPHAN_MS) this.#drop(guest);
    }
    if (linked) for (const [owner, guests] of this.#byOwner()) this.#sign(owner, guests, now);
    this.#folds.tidy();
    if (this.#guests.size > 0 || this.#folds.size > 0) this.#tickLater();
  }

  #sign(owner: string, guests: readonly Guest[], now: number): void {
    const atWork = guests.filter(({ phase }) => phase !== 'kept');
    for (const tickets of portions(atWork.map(({ order }) => order.ticket))) {
      void this.#services.peers.link.tell(owner, { kind: KINDS.alive, body: { tickets } });
    }
    for (const guest of atWork) if (guest.phase === 'ready' && now >= guest.sendAt) this.#send(guest);
  }

  #tickLater(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#context.tellSelfAfter(SIGN_MS, { type: 'tick' });
  }

  #byOwner(): Map<string, Guest[]> {
    return Map.groupBy(this.#guests.values(), ({ from }) => from);
  }

  #of(from: string, tickets: readonly string[]): Guest[] {
    if (tickets.length === 0) return [];
    const wanted = new Set(tickets);
    return [...this.#guests.values()].filter((guest) => guest.from === from && wanted.has(guest.order.ticket));
  }

  #atWork(): number {
    let count = 0;
    for (const { phase } of this.#guests.values()) if (phase !== 'kept') count += 1;
    return count;
  }

  #now(): number {
    return this.#services.clock.monotonic();
  }
}
