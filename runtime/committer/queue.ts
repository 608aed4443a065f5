import type { Step, StepOutcome } from '../ports/index.ts';

/** A step that waits for its commit, with those who wait for it. */
export interface Waiting {
  readonly step: Step;
  readonly rows: number;
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  resolve(outcome: StepOutcome): void;
  reject(error: unknown): void;
}

export interface BatchLimits {
  rows: number;
  bytes: number;
}

/**
 * Takes the next batch off the front of `queue`, in order; what stays keeps its order.
 *
 * An execution that is created under an idempotency key gets only its first step into a batch: whether it exists at
 * all is known afterwards. A first step that is over the limits by itself goes alone.
 */
export function takeBatch(queue: Waiting[], limits: BatchLimits): Waiting[] {
  const batch: Waiting[] = [];
  const kept: Waiting[] = [];
  const undecided = new Set<string>();
  let rows = 0;
  let bytes = 0;
  let index = 0;
  for (; index < queue.length; index += 1) {
    const waiting = queue[index];
    if (waiting === undefined) break;
    if (undecided.has(waiting.step.executionId)) {
      kept.push(waiting);
      continue;
    }
    const fits = rows + waiting.rows <= limits.rows && bytes + waiting.bytes <= limits.bytes;
    if (!fits && batch.length > 0) break;
    if (waiting.step.create?.idempotencyKey !== undefined) undecided.add(waiting.step.executionId);
    batch.push(waiting);
    rows += waiting.rows;
    bytes += waiting.bytes;
  }
  queue.splice(0, index, ...kept);
  return batch;
}

/** Takes all steps of these executions off the queue, in order. */
export function takeOf(queue: Waiting[], executionIds: { has(id: string): boolean }): Waiting[] {
  const taken: Waiting[] = [];
  let write = 0;
  for (const waiting of queue) {
    if (executionIds.has(waiting.step.executionId)) taken.push(waiting);
    else queue[write++] = waiting;
  }
  queue.length = write;
  return taken;
}
