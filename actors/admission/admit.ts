import { FAIR_CAPACITY_SHARE, FAIR_FLOOR_RUNS, FAIR_FROM_SHARE, RECOVERY_PAUSE_MS } from './limits.ts';
import type { Pressure, PressureKind } from './pressure.ts';

/** Why a start is refused: the member is at a limit (503), or this workflow has its share already (429). */
export type RefusalReason = PressureKind | 'share';

/** Whether one more start of a workflow is taken on. */
export type Verdict =
  | { readonly kind: 'admit' }
  | {
      readonly kind: 'refuse';
      readonly status: 429 | 503;
      readonly reason: RefusalReason;
      readonly retryAfterSeconds: number;
    };

const ADMIT: Verdict = { kind: 'admit' };

/** How long each kind of pressure usually needs to go away. */
const RETRY_AFTER_SECONDS: Record<RefusalReason, number> = {
  live: 2,
  commit: 5,
  lag: 2,
  heap: 10,
  mailbox: 1,
  share: 2,
};

/**
 * Decides over one start. Up to FAIR_FROM_SHARE everybody is taken on, from the limits on nobody; between them only
 * who has less than its fair share of live runs.
 */
export function admit(workflowId: string, pressure: Pressure, liveOf: ReadonlyMap<string, number>): Verdict {
  const { share, by } = pressure;
  if (share >= 1) return { kind: 'refuse', status: 503, reason: by, retryAfterSeconds: RETRY_AFTER_SECONDS[by] };
  if (share <= FAIR_FROM_SHARE) return ADMIT;
  let live = 0;
  for (const count of liveOf.values()) live += count;
  // As many runs as would bring the member to its limits, if all cost what those of now cost.
  const capacity = live / share;
  if (withinShare(workflowId, liveOf, capacity * FAIR_CAPACITY_SHARE)) return ADMIT;
  return { kind: 'refuse', status: 429, reason: 'share', retryAfterSeconds: RETRY_AFTER_SECONDS.share };
}

/**
 * True when one more run is within the workflow's max-min share of the capacity: all could have as many as it then
 * has, where those that have less are counted with what they have.
 */
export function withinShare(workflowId: string, liveOf: ReadonlyMap<string, number>, capacity: number): boolean {
  const wanted = (liveOf.get(workflowId) ?? 0) + 1;
  if (wanted <= FAIR_FLOOR_RUNS) return true;
  let sum = wanted;
  for (const [other, count] of liveOf) if (other !== workflowId) sum += Math.min(count, wanted);
  return sum <= capacity;
}

/** Pause before the next load of a recovery: none while there is room, growing to RECOVERY_PAUSE_MS at the limits. */
export function recoveryPauseMs({ share }: Pressure): number {
  const over = Math.min(1, Math.max(0, (share - FAIR_FROM_SHARE) / (1 - FAIR_FROM_SHARE)));
  return Math.round(over * RECOVERY_PAUSE_MS);
}
