import type { InspectionEvent } from '#runtime';
import type { Owners } from './atlas.ts';

/** One event per new owner of these shards, by the name that people know. */
export function shardMoves(
  shards: readonly number[],
  owners: Owners,
  names: ReadonlyMap<string, string>,
): InspectionEvent[] {
  const groups = Map.groupBy(shards, (shard) => owners[shard]);
  return [...groups].map(([owner, moved]) => ({
    type: 'shard.moved',
    shards: moved,
    ...(owner !== undefined && { to: names.get(owner) ?? owner }),
  }));
}
