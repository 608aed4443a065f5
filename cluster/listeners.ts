/** Who wants to be told. A listener may come and go while others are told. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Returns unsubscribe. The same function given twice is told twice. */
  add(listener: (value: T) => void): () => void {
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
