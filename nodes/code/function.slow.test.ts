import { after, describe, test } from 'node:test';

import type { Item } from '#workflow';

import { functionItemNode, functionNode } from './index.ts';
import { createRunnerPool } from './pool.ts';
import { startRunner } from './process.ts';
import { check, itemsOf, makeContext, makeScene, timers } from './testing.ts';

const pool = createRunnerPool({ spawn: startRunner, clock: timers, size: 1 });
after(() => pool.stop());

describe('Function and Function Item', () => {
  test('items are changed and returned', () => {
    const functionCode = 'items[0].json.x = 1; return items.slice(0, 1);';
    return check(
      () => functionNode.execute(legacy('function', functionCode)),
      [{ json: { n: 1, s: 'a', x: 1 }, pairedItem: { item: 0 } }],
    );
  });
  test('plain objects are items', () =>
    check(() => functionNode.execute(legacy('function', 'return [{ a: 1 }]')), [{ json: { a: 1 } }]));
  test('links may be plain numbers', () =>
    check(
      () => functionNode.execute(legacy('function', 'return [{ json: { a: 1 }, pairedItem: 2 }]')),
      [{ json: { a: 1 }, pairedItem: 2 }],
    ));
  for (const [functionCode, message] of [
    ['', 'No data got returned. Always return an Array of items!'],
    ['return { json: {} }', 'Always an Array of items has to be returned!'],
    ['return [{ json: 5 }]', 'The json-property has to be an object!'],
    ['\nthrow new Error("x")', 'x [Line 2]'],
  ] as const) {
    test(`Function: ${JSON.stringify(functionCode)} gives "${message}"`, () =>
      check(() => functionNode.execute(legacy('function', functionCode)), message));
  }
  test('item is the json of each, binary stays', () => {
    const items = [{ json: { a: 1 }, binary: { data: { mimeType: 'text/plain', data: 'YQ==' } } }];
    const context = legacy('functionItem', 'item.b = 2; return item;', items);
    return check(
      () => functionItemNode.execute(context),
      [{ json: { a: 1, b: 2 }, binary: items[0]?.binary, pairedItem: { item: 0 } }],
    );
  });
  test('item may be replaced', () =>
    check(
      () => functionItemNode.execute(legacy('functionItem', 'item = { name: "t" };\nreturn item;', itemsOf({}))),
      [{ json: { name: 't' }, pairedItem: { item: 0 } }],
    ));
  test('a failure names line and item', () =>
    check(
      () => functionItemNode.execute(legacy('functionItem', 'throw new Error("x")')),
      'x [Line 1 | Item Index: 0]',
    ));
});

function legacy(dialect: string, functionCode: string, items?: readonly Item[]): ReturnType<typeof makeContext> {
  return makeContext(pool, { functionCode }, { ...(items ? { items } : {}), scene: makeScene({ dialect }) });
}
