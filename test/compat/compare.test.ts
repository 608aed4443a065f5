import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareExecution, type ObservedExecution } from './compare.ts';
import { difference } from './equal.ts';
import type { CompareRule, ExpectedExecution } from './record.ts';

const SAME: readonly (readonly [unknown, unknown])[] = [
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [{ a: undefined }, {}],
  [0, -0],
  [
    [1, [2]],
    [1, [2]],
  ],
  [{ $matcher: 'anything', args: [] }, 'x'],
  [{ $matcher: 'any', args: ['Number'] }, 3],
  [{ $matcher: 'stringContaining', args: ['b'] }, 'abc'],
  [{ $matcher: 'stringMatching', args: [{ $regexp: '^A', flags: 'i' }] }, 'abc'],
  [
    { $matcher: 'objectContaining', args: [{ a: 1 }] },
    { a: 1, b: 2 },
  ],
  [{ $matcher: 'arrayContaining', args: [[2]] }, [1, 2]],
  [{ $matcher: 'closeTo', args: [1.001] }, 1],
  [{ $number: 'NaN' }, NaN],
  [{ $undefined: true }, undefined],
];

const OTHER: readonly (readonly [unknown, unknown])[] = [
  [{ a: 1 }, { a: 1, b: 2 }],
  [{ a: 1, b: 2 }, { a: 1 }],
  [1, '1'],
  [null, undefined],
  [[1], [1, 2]],
  [[1], { 0: 1 }],
  [{}, []],
  [{ $matcher: 'anything', args: [] }, null],
  [{ $matcher: 'any', args: ['Number'] }, '3'],
  [{ $matcher: 'stringContaining', args: ['z'] }, 'abc'],
  [{ $matcher: 'objectContaining', args: [{ a: 1 }] }, { a: 2 }],
  [{ $matcher: 'arrayContaining', args: [[3]] }, [1, 2]],
  [{ $matcher: 'closeTo', args: [1.1] }, 1],
  [{ $matcher: 'of a kind nobody knows', args: [] }, 'x'],
];

test('equal values have no difference, and equal is what the records mean by it', () => {
  for (const [want, got] of SAME) assert.equal(difference(want, got), undefined, JSON.stringify([want, got]));
});

test('other values differ, at a path', () => {
  for (const [want, got] of OTHER) assert.ok(difference(want, got), JSON.stringify([want, got]));
  assert.equal(difference({ a: [{ b: 1 }] }, { a: [{ b: 2 }] })?.path, '$.a[0].b');
});

const rule: CompareRule = { runs: 'exact', outputs: 'all', itemKeys: 'all', ignore: [], binary: true };
const item = { json: { a: 1 }, pairedItem: { item: 0 } };
const want: ExpectedExecution = {
  expected: { A: [[[item]]], B: [null] },
  expectedOrder: ['A', 'B'],
  expectedStatus: 'error',
  expectedError: 'bad',
};
const good: ObservedExecution = {
  status: 'error',
  error: { message: 'bad' },
  order: ['A', 'B'],
  runs: { A: [[[item]]], B: [null], C: [[[]]] },
};

const WRONG: Readonly<Record<string, ObservedExecution | undefined>> = {
  '(status)': { ...good, status: 'success' },
  '(error)': { ...good, error: { message: 'worse' } },
  '(order)': { ...good, order: ['B', 'A'] },
  A: { ...good, runs: { B: [null] } },
  'A[0]': { ...good, runs: { ...good.runs, A: [[[item], []]] } },
  'A[0].0': { ...good, runs: { ...good.runs, A: [[[item, item]]] } },
  'A[0].0[0]': { ...good, runs: { ...good.runs, A: [[[{ json: { a: 1 }, pairedItem: { item: 1 } }]]] } },
  'B[0]': { ...good, runs: { ...good.runs, B: [[[]]] } },
};

test('an execution passes when status, error, order and every listed run are the same', () => {
  assert.deepEqual(compareExecution(want, good, rule), []);
});

for (const [place, got] of Object.entries(WRONG)) {
  test(`a wrong ${place} is found there`, () => {
    assert.deepEqual(
      compareExecution(want, got, rule).map(({ at }) => at),
      [place],
    );
  });
}

test('an execution that did not happen fails, and one that should not have happened too', () => {
  assert.equal(compareExecution(want, undefined, rule).length, 1);
  const none = { ...want, expectedStatus: 'none' };
  assert.equal(compareExecution(none, good, rule).length, 1);
  assert.deepEqual(compareExecution(none, undefined, rule), []);
});

test('the rule says what of an item counts', () => {
  const runs = { ...good.runs, A: [[[{ json: { a: 1 }, pairedItem: { item: 7 } }]]] };
  assert.equal(compareExecution(want, { ...good, runs }, rule).length, 1);
  const plain = { ...want, expected: { A: [[[{ json: { a: 1 } }]]], B: [null] } };
  assert.deepEqual(compareExecution(plain, { ...good, runs }, { ...rule, ignore: ['pairedItem'] }), []);
  assert.deepEqual(compareExecution(want, { ...good, runs }, { ...rule, itemKeys: 'json' }), []);
});

test('of errors inside items only the message counts', () => {
  const withError = (error: object): ObservedExecution['runs'] => ({ A: [[[{ json: { error } }]]], B: [null] });
  const wanted = { ...want, expected: withError({ message: 'm', stack: 'there' }) };
  assert.deepEqual(compareExecution(wanted, { ...good, runs: withError({ message: 'm', code: 'HERE' }) }, rule), []);
  assert.equal(compareExecution(wanted, { ...good, runs: withError({ message: 'other' }) }, rule).length, 1);
});
