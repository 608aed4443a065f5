/** What became of a message given to a publisher; exactly one of these, once. */
export type PublishOutcome =
  /** The broker has it in every queue it is routed to. */
  | 'confirmed'
  /** There is no queue it could be routed to. */
  | 'returned'
  /** The broker refused it, mostly because a queue is full. */
  | 'refused'
  /** Not sent: too much is on its way already. */
  | 'full'
  /** Not sent: there is no connection. */
  | 'down'
  /** Its deadline passed. When it was sent, it may have arrived all the same. */
  | 'expired';

/** What happens to a window. `generation` is that of the channel. */
export type WindowEvent<M> =
  | {
      readonly type: 'offered';
      readonly ticket: number;
      readonly message: M;
      readonly bytes: number;
      readonly until: number;
      readonly patient: boolean;
    }
  | { readonly type: 'opened'; readonly generation: number }
  | { readonly type: 'lost' }
  | { readonly type: 'paused'; readonly by: Brake }
  | { readonly type: 'resumed'; readonly by: Brake }
  | { readonly type: 'answered'; readonly ticket: number; readonly generation: number; readonly ok: boolean }
  | { readonly type: 'returned'; readonly ticket: number; readonly generation: number }
  | { readonly type: 'time'; readonly now: number }
  | { readonly type: 'stopped' };

/** Who asks to wait: our own write buffer, or the broker (`connection.blocked`). */
export type Brake = 'buffer' | 'broker';

/** What is to be done, in this order. */
export type WindowEffect<M> =
  | { readonly type: 'send'; readonly ticket: number; readonly message: M; readonly generation: number }
  | { readonly type: 'settle'; readonly ticket: number; readonly outcome: PublishOutcome };

/** The limits a window keeps. */
export interface WindowLimits {
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly waitingMessages: number;
  readonly waitingBytes: number;
}

interface Entry<M> {
  readonly ticket: number;
  readonly message: M;
  readonly bytes: number;
  readonly until: number;
  /** Expired while it was on its way: nobody waits for it, but its place is taken until the broker answers. */
  ghost: boolean;
  returned: boolean;
}

/**
 * The publisher's decisions, without a broker: which message is sent when, and what is said of it. Pure but for its
 * own state; time comes in as events.
 *
 *   offered ──> waiting ──room, open, no brake──> sent ──answered──> settled
 *      │ full, down  │ time        ^                │ lost: back to the front of waiting, sent again
 *      └> settled    └> settled    └────────────────┘
 *
 * Tickets are never used twice. An answer counts only under the generation of the open channel, which is the one the
 * message was last sent with. After a loss `waiting` may be over its limits by what was on its way.
 */
export class PublishWindow<M> {
  readonly #limits: WindowLimits;
  #waiting: Entry<M>[] = [];
  #waitingBytes = 0;
  /** In the order of sending. */
  #sent = new Map<number, Entry<M>>();
  #sentBytes = 0;
  /** Of the open channel. */
  #generation: number | undefined;
  readonly #brakes = new Set<Brake>();
  #stopped = false;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** Sent and not answered, ghosts included. */
  get sent(): number {
    return this.#sent.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#sentBytes + this.#waitingBytes;
  }

  handle(event: WindowEvent<M>): WindowEffect<M>[] {
    switch (event.type) {
      case 'offered':
        return this.#offered(event);
      case 'opened':
        this.#generation = event.generation;
        this.#brakes.clear();
        return this.#send();
      case 'lost':
        return this.#lost();
      case 'paused':
        this.#brakes.add(event.by);
        return [];
      case 'resumed':
        this.#brakes.delete(event.by);
        return this.#send();
      case 'returned':
        return this.#returned(event.ticket, event.generation);
      case 'answered':
        return this.#answered(event.ticket, event.generation, event.ok);
      case 'time':
        return this.#expire(event.now);
      case 'stopped':
        return this.#stop();
    }
  }

  #offered(event: Extract<WindowEvent<M>, { type: 'offered' }>): WindowEffect<M>[] {
    const { ticket, message, bytes, until, patient } = event;
    const refusal = this.#refusal(bytes, patient);
    if (refusal !== undefined) return [{ type: 'settle', ticket, outcome: refusal }];
    this.#waiting.push({ ticket, message, bytes, until, ghost: false, returned: false });
    this.#waitingBytes += bytes;
    return this.#send();
  }

  #refusal(bytes: number, patient: boolean): PublishOutcome | undefined {
    if (this.#stopped || (this.#generation === undefined && !patient)) return 'down';
    const { waitingMessages, waitingBytes } = this.#limits;
    if (this.#waiting.length >= waitingMessages) return 'full';
    return this.#waiting.length > 0 && this.#waitingBytes + bytes > waitingBytes ? 'full' : undefined;
  }

  #send(): WindowEffect<M>[] {
    const effects: WindowEffect<M>[] = [];
    const generation = this.#generation;
    if (generation === undefined || this.#brakes.size > 0) return effects;
    let taken = 0;
    for (const entry of this.#waiting) {
      if (!this.#hasRoom(entry.bytes)) break;
      taken += 1;
      this.#waitingBytes -= entry.bytes;
      this.#sent.set(entry.ticket, entry);
      this.#sentBytes += entry.bytes;
      effects.push({ type: 'send', ticket: entry.ticket, message: entry.message, generation });
    }
    if (taken === this.#waiting.length) this.#waiting = [];
    else if (taken > 0) this.#waiting.splice(0, taken);
    return effects;
  }

  #hasRoom(bytes: number): boolean {
    if (this.#sent.size === 0) return true;
    return this.#sent.size < this.#limits.windowMessages && this.#sentBytes + bytes <= this.#limits.windowBytes;
  }

  /** What the broker may or may not have goes out again first, in its old order. */
  #lost(): WindowEffect<M>[] {
    this.#generation = undefined;
    this.#brakes.clear();
    const again: Entry<M>[] = [];
    for (const entry of this.#sent.values()) {
      if (entry.ghost) continue;
      entry.returned = false;
      again.push(entry);
      this.#waitingBytes += entry.bytes;
    }
    this.#waiting = again.concat(this.#waiting);
    this.#sent = new Map();
    this.#sentBytes = 0;
    return [];
  }

  #returned(ticket: number, generation: number): WindowEffect<M>[] {
    const entry = this.#sent.get(ticket);
    if (entry !== undefined && generation === this.#generation) entry.returned = true;
    return [];
  }

  #answered(ticket: number, generation: number, ok: boolean): WindowEffect<M>[] {
    const entry = this.#sent.get(ticket);
    if (entry === undefined || generation !== this.#generation) return [];
    this.#sent.delete(ticket);
    this.#sentBytes -= entry.bytes;
    const more = this.#send();
    if (entry.ghost) return more;
    const outcome = ok ? (entry.returned ? 'returned' : 'confirmed') : 'refused';
    return [{ type: 'settle', ticket, outcome }, ...more];
  }

  #expire(now: number): WindowEffect<M>[] {
    const effects: WindowEffect<M>[] = [];
    for (const entry of this.#sent.values()) {
      if (entry.ghost || entry.until > now) continue;
      entry.ghost = true;
      effects.push({ type: 'settle', ticket: entry.ticket, outcome: 'expired' });
    }
    const left = this.#waiting.filter((entry) => entry.until > now);
    if (left.length === this.#waiting.length) return effects;
    for (const entry of this.#waiting) {
      if (entry.until > now) continue;
      this.#waitingBytes -= entry.bytes;
      effects.push({ type: 'settle', ticket: entry.ticket, outcome: 'expired' });
    }
    this.#waiting = left;
    return effects;
  }

  #stop(): WindowEffect<M>[] {
    this.#stopped = true;
    this.#generation = undefined;
    const open = [...[...this.#sent.values()].filter((entry) => !entry.ghost), ...this.#waiting];
    this.#sent = new Map();
    this.#waiting = [];
    this.#sentBytes = 0;
    this.#waitingBytes = 0;
    return open.map(({ ticket }) => ({ type: 'settle', ticket, outcome: 'down' }));
  }
}
