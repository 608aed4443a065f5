import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { getPath, ownMember, placePath, withoutPath, withPath } from './paths.ts';

const item = { a: { b: [{ c: 1 }, { c: 2 }] }, 'x.y': 3, n: null };

for (const [path, value] of [
  ['a.b[1].c', 2],
  ['a["b"][0].c', 1],
  ["a['b'].0.c", 1],
  ['x.y', 3],
  ['n', null],
  ['a.b.length', 2],
  ['a.nope.c', undefined],
  ['toString', undefined],
] as const) {
  test(`reads ${path}`, () => assert.deepEqual(getPath(item, path), value));
}

test('without dot notation a path is a name', () => {
  assert.equal(getPath(item, 'a.b', false), undefined);
  assert.equal(getPath(item, 'x.y', false), 3);
});

test('an own member is never one of the prototype', () => {
  assert.equal(ownMember({}, 'constructor'), undefined);
  assert.equal(ownMember({ constructor: 1 }, 'constructor'), 1);
  assert.equal(ownMember('text', 'length'), undefined);
});

test('writing leaves the original alone and shares what is not on the path', () => {
  const original = { a: { b: 1 }, other: { big: [1] } };
  const made = withPath(original, 'a.c', 2);
  assert.deepEqual(original, { a: { b: 1 }, other: { big: [1] } });
  assert.deepEqual(made, { a: { b: 1, c: 2 }, other: { big: [1] } });
  assert.equal(made['other'], original.other);
});

test('missing steps become objects, or lists before a number', () => {
  assert.deepEqual(withPath({}, 'a.b', 1), { a: { b: 1 } });
  assert.deepEqual(withPath({}, 'a[1].b', 1), { a: [null, { b: 1 }] });
});

test('a value in the way is replaced', () => {
  assert.deepEqual(withPath({ a: 1 }, 'a.b', 2), { a: { b: 2 } });
});

for (const [path, code] of [
  ['__proto__', 'NODE_PATH_INVALID'],
  ['__proto__.x', 'PATH_UNSAFE'],
  ['a.__proto__.x', 'PATH_UNSAFE'],
  ['constructor.prototype.x', 'PATH_UNSAFE'],
  ['a["__proto__"]', 'PATH_UNSAFE'],
] as const) {
  test(`refuses to write ${path}`, () => {
    assert.throws(() => withPath({ a: {} }, path, 1), { code });
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
}

test('refuses a list index that would make a huge list', () => {
  assert.throws(() => withPath({ a: [] }, 'a[99999999]', 1), { code: 'NODE_PATH_INVALID' });
  assert.throws(() => withPath({ a: [] }, 'a.name', 1), { code: 'NODE_PATH_INVALID' });
});

test('removing copies what it changes and nothing else', () => {
  const original = { a: { b: 1, c: 2 }, d: 3 };
  assert.deepEqual(withoutPath(original, 'a.b'), { a: { c: 2 }, d: 3 });
  assert.deepEqual(withoutPath(original, 'd'), { a: { b: 1, c: 2 } });
  assert.equal(withoutPath(original, 'a.nope'), original);
  assert.equal(withoutPath(original, 'a.b', false), original);
  assert.deepEqual(original, { a: { b: 1, c: 2 }, d: 3 });
});

test('what was written is read back', () => {
  const name = fc.stringMatching(/^[a-z]{1,5}$/);
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((steps) => steps.join('.'));
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.integer())), path, fc.integer(), (before, at, value) => {
      const own = {};
      for (const [p, v] of before) placePath(own, p, v);
      assert.equal(getPath(withPath(own, at, value), at), value);
    }),
  );
});
