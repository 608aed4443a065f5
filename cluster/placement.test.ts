import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberRow, ShardRow } from '#runtime';
import { ADOPTED_HOLD_MS, DRAIN_SHARDS_PER_ROUND, GIVE_LEASE_LEFT_MS, LEASE_MS, ORPHAN_GRACE_MS } from './limits.ts';
import { REBALANCE_SHARDS_PER_ROUND } from './limits.ts';
import { decide, NO_MEMORY, type Plan, type RoundInput } from './placement.ts';
import { wantedBy } from './rendezvous.ts';
import { SHARDS } from './shards.ts';

function member(bootId: string, leaseLeftMs: number = LEASE_MS, draining = false): MemberRow {
  return { bootId, name: bootId, tags: [], draining, leaseLeftMs };
}

const SELF = member('self');
const OTHER = member('other');
const [MINE = 0] = wantedBy('self', [SELF, OTHER]);
const [THEIRS = 0] = wantedBy('other', [SELF, OTHER]);

interface Case {
  shard: number;
  row: Omit<ShardRow, 'shard'>;
  heldEpoch?: number;
  more?: Partial<RoundInput>;
  members?: MemberRow[];
}

function input({ shard, row, heldEpoch, more = {}, members = [SELF, OTHER] }: Case): RoundInput {
  // Everything else is the other's, so that it says nothing.
  const shards = Array.from({ length: SHARDS }, (_, at) => ({ shard: at, epoch: 1, owner: 'other' }));
  return {
    self: 'self',
    draining: false,
    view: { members, shards: shards.map((one) => (one.shard === shard ? { shard, ...row } : one)) },
    held: new Map(heldEpoch === undefined ? [] : [[shard, heldEpoch]]),
    giving: new Set(),
    now: 0,
    patientUntil: -Infinity,
    memory: NO_MEMORY,
    ...more,
  };
}

/** The list that the shard is in. */
function verdict(one: Case): keyof Plan | 'nothing' {
  const { plan } = decide(input(one));
  const lists: (keyof Plan)[] = ['claim', 'give', 'drop', 'taken'];
  return lists.find((list) => plan[list].includes(one.shard)) ?? 'nothing';
}

const dead = member('dead', -1);

test('the verdict on a shard is a function of who holds it, who is named, who lives and who is wanted', () => {
  const grid: [rule: string, one: Case, expected: keyof Plan | 'nothing'][] = [
    ['held and wanted here', { shard: MINE, row: { epoch: 3, owner: 'self' }, heldEpoch: 3 }, 'nothing'],
    ['held, wanted elsewhere', { shard: THEIRS, row: { epoch: 3, owner: 'self' }, heldEpoch: 3 }, 'give'],
    ['held, but named under another epoch', { shard: MINE, row: { epoch: 4, owner: 'self' }, heldEpoch: 3 }, 'taken'],
    ['held, but another is named', { shard: MINE, row: { epoch: 4, owner: 'other' }, heldEpoch: 3 }, 'taken'],
    ['held, but nobody is named', { shard: MINE, row: { epoch: 3 }, heldEpoch: 3 }, 'taken'],
    ['ours by name, wanted here', { shard: MINE, row: { epoch: 3, owner: 'self' } }, 'claim'],
    ['ours by name, wanted elsewhere', { shard: THEIRS, row: { epoch: 3, owner: 'self' } }, 'drop'],
    [
      'another living one is named, though we are wanted',
      { shard: MINE, row: { epoch: 3, owner: 'other' } },
      'nothing',
    ],
    ['free, wanted here', { shard: MINE, row: { epoch: 3 } }, 'claim'],
    ['free, wanted elsewhere', { shard: THEIRS, row: { epoch: 3 } }, 'nothing'],
    [
      'a dead owner, wanted here',
      { shard: MINE, row: { epoch: 3, owner: 'dead' }, members: [SELF, OTHER, dead] },
      'claim',
    ],
    ['an owner without a row is dead', { shard: MINE, row: { epoch: 3, owner: 'nobody' } }, 'claim'],
    [
      'a dead owner that may be coming back with us',
      { shard: MINE, row: { epoch: 3, owner: 'dead' }, members: [SELF, OTHER, dead], more: { patientUntil: 1 } },
      'nothing',
    ],
    [
      'free, while we wait for others to come back',
      { shard: MINE, row: { epoch: 3 }, more: { patientUntil: 1 } },
      'claim',
    ],
    ['free, while we drain', { shard: MINE, row: { epoch: 3 }, more: { draining: true } }, 'nothing'],
    [
      'held, while we drain',
      { shard: MINE, row: { epoch: 3, owner: 'self' }, heldEpoch: 3, more: { draining: true } },
      'give',
    ],
    [
      'ours by name, while we drain',
      { shard: MINE, row: { epoch: 3, owner: 'self' }, more: { draining: true } },
      'drop',
    ],
    [
      'its work is being stopped',
      { shard: THEIRS, row: { epoch: 3, owner: 'self' }, more: { giving: new Set([THEIRS]) } },
      'nothing',
    ],
    [
      'wanted by one whose lease is about to run out',
      {
        shard: THEIRS,
        row: { epoch: 3, owner: 'self' },
        heldEpoch: 3,
        members: [SELF, member('other', GIVE_LEASE_LEFT_MS - 1)],
      },
      'nothing',
    ],
    [
      'wanted by one that drains: it is no candidate, so we are',
      { shard: THEIRS, row: { epoch: 3 }, members: [SELF, member('other', LEASE_MS, true)] },
      'claim',
    ],
    [
      'our own row is missing in the view: we count all the same',
      { shard: MINE, row: { epoch: 3 }, members: [OTHER] },
      'claim',
    ],
  ];
  for (const [rule, one, expected] of grid) equal(verdict(one), expected, rule);
});

test('a shard that the judge has never seen claimed is free', () => {
  const { plan } = decide({ ...input({ shard: MINE, row: { epoch: 0 } }), view: { members: [SELF], shards: [] } });
  equal(plan.claim.length, SHARDS);
});

test('no round gives more than its limit, and none begins while one is being given', () => {
  const held = new Map(Array.from({ length: SHARDS }, (_, shard) => [shard, 1]));
  const shards = [...held].map(([shard, epoch]) => ({ shard, epoch, owner: 'self' }));
  const base = { ...input({ shard: 0, row: { epoch: 1, owner: 'self' } }), held };
  const view = { members: [SELF, OTHER], shards };
  equal(decide({ ...base, view }).plan.give.length, REBALANCE_SHARDS_PER_ROUND);
  equal(decide({ ...base, view, draining: true }).plan.give.length, DRAIN_SHARDS_PER_ROUND);
  deepEqual(decide({ ...base, view, giving: new Set([511]) }).plan.give, []);
});

test('a free shard that its wanted owner leaves lying is adopted after the grace, and kept for the hold', () => {
  const row = { epoch: 3 };
  const first = decide(input({ shard: THEIRS, row }));
  deepEqual(first.plan.claim, []);
  const early = decide(input({ shard: THEIRS, row, more: { now: ORPHAN_GRACE_MS - 1, memory: first.memory } }));
  deepEqual(early.plan.claim, []);
  const due = decide(input({ shard: THEIRS, row, more: { now: ORPHAN_GRACE_MS, memory: early.memory } }));
  deepEqual(due.plan.claim, [THEIRS]);
  const owned: Case = { shard: THEIRS, row: { epoch: 4, owner: 'self' }, heldEpoch: 4 };
  const during = { now: ORPHAN_GRACE_MS + ADOPTED_HOLD_MS - 1, memory: due.memory };
  const kept = decide(input({ ...owned, more: during }));
  deepEqual(kept.plan.give, []);
  const after = { now: ORPHAN_GRACE_MS + ADOPTED_HOLD_MS, memory: kept.memory };
  deepEqual(decide(input({ ...owned, more: after })).plan.give, [THEIRS]);
});

test('a shard that was claimed by its wanted owner in the meantime is waited for anew when it is free again', () => {
  const first = decide(input({ shard: THEIRS, row: { epoch: 3 } }));
  const claimed = decide(
    input({ shard: THEIRS, row: { epoch: 4, owner: 'other' }, more: { now: 1, memory: first.memory } }),
  );
  const later = { now: ORPHAN_GRACE_MS, memory: claimed.memory };
  deepEqual(decide(input({ shard: THEIRS, row: { epoch: 4 }, more: later })).plan.claim, []);
});

test('the lower the rank, the longer the wait: two never adopt in the same moment', () => {
  const members = ['self', 'b', 'c', 'd'].map((bootId) => member(bootId));
  const waits = new Map<number, number>();
  for (let shard = 0; shard < 64; shard += 1) {
    const adoptedAt = members.map(({ bootId }) => {
      for (let steps = 0; steps <= members.length; steps += 1) {
        const now = steps * ORPHAN_GRACE_MS;
        const memory = { freeSince: new Map([[shard, 0]]), adoptedUntil: new Map<number, number>() };
        const one = input({ shard, row: { epoch: 1 }, members, more: { self: bootId, now, memory } });
        if (decide(one).plan.claim.includes(shard)) return now;
      }
      return Infinity;
    });
    equal(new Set(adoptedAt).size, members.length);
    for (const at of adoptedAt) waits.set(at, (waits.get(at) ?? 0) + 1);
  }
  ok([...waits.keys()].every((at) => at <= (members.length - 1) * ORPHAN_GRACE_MS));
});
