import { SHARDS } from './shards.ts';

/** What the map needs to know of a member. */
export interface Candidate {
  readonly bootId: string;
  readonly draining?: boolean;
}

/**
 * The wanted owner of every shard, by shard number: each shard goes to the member that draws the highest lot for it.
 * A function of the members alone, so all who see the same members agree; one that joins or leaves moves only the
 * shards it wins or had. Draining members win none; undefined = nobody can be wanted.
 */
export function shardMap(members: readonly Candidate[]): readonly (string | undefined)[] {
  const drawers = members.filter(({ draining }) => draining !== true).map(({ bootId }) => drawerOf(bootId));
  return Array.from({ length: SHARDS }, (_, shard) => {
    const best = drawers.reduce<Drawer | undefined>(
      (first, next) => (first === undefined || before(next, first, shard) ? next : first),
      undefined,
    );
    return best?.bootId;
  });
}

/** Shards that this member should own among these, ascending; it counts only if it is one of them and stays. */
export function wantedBy(self: string, members: readonly Candidate[]): number[] {
  return shardMap(members).flatMap((owner, shard) => (owner === self ? [shard] : []));
}

/** How many members come before this one for a shard: 0 = it is the wanted owner. */
export function rankOf(self: string, shard: number, members: readonly Candidate[]): number {
  const own = drawerOf(self);
  const others = members.filter(({ bootId, draining }) => bootId !== self && draining !== true);
  return others.filter(({ bootId }) => before(drawerOf(bootId), own, shard)).length;
}

interface Drawer {
  readonly bootId: string;
  readonly seed: number;
}

function drawerOf(bootId: string): Drawer {
  return { bootId, seed: seedOf(bootId) };
}

/** Equal lots are one in four thousand million; then the lower boot id wins, everywhere alike. */
function before(a: Drawer, b: Drawer, shard: number): boolean {
  const [lotA, lotB] = [lot(a.seed, shard), lot(b.seed, shard)];
  return lotA === lotB ? a.bootId < b.bootId : lotA > lotB;
}

/** FNV-1a over the UTF-16 units. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Mixes member and shard until every bit depends on every other (the finalizer of MurmurHash3). */
function lot(seed: number, shard: number): number {
  let mixed = seed ^ Math.imul(shard + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
