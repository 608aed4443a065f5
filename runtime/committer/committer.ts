import { throwFromLoop } from '../bugs.ts';
import { errors } from '../errors.ts';
import { COMMIT_BYTES, COMMIT_ROWS, COMMITTER_QUEUE_BYTES, COMMITTER_QUEUE_STEPS } from '../limits.ts';
import type { Clock, Journal, Step, StepOutcome } from '../ports/index.ts';
import { takeBatch, takeOf } from './queue.ts';
import type { Waiting } from './queue.ts';
import { estimateBytes, stepRows } from './size.ts';

/**
 * Limits of a committer; defaults COMMITTER_QUEUE_STEPS, COMMITTER_QUEUE_BYTES, COMMIT_ROWS and COMMIT_BYTES. The
 * `queue` pair refuses (OVERLOADED), the `commit` pair only cuts batches. Bytes are estimates.
 */
export interface CommitterLimits {
  queueSteps: number;
  queueBytes: number;
  commitRows: number;
  commitBytes: number;
}

/**
 * What a committer works with. It is the journal's only writer on this member; the hooks are called within the pass of
 * the event loop in which the commit returned.
 */
export interface CommitterOptions {
  journal: Pick<Journal, 'commit'>;
  clock: Clock;
  limits?: Partial<CommitterLimits>;
  /** Each committed step, in order, before its submitter hears of it: live streams, doorbells. Must not throw. */
  onCommitted?: (step: Step) => void;
  /** After each commit, good or not. */
  onBatch?: (batch: BatchReport) => void;
  /** Errors of the two hooks. Default: they are thrown from the event loop. */
  onBug?: (error: unknown, where: string) => void;
}

/**
 * One commit, for metrics. `seconds` and `waitedSeconds` are fractions of seconds; `fenced` counts the steps refused
 * in it.
 */
export interface BatchReport {
  steps: number;
  rows: number;
  /** Time of the commit by the monotonic clock. */
  seconds: number;
  /** The longest time that a step of this batch waited before the commit began, in seconds. */
  waitedSeconds: number;
  fenced: number;
  /** The commit was rejected; nothing is known of its steps. */
  unknown: boolean;
  /** Steps that wait now. */
  queueSteps: number;
}

/** The group committer of a member; executions know only this of the journal's writing side. */
export interface Committer {
  /**
   * Makes a step durable with everyone else's. Steps of one execution are written in the order of submission.
   * Rejects with JOURNAL_UNKNOWN (reload from the journal, never assume), OVERLOADED or COMMITTER_CLOSED (not
   * written). After a step that was not committed, waiting steps of the same execution get the same answer unwritten.
   */
  submit(step: Step): Promise<StepOutcome>;
  /** Steps that wait or are being committed. */
  readonly depth: number;
  /** Estimated bytes of the steps that wait. */
  readonly queuedBytes: number;
  /** How long the oldest of them has been waiting, also when its commit does not come back; 0 when there is none. */
  readonly oldestMs: number;
  /** Takes no more steps; resolves when all that were taken have their answer. */
  close(): Promise<void>;
}

/**
 * Batches the steps of all executions of this member: at most one commit in flight, the next begins when it returns.
 * There is no timer. An idle committer begins at the end of the present pass of the event loop, so that all who
 * submit in one pass share the commit.
 */
export function createCommitter(options: CommitterOptions): Committer {
  return new GroupCommitter(options);
}

class GroupCommitter implements Committer {
  readonly #options: CommitterOptions;
  readonly #limits: CommitterLimits;
  readonly #queue: Waiting[] = [];
  #queueBytes = 0;
  #inFlight = 0;
  /** Since when the oldest step in flight has been waiting; monotonic. */
  #inFlightSince = 0;
  #scheduled = false;
  #closed = false;
  #onIdle: (() => void)[] = [];

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#limits = {
      queueSteps: COMMITTER_QUEUE_STEPS,
      queueBytes: COMMITTER_QUEUE_BYTES,
      commitRows: COMMIT_ROWS,
      commitBytes: COMMIT_BYTES,
      ...options.limits,
    };
  }

  get depth(): number {
    return this.#queue.length + this.#inFlight;
  }

  get queuedBytes(): number {
    return this.#queueBytes;
  }

  get oldestMs(): number {
    const since = this.#inFlight > 0 ? this.#inFlightSince : this.#queue[0]?.since;
    return since === undefined ? 0 : this.#options.clock.monotonic() - since;
  }

  submit(step: Step): Promise<StepOutcome> {
    const { queueSteps, queueBytes } = this.#limits;
    if (this.#closed) return Promise.reject(errors.COMMITTER_CLOSED({ executionId: step.executionId }));
    if (this.#queue.length >= queueSteps) return Promise.reject(overloaded(queueSteps, 'steps'));
    if (this.#queueBytes >= queueBytes) return Promise.reject(overloaded(queueBytes, 'bytes'));
    return new Promise((resolve, reject) => {
      const bytes = estimateBytes(step, queueBytes);
      const since = this.#options.clock.monotonic();
      this.#queue.push({ step, rows: stepRows(step), bytes, since, resolve, reject });
      this.#queueBytes += bytes;
      this.#schedule();
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    if (this.depth === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight > 0 || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = takeBatch(this.#queue, { rows: this.#limits.commitRows, bytes: this.#limits.commitBytes });
    this.#release(batch);
    this.#inFlight = batch.length;
    this.#inFlightSince = batch[0]?.since ?? 0;
    const began = this.#options.clock.monotonic();
    const result = await this.#commit(batch);
    this.#inFlight = 0;
    if (result.kind === 'unknown') this.#failed(batch, result.cause);
    else this.#settle(batch, result.outcomes);
    this.#reportBatch(batch, began, result);
    this.#schedule();
    if (this.depth === 0) for (const idle of this.#onIdle.splice(0)) idle();
  }

  async #commit(batch: readonly Waiting[]): Promise<CommitResult> {
    try {
      const outcomes = await this.#options.journal.commit(batch.map((waiting) => waiting.step));
      if (outcomes.length === batch.length) return { kind: 'known', outcomes };
      return {
        kind: 'unknown',
        cause: errors.JOURNAL_ANSWER_SHORT({ steps: batch.length, outcomes: outcomes.length }),
      };
    } catch (cause) {
      return { kind: 'unknown', cause };
    }
  }

  #settle(batch: readonly Waiting[], outcomes: readonly StepOutcome[]): void {
    const refused = new Map<string, StepOutcome>();
    for (const [index, waiting] of batch.entries()) {
      const outcome = outcomes[index] ?? { kind: 'fenced' };
      if (outcome.kind === 'committed') this.#hook('onCommitted', () => this.#options.onCommitted?.(waiting.step));
      else refused.set(waiting.step.executionId, outcome);
      waiting.resolve(outcome);
    }
    // A later step builds on the refused one: it could only tear a hole into the journal.
    for (const waiting of this.#takeOf(refused)) waiting.resolve(refused.get(waiting.step.executionId) ?? FENCED);
  }

  #failed(batch: readonly Waiting[], cause: unknown): void {
    const unknown = new Set(batch.map((waiting) => waiting.step.executionId));
    for (const waiting of [...batch, ...this.#takeOf(unknown)]) {
      waiting.reject(errors.JOURNAL_UNKNOWN({ executionId: waiting.step.executionId }, cause));
    }
  }

  #takeOf(executionIds: { has(id: string): boolean; size: number }): Waiting[] {
    if (executionIds.size === 0) return [];
    const taken = takeOf(this.#queue, executionIds);
    this.#release(taken);
    return taken;
  }

  #release(taken: readonly Waiting[]): void {
    for (const waiting of taken) this.#queueBytes -= waiting.bytes;
  }

  #reportBatch(batch: readonly Waiting[], began: number, result: CommitResult): void {
    if (this.#options.onBatch === undefined) return;
    const since = batch.reduce((oldest, waiting) => Math.min(oldest, waiting.since), began);
    const report: BatchReport = {
      steps: batch.length,
      rows: batch.reduce((rows, waiting) => rows + waiting.rows, 0),
      seconds: (this.#options.clock.monotonic() - began) / 1000,
      waitedSeconds: (began - since) / 1000,
      fenced: result.kind === 'known' ? result.outcomes.filter(({ kind }) => kind === 'fenced').length : 0,
      unknown: result.kind === 'unknown',
      queueSteps: this.#queue.length,
    };
    this.#hook('onBatch', () => this.#options.onBatch?.(report));
  }

  #hook(name: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      (this.#options.onBug ?? throwFromLoop)(error, `committer ${name}`);
    }
  }
}

type CommitResult = { kind: 'known'; outcomes: readonly StepOutcome[] } | { kind: 'unknown'; cause: unknown };

const FENCED: StepOutcome = { kind: 'fenced' };

function overloaded(limit: number, unit: string): Error {
  return errors.OVERLOADED({ what: 'The queue of the committer', limit, unit });
}
