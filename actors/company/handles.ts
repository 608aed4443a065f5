import type { RunEvent, WebhookResponse } from '#workflow';
import { errors } from '../errors.ts';
import type { RunHandle, RunReport } from '../engine.ts';

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

interface Waiter {
  /** What is committed up to this seq is old: a wait that began there is not the end that this one waits for. */
  afterSeq: number;
  accepted: Deferred<{ executionId: string; duplicate: boolean }>;
  responded: Deferred<WebhookResponse | undefined>;
  ended: Deferred<RunReport>;
}

/**
 * Who waits for which run. A handle outlives crashes and restarts of the run's actor: it is answered by whatever
 * incarnation commits the answer.
 */
export class Handles {
  readonly #waiters = new Map<string, Waiter>();

  has(executionId: string): boolean {
    return this.#waiters.has(executionId);
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Executions somebody waits for. */
  ids(): Iterable<string> {
    return this.#waiters.keys();
  }

  /** Up to which seq the waiter of this execution has seen its journal; 0 when nobody waits. */
  afterSeq(executionId: string): number {
    return this.#waiters.get(executionId)?.afterSeq ?? 0;
  }

  /** `afterSeq`: newest seq the caller has seen, so that a wait it is about to end is not told to it as the end. */
  open(executionId: string, afterSeq: number = 0): RunHandle {
    const waiter = this.#waiters.get(executionId) ?? newWaiter(afterSeq);
    this.#waiters.set(executionId, waiter);
    const { accepted, responded, ended } = waiter;
    return { executionId, accepted: accepted.promise, responded: responded.promise, ended: ended.promise };
  }

  accepted(executionId: string, duplicateOf?: string): void {
    const waiter = this.#waiters.get(executionId);
    if (!waiter) return;
    waiter.accepted.resolve({ executionId: duplicateOf ?? executionId, duplicate: duplicateOf !== undefined });
    if (duplicateOf === undefined) return;
    // This run does not exist; whoever wants its end asks for the first one's.
    this.#drop(executionId, errors.EXECUTION_DUPLICATE({ executionId: duplicateOf }));
  }

  committed(executionId: string, events: readonly RunEvent[]): void {
    const waiter = this.#waiters.get(executionId);
    if (!waiter) return;
    for (const event of events) {
      if (event.type === 'node.finished' && event.response) waiter.responded.resolve(event.response);
    }
  }

  ended(report: RunReport): void {
    const waiter = this.#waiters.get(report.executionId);
    if (!waiter) return;
    this.#waiters.delete(report.executionId);
    waiter.accepted.resolve({ executionId: report.executionId, duplicate: false });
    waiter.responded.resolve(undefined);
    waiter.ended.resolve(report);
  }

  gone(executionId: string, why: 'moved' | 'notAccepted'): void {
    const error =
      why === 'moved' ? errors.EXECUTION_MOVED({ executionId }) : errors.EXECUTION_NOT_ACCEPTED({ executionId });
    this.#drop(executionId, error);
  }

  #drop(executionId: string, error: unknown): void {
    const waiter = this.#waiters.get(executionId);
    if (!waiter) return;
    this.#waiters.delete(executionId);
    waiter.accepted.reject(error);
    waiter.responded.reject(error);
    waiter.ended.reject(error);
  }
}

function newWaiter(afterSeq: number): Waiter {
  return { afterSeq, accepted: deferred(), responded: deferred(), ended: deferred() };
}

function deferred<T>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // Most callers wait for one of the three only; the others' rejections are not news.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
