import type { Lane } from './lane.ts';

/** One delivery on its way to a handler. */
export interface Arrival {
  readonly content: Buffer;
  /** Called once, when the handler took the message or nobody could read it. */
  readonly done: (verdict: 'taken' | 'unreadable') => void;
}

/**
 * Where deliveries of both lanes wait for their turn: what is in the control lane goes before everything in the normal
 * one. The broker's prefetch bounds what can wait here.
 */
export class Intake {
  readonly #handle: (lane: Lane, arrival: Arrival) => void;
  readonly #defer: (run: () => void) => void;
  readonly #turnMessages: number;
  #control: Arrival[] = [];
  #normal: Arrival[] = [];
  #scheduled = false;

  constructor(handle: (lane: Lane, arrival: Arrival) => void, defer: (run: () => void) => void, turnMessages: number) {
    this.#handle = handle;
    this.#defer = defer;
    this.#turnMessages = turnMessages;
  }

  push(lane: Lane, arrival: Arrival): void {
    (lane === 'control' ? this.#control : this.#normal).push(arrival);
    this.#schedule();
  }

  /** Forgets what waits: nobody is there to handle it. */
  clear(): void {
    this.#control = [];
    this.#normal = [];
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#defer(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    for (const arrival of this.#control.splice(0)) this.#handle('control', arrival);
    for (const arrival of this.#normal.splice(0, this.#turnMessages)) this.#handle('normal', arrival);
    if (this.#control.length + this.#normal.length > 0) this.#schedule();
  }
}
