import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from './items.ts';
import { isPlainObject, jsonFault, measureJson } from './json-check.ts';

const bounds = { depth: 4, values: 20 };

describe('plain JSON of bounded size', () => {
  const grid: [string, unknown, string | undefined][] = [
    ['an empty object', {}, undefined],
    ['leaves of every kind', { a: null, b: true, c: 1.5, d: 'x', e: [1] }, undefined],
    ['a member that is undefined', { a: undefined }, undefined],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), undefined],
    ['exactly the depth', { a: { b: { c: {} } } }, undefined],
    ['one level too deep', { a: { b: { c: { d: {} } } } }, 'tooDeep at $.a.b.c.d'],
    ['lists count as levels', [[[[[]]]]], 'tooDeep at $[0][0][0][0]'],
    ['too many values', Array(30).fill(0), 'tooMany at $[10]'],
    ['an own __proto__', JSON.parse('{"a": {"__proto__": 1}}'), 'forbiddenKey at $.a.__proto__'],
    ['a member named constructor', { constructor: { prototype: 1 } }, undefined],
    ['NaN', { a: Number.NaN }, 'notJson at $.a'],
    ['Infinity', [Number.POSITIVE_INFINITY], 'notJson at $[0]'],
    ['undefined in a list', [undefined], 'notJson at $[0]'],
    ['a bigint', { a: 1n }, 'notJson at $.a'],
    ['a function', { a: () => 1 }, 'notJson at $.a'],
    ['a symbol', { a: Symbol('x') }, 'notJson at $.a'],
    ['a date', { a: new Date(0) }, 'notJson at $.a'],
    ['a map', new Map(), 'notJson at $'],
  ];
  for (const [rule, value, expected] of grid) {
    it(`${rule}: ${expected ?? 'fine'}`, () => {
      const fault = jsonFault(value, bounds, '$');
      assert.equal(fault && `${fault.kind} at ${fault.path}`, expected);
    });
  }

  it('what JSON.parse gives is fine unless it is too big', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const fault = jsonFault(JSON.parse(JSON.stringify(value)), { depth: 1_000, values: 1_000_000 });
        assert.ok(fault === undefined || fault.kind === 'forbiddenKey');
      }),
    );
  });

  it('a million levels do not overflow the stack', () => {
    let deep: unknown = [];
    for (let level = 0; level < 1_000_000; level++) deep = [deep];
    assert.equal(jsonFault(deep, bounds)?.kind, 'tooDeep');
  });

  it('an instance of a class is no plain object', () => {
    class Thing {}
    assert.deepEqual([{}, Object.create(null), [], null, new Thing(), 'x'].map(isPlainObject), [
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the measure of JSON', () => {
  it('is near its length as text', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const { bytes } = measureJson(value as JsonValue, Number.MAX_SAFE_INTEGER, 1_000);
        assert.ok(
          bytes <= 6 * text.length + 10 && text.length <= 6 * bytes + 10 + 20 * (text.match(/\d{4,}|\\/g) ?? []).length,
        );
      }),
    );
  });

  it('stops soon after its bound', () => {
    const big = Array.from({ length: 100_000 }, () => 'text');
    assert.ok(measureJson(big, 1_000, 10).bytes < 1_100);
  });

  it('counts depth and stops at its bound', () => {
    assert.equal(measureJson({ a: [{}] }, 1_000, 10).depth, 3);
    let deep: JsonValue = {};
    for (let level = 0; level < 100_000; level++) deep = { deep };
    assert.equal(measureJson(deep, Number.MAX_SAFE_INTEGER, 50).depth, 51);
  });
});
