import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TroupeError } from '../errors.ts';
import { EXTENSION_TABLES } from './extensions/index.ts';
import { evaluateText } from './evaluate.ts';
import { GLOBALS } from './globals.ts';
import { METHODS } from './tables/index.ts';
import { builtInsPrint, isPlain } from './test-hostile.ts';
import { testScene } from './test-support.ts';

/** Random expressions out of everything the language knows. */

const METHOD_NAMES = [
  ...Object.values(METHODS).flatMap((table) => [...table.keys()]),
  ...[...EXTENSION_TABLES.values()].flatMap((table) => [...table.keys()]),
];
const ATOMS = [
  '1',
  '-0.5',
  '1e9',
  'NaN',
  '"a"',
  '"2024-01-02"',
  '""',
  'null',
  'undefined',
  'true',
  '[]',
  '[3, "x", null]',
  '({ a: 1 })',
  '({})',
  '2n',
  '/a/g',
  '(x => x)',
  '(() => [])',
];
const KEYS = [
  'a',
  'length',
  'constructor',
  '__proto__',
  'prototype',
  'json',
  'item',
  'toString',
  'valueOf',
  'zone',
  '0',
];

const code = fc.letrec<{ expression: string; list: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...ATOMS),
    fc.constantFrom(...GLOBALS.keys()),
    fc.tuple(tie('expression'), fc.constantFrom(...KEYS)).map(([of, key]) => `(${of}).${key === '0' ? 'x' : key}`),
    fc.tuple(tie('expression'), tie('expression')).map(([of, key]) => `(${of})[${key}]`),
    fc
      .tuple(tie('expression'), fc.constantFrom(...METHOD_NAMES), tie('list'))
      .map(([of, name, list]) => `(${of}).${name}(${list})`),
    fc
      .tuple(fc.constantFrom(...GLOBALS.keys()), fc.constantFrom(...METHOD_NAMES), tie('list'))
      .map(([of, name, list]) => `${of}.${name}(${list})`),
    fc.tuple(fc.constantFrom(...GLOBALS.keys()), tie('list')).map(([of, list]) => `${of}(${list})`),
    fc
      .tuple(fc.constantFrom(...GLOBALS.keys()), tie('list'))
      .map(([of, list]) => `new ${of.startsWith('$') ? 'Date' : of}(${list})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '**', '%', '<', '==', '===', '&&', '||', '??', 'in', 'instanceof', '<<'),
        tie('expression'),
      )
      .map(([a, op, b]) => `((${a}) ${op} (${b}))`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `((a, b = ${b}) => [a, ...[b]])(${a})`),
    fc
      .tuple(tie('expression'), tie('expression'))
      .map(([a, b]) => `(() => { const o = ${a}; o.a = ${b}; return o })()`),
    tie('expression').map((a) => `\`\${${a}}\``),
    tie('expression').map((a) => `({ a: ${a}, ...(${a}) })`),
  ),
  list: fc.array(tie('expression'), { maxLength: 3 }).map((args) => args.join(', ')),
})).expression;

const RUNS = 1_500;

describe('random expressions', () => {
  it('give plain data or a TroupeError, and change nothing of the host or of the items', () => {
    const before = builtInsPrint();
    fc.assert(
      fc.property(code, (text) => {
        const scene = testScene({ a: 1, list: [1, 'b'], o: { constructor: 1 } });
        const items = JSON.stringify(scene.items);
        try {
          assert.ok(isPlain(evaluateText(`={{ ${text} }}`, scene, 0)));
        } catch (error) {
          if (!(error instanceof TroupeError)) throw error;
        }
        assert.equal(JSON.stringify(scene.items), items);
      }),
      { numRuns: RUNS },
    );
    assert.equal(builtInsPrint(), before);
  });

  it('are text when they stand in text', () => {
    fc.assert(
      fc.property(code, (text) => {
        try {
          assert.equal(typeof evaluateText(`=a {{ ${text} }} b`, testScene({ a: 1 }), 0), 'string');
        } catch (error) {
          if (!(error instanceof TroupeError)) throw error;
        }
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it('of arbitrary characters never throw anything but a TroupeError', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}()[]=>."\'`$\\/+-*,;:?!ab01 \n'), maxLength: 40 }),
        (text) => {
          try {
            evaluateText(`=${text}{{ ${text} }}`, testScene({ a: 1 }), 0);
          } catch (error) {
            if (!(error instanceof TroupeError)) throw error;
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('that convert data to JSON agree with JSON.stringify', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        // jsonValue gives JSON, which may hold a __proto__ key.
        const json = { v: JSON.parse(JSON.stringify(value)) as null };
        assert.equal(evaluateText('={{ JSON.stringify($json.v) }}', testScene(json), 0), JSON.stringify(json.v));
        assert.deepEqual(evaluateText('={{ JSON.parse(JSON.stringify($json.v)) }}', testScene(json), 0), json.v);
      }),
      { numRuns: 300 },
    );
  });
});
