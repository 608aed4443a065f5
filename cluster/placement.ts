import type { LeaseView, MemberRow, ShardRow } from '#runtime';
import { ADOPTED_HOLD_MS, DRAIN_SHARDS_PER_ROUND, GIVE_LEASE_LEFT_MS, ORPHAN_GRACE_MS } from './limits.ts';
import { REBALANCE_SHARDS_PER_ROUND } from './limits.ts';
import { rankOf, shardMap } from './rendezvous.ts';
import { SHARDS } from './shards.ts';

/** What one round decides; a shard is in one list at most, each ascending. */
export interface Plan {
  /** To be claimed: free, or ours by name without being held. */
  readonly claim: readonly number[];
  /** Held, but another living member should have them: stop their work, then release. At most a round's limit. */
  readonly give: readonly number[];
  /** Ours by name only, worked by nobody and wanted elsewhere: release at once. */
  readonly drop: readonly number[];
  /** Believed to be held, but the judge says otherwise. */
  readonly taken: readonly number[];
}

/** What rounds remember of one another; monotonic milliseconds by shard. */
export interface RoundMemory {
  /** When a free shard was first seen free. */
  readonly freeSince: ReadonlyMap<number, number>;
  /** Until when a shard claimed in another's stead is kept. */
  readonly adoptedUntil: ReadonlyMap<number, number>;
}

export const NO_MEMORY: RoundMemory = { freeSince: new Map(), adoptedUntil: new Map() };

/** What a round is decided from. */
export interface RoundInput {
  readonly self: string;
  readonly draining: boolean;
  readonly view: LeaseView;
  /** Shards held, with the epochs under which their work writes. */
  readonly held: ReadonlyMap<number, number>;
  /** Shards whose work is being stopped to give them away: not to be touched. */
  readonly giving: ReadonlySet<number>;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Until then shards that name a dead owner are left to it. */
  readonly patientUntil: number;
  readonly memory: RoundMemory;
}

type Verdict = keyof Plan | 'adopt' | 'wait' | 'leave';

/**
 * What to do about every shard, given what the judge says. Pure.
 *
 *              the judge names us, epoch ours     names us otherwise      names a living other    free, or owner dead
 *   held       give if a living other is wanted   taken                   taken                   taken
 *   not held   -                                  claim or drop           leave                   claim, wait or adopt
 */
export function decide(input: RoundInput): { plan: Plan; memory: RoundMemory } {
  const living = livingIn(input.view.members);
  const able = candidates(input, living);
  const scene: Scene = {
    input,
    living: new Map(living.map((member) => [member.bootId, member])),
    able,
    wanted: shardMap(able),
  };
  const rows = new Map(input.view.shards.map((row) => [row.shard, row]));
  const lists: Record<Verdict, number[]> = { claim: [], give: [], drop: [], taken: [], adopt: [], wait: [], leave: [] };
  for (let shard = 0; shard < SHARDS; shard += 1) {
    lists[judge(scene, rows.get(shard) ?? { shard, epoch: 0 })].push(shard);
  }
  const limit = input.draining ? DRAIN_SHARDS_PER_ROUND : REBALANCE_SHARDS_PER_ROUND;
  const plan = {
    claim: [...lists.claim, ...lists.adopt].sort((a, b) => a - b),
    give: input.giving.size > 0 ? [] : lists.give.slice(0, limit),
    drop: lists.drop,
    taken: lists.taken,
  };
  return { plan, memory: remember(input, lists) };
}

/** Members whose lease runs by the judge's clock. */
export function livingIn(members: readonly MemberRow[]): MemberRow[] {
  return members.filter(({ leaseLeftMs }) => (leaseLeftMs ?? 0) > 0);
}

interface Scene {
  readonly input: RoundInput;
  readonly living: ReadonlyMap<string, MemberRow>;
  readonly able: readonly MemberRow[];
  readonly wanted: readonly (string | undefined)[];
}

/** This member counts by what it knows of itself, not by its row, which may be a second old. */
function candidates({ self, draining }: RoundInput, living: readonly MemberRow[]): MemberRow[] {
  const others = living.filter((member) => member.bootId !== self && member.draining !== true);
  return draining ? others : [...others, { bootId: self, name: self, tags: [] }];
}

function judge(scene: Scene, row: ShardRow): Verdict {
  const { self, held, giving } = scene.input;
  if (giving.has(row.shard)) return 'leave';
  const epoch = held.get(row.shard);
  if (epoch !== undefined) return row.owner === self && row.epoch === epoch ? judgeHeld(scene, row.shard) : 'taken';
  if (row.owner === self) return scene.wanted[row.shard] === self ? 'claim' : 'drop';
  if (row.owner !== undefined && scene.living.has(row.owner)) return 'leave';
  if (row.owner !== undefined && scene.input.now < scene.input.patientUntil) return 'leave';
  return judgeFree(scene, row.shard);
}

function judgeHeld({ input, living, wanted }: Scene, shard: number): Verdict {
  if (input.draining) return 'give';
  const owner = wanted[shard];
  if (owner === undefined || owner === input.self) return 'leave';
  if ((input.memory.adoptedUntil.get(shard) ?? -Infinity) > input.now) return 'leave';
  return (living.get(owner)?.leaseLeftMs ?? 0) >= GIVE_LEASE_LEFT_MS ? 'give' : 'leave';
}

function judgeFree({ input, able, wanted }: Scene, shard: number): Verdict {
  if (wanted[shard] === input.self) return 'claim';
  if (input.draining) return 'leave';
  const since = input.memory.freeSince.get(shard) ?? input.now;
  const patience = rankOf(input.self, shard, able) * ORPHAN_GRACE_MS;
  return input.now - since >= patience ? 'adopt' : 'wait';
}

function remember({ memory, now, held }: RoundInput, lists: Record<Verdict, number[]>): RoundMemory {
  const freeSince = new Map(lists.wait.map((shard) => [shard, memory.freeSince.get(shard) ?? now]));
  const kept = [...memory.adoptedUntil].filter(([shard, until]) => until > now && held.has(shard));
  const adopted = lists.adopt.map((shard): [number, number] => [shard, now + ADOPTED_HOLD_MS]);
  return { freeSince, adoptedUntil: new Map([...kept, ...adopted]) };
}
