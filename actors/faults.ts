/**
 * Named points at which a test may have the process killed or an actor crash. In production the hook does nothing;
 * the points stand in the code so that recovery is proven at each boundary and not near it.
 */
export interface FaultHook {
  /** May throw (crash of the calling actor) or end the process; otherwise does nothing. */
  at(point: FaultPoint, executionId?: string): void;
}

/**
 * Where a fault may strike. `event.TYPE` is passed when an event of that type has become part of a run's state, before
 * it is durable; `before` and `after` of the others stand around the act itself.
 */
export type FaultPoint =
  | `event.${string}`
  | 'commit.before'
  | 'commit.after'
  | 'effect.before'
  | 'effect.after'
  | 'execution.receive'
  | 'shard.receive'
  | 'answer.before'
  | 'recover.before'
  | 'recover.after';

/** The hook of production: every point is passed unharmed. */
export const NO_FAULTS: FaultHook = { at: () => {} };

/**
 * Kills this process by SIGKILL at the nth passing of a point: `commit.before#7`. For recovery tests on real
 * processes; the composition root reads it from TROUPE_FAULT.
 */
export function killAt(spec: string, kill: () => void): FaultHook {
  const [point = '', count = '1'] = spec.split('#');
  let left = Number(count);
  return {
    at(passed) {
      if (passed !== point) return;
      left -= 1;
      if (left === 0) kill();
    },
  };
}
