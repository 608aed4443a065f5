import type { Clock } from '#runtime';
import { wholeNumber } from './checks.ts';
import { DEADLINE_MS_MAX } from './limits.ts';

/** One stage of a member's life: what starts, and how it is undone. */
export interface Phase {
  readonly name: string;
  /** A rejection ends the start; what was started before is stopped again. */
  readonly start: () => Promise<void> | void;
  readonly stop: () => Promise<void> | void;
  /** Time for `stop`. */
  readonly stopDeadlineMs: number;
}

/**
 * How one phase ended. `ms` is the time its stop took, or its deadline when it overran; `error` is present when it
 * failed.
 */
export interface PhaseReport {
  readonly name: string;
  readonly ms: number;
  /** `overran`: it was given up on and the next phase began; `failed`: it threw. */
  readonly result: 'stopped' | 'overran' | 'failed';
  readonly error?: unknown;
}

/** What phases are run with. `onStopped` must not throw. */
export interface PhasesOptions {
  clock: Clock;
  /** Each phase as it ends, in order. */
  onStopped?: (report: PhaseReport) => void;
}

/** A member that has started; whoever started it owes the `stop`. */
export interface RunningPhases {
  /** Stops all phases, last started first. Called again it gives the same promise. Never rejects. */
  stop(): Promise<readonly PhaseReport[]>;
}

/**
 * Starts phases in order. When one cannot start, those before it are stopped in reverse and the error is passed on.
 * Throws SUPERVISION_INVALID for a deadline out of range before anything starts.
 */
export async function startPhases(phases: readonly Phase[], options: PhasesOptions): Promise<RunningPhases> {
  for (const { name, stopDeadlineMs } of phases)
    wholeNumber(`${name}.stopDeadlineMs`, stopDeadlineMs, 1, DEADLINE_MS_MAX);
  const started: Phase[] = [];
  try {
    for (const phase of phases) {
      await phase.start();
      started.push(phase);
    }
  } catch (error) {
    await stopInReverse(started, options);
    throw error;
  }
  let stopping: Promise<readonly PhaseReport[]> | undefined;
  return { stop: () => (stopping ??= stopInReverse(started, options)) };
}

async function stopInReverse(phases: readonly Phase[], options: PhasesOptions): Promise<readonly PhaseReport[]> {
  const reports: PhaseReport[] = [];
  for (const phase of phases.toReversed()) {
    const report = await stopOne(phase, options.clock);
    reports.push(report);
    options.onStopped?.(report);
  }
  return reports;
}

async function stopOne(phase: Phase, clock: Clock): Promise<PhaseReport> {
  const began = clock.monotonic();
  const end = await new Promise<Pick<PhaseReport, 'result' | 'error'>>((resolve) => {
    const cancel = clock.after(phase.stopDeadlineMs, () => resolve({ result: 'overran' }));
    const settle = (end: Pick<PhaseReport, 'result' | 'error'>): void => {
      cancel();
      resolve(end);
    };
    Promise.resolve()
      .then(() => phase.stop())
      .then(
        () => settle({ result: 'stopped' }),
        (error: unknown) => settle({ result: 'failed', error }),
      );
  });
  return { name: phase.name, ms: clock.monotonic() - began, ...end };
}
