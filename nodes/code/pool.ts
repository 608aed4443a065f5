import { TroupeError } from '#workflow';
import type { Clock, CodeJob, CodeOutcome, CodeRunner } from '#runtime';

import { errors } from './errors.ts';
import {
  DEATHS_PER_JOB,
  QUEUED_JOBS,
  RUNNERS,
  RUNNERS_WARM,
  RUNNER_IDLE_MS,
  RUNS_PER_RUNNER,
  START_BACKOFF_MS,
  START_FAILURES,
} from './limits.ts';
import type { RunnerProcess } from './process.ts';

/** What happens to runners; for the live tree, logs and metrics. */
export type RunnerEvent =
  | { type: 'started'; pid: number | undefined; layers: RunnerProcess['layers'] }
  | { type: 'died'; pid: number | undefined; cause: string; busy: boolean }
  | { type: 'redispatched'; deaths: number; cause: string }
  | { type: 'recycled'; pid: number | undefined; cause: 'runs' | 'limit' | 'project' | 'idle' | 'abort' | 'stop' };

/** How many runner processes there may be, how they are made, and who hears of them. */
export interface RunnerPoolOptions {
  /** Makes one process; an actor per process may stand behind it. */
  spawn(): RunnerProcess;
  clock: Pick<Clock, 'after'>;
  /** Processes at most; default RUNNERS. */
  size?: number;
  /** Processes that stay although idle once there was a first run; default RUNNERS_WARM. */
  minWarm?: number;
  onEvent?(event: RunnerEvent): void;
  limits?: { queuedJobs?: number; deathsPerJob?: number; runsPerRunner?: number; idleMs?: number };
}

/** A CodeRunner over replaceable processes. Nothing starts before the first job. */
export interface RunnerPool extends CodeRunner {
  /** Ends all processes; jobs in line and in flight fail with CODE_ABORTED. */
  stop(): void;
  stats(): { processes: { pid: number | undefined; busy: boolean; runs: number }[]; queued: number };
}

interface Slot {
  readonly process: RunnerProcess;
  job: Pending | undefined;
  /** Undefined until its first job: fits every project. */
  project: string | undefined;
  runs: number;
  /** Why we end it ourselves. */
  recycled: boolean;
  cancelIdle: (() => void) | undefined;
}

interface Pending {
  readonly job: CodeJob;
  readonly project: string;
  deaths: number;
  done: boolean;
  resolve(outcome: CodeOutcome): void;
  reject(error: unknown): void;
}

/** Makes the pool: jobs wait in one bounded line, a job whose runner died is given to the next one. */
export function createRunnerPool(options: RunnerPoolOptions): RunnerPool {
  return new Pool(options);
}

class Pool implements RunnerPool {
  readonly #options: RunnerPoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #line: Pending[] = [];
  #stopped = false;
  #startFailures = 0;
  #backingOff = false;

  constructor(options: RunnerPoolOptions) {
    this.#options = options;
  }

  run(job: CodeJob): Promise<CodeOutcome> {
    const limit = this.#options.limits?.queuedJobs ?? QUEUED_JOBS;
    if (this.#line.length >= limit) return Promise.reject(errors.CODE_QUEUE_FULL({ jobs: limit }));
    if (job.signal.aborted || this.#stopped) return Promise.reject(aborted(job));
    const { promise, resolve, reject } = Promise.withResolvers<CodeOutcome>();
    const project = typeof job.scene['project'] === 'string' ? job.scene['project'] : '';
    const onAbort = (): void => this.#abort(pending);
    const end =
      <T>(settle: (value: T) => void) =>
      (value: T): void => {
        if (pending.done) return;
        pending.done = true;
        job.signal.removeEventListener('abort', onAbort);
        settle(value);
      };
    const pending: Pending = { job, project, deaths: 0, done: false, resolve: end(resolve), reject: end(reject) };
    job.signal.addEventListener('abort', onAbort, { once: true });
    this.#line.push(pending);
    this.#pump();
    return promise;
  }

  stop(): void {
    this.#stopped = true;
    for (const pending of this.#line.splice(0)) pending.reject(aborted(pending.job));
    for (const slot of this.#slots) {
      slot.job?.reject(aborted(slot.job.job));
      this.#recycle(slot, 'stop');
    }
  }

  stats(): ReturnType<RunnerPool['stats']> {
    const processes = [...this.#slots].map((slot) => ({
      pid: slot.process.pid,
      busy: slot.job !== undefined,
      runs: slot.runs,
    }));
    return { processes, queued: this.#line.length };
  }

  /** Gives the jobs in line to processes that can take them. */
  #pump(): void {
    while (this.#line.length > 0 && !this.#stopped) {
      const next = this.#line[0];
      const slot = next && this.#slotFor(next);
      if (!slot) return;
      this.#line.shift();
      this.#dispatch(slot, next);
    }
  }

  /** An idle process of the job's project, else a new one; in a full house one of another project makes room. */
  #slotFor(pending: Pending): Slot | undefined {
    const idle = [...this.#slots].filter((slot) => !slot.job && !slot.recycled);
    const fits = idle.find((slot) => slot.project === undefined || slot.project === pending.project);
    if (fits) return fits;
    if (this.#backingOff) return undefined;
    if (this.#slots.size >= (this.#options.size ?? RUNNERS)) {
      const other = idle[0];
      if (!other) return undefined;
      this.#recycle(other, 'project');
    }
    return this.#start();
  }

  #start(): Slot {
    const process = this.#options.spawn();
    const slot: Slot = { process, job: undefined, project: undefined, runs: 0, recycled: false, cancelIdle: undefined };
    this.#slots.add(slot);
    process.ready.then(
      () => {
        this.#startFailures = 0;
        this.#emit({ type: 'started', pid: process.pid, layers: process.layers });
      },
      () => {}, // its exit follows
    );
    process.onExit((cause) => this.#exited(slot, cause));
    return slot;
  }

  #dispatch(slot: Slot, pending: Pending): void {
    slot.cancelIdle?.();
    slot.cancelIdle = undefined;
    slot.job = pending;
    slot.project = pending.project;
    slot.runs++;
    slot.process.run(pending.job).then(
      (outcome) => {
        pending.resolve(outcome);
        this.#landed(slot, pending);
      },
      (error: unknown) => {
        if (lostOf(error) === undefined) pending.reject(error);
        else this.#lost(pending, lostOf(error)!); // checked in the line above
        this.#landed(slot, pending);
      },
    );
  }

  /** The job's process died under it: the next one takes it, unless it has taken down too many. */
  #lost(pending: Pending, lost: Lost): void {
    if (pending.done) return;
    if (!lost.ready) {
      this.#startFailed(pending, lost.reason);
      return;
    }
    pending.deaths++;
    const limit = this.#options.limits?.deathsPerJob ?? DEATHS_PER_JOB;
    if (pending.deaths >= limit) {
      pending.reject(errors.CODE_RUNNER_DIED({ deaths: pending.deaths, reason: lost.reason }));
      return;
    }
    this.#emit({ type: 'redispatched', deaths: pending.deaths, cause: lost.reason });
    this.#line.unshift(pending);
  }

  /** Not the job's fault: it stays in line while starting is tried again, a few times, each later. */
  #startFailed(pending: Pending, reason: string): void {
    this.#startFailures++;
    this.#line.unshift(pending);
    if (this.#startFailures >= START_FAILURES) {
      const attempts = this.#startFailures;
      this.#startFailures = 0;
      for (const waiting of this.#line.splice(0)) waiting.reject(errors.CODE_RUNNER_START_FAILED({ attempts, reason }));
      return;
    }
    if (this.#backingOff) return;
    this.#backingOff = true;
    this.#options.clock.after(START_BACKOFF_MS * 2 ** (this.#startFailures - 1), () => {
      this.#backingOff = false;
      this.#pump();
    });
  }

  #landed(slot: Slot, pending: Pending): void {
    if (slot.job === pending) slot.job = undefined;
    if (this.#slots.has(slot) && !slot.recycled) {
      if (slot.process.spoiled) this.#recycle(slot, 'limit');
      else if (slot.runs >= (this.#options.limits?.runsPerRunner ?? RUNS_PER_RUNNER)) this.#recycle(slot, 'runs');
      else if (this.#line.length === 0) this.#rest(slot);
    }
    this.#pump();
  }

  /** Idle from now on: beyond the warm ones it ends after a while. */
  #rest(slot: Slot): void {
    slot.cancelIdle = this.#options.clock.after(this.#options.limits?.idleMs ?? RUNNER_IDLE_MS, () => {
      if (!slot.job && this.#slots.size > (this.#options.minWarm ?? RUNNERS_WARM)) this.#recycle(slot, 'idle');
    });
  }

  #recycle(slot: Slot, cause: Extract<RunnerEvent, { type: 'recycled' }>['cause']): void {
    if (slot.recycled) return;
    slot.recycled = true;
    slot.cancelIdle?.();
    this.#slots.delete(slot);
    this.#emit({ type: 'recycled', pid: slot.process.pid, cause });
    slot.process.kill(`recycled: ${cause}`);
    // A new project's own process takes the place.
    if (cause !== 'project') this.#keepWarm();
  }

  #exited(slot: Slot, cause: string): void {
    slot.cancelIdle?.();
    if (!slot.recycled) {
      this.#emit({ type: 'died', pid: slot.process.pid, cause, busy: slot.job !== undefined });
    }
    if (!this.#slots.delete(slot)) return;
    // A job in flight is told by its own promise; an idle process is replaced here.
    if (!slot.job) this.#keepWarm();
  }

  #keepWarm(): void {
    if (this.#stopped || this.#backingOff || this.#startFailures > 0) return;
    if (this.#slots.size < (this.#options.minWarm ?? RUNNERS_WARM)) this.#start();
  }

  #abort(pending: Pending): void {
    pending.reject(aborted(pending.job));
    const at = this.#line.indexOf(pending);
    if (at >= 0) this.#line.splice(at, 1);
    for (const slot of this.#slots) if (slot.job === pending) this.#recycle(slot, 'abort');
  }

  #emit(event: RunnerEvent): void {
    this.#options.onEvent?.(event);
  }
}

interface Lost {
  readonly reason: string;
  readonly ready: boolean;
}

function lostOf(error: unknown): Lost | undefined {
  if (!(error instanceof TroupeError) || error.code !== 'CODE_RUNNER_LOST') return undefined;
  return { reason: String(error.details['reason']), ready: error.details['ready'] === true };
}

function aborted(job: CodeJob): TroupeError {
  const { reason } = job.signal;
  return errors.CODE_ABORTED({ reason: reason instanceof Error ? reason.message : String(reason ?? 'stopped') });
}
