import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { deletePath, getPath, hasPath, merge, parsePath, setPath } from './path.ts';

describe('a path is taken apart', () => {
  const grid: [path: string, steps: string[]][] = [
    ['', []],
    ['a', ['a']],
    ['a.b.c', ['a', 'b', 'c']],
    ['a[0].b', ['a', '0', 'b']],
    ['a["b c"].d', ['a', 'b c', 'd']],
    ["a['b.c']", ['a', 'b.c']],
    ['[1][2]', ['1', '2']],
    ['a b.c-d', ['a b', 'c-d']],
  ];
  for (const [path, steps] of grid) it(JSON.stringify(path), () => assert.deepEqual(parsePath(path), steps));
});

const HOSTILE = [
  '__proto__.x',
  'a.__proto__',
  'constructor.prototype.x',
  'a["constructor"]',
  'prototype',
  "a['__proto__'].b",
  'a.b[__proto__]',
];

describe('a path through a prototype is refused everywhere', () => {
  for (const path of HOSTILE) {
    it(path, () => {
      const target = { a: {} };
      for (const run of [
        () => parsePath(path),
        () => getPath(target, path),
        () => setPath(target, path, 1),
        () => hasPath(target, path),
        () => deletePath(target, path),
      ]) {
        assert.throws(run, { code: 'PATH_UNSAFE' });
      }
      assert.throws(() => setPath(target, path.split(/[.[\]'"]+/).filter(Boolean), 1), { code: 'PATH_UNSAFE' });
      assert.equal(Reflect.get({}, 'x'), undefined);
      assert.deepEqual(target, { a: {} });
    });
  }
  it('merge leaves such keys out', () => {
    const source = JSON.parse('{"a": 1, "__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}}') as Record<
      string,
      unknown
    >;
    assert.deepEqual(merge({}, source), { a: 1 });
    assert.equal(Reflect.get({}, 'x'), undefined);
  });
});

describe('reading', () => {
  const data = { a: { b: [{ c: 1 }, null], 'x.y': 2 }, 'p.q': 3, n: null, length: 5 };
  const grid: [path: string, value: unknown][] = [
    ['a.b[0].c', 1],
    ['a.b.0.c', 1],
    ['a.b[1].c', undefined],
    ['a["x.y"]', 2],
    ['p.q', 3],
    ['n', null],
    ['n.x', undefined],
    ['a.b.map', undefined],
    ['toString', undefined],
    ['a.b.length', 2],
    ['length', 5],
    ['zzz.y', undefined],
  ];
  for (const [path, value] of grid) it(path, () => assert.deepEqual(getPath(data, path), value));
  it('hasPath tells null from missing', () => {
    assert.equal(hasPath(data, 'n'), true);
    assert.equal(hasPath(data, 'm'), false);
    assert.equal(hasPath(data, 'a.b[0].c'), true);
    assert.equal(hasPath(data, 'n.x'), false);
    assert.equal(hasPath(data, ''), false);
  });
});

describe('writing', () => {
  const grid: [before: object, path: string, after: object][] = [
    [{}, 'a', { a: 9 }],
    [{}, 'a.b', { a: { b: 9 } }],
    [{}, 'a[0].b', { a: [{ b: 9 }] }],
    [{ a: { c: 1 } }, 'a.b', { a: { c: 1, b: 9 } }],
    [{ a: 5 }, 'a.b', { a: { b: 9 } }],
    [{ a: null }, 'a.b', { a: { b: 9 } }],
    [{ a: [1] }, 'a[1]', { a: [1, 9] }],
    [{ a: [{}] }, 'a[0].x', { a: [{ x: 9 }] }],
  ];
  for (const [before, path, after] of grid) {
    it(`${path} into ${JSON.stringify(before)}`, () => {
      const target = structuredClone(before);
      setPath(target, path, 9);
      assert.deepEqual(target, after);
    });
  }
  it('refuses a word as index of a list', () =>
    assert.throws(() => setPath({ a: [] }, 'a.b', 1), { code: 'PATH_UNSAFE' }));
  it('refuses a high index', () =>
    assert.throws(() => setPath({ a: [] }, 'a[999999999]', 1), { code: 'PATH_TOO_LONG' }));
  it('refuses a long path', () => assert.throws(() => setPath({}, 'a.'.repeat(200), 1), { code: 'PATH_TOO_LONG' }));
  it('deletes', () => {
    const target = { a: { b: 1, c: [1, 2, 3] } };
    assert.equal(deletePath(target, 'a.b'), true);
    assert.equal(deletePath(target, 'a.c[1]'), true);
    assert.equal(deletePath(target, 'a.zzz'), false);
    assert.equal(deletePath(target, 'x.y'), false);
    assert.deepEqual(target, { a: { c: [1, 3] } });
  });
  it('merges objects and replaces the rest', () => {
    assert.deepEqual(
      merge({ a: { b: 1, l: [1] } as Record<string, unknown>, c: 2 }, { a: { d: 3, l: [2] }, c: { e: 4 } }),
      { a: { b: 1, l: [2], d: 3 }, c: { e: 4 } },
    );
  });
});

const step = fc.stringMatching(/^[a-z_]{1,8}$/).filter((word) => !['constructor', 'prototype'].includes(word));

describe('for every path of words', () => {
  it('what was set is what is read, and nothing else changed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.jsonValue(), (steps, value) => {
        const target = { kept: { here: 1 } };
        if (steps[0] === 'kept') return;
        setPath(target, steps.join('.'), value);
        assert.deepEqual(getPath(target, steps), value);
        assert.deepEqual(target.kept, { here: 1 });
        assert.equal(Object.getPrototypeOf(target), Object.prototype);
      }),
    );
  });
});
