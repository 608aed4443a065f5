import type { Clock, LeaseView, MemberInfo, MembershipChange } from '#runtime';
import { LEASE_MS } from './limits.ts';
import { Listeners } from './listeners.ts';
import { changeOf, infoOf, withSelf } from './member-change.ts';
import { livingIn } from './placement.ts';
import { SHARDS } from './shards.ts';

/** Boot id of the living owner by shard; undefined = nobody for certain. */
export type Owners = readonly (string | undefined)[];

/** Shards whose living owner is another than before, as far as known. */
export interface OwnersChange {
  readonly shards: readonly number[];
  readonly owners: Owners;
  /** The first view after the start: nothing moved, it was only not known. */
  readonly first: boolean;
}

/**
 * The last view of members and owners. Who lives is what the leases say; while they have not been read for a whole
 * lease, what the membership says. Nothing here is certain: the judge is asked before anything is written.
 */
export class Atlas {
  readonly changed = new Listeners<MembershipChange>();
  readonly moved = new Listeners<OwnersChange>();
  readonly #clock: Clock;
  readonly #hinted: () => readonly MemberInfo[];
  #self: MemberInfo;
  #members: readonly MemberInfo[];
  #owners: Owners = Array.from({ length: SHARDS }, () => undefined);
  #view: LeaseView | undefined;
  #seenAt = -Infinity;

  /** `hinted`: the membership's view. */
  constructor(clock: Clock, self: MemberInfo, hinted: () => readonly MemberInfo[]) {
    this.#clock = clock;
    this.#hinted = hinted;
    this.#self = self;
    this.#members = [self];
  }

  get self(): MemberInfo {
    return this.#self;
  }

  members(): readonly MemberInfo[] {
    return this.#members;
  }

  ownerOf(shard: number): string | undefined {
    return this.#owners[shard];
  }

  /** The last lease view with its age in milliseconds. */
  last(): { readonly view: LeaseView; readonly ageMs: number } | undefined {
    return this.#view && { view: this.#view, ageMs: this.#clock.monotonic() - this.#seenAt };
  }

  /** The judge has spoken. `ours` are the shards that this member holds at this moment. */
  seen(view: LeaseView, ours: readonly number[]): void {
    const first = this.#view === undefined;
    this.#view = view;
    this.#seenAt = this.#clock.monotonic();
    this.refresh();
    const living = new Set(livingIn(view.members).map(({ bootId }) => bootId));
    living.delete(this.#self.bootId);
    const owners: (string | undefined)[] = Array.from({ length: SHARDS }, () => undefined);
    for (const { shard, owner } of view.shards) if (owner !== undefined && living.has(owner)) owners[shard] = owner;
    for (const shard of ours) owners[shard] = this.#self.bootId;
    this.#setOwners(owners, first);
  }

  /** This member holds these shards from now on. */
  gained(shards: readonly number[]): void {
    const owners = [...this.#owners];
    for (const shard of shards) owners[shard] = this.#self.bootId;
    this.#setOwners(owners, false);
  }

  /** This member holds these shards no more. */
  lost(shards: readonly number[]): void {
    const owners = [...this.#owners];
    for (const shard of shards) if (owners[shard] === this.#self.bootId) owners[shard] = undefined;
    this.#setOwners(owners, false);
  }

  /** This member says another thing of itself. */
  describe(patch: Partial<Pick<MemberInfo, 'draining' | 'address'>>): void {
    this.#self = { ...this.#self, ...patch };
    this.refresh();
  }

  /** Puts the view of members together anew, and tells what changed. */
  refresh(): void {
    const last = this.last();
    const others = last && last.ageMs < LEASE_MS ? livingIn(last.view.members).map(infoOf) : this.#hinted();
    const change = changeOf(this.#members, withSelf(this.#self, others));
    if (change === undefined) return;
    this.#members = change.members;
    this.changed.tell(change);
  }

  #setOwners(owners: Owners, first: boolean): void {
    const shards = owners.flatMap((owner, shard) => (owner === this.#owners[shard] ? [] : [shard]));
    if (shards.length === 0) return;
    this.#owners = owners;
    this.moved.tell({ shards, owners, first });
  }
}
