import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rankOf, shardMap, wantedBy, type Candidate } from './rendezvous.ts';
import { SHARDS } from './shards.ts';

const bootId = fc.stringMatching(/^[0-9a-f]{32}$/);
const bootIds = fc.uniqueArray(bootId, { minLength: 1, maxLength: 12 });
const members = (ids: readonly string[]): Candidate[] => ids.map((id) => ({ bootId: id }));

test('without members, or with draining ones only, nobody is wanted', () => {
  deepEqual(new Set(shardMap([])), new Set([undefined]));
  deepEqual(new Set(shardMap([{ bootId: 'a', draining: true }])), new Set([undefined]));
});

test('one member alone is wanted everywhere', () => {
  deepEqual(new Set(shardMap(members(['a']))), new Set(['a']));
  equal(wantedBy('a', members(['a'])).length, SHARDS);
});

test('the map does not depend on the order in which members are seen', () => {
  fc.assert(
    fc.property(bootIds, (ids) => {
      deepEqual(shardMap(members(ids)), shardMap(members(ids.toReversed())));
    }),
  );
});

test('each shard is wanted by exactly one member', () => {
  fc.assert(
    fc.property(bootIds, (ids) => {
      const all = ids.flatMap((id) => wantedBy(id, members(ids)));
      deepEqual(
        all.toSorted((a, b) => a - b),
        Array.from({ length: SHARDS }, (_, shard) => shard),
      );
    }),
  );
});

test('a member that joins takes shards and moves none between the others', () => {
  fc.assert(
    fc.property(bootIds, bootId, (ids, fresh) => {
      fc.pre(!ids.includes(fresh));
      const [before, after] = [shardMap(members(ids)), shardMap(members([...ids, fresh]))];
      ok(after.every((owner, shard) => owner === before[shard] || owner === fresh));
    }),
  );
});

test('a member that leaves or drains gives its own shards only', () => {
  fc.assert(
    fc.property(bootIds, (ids) => {
      fc.pre(ids.length > 1);
      const [gone = '', ...rest] = ids;
      const before = shardMap(members(ids));
      const drained = shardMap([{ bootId: gone, draining: true }, ...members(rest)]);
      deepEqual(drained, shardMap(members(rest)));
      ok(drained.every((owner, shard) => owner === before[shard] || before[shard] === gone));
    }),
  );
});

test('shares are even: with random boot ids none is more than 40 % away from the mean of three', () => {
  fc.assert(
    fc.property(fc.uniqueArray(bootId, { minLength: 3, maxLength: 3 }), (ids) => {
      const mean = SHARDS / 3;
      for (const id of ids) ok(Math.abs(wantedBy(id, members(ids)).length - mean) < 0.4 * mean);
    }),
  );
});

test('boot ids that differ in one letter share as evenly', () => {
  const ids = Array.from({ length: 8 }, (_, number) => `member-${number}`);
  for (const id of ids) {
    const share = wantedBy(id, members(ids)).length;
    ok(share > 35 && share < 100, `${id} has ${share}`);
  }
});

test('the member of rank 0 is the wanted owner, and the ranks of a shard are 0, 1, 2 …', () => {
  fc.assert(
    fc.property(bootIds, fc.integer({ min: 0, max: SHARDS - 1 }), (ids, shard) => {
      const ranks = ids.map((id) => rankOf(id, shard, members(ids)));
      equal(ids[ranks.indexOf(0)], shardMap(members(ids))[shard]);
      deepEqual(
        ranks.toSorted((a, b) => a - b),
        ids.map((_, rank) => rank),
      );
    }),
  );
});

test('a draining member is before nobody', () => {
  equal(rankOf('a', 0, [{ bootId: 'a' }, { bootId: 'b', draining: true }]), 0);
});
