import type { Clock, LeaseState, LeaseStore, LeaseView, MemberRow, ShardClaim } from '#runtime';
import { errors } from './errors.ts';
import * as limits from './limits.ts';
import { leaseRecord, OwnLease, type LeaseRecord } from './own-lease.ts';
import { decide, livingIn, NO_MEMORY } from './placement.ts';
import { SHARDS } from './shards.ts';

/** What the keeper tells of; every call names only what changed. */
export interface LeaseEvents {
  /** Shards that became ours, with the epoch to write under. */
  readonly claimed?: (claims: readonly ShardClaim[]) => void;
  /**
   * Shards that are no longer ours, or not for certain: stop their work and write no more. With `released` they are
   * given to others once the promise is resolved, or after GIVE_UP_MS.
   */
  readonly lost?: (shards: readonly number[], why: 'lease' | 'taken' | 'released') => void | Promise<void>;
  /** Shards we gave back are free to be claimed from now on. */
  readonly freed?: (shards: readonly number[]) => void;
  /** The member's own view changed. */
  readonly state?: (state: LeaseState) => void;
  /** A renewal or a claim failed; it is tried again by itself. */
  readonly failed?: (error: unknown, doing: 'renew' | 'claim' | 'release') => void;
  /** How long a renewal took, in seconds. */
  readonly renewed?: (seconds: number) => void;
  /** What the judge says of all members and shards, at every look of a member that shares. */
  readonly seen?: (view: LeaseView) => void;
}

/** Renewals beside the main loop, see `createLeasePulse`. */
export interface LeasePulse {
  /** Its renewals, and where the keeper notes its own. */
  readonly record: LeaseRecord;
  start(orders: PulseStart): void;
  /** No renewal is under way when it resolves. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** What the keeper tells its pulse. */
export interface PulseStart {
  readonly bootId: string;
  /** Whether the main loop is of use at this moment; without that its lease is not worth renewing. */
  readonly alive: () => boolean;
  readonly events: Pick<LeaseEvents, 'renewed' | 'failed'>;
}

/** What `createLeaseKeeper` takes. */
export interface LeaseKeeperOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly member: MemberRow;
  /**
   * `alone` (default): wants every shard. `shared`: the shards are shared out among the members with a living lease.
   * A list is asked at each sweep and shared with nobody: for tests.
   */
  readonly wanted?: 'alone' | 'shared' | (() => readonly number[]);
  readonly events?: LeaseEvents;
  /** Absent: the main loop renews. */
  readonly pulse?: LeasePulse;
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
  /** Asks for a sweep soon: after a hint that the map is out of date. At most one in LOOK_PAUSE_MS. */
  look(): void;
  /** A write under this epoch was refused: the shard is another's. */
  fenced(shard: number, epoch: number): void;
  /** Stops the work of these shards, then gives them back. */
  release(shards: readonly number[]): Promise<void>;
  /** Changes what others read of this member; written with the next renewal, which is made at once. Does not reject. */
  describe(patch: Partial<Pick<MemberRow, 'address' | 'draining'>>): Promise<void>;
  /** Wants nothing more and gives all shards away, some at a time; resolves when none is left. `stop` follows. */
  drain(): Promise<void>;
  /** Gives all shards back and renews no more: the planned stop. Idempotent. */
  stop(): Promise<void>;
  /** Adds a listener beside the one of the options. Returns unsubscribe. */
  observe(events: LeaseEvents): () => void;
}

/** Keeps this member's lease and shards. It starts nothing until `start`. */
export function createLeaseKeeper(options: LeaseKeeperOptions): LeaseKeeper {
  return new Keeper(options);
}

class Keeper implements LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #clock: Clock;
  readonly #wanted: 'shared' | (() => readonly number[]);
  readonly #pulse: LeasePulse | undefined;
  readonly #listeners: Set<LeaseEvents>;
  readonly #lease: OwnLease;
  readonly #epochs = new Map<number, number>();
  /** Shards whose work is being stopped; the judge still names us. */
  readonly #giving = new Set<number>();
  readonly #gifts = new Set<Promise<void>>();
  #member: MemberRow;
  #memory = NO_MEMORY;
  #patientUntil = -Infinity;
  #sweptAt = -Infinity;
  #writtenAt = -Infinity;
  /** When the store last answered the main loop. */
  #heardAt = -Infinity;
  #stopped = false;
  #lapsed = false;
  #cancelBeat: () => void = () => {};
  #cancelLook: (() => void) | undefined;
  #cancelExpiryLook: () => void = () => {};
  #renewing: Promise<void> | undefined;
  #rounding: Promise<readonly ShardClaim[]> | undefined;

  constructor({ store, clock, member, wanted = 'alone', events = {}, pulse }: LeaseKeeperOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#member = member;
    this.#wanted = wanted === 'alone' ? () => ALL_SHARDS : wanted;
    this.#pulse = pulse;
    this.#listeners = new Set([events]);
    this.#lease = new OwnLease(clock, pulse?.record ?? leaseRecord(), (state) => this.#stateChanged(state));
  }

  async start(): Promise<readonly ShardClaim[]> {
    await this.#renew();
    const claims = await this.#round();
    this.#schedule();
    this.#pulse?.start({
      bootId: this.#member.bootId,
      alive: () => this.#clock.monotonic() - this.#heardAt <= limits.MAIN_DEAF_MS_MAX,
      events: {
        renewed: (seconds) => this.#each(({ renewed }) => renewed?.(seconds)),
        failed: (error) => this.#failed(error, 'renew'),
      },
    });
    return claims;
  }

  epochOf(shard: number): number | undefined {
    return this.#epochs.get(shard);
  }

  owned(): readonly number[] {
    return [...this.#epochs.keys()].sort((a, b) => a - b);
  }

  state(): LeaseState {
    return this.#lease.state();
  }

  observe(events: LeaseEvents): () => void {
    this.#listeners.add(events);
    return () => this.#listeners.delete(events);
  }

  async sweep(): Promise<readonly ShardClaim[]> {
    if (this.#stopped || this.state() !== 'held') return [];
    try {
      return await this.#round();
    } catch (error) {
      this.#failed(error, 'claim');
      return [];
    }
  }

  look(): void {
    if (this.#stopped || this.#cancelLook) return;
    const wait = Math.max(0, this.#sweptAt + limits.LOOK_PAUSE_MS - this.#clock.monotonic());
    this.#cancelLook = this.#clock.after(wait, () => {
      this.#cancelLook = undefined;
      void this.sweep();
    });
  }

  fenced(shard: number, epoch: number): void {
    // A late word about an epoch that we have since left behind says nothing about the present one.
    if (this.#epochs.get(shard) === epoch) this.#forget([shard], 'taken');
  }

  async release(shards: readonly number[]): Promise<void> {
    const ours = shards.filter((shard) => this.#epochs.delete(shard));
    if (ours.length === 0) return;
    const gift = this.#give(ours);
    this.#gifts.add(gift);
    await gift;
    this.#gifts.delete(gift);
  }

  async describe(patch: Partial<Pick<MemberRow, 'address' | 'draining'>>): Promise<void> {
    this.#member = { ...this.#member, ...patch };
    if (this.#writtenAt === -Infinity || this.#stopped) return;
    // One that is under way may carry the old words.
    await this.#renewing?.catch(() => undefined);
    await this.#renewOrSay();
  }

  async drain(): Promise<void> {
    await this.describe({ draining: true });
    while (!this.#stopped && this.#epochs.size + this.#giving.size > 0) {
      if (this.#wanted === 'shared') await this.sweep();
      else await this.release(this.owned());
      await new Promise<void>((resolve) => this.#clock.after(limits.DRAIN_ROUND_MS, resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const cancel of [this.#cancelBeat, this.#cancelExpiryLook, this.#cancelLook]) cancel?.();
    await this.#rounding?.catch(() => []);
    await Promise.all([...this.#gifts, this.release(this.owned())]);
    await this.#pulse?.stop();
    await this.#renewing?.catch(() => undefined);
    if (this.#wanted === 'shared') await this.#leave();
    this.#lease.end();
  }

  /** The others need not wait for the lease to run out to know that we are gone. */
  async #leave(): Promise<void> {
    try {
      await this.#within(this.#store.renew({ ...this.#member, draining: true }, 0));
    } catch (error) {
      this.#failed(error, 'release');
    }
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancelBeat = this.#clock.after(limits.RENEW_MS, () => {
      this.#schedule();
      void this.#beat();
    });
  }

  /** One beat: renew unless that has been done, then look for free shards, and at once after a lapse. */
  async #beat(): Promise<void> {
    if (this.#renewing || this.#stopped) return;
    this.#lease.check();
    if (this.#mustRenew() && !(await this.#renewOrSay())) return;
    const pause = this.#wanted === 'shared' ? 0 : limits.CLAIM_SWEEP_MS;
    if (this.#clock.monotonic() - this.#sweptAt >= pause) await this.sweep();
  }

  /** The renewal thread does it, while it lives; the whole row is for us to write. */
  #mustRenew(): boolean {
    if (this.#pulse === undefined || this.#lease.age() >= limits.RENEW_FRESH_MS) return true;
    return this.#clock.monotonic() - this.#writtenAt >= limits.MEMBER_WRITE_MS;
  }

  async #renewOrSay(): Promise<boolean> {
    try {
      await this.#renew();
      return true;
    } catch (error) {
      this.#failed(error, 'renew');
      return false;
    }
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const sent = this.#clock.monotonic();
    await this.#ask(this.#store.renew(this.#member, limits.LEASE_MS));
    if (this.#stopped) return;
    this.#writtenAt = sent;
    this.#each(({ renewed }) => renewed?.((this.#clock.monotonic() - sent) / 1000));
    this.#lease.renewed(sent);
  }

  #stateChanged(state: LeaseState): void {
    if (state === 'held' && this.#lapsed) {
      this.#lapsed = false;
      this.#patientUntil = this.#clock.monotonic() + limits.COMEBACK_GRACE_MS;
    }
    this.#each((events) => events.state?.(state));
    if (state !== 'lost') return;
    this.#lapsed = true;
    // Whoever claims them meanwhile raises the epoch; if nobody does, our next sweep does.
    this.#sweptAt = -Infinity;
    this.#forget(this.owned(), 'lease');
  }

  /** One round at a time: two answers crossing each other could bring an old epoch back. */
  #round(): Promise<readonly ShardClaim[]> {
    this.#sweptAt = this.#clock.monotonic();
    const round = this.#wanted === 'shared' ? () => this.#share() : () => this.#claim(this.#wanted);
    this.#rounding ??= round().finally(() => {
      this.#rounding = undefined;
    });
    return this.#rounding;
  }

  /** A round among others: look, then claim what is free and ours to have, and begin to give what is another's. */
  async #share(): Promise<readonly ShardClaim[]> {
    const view = await this.#ask(this.#store.view());
    // The lease ran out, or we stopped, while the answer was under way: what it says is no longer certain.
    if (this.#stopped || this.state() === 'lost') return [];
    this.#each(({ seen }) => seen?.(view));
    this.#lookAtExpiry(view);
    const { plan, memory } = decide({
      self: this.#member.bootId,
      draining: this.#member.draining === true,
      view,
      held: this.#epochs,
      giving: this.#giving,
      now: this.#clock.monotonic(),
      patientUntil: this.#patientUntil,
      memory: this.#memory,
    });
    this.#memory = memory;
    this.#forget(plan.taken, 'taken');
    const fresh = plan.claim.length > 0 ? this.#keep(await this.#claimRows(plan.claim)) : [];
    if (plan.drop.length > 0) await this.#releaseRows(plan.drop);
    // Work may take its time to stop; renewals and rounds go on meanwhile.
    void this.release(plan.give);
    return fresh;
  }

  /** A member that misses renewals is looked at when its lease ends, not at the next beat. */
  #lookAtExpiry({ members }: LeaseView): void {
    this.#cancelExpiryLook();
    const others = livingIn(members).filter(({ bootId }) => bootId !== this.#member.bootId);
    const next = Math.min(...others.map(({ leaseLeftMs }) => leaseLeftMs ?? Infinity));
    if (next > limits.RENEW_MS) return;
    this.#cancelExpiryLook = this.#clock.after(next + limits.LOOK_AFTER_EXPIRY_MS, () => this.look());
  }

  /** A round of a member that shares with nobody. */
  async #claim(wanted: 'shared' | (() => readonly number[])): Promise<readonly ShardClaim[]> {
    const shards = wanted === 'shared' || this.#member.draining === true ? [] : wanted();
    const mine = await this.#claimRows(shards);
    if (this.state() === 'lost') return [];
    // What we took for ours, asked for, and did not get back: another member has it.
    const answered = new Set(mine.map(({ shard }) => shard));
    this.#forget(
      shards.filter((shard) => this.#epochs.has(shard) && !answered.has(shard)),
      'taken',
    );
    return this.#keep(mine);
  }

  #claimRows(shards: readonly number[]): Promise<ShardClaim[]> {
    return this.#ask(this.#store.claim(this.#member.bootId, shards));
  }

  #keep(mine: readonly ShardClaim[]): readonly ShardClaim[] {
    if (this.state() === 'lost') return [];
    const fresh = mine.filter(({ shard, epoch }) => this.#epochs.get(shard) !== epoch && !this.#giving.has(shard));
    for (const { shard, epoch } of fresh) this.#epochs.set(shard, epoch);
    if (fresh.length > 0) this.#each(({ claimed }) => claimed?.(fresh));
    return fresh;
  }

  #forget(shards: readonly number[], why: 'lease' | 'taken'): void {
    for (const shard of shards) this.#epochs.delete(shard);
    if (shards.length > 0) this.#each(({ lost }) => void lost?.(shards, why));
  }

  async #give(shards: readonly number[]): Promise<void> {
    for (const shard of shards) this.#giving.add(shard);
    await this.#stopWork(shards);
    await this.#releaseRows(shards);
    for (const shard of shards) this.#giving.delete(shard);
  }

  async #stopWork(shards: readonly number[]): Promise<void> {
    const stopping: (void | Promise<void>)[] = [];
    this.#each(({ lost }) => stopping.push(lost?.(shards, 'released')));
    const pending = stopping.filter((stop) => stop !== undefined);
    if (pending.length === 0) return;
    try {
      await this.#within(Promise.all(pending), limits.GIVE_UP_MS);
    } catch (error) {
      // The next owner's claim fences whatever still runs.
      this.#failed(error, 'release');
    }
  }

  async #releaseRows(shards: readonly number[]): Promise<void> {
    try {
      await this.#within(this.#store.release(this.#member.bootId, shards));
      this.#each(({ freed }) => freed?.(shards));
    } catch (error) {
      // The lease runs out by itself; until then nobody works on them, which is late but safe.
      this.#failed(error, 'release');
    }
  }

  #failed(error: unknown, doing: 'renew' | 'claim' | 'release'): void {
    this.#each(({ failed }) => failed?.(error, doing));
  }

  #each(tell: (events: LeaseEvents) => void): void {
    for (const events of this.#listeners) tell(events);
  }

  async #ask<T>(call: Promise<T>): Promise<T> {
    const answer = await this.#within(call);
    this.#heardAt = this.#clock.monotonic();
    return answer;
  }

  /** Stops waiting after a while: a call that hangs must not keep the next one from being tried. */
  #within<T>(promise: Promise<T>, ms: number = limits.RENEW_TIMEOUT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => reject(errors.LEASE_STORE_SILENT({ ms })));
      promise.then(resolve, reject).finally(cancel);
    });
  }
}

const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);
