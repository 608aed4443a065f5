import { newRestartTracker, onChildCrash, type RestartTracker } from '#supervisors';
import { causeOf, same, type Behavior, type Clock, type Exit, type Random, type Ref } from '#runtime';
import type { ShardMessage } from './protocol.ts';

export type ShardsMessage =
  | { type: 'watch'; shard: number; ref: Ref<ShardMessage> }
  | { type: 'ended'; shard: number; exit: Exit }
  | { type: 'revive'; shard: number };

/** Crashes of one shard that count as its budget, and the span they count in. */
const SHARD_RESTARTS = 10;
const SHARD_WINDOW_MS = 60_000;
/** A shard over its budget is tried again this much later: its executions must not be stuck for ever. */
const SHARD_REST_MS = 30_000;

/**
 * Supervisor of the shards, one_for_one. Shards hang at the top of the system, where a wide level costs nothing, and
 * this actor watches them: one that crashes is revived after a backoff, and `revive` takes its executions up again
 * from the journal. Over the budget it rests longer, with its cause reported; it is never given up.
 */
export function shardsActor(parts: {
  clock: Clock;
  random: Random;
  revive(shard: number): void;
}): Behavior<ShardsMessage, RestartTracker> {
  return {
    kind: 'shards',
    init: () => newRestartTracker({ restarts: SHARD_RESTARTS, windowMs: SHARD_WINDOW_MS }),
    receive(tracker, message, context) {
      switch (message.type) {
        case 'watch':
          context.watch(message.ref, (exit) => ({ type: 'ended', shard: message.shard, exit }));
          return same;
        case 'revive':
          parts.revive(message.shard);
          return same;
        case 'ended': {
          const { shard, exit } = message;
          if (exit.reason.kind !== 'crashed') return same;
          const verdict = onChildCrash(tracker, String(shard), parts.clock.monotonic(), parts.random);
          const backoffMs = verdict.kind === 'restart' ? verdict.afterMs : SHARD_REST_MS;
          const { path, uid } = exit.ref;
          const counts = { restartsUsed: verdict.used, restartsAllowed: verdict.allowed, windowMs: SHARD_WINDOW_MS };
          const cause = causeOf(exit.reason.error);
          context.system.report({ type: 'actor.restarted', path, uid, kind: 'shard', cause, ...counts, backoffMs });
          context.tellSelfAfter(backoffMs, { type: 'revive', shard });
          return same;
        }
      }
    },
  };
}
