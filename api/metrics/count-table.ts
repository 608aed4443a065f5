import { Counter, type Registry } from 'prom-client';

const SEPARATOR = '\u0000';

/**
 * A counter for hot paths: it adds to a plain map and becomes Prometheus values only when it is scraped. (The
 * library sorts and joins the labels at each call.) The sets of label values must be bounded by the caller.
 */
export class CountTable {
  readonly #counts = new Map<string, number>();

  constructor(registry: Registry, name: string, help: string, labelNames: readonly string[]) {
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const values = key.split(SEPARATOR);
          this.inc(Object.fromEntries(labelNames.map((label, index) => [label, values[index] ?? ''])), count);
        }
      },
    });
  }

  /** Adds one; label values in the order of the names. */
  add(first: string, second?: string, third?: string): void {
    let key = first;
    if (second !== undefined) key += SEPARATOR + second;
    if (third !== undefined) key += SEPARATOR + third;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

/** Keeps a label that comes from data within `limit` distinct values; the rest is `other`. */
export function boundedLabel(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= limit) return 'other';
    seen.add(value);
    return value;
  };
}
