import type { Exit, Message } from '../actor.ts';

/** What the kernel itself puts in a mailbox. */
export type Signal = { type: 'childExited'; exit: Exit } | { type: 'crash'; error: unknown };

/** One place in a mailbox; exactly one of `message` and `signal` is set. */
export interface Envelope {
  readonly message: Message | undefined;
  readonly signal: Signal | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Shifted entries are kept until this many have gathered, so that shifting is cheap on average. */
const COMPACT_ENTRIES = 64;

/** First in, first out; constant time on average. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= COMPACT_ENTRIES && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Puts `items` before all others, in their order. */
  prepend(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  /** Empties it and returns what was in it. */
  drain(): T[] {
    const rest = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return rest;
  }
}

/** Two lanes: whatever waits in the control lane is taken before the normal lane. Bounds are the owner's matter. */
export class Mailbox {
  readonly #normal = new Fifo<Envelope>();
  #control: Fifo<Envelope> | undefined;

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
    this.#control ??= new Fifo();
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
