import assert from 'node:assert/strict';
import test from 'node:test';

import { DateTime } from 'luxon';

import { asText, names, plain, plainObject, recordsOf, sameJson } from './values.ts';

test('plain data is returned as it is, not copied', () => {
  const data = { a: [1, { b: null }], c: 'x' };
  assert.equal(plain(data), data);
});

for (const [given, made] of [
  [undefined, null],
  [Number.NaN, null],
  [Infinity, null],
  [10n, '10'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [DateTime.fromISO('2024-05-06T07:08:09Z', { zone: 'utc' }), '2024-05-06T07:08:09.000Z'],
  [{ a: undefined, b: 1 }, { b: 1 }],
  [
    [1, undefined, new Date(0)],
    [1, null, '1970-01-01T00:00:00.000Z'],
  ],
  [{ a: { at: new Date(0) } }, { a: { at: '1970-01-01T00:00:00.000Z' } }],
  [() => 1, null],
] as const) {
  test(`plain JSON of ${String(given)}`, () => assert.deepEqual(plain(given), made));
}

test('a field named __proto__ stays data', () => {
  const given: unknown = JSON.parse('{"__proto__": {"x": 1}, "at": 1}');
  const made = plain({ ...(given as object), gone: undefined });
  assert.deepEqual(Object.keys(made as object).toSorted(), ['__proto__', 'at']);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('a value without end is refused by its depth', () => {
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  assert.throws(() => plain(loop), { code: 'NODE_VALUE_TOO_DEEP' });
});

test('only objects are objects', () => {
  assert.equal(plainObject([1]), undefined);
  assert.equal(plainObject('x'), undefined);
  assert.deepEqual(plainObject({ a: 1 }), { a: 1 });
  assert.deepEqual(recordsOf([{ a: 1 }, 2, null, [3]]), [{ a: 1 }]);
  assert.deepEqual(recordsOf('x'), []);
});

test('text of values', () => {
  assert.deepEqual([null, undefined, 1, true, { a: 1 }, [1], 'x'].map(asText), [
    '',
    '',
    '1',
    'true',
    '{"a":1}',
    '[1]',
    'x',
  ]);
});

test('names are trimmed, and empty ones are none', () => {
  assert.deepEqual(names(' a, b ,,c '), ['a', 'b', 'c']);
  assert.deepEqual(names(['a', ' b']), ['a', 'b']);
  assert.deepEqual(names(''), []);
});

for (const [a, b, same] of [
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [[1, 2], [2, 1], false],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [[], {}, false],
  [0, -0, true],
  [{ a: [{ b: 1 }] }, { a: [{ b: 1 }] }, true],
] as const) {
  test(`${JSON.stringify(a)} ${same ? 'is' : 'is not'} ${JSON.stringify(b)}`, () => assert.equal(sameJson(a, b), same));
}
