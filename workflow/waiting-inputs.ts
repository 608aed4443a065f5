import { Deque } from './deque.ts';
import type { Item, Ports, Source } from './items.ts';

/** Data on its way into a node: what a stack entry and a completed waiting entry hold. */
export interface Delivery {
  readonly inputs: Ports;
  readonly sources: readonly (Source | null)[];
}

interface WaitingEntry {
  readonly inputs: (readonly Item[] | null)[];
  readonly sources: (Source | null)[];
  missing: number;
}

/**
 * Deliveries to a node with several inputs that wait for each other. An arrival fills the first entry whose input
 * is still empty, or opens a new one. Per input the filled entries are a prefix of the line, so one counter per input
 * finds the place, however long the line.
 */
export class WaitingLine {
  readonly #width: number;
  readonly #entries = new Deque<WaitingEntry>();
  /** How many entries have left; makes the counters below absolute. */
  #left = 0;
  readonly #next: number[];

  constructor(width: number) {
    this.#width = width;
    this.#next = Array.from({ length: width }, () => 0);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** Takes an arrival; answers with the entry it completed, which leaves the line. */
  arrive(input: number, items: readonly Item[], source: Source | null): Delivery | undefined {
    const place = Math.max(this.#next[input] ?? 0, this.#left);
    this.#next[input] = place + 1;
    const entry = this.#entryAt(place - this.#left);
    entry.inputs[input] = items;
    entry.sources[input] = source;
    entry.missing -= 1;
    if (entry.missing > 0) return undefined;
    // All inputs fill in order, so the first complete entry is always the head.
    return this.leave();
  }

  #entryAt(place: number): WaitingEntry {
    const known = this.#entries.at(place);
    if (known !== undefined) return known;
    const inputs = Array.from({ length: this.#width }, () => null);
    const entry: WaitingEntry = { inputs, sources: [...inputs], missing: this.#width };
    this.#entries.pushBack(entry);
    return entry;
  }

  /** The oldest waiting entry; null where nothing has arrived. */
  head(): Delivery | undefined {
    return this.#entries.first();
  }

  /** Removes the oldest entry. */
  leave(): Delivery | undefined {
    const entry = this.#entries.popFront();
    if (entry !== undefined) this.#left += 1;
    return entry;
  }
}
