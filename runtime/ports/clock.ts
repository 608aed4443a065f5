/** Time and chance as arguments: the engine reads neither the process clock nor `Math.random` itself. */
export interface Clock {
  /** Wall clock, epoch milliseconds; may jump. For what people read and for durable timers. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary start; never jumps. For deadlines, windows and leases. */
  monotonic(): number;
  /** Calls back once after `ms` (any length: longer than 24.8 days is chained). Returns the cancel function. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * Chance as an argument. The real one is cryptographic in `hex`; `next` is for jitter and choice only, never for
 * secrets.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `bytes` random bytes as lower-case hex, for tokens and ids. */
  hex(bytes: number): string;
}
