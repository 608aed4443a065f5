/**
 * Loads of all shards of a member pass here: so many at the same time, the others wait in line. A takeover of many
 * executions must not drown those that run.
 */
export class LoadGate {
  readonly #places: number;
  readonly #line: (() => void)[] = [];
  readonly #rooms: (() => void)[] = [];
  #taken = 0;

  constructor(places: number) {
    this.#places = places;
  }

  /** Loads that wait for a place. */
  get waiting(): number {
    return this.#line.length;
  }

  /** Does the work when a place is free; the place is free again when it settles. */
  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#places) await new Promise<void>((resolve) => this.#line.push(resolve));
    else this.#taken += 1;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves when nobody waits in line: at once, or when the line has become empty. */
  room(): Promise<void> {
    if (this.#line.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#rooms.push(resolve));
  }

  /** The place goes to the next in line, so that nobody who comes later overtakes. */
  #leave(): void {
    const next = this.#line.shift();
    if (next) next();
    else this.#taken -= 1;
    if (this.#line.length === 0) for (const resolve of this.#rooms.splice(0)) resolve();
  }
}
