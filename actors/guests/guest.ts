import type { JsonObject } from '#workflow';
import type { Ref } from '#runtime';
import type { NodeMessage } from '../node/actor.ts';
import type { NodeOutcome } from '../execution/protocol.ts';
import type { Fold } from './folds.ts';
import type { Order } from './wire.ts';

/**
 * One node run that is performed here for another member.
 *
 *   loading ── folded ──> running ── reported ──> packing ── packed ──> ready ── taken over ──> kept
 *
 * It is dropped from any phase: aborted by its owner, not wanted, orphaned; and from `kept` after a while.
 */
export interface Guest {
  /** Tells incarnations of one key apart. */
  readonly serial: number;
  /** Ticket, epoch and address change when the execution goes on to another owner. */
  order: Order;
  /** Boot id of the owner. */
  from: string;
  phase: 'loading' | 'running' | 'packing' | 'ready' | 'kept';
  /** When the owner last spoke of it; monotonic. */
  heardAt: number;
  loads: number;
  /** The node actor; while `running`. */
  ref: Ref<NodeMessage> | undefined;
  /** While `running`. */
  fold: Fold | undefined;
  /** While `packing`. */
  outcome: NodeOutcome | undefined;
  /** From `ready` on. */
  result: JsonObject | undefined;
  /** While `ready`: when it is sent again, and the pause after that. */
  sendAt: number;
  sendPauseMs: number;
  /** While `kept`: when it is forgotten. */
  forgetAt: number;
}

/** What makes two orders the same node run: the same attempt from the same place of the same journal. */
export function keyOf({ executionId, node, run, attempt, seq }: Order): string {
  return `${executionId}/${seq}/${run}/${attempt}/${node}`;
}
