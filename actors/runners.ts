import { newRestartTracker, onChildCrash, type RestartTracker } from '#supervisors';
import { causeOf, same, stop, type ActorSystem, type Behavior, type Clock, type Next, type Random } from '#runtime';
import { errors } from './errors.ts';

/** A runner process as its actor sees it. */
export interface WatchedProcess {
  readonly pid: number | undefined;
  readonly busy: boolean;
  onExit(callback: (reason: string) => void): void;
  kill(reason?: string): void;
}

/** How the pool names the ends it wanted: worn out, idle, of another project, or after an abort. */
const PLANNED_END = 'recycled';

type RunnersMessage = { type: 'started'; process: WatchedProcess };
type RunnerMessage = { type: 'exited'; reason: string };

interface Runners {
  tracker: RestartTracker;
  next: number;
}

/** Runner deaths that are shown as within budget; user code may kill its runner often, and each is replaced. */
const RUNNER_RESTARTS = 300;
const RUNNER_WINDOW_MS = 60_000;

/**
 * Shows every runner process as an actor of the live tree: it lives as long as its process, and a process that dies
 * under its work is a crash. Replacing processes and giving their jobs to others is the pool's part (`nodes/code`).
 */
export function runnersActor(parts: { clock: Clock; random: Random }): Behavior<RunnersMessage, Runners> {
  return {
    kind: 'runners',
    init: () => ({ tracker: newRestartTracker({ restarts: RUNNER_RESTARTS, windowMs: RUNNER_WINDOW_MS }), next: 1 }),
    receive(state, message, context) {
      context.spawn(`runner-${state.next}`, runnerActor(message.process));
      state.next += 1;
      return same;
    },
    childExited(state, exit, context): Next<Runners> {
      if (exit.reason.kind !== 'crashed') return same;
      const verdict = onChildCrash(state.tracker, 'runner', parts.clock.monotonic(), parts.random);
      context.system.report({
        type: 'actor.restarted',
        path: exit.ref.path,
        uid: exit.ref.uid,
        kind: 'runner',
        cause: causeOf(exit.reason.error),
        restartsUsed: verdict.used,
        restartsAllowed: verdict.allowed,
        windowMs: RUNNER_WINDOW_MS,
        backoffMs: 0,
      });
      return same;
    },
  };
}

function runnerActor(process: WatchedProcess): Behavior<RunnerMessage, WatchedProcess> {
  return {
    kind: 'runner',
    init(context) {
      process.onExit((reason) => context.system.tell(context.self, { type: 'exited', reason }));
      return process;
    },
    receive: (_, message) => {
      if (message.reason.startsWith(PLANNED_END)) return stop;
      throw errors.RUNNER_DIED({ pid: process.pid ?? 0, reason: message.reason });
    },
    stopping: () => process.kill('stop'),
    inspect: () => ({ pid: process.pid, busy: process.busy }),
  };
}

/** Gives every process that `make` starts its actor. */
export function watchedSpawn<T extends WatchedProcess>(
  system: ActorSystem,
  parts: { clock: Clock; random: Random },
  make: () => T,
): () => T {
  const ref = system.spawn('runners', runnersActor(parts));
  return () => {
    const process = make();
    system.tell(ref, { type: 'started', process });
    return process;
  };
}
