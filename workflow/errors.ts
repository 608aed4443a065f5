/**
 * The form every error of Troupe has, in the engine and in the browser: a row of a table, not a sentence
 * made up at the throw. A folder declares its rows once with {@link defineErrors}; `docs/errors.md` lists
 * all rows and a test holds it against {@link errorTable}.
 */

/** One row: what is said, how HTTP answers, whether the same call may succeed later, and how to mend it. */
export interface ErrorRow<P> {
  /** The message with the offending value in it; no secrets, no user content over 200 characters. */
  message: (params: P) => string;
  /** HTTP status that the API answers with. */
  status: number;
  /** True when the same call, unchanged, may succeed later. */
  retryable: boolean;
  /** The remedy, as a sentence. */
  hint?: string;
}

/**
 * An error of the table, made by the factories of {@link defineErrors} only. `code` is what callers decide by and
 * never changes its meaning; `message` is for people and may. `hint` is undefined when there is nothing the reader can
 * do.
 */
export class TroupeError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  /** The values the message was made of, as data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, row: ErrorRow<never>, params: Record<string, unknown>, cause?: unknown) {
    super((row.message as (p: unknown) => string)(params), cause === undefined ? undefined : { cause });
    this.name = 'TroupeError';
    this.code = code;
    this.status = row.status;
    this.retryable = row.retryable;
    this.hint = row.hint;
    this.details = params;
  }
}

type Factories<T> = {
  [K in keyof T]: T[K] extends ErrorRow<infer P> ? (params: P, cause?: unknown) => TroupeError : never;
};

const rows = new Map<string, ErrorRow<never>>();

/** Registers the rows of one folder and returns a factory per code: `throw errors.NODE_UNKNOWN({ … })`. */
export function defineErrors<T extends Record<string, ErrorRow<never>>>(table: T): Factories<T> {
  const made: Record<string, unknown> = {};
  for (const [code, row] of Object.entries(table)) {
    rows.set(code, row);
    made[code] = (params: Record<string, unknown>, cause?: unknown) => new TroupeError(code, row, params, cause);
  }
  return made as Factories<T>;
}

/** Every row registered so far, by code: what the API documents and the documentation test reads. */
export function errorTable(): ReadonlyMap<string, ErrorRow<never>> {
  return rows;
}
