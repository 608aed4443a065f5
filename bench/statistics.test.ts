import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { figure, percentile } from './statistics.ts';

const grid: readonly [readonly number[], number, number][] = [
  [[], 0.5, 0],
  [[7], 0.99, 7],
  [[1, 2, 3], 0.5, 2],
  [[1, 2, 3, 4], 0.5, 2.5],
  [[0, 10], 0.99, 9.9],
  [[1, 2, 3, 4, 5], 1, 5],
  [[1, 2, 3, 4, 5], 0, 1],
];
for (const [values, share, expected] of grid) {
  test(`percentile ${share} of [${values.join()}] is ${expected}`, () =>
    assert.equal(percentile(values, share), expected));
}

test('the median lies between least and most, and does not depend on the order of the rounds', () => {
  const values = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, (rounds) => {
      const { least, median, most } = figure(rounds);
      assert.ok(least <= median && median <= most);
      assert.equal(figure(rounds.toReversed()).median, median);
    }),
  );
});
