import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import fc from 'fast-check';
import type { JsonValue } from '#workflow';

import { itemOfEach, itemsOfAll, itemsOfFunction } from './shapes.ts';

const outcome = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
};
const RETURN_ITEMS = "Code doesn't return items properly";

describe('what code may return for all items', () => {
  const grid: [JsonValue | undefined, unknown][] = [
    [undefined, RETURN_ITEMS],
    [null, []],
    [true, RETURN_ITEMS],
    ['x', RETURN_ITEMS],
    [[], []],
    [[null], RETURN_ITEMS],
    [[[]], RETURN_ITEMS],
    [[{ json: {} }, 5], RETURN_ITEMS],
    [{}, [{ json: {} }]],
    [{ a: 1 }, [{ json: { a: 1 } }]],
    [{ json: { a: 1 } }, [{ json: { a: 1 } }]],
    [{ json: 'test' }, "A 'json' property isn't an object [item 0]"],
    [[{}], [{ json: {} }]],
    [[{ json: {} }, { json: null }], "A 'json' property isn't an object [item 1]"],
    [[{ json: {} }, { binary: {} }], 'Inconsistent item format'],
    [
      [{ binary: { f: { mimeType: 'a/b', data: 'YQ==', junk: 5 } } }],
      [{ json: {}, binary: { f: { mimeType: 'a/b', data: 'YQ==' } } }],
    ],
    [[{ json: {}, binary: { f: 5 } }], [{ json: {}, binary: {} }]],
    [[{ json: {}, binary: {} }], [{ json: {} }]],
    [[{ json: {}, binary: [] }], "A 'binary' property isn't an object [item 0]"],
    [[{ json: {}, a: 1 }], 'Unknown top-level item key: a [item 0]'],
    [[{ pairedItem: 1, a: 1 }], 'Unknown top-level item key: a [item 0]'],
    [[{ json: {}, pairedItem: 1 }], [{ json: {}, pairedItem: 1 }]],
    [[{ json: {}, pairedItem: { item: 1, input: 2, junk: 3 } }], [{ json: {}, pairedItem: { item: 1, input: 2 } }]],
    [[{ json: {}, pairedItem: [1, { item: 2 }, 'x'] }], [{ json: {}, pairedItem: [{ item: 1 }, { item: 2 }] }]],
    [[{ json: {}, pairedItem: 'x' }], [{ json: {} }]],
    [[{ json: {}, error: { message: 'm' } }], [{ json: {}, error: { message: 'm' } }]],
    [[{ json: {}, error: 5 }], [{ json: {} }]],
  ];
  for (const [value, want] of grid) {
    test(`${JSON.stringify(value)} gives ${JSON.stringify(want)}`, () =>
      assert.deepEqual(
        outcome(() => itemsOfAll(value)),
        want,
      ));
  }

  test('any JSON gives items with an object each, or a message', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // fast-check's JsonValue is ours by another name.
        const got = outcome(() => itemsOfAll(value as JsonValue));
        if (typeof got === 'string') return;
        assert.ok(Array.isArray(got));
        for (const item of got)
          assert.ok(item.json !== null && typeof item.json === 'object' && !Array.isArray(item.json));
      }),
    );
  });
});

describe('what code may return for each item', () => {
  const grid: [JsonValue | undefined, unknown][] = [
    [undefined, undefined],
    [null, undefined],
    [5, "Code doesn't return an object [item 4]"],
    [[], "A 'json' property isn't an object [item 4]"],
    [{ a: 1 }, { json: { a: 1 }, pairedItem: { item: 4 } }],
    [
      { json: { a: 1 }, pairedItem: 0 },
      { json: { a: 1 }, pairedItem: { item: 4 } },
    ],
    [{ json: 5 }, "A 'json' property isn't an object [item 4]"],
    [{ json: {}, x: 1 }, 'Unknown top-level item key: x [item 4]'],
  ];
  for (const [value, want] of grid) {
    test(`${JSON.stringify(value)} gives ${JSON.stringify(want)}`, () =>
      assert.deepEqual(
        outcome(() => itemOfEach(value, 4)),
        want,
      ));
  }
});

describe('what a Function node may return', () => {
  const grid: [JsonValue | undefined, unknown][] = [
    [undefined, 'No data got returned. Always return an Array of items!'],
    [{}, 'Always an Array of items has to be returned!'],
    [[], []],
    [[{ a: 1 }], [{ json: { a: 1 } }]],
    [[{ json: { a: 1 } }], [{ json: { a: 1 } }]],
    [[{ json: [] }], 'The json-property has to be an object!'],
    [[{ json: {}, binary: 5 }], 'The binary-property has to be an object!'],
  ];
  for (const [value, want] of grid) {
    test(`${JSON.stringify(value)} gives ${JSON.stringify(want)}`, () =>
      assert.deepEqual(
        outcome(() => itemsOfFunction(value)),
        want,
      ));
  }
});
