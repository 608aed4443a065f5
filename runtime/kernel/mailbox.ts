import type { Exit, Message } from '../actor.ts';

/** What the kernel itself puts in a mailbox. */
export type Signal = { type: 'childExited'; exit: Exit } | { type: 'crash'; error: unknown };

/** One place in a mailbox; exactly one of `message` and `signal` is set. Belongs to one lane at a time. */
export interface Envelope {
  readonly message: Message | undefined;
  readonly signal: Signal | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** The one behind it in its lane. */
  next: Envelope | undefined;
}

/** First in, first out; a chain of envelopes, since most lanes are short and most actors die young. */
export class Lane {
  length = 0;
  #first: Envelope | undefined;
  #last: Envelope | undefined;

  push(envelope: Envelope): void {
    if (this.#last === undefined) this.#first = envelope;
    else this.#last.next = envelope;
    this.#last = envelope;
    this.length += 1;
  }

  shift(): Envelope | undefined {
    const envelope = this.#first;
    if (envelope === undefined) return undefined;
    this.#first = envelope.next;
    envelope.next = undefined;
    if (this.#first === undefined) this.#last = undefined;
    this.length -= 1;
    return envelope;
  }

  peek(): Envelope | undefined {
    return this.#first;
  }

  /** Puts `envelopes` before all others, in their order. */
  prepend(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes.toReversed()) {
      envelope.next = this.#first;
      this.#first = envelope;
      this.#last ??= envelope;
      this.length += 1;
    }
  }

  /** Empties it and returns what was in it. */
  drain(): Envelope[] {
    const all: Envelope[] = [];
    for (let envelope = this.shift(); envelope !== undefined; envelope = this.shift()) all.push(envelope);
    return all;
  }
}

/** Two lanes: whatever waits in the control lane is taken before the normal lane. Bounds are the owner's matter. */
export class Mailbox {
  readonly #normal = new Lane();
  #control: Lane | undefined;

  get length(): number {
    return this.#normal.length + this.controlLength;
  }

  get normalLength(): number {
    return this.#normal.length;
  }

  get controlLength(): number {
    return this.#control === undefined ? 0 : this.#control.length;
  }

  push(envelope: Envelope): void {
    this.#normal.push(envelope);
  }

  pushControl(envelope: Envelope): void {
    this.#control ??= new Lane();
    this.#control.push(envelope);
  }

  shift(): Envelope | undefined {
    return this.#control?.shift() ?? this.#normal.shift();
  }

  prepend(envelopes: readonly Envelope[]): void {
    this.#normal.prepend(envelopes);
  }

  /** When the oldest waiting message came, by the monotonic clock; undefined when empty. */
  oldestAt(): number | undefined {
    const control = this.#control?.peek()?.at ?? Infinity;
    const normal = this.#normal.peek()?.at ?? Infinity;
    const oldest = Math.min(control, normal);
    return oldest === Infinity ? undefined : oldest;
  }

  drain(): Envelope[] {
    return [...(this.#control?.drain() ?? []), ...this.#normal.drain()];
  }
}
