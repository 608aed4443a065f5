import type { Clock } from '#runtime';

/**
 * The clock of one simulated process. While the process is stopped (SIGSTOP) time goes on and its timers do not ring;
 * they ring one after the other when it continues. A killed process hears nothing any more. The wall clock may be off.
 */
export class MemberClock implements Clock {
  readonly #clock: Clock;
  readonly #offMs: number;
  #state: 'runs' | 'stopped' | 'dead' = 'runs';
  #missed: (() => void)[] = [];

  constructor(clock: Clock, offMs = 0) {
    this.#clock = clock;
    this.#offMs = offMs;
  }

  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  get dead(): boolean {
    return this.#state === 'dead';
  }

  now(): number {
    return this.#clock.now() + this.#offMs;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, callback: () => void): () => void {
    let canceled = false;
    const ring = (): void => {
      if (!canceled) callback();
    };
    const cancel = this.#clock.after(ms, () => this.whenRunning(ring));
    return () => {
      canceled = true;
      cancel();
    };
  }

  /** Does it now, or when the process continues; never once it is dead. */
  whenRunning(act: () => void): void {
    if (this.#state === 'runs') act();
    else if (this.#state === 'stopped') this.#missed.push(act);
  }

  stop(): void {
    if (this.#state === 'runs') this.#state = 'stopped';
  }

  continue(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'runs';
    // What is missed rings in order; one of it may stop the process again.
    while (this.#state === 'runs') {
      const next = this.#missed.shift();
      if (next === undefined) return;
      next();
    }
  }

  kill(): void {
    this.#state = 'dead';
    this.#missed = [];
  }
}
