import { shardOf } from '#cluster';
import type { Clock, InboxMessage, Peers } from '#runtime';
import type { Ownership } from '../services.ts';
import { executionIdIn, KINDS } from './bodies.ts';
import { REMOTE_LIMITS } from './limits.ts';

export interface CourierParts {
  readonly peers: Peers;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly owner: Pick<Ownership, 'epochOf'>;
  /** Does something after `ms`, unless this member has stopped by then. */
  later(ms: number, act: () => void): void;
  /** Reads the inbox of an execution of this member and hands it on. Must not throw. */
  knock(executionId: string): void;
}

interface Bell {
  readonly urgent: boolean;
  readonly until: number;
  pause: number;
  /** Counts the tries, so that an old timer does not ring for a newer one. */
  tries: number;
}

/**
 * Rings at executions of other members. The letter is a row already; the bell only makes it fast.
 *
 *   ring ──▶ owner known? ──no──▶ again after a pause
 *              │ told                                      until BELL_DEADLINE_MS: then the owner's
 *              ├─ not taken (link down, no such queue) ──▶ sweep of its inboxes finds the letter
 *              ├─ `moved` comes back: suspect the map ───▶ again after a pause
 *              └─ the shard changes hands ───────────────▶ again at once
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #bells = new Map<string, Bell>();

  constructor(parts: CourierParts) {
    this.#parts = parts;
    const { peers } = parts;
    peers.told(KINDS.doorbell, (from, body) => this.#rung(from, body));
    peers.told(KINDS.moved, (_, body) => this.#moved(body));
    peers.watchOwners((shards) => this.#ownersChanged(shards));
  }

  /** Bells that may have to be rung again. */
  get size(): number {
    return this.#bells.size;
  }

  /** Says that a durable letter lies there. Never throws, never waits. */
  ring({ executionId, kind }: Pick<InboxMessage, 'executionId' | 'kind'>): void {
    const { clock, later } = this.#parts;
    const known = this.#bells.get(executionId);
    if (!known && this.#bells.size >= REMOTE_LIMITS.BELLS) return;
    const until = clock.monotonic() + REMOTE_LIMITS.BELL_DEADLINE_MS;
    const urgent = kind === 'cancel' || known?.urgent === true;
    const bell = { urgent, until, pause: REMOTE_LIMITS.BELL_RETRY_FIRST_MS, tries: 0 };
    this.#bells.set(executionId, bell);
    later(REMOTE_LIMITS.BELL_DEADLINE_MS, () => {
      if (this.#bells.get(executionId) === bell) this.#bells.delete(executionId);
    });
    this.#try(executionId, bell);
  }

  #try(executionId: string, bell: Bell): void {
    const { peers, owner, knock } = this.#parts;
    const shard = shardOf(executionId);
    bell.tries += 1;
    if (owner.epochOf(shard) !== undefined) {
      this.#bells.delete(executionId);
      return knock(executionId);
    }
    const to = peers.ownerOf(shard);
    if (to === undefined || to === peers.self) return this.#again(executionId, bell);
    const lane = bell.urgent ? ({ lane: 'control' } as const) : {};
    const { tries } = bell;
    void peers.link
      .tell(to, { kind: KINDS.doorbell, body: { executionId, urgent: bell.urgent }, ...lane })
      .then((taken) => {
        if (!taken && bell.tries === tries) this.#doubt(executionId, bell);
      });
  }

  #again(executionId: string, bell: Bell): void {
    const { clock, later } = this.#parts;
    const { tries, pause } = bell;
    if (clock.monotonic() + pause >= bell.until) return;
    bell.pause = Math.min(REMOTE_LIMITS.BELL_RETRY_LAST_MS, pause * 2);
    later(pause, () => {
      if (this.#bells.get(executionId) === bell && bell.tries === tries) this.#try(executionId, bell);
    });
  }

  /** Somebody rings at an execution of ours, or of what was ours. */
  #rung(from: string, body: Parameters<Parameters<Peers['told']>[1]>[1]): void {
    const { peers, owner, knock } = this.#parts;
    const executionId = executionIdIn(body);
    if (executionId === undefined) return;
    if (owner.epochOf(shardOf(executionId)) !== undefined) return knock(executionId);
    void peers.link.tell(from, { kind: KINDS.moved, body: { executionId }, lane: 'control' });
  }

  #moved(body: Parameters<Parameters<Peers['told']>[1]>[1]): void {
    const executionId = executionIdIn(body);
    const bell = executionId === undefined ? undefined : this.#bells.get(executionId);
    if (executionId !== undefined && bell) this.#doubt(executionId, bell);
  }

  /** The map may be old: it is read again, and the bell rings again unless that has made it ring already. */
  #doubt(executionId: string, bell: Bell): void {
    const { tries } = bell;
    this.#parts.peers.suspect(shardOf(executionId));
    if (bell.tries === tries && this.#bells.get(executionId) === bell) this.#again(executionId, bell);
  }

  #ownersChanged(shards: readonly number[]): void {
    if (this.#bells.size === 0) return;
    const changed = new Set(shards);
    for (const [executionId, bell] of this.#bells) if (changed.has(shardOf(executionId))) this.#try(executionId, bell);
  }
}
