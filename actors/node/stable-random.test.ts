import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stableRandom } from './stable-random.ts';

const draw = (key: string, count: number): number[] =>
  Array.from({ length: count }, ((next) => next)(stableRandom(key)));

test('the same key draws the same numbers, another key others', () => {
  assert.deepEqual(draw('513/n1/0', 20), draw('513/n1/0', 20));
  assert.notDeepEqual(draw('513/n1/0', 20), draw('513/n1/1', 20));
});

test('numbers lie from 0 to below 1 and fill that range evenly', () => {
  const numbers = draw('1025/n2/0', 10_000);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const inside = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
    assert.ok(inside > 850 && inside < 1_150, `${inside} of 10,000 in tenth ${tenth}`);
  }
});
