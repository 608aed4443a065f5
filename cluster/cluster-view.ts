import type { LeaseKeeper } from './lease-keeper.ts';
import type { Atlas } from './atlas.ts';
import { SHARDS } from './shards.ts';

/** The cluster as this member sees it, for people. */
export interface ClusterView {
  /** Members with a row, the dead ones that still have one too; by name. */
  readonly members: readonly ClusterMember[];
  /** Shards that no living member holds, as far as known. */
  readonly freeShards: number;
  /** Milliseconds since members and shards were last read; absent = not yet. */
  readonly ageMs?: number;
}

/** One member in {@link ClusterView}. */
export interface ClusterMember {
  readonly bootId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly address?: string;
  /** `dead`: its lease has run out; whoever wants its shards may claim them. */
  readonly state: 'living' | 'draining' | 'dead';
  /** The one that was asked. */
  readonly self: boolean;
  readonly shards: number;
  /** Milliseconds; negative = ran out. */
  readonly leaseLeftMs: number;
}

/** Draws the view from what was last read; asks nobody. */
export function clusterView(atlas: Atlas, keeper: Pick<LeaseKeeper, 'owned'>): ClusterView {
  const last = atlas.last();
  const self = atlas.self.bootId;
  const counts = new Map<string | undefined, number>();
  for (const { owner } of last?.view.shards ?? []) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  counts.set(self, keeper.owned().length);
  const members = (last?.view.members ?? []).map((row): ClusterMember => {
    const leaseLeftMs = Math.round((row.leaseLeftMs ?? 0) - (last?.ageMs ?? 0));
    const draining = row.bootId === self ? atlas.self.draining : row.draining === true;
    return {
      bootId: row.bootId,
      name: row.name,
      tags: row.tags,
      ...(row.address !== undefined && { address: row.address }),
      state: leaseLeftMs <= 0 ? 'dead' : draining ? 'draining' : 'living',
      self: row.bootId === self,
      shards: counts.get(row.bootId) ?? 0,
      leaseLeftMs,
    };
  });
  const held = members.reduce((sum, { state, shards }) => sum + (state === 'dead' ? 0 : shards), 0);
  return { members, freeShards: SHARDS - held, ...(last && { ageMs: Math.round(last.ageMs) }) };
}
