import type { RunState, WorkflowDefinition } from '#workflow';
import type { Clock, ExecutionRecord } from '#runtime';
import { FOLD_KEPT_MS, FOLDS_KEPT } from './limits.ts';

/** A run of another member, folded up to a seq. */
export interface Fold {
  readonly run: RunState;
  readonly workflow: WorkflowDefinition;
  readonly mode: ExecutionRecord['mode'];
  /** Seq of the newest event in it. */
  seq: number;
}

/**
 * Folds of executions whose nodes were performed here a moment ago: a loop over a placed node reads the events since
 * the last time, and not its whole journal each time. Whoever takes a fold has it alone, since folding on changes it.
 */
export class Folds {
  readonly #clock: Clock;
  /** The one put last is last. */
  readonly #kept = new Map<string, { fold: Fold; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The fold, when it does not go beyond `seq`. It is not kept any more. */
  take(executionId: string, seq: number): Fold | undefined {
    const fold = this.#kept.get(executionId)?.fold;
    this.#kept.delete(executionId);
    return fold && fold.seq <= seq ? fold : undefined;
  }

  put(executionId: string, fold: Fold): void {
    this.#kept.delete(executionId);
    this.#kept.set(executionId, { fold, until: this.#clock.monotonic() + FOLD_KEPT_MS });
    if (this.#kept.size > FOLDS_KEPT) this.#forgetOldest();
  }

  /** Lets go of what nobody came back for. */
  tidy(): void {
    const now = this.#clock.monotonic();
    for (const [executionId, { until }] of this.#kept) {
      if (until > now) return;
      this.#kept.delete(executionId);
    }
  }

  #forgetOldest(): void {
    for (const executionId of this.#kept.keys()) {
      this.#kept.delete(executionId);
      return;
    }
  }
}
