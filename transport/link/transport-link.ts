import type { Link } from '#runtime';

/** A link as this folder makes it: the port, and a hint that spares askers their deadline. */
export interface TransportLink extends Link {
  /**
   * Somebody who knows says that the member is gone: questions to it reject with LINK_PEER_GONE at once. Wrong word
   * costs an answer, nothing else.
   */
  peerLeft(bootId: string): void;
}

/** State of a link as its watchers are told it. */
export type LinkState = 'up' | 'blocked' | 'down';

/** Tells watchers of changes, and only of changes. What a watcher throws goes to `failed`. */
export class StateWatch {
  readonly #listeners = new Set<(state: LinkState) => void>();
  readonly #failed: (error: unknown) => void;
  #last: LinkState = 'down';

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  get last(): LinkState {
    return this.#last;
  }

  add(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  now(state: LinkState): void {
    if (state === this.#last) return;
    this.#last = state;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
