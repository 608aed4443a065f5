import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cursorOf, placeOf } from './cursor.ts';
import { parseJson } from './json.ts';
import { API_LIMITS } from './limits.ts';
import { problemOf } from './problems.ts';
import { errors } from './errors.ts';

test('every JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      if (text.includes('__proto__') || text.includes('\\u005')) return;
      assert.deepEqual(parseJson(text), JSON.parse(text));
    }),
  );
});

test('nesting is allowed up to JSON_DEPTH_LEVELS and not one further', () => {
  const levels = API_LIMITS.JSON_DEPTH_LEVELS;
  parseJson('['.repeat(levels) + ']'.repeat(levels));
  assert.throws(() => parseJson('['.repeat(levels + 1) + ']'.repeat(levels + 1)), { code: 'BODY_TOO_DEEP' });
});

test('brackets within texts are not nesting', () => {
  const text = '['.repeat(1000);
  assert.deepEqual(parseJson(JSON.stringify([text, `"\\${text}`])), [text, `"\\${text}`]);
});

test('the key __proto__ is refused wherever and however it is written; as a value it is data', () => {
  for (const text of ['{"__proto__":1}', '[{"a":{"__proto__":1}}]', '{"\\u005f\\u005fproto\\u005F_":1}']) {
    assert.throws(() => parseJson(text), { code: 'BODY_KEY_REFUSED' }, text);
  }
  assert.deepEqual(parseJson('["__proto__"]'), ['__proto__']);
});

test('names of other members of objects are data', () => {
  assert.deepEqual(parseJson('{"constructor":{"prototype":1},"toString":2}'), {
    constructor: { prototype: 1 },
    toString: 2,
  });
});

test('what is not JSON is refused with a short reason', () => {
  for (const text of ['', '{', 'undefined', "{'a':1}", 'NaN', `"${'x'.repeat(10_000)}`]) {
    assert.throws(
      () => parseJson(text),
      (error: Error & { code?: string }) => error.code === 'BODY_NOT_JSON' && error.message.length < 200,
    );
  }
});

test('a cursor leads back to its place, and the last page has none', () => {
  for (const place of ['1', 'abc', '../é']) assert.equal(placeOf(String(cursorOf(place))), place);
  assert.equal(cursorOf(undefined), null);
});

test('a problem keeps causes for the log and never shows them', () => {
  const cause = new Error('secret');
  const problem = problemOf(errors.INTERNAL({ requestId: 'r' }, cause), 'r');
  assert.equal(problem.cause, cause);
  assert.ok(!JSON.stringify(problem.body).includes('secret'));
  assert.equal(problemOf('thrown text', 'r').status, 500);
  assert.equal(problemOf(undefined, 'r').body.code, 'INTERNAL');
});

test('what the HTTP layer refuses keeps its status in the words of the table', () => {
  for (const [statusCode, code] of [
    [400, 'BODY_MALFORMED'],
    [413, 'BODY_TOO_LARGE'],
    [414, 'URL_INVALID'],
    [415, 'BODY_TYPE_UNSUPPORTED'],
    [500, 'INTERNAL'],
    [200, 'INTERNAL'],
  ] as const) {
    assert.equal(problemOf(Object.assign(new Error('x'), { statusCode }), 'r').body.code, code);
  }
});
