import type { LeaseStore, LeaseView, MemberRow, ShardClaim, ShardRow } from '../ports/index.ts';
import { copy } from './state.ts';
import type { MemoryState, ShardRow as OwnedRow } from './state.ts';

/**
 * The lease store's twin in memory. Its "database clock" is the monotonic clock of the state. Members of one name are
 * taken for boots of one data directory.
 */
export class MemoryLeases implements LeaseStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async renew(member: MemberRow, leaseMs: number): Promise<void> {
    const { leaseLeftMs: _reading, ...row } = member;
    for (const [bootId, other] of this.#state.members) {
      if (other.row.name === row.name && bootId !== row.bootId) this.#state.members.delete(bootId);
    }
    const until = this.#state.clock.monotonic() + leaseMs;
    this.#state.members.set(member.bootId, { row: copy({ draining: false, ...row }), until });
  }

  /** As a renewal thread does: false when the member has no row. */
  async extend(bootId: string, leaseMs: number): Promise<boolean> {
    const member = this.#state.members.get(bootId);
    if (member) member.until = this.#state.clock.monotonic() + leaseMs;
    return member !== undefined;
  }

  async claim(bootId: string, shards: readonly number[]): Promise<ShardClaim[]> {
    const claims: ShardClaim[] = [];
    for (const shard of shards) {
      const row = this.#state.shards.get(shard) ?? { epoch: 0, owner: undefined };
      if (row.owner !== bootId) {
        if (!this.#claimable(row)) continue;
        row.owner = bootId;
        row.epoch += 1;
        this.#state.shards.set(shard, row);
      }
      claims.push({ shard, epoch: row.epoch });
    }
    return claims;
  }

  async release(bootId: string, shards: readonly number[]): Promise<void> {
    for (const shard of shards) {
      const row = this.#state.shards.get(shard);
      if (row?.owner === bootId) row.owner = undefined;
    }
  }

  async members(): Promise<MemberRow[]> {
    const now = this.#state.clock.monotonic();
    return [...this.#state.members.values()].map(({ row, until }) => ({ ...copy(row), leaseLeftMs: until - now }));
  }

  async shards(): Promise<ShardRow[]> {
    return [...this.#state.shards].map(([shard, { epoch, owner }]) => ({
      shard,
      epoch,
      ...(owner !== undefined && { owner }),
    }));
  }

  async view(): Promise<LeaseView> {
    return { members: await this.members(), shards: await this.shards() };
  }

  #claimable(row: OwnedRow): boolean {
    if (row.owner === undefined) return true;
    const owner = this.#state.members.get(row.owner);
    return owner === undefined || owner.until <= this.#state.clock.monotonic();
  }
}
