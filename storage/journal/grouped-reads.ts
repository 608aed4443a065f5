/** Statements of one kind that read at the same time; so many slow ones must meet before others wait for them. */
const READS_AT_ONCE = 3;
/** Keys that one statement reads; bounds the rows that are in memory at once. */
const READS_TOGETHER = 50;

interface Waiting<V> {
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Many reads by key in few statements: the first goes at once, and what comes while others are under way goes together
 * with the next. Nobody waits for a timer, and every read sees what was committed before it was asked for. After a
 * takeover or when many waits end it is this that lets thousands of executions be loaded in a second.
 */
export class GroupedReads<V> {
  readonly #read: (keys: readonly number[]) => Promise<Map<number, V>>;
  #line = new Map<number, Waiting<V>[]>();
  #underWay = 0;

  /** `read` answers for many keys at once; keys without a row are absent. */
  constructor(read: (keys: readonly number[]) => Promise<Map<number, V>>) {
    this.#read = read;
  }

  /** The value of this key, undefined when there is none. Rejects as `read` does. */
  get(key: number): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const known = this.#line.get(key);
      if (known) known.push({ resolve, reject });
      else this.#line.set(key, [{ resolve, reject }]);
      this.#next();
    });
  }

  #next(): void {
    if (this.#underWay >= READS_AT_ONCE || this.#line.size === 0) return;
    const group = new Map([...this.#line].slice(0, READS_TOGETHER));
    for (const key of group.keys()) this.#line.delete(key);
    this.#underWay += 1;
    this.#read([...group.keys()])
      .then(
        (found) => group.forEach((waiting, key) => waiting.forEach(({ resolve }) => resolve(found.get(key)))),
        (error: unknown) => group.forEach((waiting) => waiting.forEach(({ reject }) => reject(error))),
      )
      .finally(() => {
        this.#underWay -= 1;
        this.#next();
      });
  }
}
