import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { API_LIMITS } from '../limits.ts';
import { parseForm } from './form.ts';

/** Query text and what it says; as n8n's callers know it. */
const CASES: readonly (readonly [string, unknown])[] = [
  ['', {}],
  ['a', { a: '' }],
  ['a=', { a: '' }],
  ['a=1', { a: '1' }],
  ['a=1&b=2', { a: '1', b: '2' }],
  ['a=1&a=2', { a: ['1', '2'] }],
  ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
  ['a=b=c', { a: 'b=c' }],
  ['&&a=1&', { a: '1' }],
  ['=x', { '': 'x' }],
  ['x=a%20b+c', { x: 'a b c' }],
  ['x=%C3%A9', { x: 'é' }],
  ['x=%ff', { x: '%ff' }],
  ['x=%', { x: '%' }],
  ['z[]=1&z[]=2', { z: ['1', '2'] }],
  ['z[]=1', { z: ['1'] }],
  ['z[0]=a&z[1]=b', { z: ['a', 'b'] }],
  ['o[k]=v', { o: { k: 'v' } }],
  ['o[k]=v&o[l]=w', { o: { k: 'v', l: 'w' } }],
  ['o[a][b]=v', { o: { a: { b: 'v' } } }],
  ['o[a][]=v&o[a][]=w', { o: { a: ['v', 'w'] } }],
  ['o%5Bk%5D=v', { o: { k: 'v' } }],
  ['o[k=v', { 'o[k': 'v' }],
  ['[k]=v', { '[k]': 'v' }],
  ['o[k]x=v', { 'o[k]x': 'v' }],
];

for (const [text, expected] of CASES) {
  test(`"${text}" is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(parseForm(text), expected);
  });
}

test('a field that is a value and an object keeps the later one', () => {
  assert.deepEqual(parseForm('a=1&a[k]=2'), { a: { k: '2' } });
});

test('an index beyond the end of a list means its end', () => {
  assert.deepEqual(parseForm('z[7]=b&z[9]=a'), { z: ['b', 'a'] });
});

test('the key that would reach a prototype is refused', () => {
  for (const text of ['__proto__=1', '__proto__[x]=1', 'a[__proto__][x]=1', 'a[__proto__]=1', '%5F_proto__=1']) {
    assert.throws(() => parseForm(text), { code: 'BODY_KEY_REFUSED' }, text);
  }
});

test('names of members of all objects are data', () => {
  const form = parseForm('constructor=1&a[constructor][prototype]=2&toString=3&hasOwnProperty[x]=4');
  assert.equal(Object.getOwnPropertyDescriptor(form, 'constructor')?.value, '1');
  assert.equal(Object.getOwnPropertyDescriptor(form, 'toString')?.value, '3');
  assert.equal({}.constructor, Object);
});

test('over FORM_PAIRS fields the form is refused', () => {
  const text = 'a=1&'.repeat(API_LIMITS.FORM_PAIRS + 1);
  assert.throws(() => parseForm(text), { code: 'BODY_MALFORMED' });
});

test('nesting over FORM_DEPTH_LEVELS stays in the key', () => {
  const key = `a${'[b]'.repeat(API_LIMITS.FORM_DEPTH_LEVELS + 1)}`;
  assert.deepEqual(parseForm(`${key}=1`), { [key]: '1' });
});

test('what encodeURIComponent wrote is read back', () => {
  const key = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !/[[\]]/.test(text) && text !== '__proto__');
  fc.assert(
    fc.property(fc.dictionary(key, fc.string({ unit: 'grapheme' })), (fields) => {
      const text = Object.entries(fields)
        .map((pair) => pair.map(encodeURIComponent).join('='))
        .join('&');
      assert.deepEqual(parseForm(text), { ...fields });
    }),
  );
});

test('no text breaks the reader but by an error of the table', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ab_[\]=&%0-9.+p]{0,60}$/), (text) => {
      try {
        JSON.stringify(parseForm(text));
      } catch (error) {
        assert.match(String(error instanceof Error && 'code' in error ? error.code : error), /^BODY_/);
      }
    }),
    { numRuns: 500 },
  );
});
