/**
 * How near a member is to its limits, as one number: the highest of what is measured, each as a share of its limit.
 * Pure; who measures is elsewhere.
 */

/** What is measured of a member at one moment. */
export interface Load {
  /** Executions alive. */
  readonly live: number;
  /** Steps that wait for their commit, the batch under way included. */
  readonly commitSteps: number;
  /** Estimated bytes of those that wait. */
  readonly commitBytes: number;
  /** How long the oldest of them has waited: the latency of commits, also of one that does not come back. */
  readonly commitAgeMs: number;
  /** How late the event loop is, smoothed. */
  readonly loopLagMs: number;
  readonly heapBytes: number;
  /** What V8 may use at most. */
  readonly heapLimitBytes: number;
  /** Messages in the fullest mailbox of a shard. */
  readonly mailboxMessages: number;
}

/** Where a member takes on no more. */
export interface LoadLimits {
  /** Below COMMITTER_QUEUE_STEPS and COMMITTER_QUEUE_BYTES: what is under way needs room for its own steps. */
  commitSteps: number;
  commitBytes: number;
  commitAgeMs: number;
  loopLagMs: number;
  /** Part of the heap's limit. */
  heapShare: number;
  mailboxMessages: number;
}

/** The defaults of {@link LoadLimits}. */
export const LOAD_LIMITS: LoadLimits = {
  commitSteps: 15_000,
  commitBytes: 192 * 1024 * 1024,
  commitAgeMs: 5_000,
  loopLagMs: 1_000,
  heapShare: 0.85,
  mailboxMessages: 20_000,
};

/** What is nearest to its limit. */
export type PressureKind = 'live' | 'commit' | 'lag' | 'heap' | 'mailbox';

/** `share`: 0 idle, 1 at the limit, and beyond. */
export interface Pressure {
  readonly share: number;
  readonly by: PressureKind;
}

/** The pressure of a load; of two that are equal, the one named first in {@link PressureKind}. */
export function pressureOf(load: Load, liveLimit: number, limits: LoadLimits): Pressure {
  let share = load.live / liveLimit;
  let by: PressureKind = 'live';
  const see = (kind: PressureKind, value: number): void => {
    if (value > share) [share, by] = [value, kind];
  };
  see('commit', load.commitSteps / limits.commitSteps);
  see('commit', load.commitBytes / limits.commitBytes);
  see('commit', load.commitAgeMs / limits.commitAgeMs);
  see('lag', load.loopLagMs / limits.loopLagMs);
  see('heap', load.heapBytes / (load.heapLimitBytes * limits.heapShare));
  see('mailbox', load.mailboxMessages / limits.mailboxMessages);
  return { share, by };
}
