import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { idIn, SHARDS, shardOf } from './shards.ts';

test('an id drawn on a shard lies on that shard, whatever the number', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(SHARDS - 1), (number, shard) => shardOf(idIn(number, shard)) === shard),
  );
});

test('two pairs of number and shard never make the same id', () => {
  const pair = fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(SHARDS - 1));
  fc.assert(fc.property(pair, pair, ([a, s], [b, t]) => (idIn(a, s) === idIn(b, t)) === (a === b && s === t)));
});

test('ids stay exact up to the last number that fits below 2^53', () => {
  const last = 2 ** 44 - 1;
  equal(idIn(last, SHARDS - 1), String(2 ** 53 - 1));
});
