import type { InspectionEvent } from '../actor.ts';
import { CAUSE_CHARACTERS } from '../limits.ts';

/** Those who watch. A listener that throws does not disturb the others nor the actor that reported. */
export class Observers {
  readonly #listeners = new Set<(event: InspectionEvent) => void>();
  readonly #onBug: (error: unknown, where: string) => void;

  constructor(onBug: (error: unknown, where: string) => void) {
    this.#onBug = onBug;
  }

  add(listener: (event: InspectionEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets callers skip making an event that nobody hears. */
  get none(): boolean {
    return this.#listeners.size === 0;
  }

  report(event: InspectionEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#onBug(error, `observer of ${event.type}`);
      }
    }
  }
}

/** Text of anything thrown, short enough for an event. */
export function causeOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : safeString(error);
  return text.length > CAUSE_CHARACTERS ? `${text.slice(0, CAUSE_CHARACTERS - 1)}…` : text;
}

function safeString(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a thrown ${typeof value} without text`;
  }
}
