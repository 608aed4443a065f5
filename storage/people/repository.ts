import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Base of all repositories: each operation gets an entity manager of its own, so that no identity map outlives it and
 * two requests never share one.
 */
export class Repository {
  readonly #em: EntityManager;

  constructor(em: EntityManager) {
    this.#em = em;
  }

  protected read<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return work(this.#em.fork());
  }

  /** All of it or nothing; flushed at the end. */
  protected write<T>(work: (em: EntityManager) => Promise<T>): Promise<T> {
    return this.#em.fork().transactional(work);
  }
}

/** A page of a list; `next` is given as `after` for the following one and is absent on the last. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly next?: string;
}

/** Cuts the one row that was read too many, and says where the next page starts. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  place: (row: R) => string,
  shape: (row: R) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { rows: shown.map(shape), ...(more ? { next: place(last) } : {}) };
}
