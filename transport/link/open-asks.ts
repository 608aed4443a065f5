import type { Clock } from '#runtime';
import type { JsonValue } from '#workflow';

interface OpenAsk {
  readonly peer: string;
  readonly kind: string;
  readonly cancelTimer: () => void;
  readonly resolve: (value: JsonValue) => void;
  readonly reject: (error: Error) => void;
}

/** A question that waits; `answer` settles once, by whatever comes first. */
export interface Asked {
  readonly peer: string;
  readonly kind: string;
}

/** The questions of this member that wait for answers. Each settles exactly once and leaves nothing behind. */
export class OpenAsks {
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenAsk>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The answer to question `id`; after `timeoutMs` it rejects with what `late` makes. */
  wait(id: string, asked: Asked, timeoutMs: number, late: () => Error): Promise<JsonValue> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.after(timeoutMs, () => this.fail(id, late()));
      this.#open.set(id, { ...asked, cancelTimer, resolve, reject });
    });
  }

  /** Only who was asked may answer. False: nobody waits for this (any more). */
  answer(id: string, peer: string, value: JsonValue): boolean {
    const ask = this.#take(id, peer);
    ask?.resolve(value);
    return ask !== undefined;
  }

  /** The peer refused; `make` forms the error from what was asked. */
  refuse(id: string, peer: string, make: (asked: Asked) => Error): boolean {
    const ask = this.#take(id, peer);
    if (ask !== undefined) ask.reject(make(ask));
    return ask !== undefined;
  }

  /** Nobody will answer. */
  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Ends all questions, or those to one peer. */
  failAll(make: (asked: Asked) => Error, peer?: string): void {
    for (const [id, ask] of this.#open) if (peer === undefined || ask.peer === peer) this.fail(id, make(ask));
  }

  #take(id: string, peer?: string): OpenAsk | undefined {
    const ask = this.#open.get(id);
    if (ask === undefined || (peer !== undefined && ask.peer !== peer)) return undefined;
    this.#open.delete(id);
    ask.cancelTimer();
    return ask;
  }
}
