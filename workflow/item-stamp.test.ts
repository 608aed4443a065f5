import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { linkItems, linksToAll, stampItems } from './item-stamp.ts';
import type { Item } from './items.ts';
import { items } from './test-kit.ts';

const links = (list: readonly Item[] | null | undefined) => list?.map((item) => item.pairedItem);

describe('items entering an input', () => {
  it('are linked to their own index; input 0 is left out', () => {
    assert.deepEqual(links(stampItems(items(1, 2), 0)), [{ item: 0 }, { item: 1 }]);
    assert.deepEqual(links(stampItems(items(1, 2), 3)), [
      { item: 0, input: 3 },
      { item: 1, input: 3 },
    ]);
  });

  const replaced: [string, Item['pairedItem']][] = [
    ['another index', { item: 7 }],
    ['another input', { item: 0, input: 1 }],
    ['a list', [{ item: 0 }]],
    ['a number', 0],
    ["a loop's source", { item: 0, sourceOverwrite: { previousNode: 'X' } }],
  ];
  for (const [rule, pairedItem] of replaced) {
    it(`lose ${rule} for their own place`, () => {
      const [item] = stampItems([{ json: {}, ...(pairedItem === undefined ? {} : { pairedItem }) }], 0);
      assert.deepEqual(item, { json: {}, pairedItem: { item: 0 } });
    });
  }

  it('are the same array when nothing changes, and share their json when something does', () => {
    const stamped = stampItems(items(1, 2), 0);
    assert.equal(stampItems(stamped, 0), stamped);
    const [first, second] = stamped;
    assert.ok(first !== undefined && second !== undefined);
    const [moved, kept] = stampItems([second, second], 0);
    assert.equal(moved?.json, second.json);
    assert.equal(kept, second);
  });

  it('are not changed themselves', () => {
    const original = items(1);
    stampItems(original, 2);
    assert.deepEqual(original, items(1));
  });

  it('keep everything but the link', () => {
    const binary = { data: { mimeType: 'text/plain' } };
    assert.deepEqual(stampItems([{ json: { a: 1 }, binary, error: { message: 'e' } }], 0), [
      { json: { a: 1 }, binary, error: { message: 'e' }, pairedItem: { item: 0 } },
    ]);
  });

  it('may be stamped any number of times', () => {
    const list = fc.array(fc.record({ n: fc.nat(), at: fc.option(fc.nat({ max: 3 }), { nil: undefined }) }));
    fc.assert(
      fc.property(list, fc.nat({ max: 2 }), (drawn, input) => {
        const given = drawn.map(({ n, at }) => (at === undefined ? { json: { n } } : { json: { n }, pairedItem: at }));
        const once = stampItems(given, input);
        assert.equal(stampItems(once, input), once);
        assert.deepEqual(
          once.map((item) => item.json),
          given.map((item) => item.json),
        );
      }),
    );
  });
});

describe('links that n8n infers', () => {
  const grid: [string, (Item[] | null)[], (Item[] | null)[], unknown][] = [
    ['none without input items', [[]], [items(1)], [[undefined]]],
    ['none from no input', [], [items(1)], [[undefined]]],
    ['none from a null input', [null], [items(1)], [[undefined]]],
    ['none from two inputs', [items(1), items(2)], [items(1)], [[undefined]]],
    ['a null output stays null', [items(1)], [null, items(1)], [undefined, [{ item: 0 }]]],
    ['an empty output stays empty', [items(1)], [[]], [[]]],
  ];
  for (const [rule, inputs, ports, expected] of grid) {
    it(rule, () => assert.deepEqual(linkItems(ports, inputs).map(links), expected));
  }

  it('fill gaps only', () => {
    const mixed: Item[] = [{ json: {}, pairedItem: { item: 5 } }, { json: {} }];
    assert.deepEqual(linkItems([mixed], [items(1, 2)]).map(links), [[{ item: 5 }, { item: 1 }]]);
  });

  it('leave outputs alone that have all their links', () => {
    const ports = [stampItems(items(1, 2), 0)];
    assert.equal(linkItems(ports, [items(1, 2)])[0], ports[0]);
  });

  it('point at items that exist, for any counts', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.array(fc.nat({ max: 4 }), { maxLength: 3 }), (input, counts) => {
        const make = (count: number) => items(...Array.from({ length: count }, (_, n) => n));
        for (const port of linkItems(counts.map(make), [make(input)])) {
          for (const link of links(port) ?? []) {
            if (link === undefined) continue;
            assert.ok(typeof link === 'object' && !Array.isArray(link) && link.item < input);
          }
        }
      }),
    );
  });
});

describe('links to everything', () => {
  it('name each item of each input, the input written out', () => {
    assert.deepEqual(linksToAll([items(1, 2), null, items(3)]), [
      { item: 0, input: 0 },
      { item: 1, input: 0 },
      { item: 0, input: 2 },
    ]);
    assert.deepEqual(linksToAll([]), []);
  });
});
