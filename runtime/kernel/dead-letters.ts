import type { InspectionEvent, Ref } from '../actor.ts';
import type { Clock } from '../ports/index.ts';
import type { Observers } from './observers.ts';

export type DeadLetterReason = Extract<InspectionEvent, { type: 'deadLetter' }>['reason'];

/** Reports messages that reached nobody, at most so many a second; none goes uncounted. */
export class DeadLetters {
  readonly #observers: Observers;
  readonly #clock: Clock;
  readonly #perSecond: number;
  #windowStart = -Infinity;
  #reported = 0;
  #suppressed = 0;

  constructor(observers: Observers, clock: Clock, perSecond: number) {
    this.#observers = observers;
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  add(to: Ref<never>, messageType: string, reason: DeadLetterReason): void {
    if (this.#observers.none) return;
    const now = this.#clock.monotonic();
    if (now - this.#windowStart >= 1000) {
      this.#windowStart = now;
      this.#reported = 0;
    }
    if (this.#reported >= this.#perSecond) {
      this.#suppressed += 1;
      return;
    }
    this.#reported += 1;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    const event = { type: 'deadLetter', to: to.path, kind: to.kind, messageType, reason } as const;
    this.#observers.report(suppressed === 0 ? event : { ...event, suppressed });
  }
}
