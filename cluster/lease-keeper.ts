import type { Clock, LeaseState, LeaseStore, MemberRow, ShardClaim } from '#runtime';
import { errors } from './errors.ts';
import { CLAIM_SWEEP_MS, LEASE_MS, RENEW_MS, RENEW_TIMEOUT_MS } from './limits.ts';
import { SHARDS } from './shards.ts';

/** What the keeper tells of; every call names only what changed. */
export interface LeaseEvents {
  /** Shards that became ours, with the epoch to write under. */
  readonly claimed?: (claims: readonly ShardClaim[]) => void;
  /** Shards that are no longer ours, or not for certain: stop their work and write no more. */
  readonly lost?: (shards: readonly number[], why: 'lease' | 'taken' | 'released') => void;
  /** The member's own view changed. */
  readonly state?: (state: LeaseState) => void;
  /** A renewal or a claim failed; it is tried again by itself. */
  readonly failed?: (error: unknown, doing: 'renew' | 'claim' | 'release') => void;
  /** How long a renewal took, in seconds. */
  readonly renewed?: (seconds: number) => void;
}

/** What `createLeaseKeeper` takes. */
export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly member: MemberRow;
  /** Shards this member wants now, out of all; default: every one. Asked at each sweep. */
  readonly wanted?: () => readonly number[];
  readonly events?: LeaseEvents;
}

/** This member's ownership: renewed, swept, given back. */
export interface LeaseKeeper {
  /** Writes the member row and claims what is wanted and free. Rejects when the store does not answer. */
  start(): Promise<readonly ShardClaim[]>;
  /** Epoch of a shard that is ours, else undefined. Says nothing about the lease: ask `state` before an effect. */
  epochOf(shard: number): number | undefined;
  /** Shards that are ours, ascending. */
  owned(): readonly number[];
  /**
   * By the monotonic clock: `held` while the last certain renewal carries us; `unknown` when it was not renewed for
   * so long that it may have run out by the time an effect is done; `lost` when it has run out.
   */
  state(): LeaseState;
  /** Claims what is wanted and free, now: after news of a dead member. Does not reject; see `failed`. */
  sweep(): Promise<readonly ShardClaim[]>;
  /** A write under this epoch was refused: the shard is another's. */
  fenced(shard: number, epoch: number): void;
  /** Gives these shards back (rebalancing). */
  release(shards: readonly number[]): Promise<void>;
  /** Gives all shards back and renews no more: the planned stop. Idempotent. */
  stop(): Promise<void>;
}

/** Keeps this member's lease and shards. It starts nothing until `start`. */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  return new Keeper(options);
}

/**
 *            renewal answered                      deadline − RENEW_MS passed           deadline passed
 *   (start) ────────────────▶ held ───────────────────────▶ unknown ─────────────────────▶ lost
 *                              ▲                                │ renewal answered            │ renewal answered:
 *                              └────────────────────────────────┴─────────────────────────────┘ claims anew
 *
 * The deadline counts from the moment a renewal was *sent*: the database counts from when it arrived, which is later,
 * so ours always runs out first.
 */
class Keeper implements LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #epochs = new Map<number, number>();
  #deadline = -Infinity;
  #told: LeaseState = 'lost';
  #cancelRenewal: () => void = () => {};
  #cancelExpiry: () => void = () => {};
  #sweptAt = -Infinity;
  #renewing = false;
  #stopped = false;
  #claiming: Promise<readonly ShardClaim[]> | undefined;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  async start(): Promise<readonly ShardClaim[]> {
    await this.#renewOnce();
    const claims = await this.#claim();
    this.#schedule();
    return claims;
  }

  epochOf(shard: number): number | undefined {
    return this.#epochs.get(shard);
  }

  owned(): readonly number[] {
    return [...this.#epochs.keys()].sort((a, b) => a - b);
  }

  state(): LeaseState {
    return stateAt(this.#options.clock.monotonic(), this.#deadline);
  }

  async sweep(): Promise<readonly ShardClaim[]> {
    if (this.#stopped || this.state() !== 'held') return [];
    try {
      return await this.#claim();
    } catch (error) {
      this.#options.events?.failed?.(error, 'claim');
      return [];
    }
  }

  fenced(shard: number, epoch: number): void {
    // A late word about an epoch that we have since left behind says nothing about the present one.
    if (this.#epochs.get(shard) !== epoch) return;
    this.#epochs.delete(shard);
    this.#options.events?.lost?.([shard], 'taken');
  }

  async release(shards: readonly number[]): Promise<void> {
    const ours = shards.filter((shard) => this.#epochs.delete(shard));
    if (ours.length === 0) return;
    this.#options.events?.lost?.(ours, 'released');
    try {
      await this.#options.store.release(this.#options.member.bootId, ours);
    } catch (error) {
      // The lease runs out by itself; until then nobody works on them, which is late but safe.
      this.#options.events?.failed?.(error, 'release');
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelRenewal();
    this.#cancelExpiry();
    await this.#claiming?.catch(() => []);
    await this.release(this.owned());
    this.#deadline = -Infinity;
    this.#tell();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancelRenewal = this.#options.clock.after(RENEW_MS, () => {
      this.#schedule();
      void this.#beat();
    });
  }

  /** One beat: renew, then look for free shards now and then, and at once after a lapse. */
  async #beat(): Promise<void> {
    if (this.#renewing || this.#stopped) return;
    try {
      await this.#renewOnce();
    } catch (error) {
      this.#options.events?.failed?.(error, 'renew');
      return;
    }
    if (this.#options.clock.monotonic() - this.#sweptAt >= CLAIM_SWEEP_MS) await this.sweep();
  }

  async #renewOnce(): Promise<void> {
    const { store, clock, member, events } = this.#options;
    const sent = clock.monotonic();
    this.#renewing = true;
    try {
      await within(clock, RENEW_TIMEOUT_MS, store.renew(member, LEASE_MS));
    } finally {
      this.#renewing = false;
    }
    if (this.#stopped) return;
    events?.renewed?.((clock.monotonic() - sent) / 1000);
    this.#deadline = Math.max(this.#deadline, sent + LEASE_MS);
    this.#tell();
    this.#watchDeadline();
  }

  /** Tells of `unknown` and `lost` at the moment they begin, not at the next beat. */
  #watchDeadline(): void {
    this.#cancelExpiry();
    const now = this.#options.clock.monotonic();
    const next = this.#deadline - RENEW_MS > now ? this.#deadline - RENEW_MS : this.#deadline;
    if (next <= now || this.#stopped) return;
    this.#cancelExpiry = this.#options.clock.after(next - now, () => {
      this.#tell();
      this.#watchDeadline();
    });
  }

  #tell(): void {
    const state = this.state();
    if (state === this.#told) return;
    this.#told = state;
    this.#options.events?.state?.(state);
    if (state !== 'lost' || this.#epochs.size === 0) return;
    const shards = this.owned();
    this.#epochs.clear();
    // Whoever claims them meanwhile raises the epoch; if nobody does, our next sweep does.
    this.#sweptAt = -Infinity;
    this.#options.events?.lost?.(shards, 'lease');
  }

  /** One claim at a time: two answers crossing each other could bring an old epoch back. */
  #claim(): Promise<readonly ShardClaim[]> {
    this.#claiming ??= this.#claimOnce().finally(() => {
      this.#claiming = undefined;
    });
    return this.#claiming;
  }

  async #claimOnce(): Promise<readonly ShardClaim[]> {
    const { store, clock, member, events } = this.#options;
    this.#sweptAt = clock.monotonic();
    const wanted = this.#options.wanted?.() ?? ALL_SHARDS;
    const mine = await store.claim(member.bootId, wanted);
    // The lease ran out, or we stopped, while the answer was under way: what it says is no longer certain.
    if (this.state() === 'lost') return [];
    const fresh = mine.filter(({ shard, epoch }) => this.#epochs.get(shard) !== epoch);
    const gone = this.#missing(wanted, mine);
    for (const shard of gone) this.#epochs.delete(shard);
    if (gone.length > 0) events?.lost?.(gone, 'taken');
    for (const { shard, epoch } of fresh) this.#epochs.set(shard, epoch);
    if (fresh.length > 0) events?.claimed?.(fresh);
    return fresh;
  }

  /** Shards we took for ours, asked for, and did not get back: another member has them. */
  #missing(wanted: readonly number[], mine: readonly ShardClaim[]): number[] {
    const answered = new Set(mine.map(({ shard }) => shard));
    return wanted.filter((shard) => this.#epochs.has(shard) && !answered.has(shard));
  }
}

const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** What a member may believe at `now` when its last certain lease ends at `deadline` (monotonic milliseconds). */
export function stateAt(now: number, deadline: number): LeaseState {
  if (now >= deadline) return 'lost';
  return now >= deadline - RENEW_MS ? 'unknown' : 'held';
}

/** Stops waiting after `ms`: a renewal that hangs must not keep the next one from being tried. */
function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(errors.LEASE_STORE_SILENT({ ms })));
    promise.then(resolve, reject).finally(cancel);
  });
}
