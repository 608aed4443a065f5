import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DateTime, Duration } from 'luxon';
import { convertAssignment } from './assignment.ts';
import { checkStrictly, convertLoosely, describeValue, type ValueType } from './convert.ts';
import { toJsonValue } from './json-value.ts';
import { parseLooseJson } from './loose-json.ts';

const NO = Symbol('not convertible');
const DATE = DateTime.fromISO('2024-05-06T07:08:09Z', { zone: 'America/New_York' });
const JS_DATE = new Date('2024-05-06T07:08:09Z');

describe('a typed field converts as Edit Fields does', () => {
  const grid: [type: string, value: unknown, result: unknown][] = [
    ['string', 'a', 'a'],
    ['string', 5, '5'],
    ['string', true, 'true'],
    ['string', NaN, 'NaN'],
    ['string', 10n, '10'],
    ['string', [1, 2], '[1,2]'],
    ['string', { a: 1 }, '{"a":1}'],
    ['string', DATE, '2024-05-06T03:08:09.000-04:00'],
    ['string', JS_DATE, '"2024-05-06T07:08:09.000Z"'],
    ['string', null, null],
    ['string', undefined, null],
    ['number', 12.5, 12.5],
    ['number', ' 42.5 ', 42.5],
    ['number', '1e3', 1000],
    ['number', '0x1F', 31],
    ['number', '', 0],
    ['number', true, 1],
    ['number', [1], 1],
    ['number', [1, 2], NO],
    ['number', 'bad', NO],
    ['number', {}, NO],
    ['number', null, null],
    ['boolean', true, true],
    ['boolean', 'true', true],
    ['boolean', 'FALSE', false],
    ['boolean', '1', true],
    ['boolean', '01', true],
    ['boolean', '000', false],
    ['boolean', 0, false],
    ['boolean', 2, NO],
    ['boolean', 'yes', NO],
    ['boolean', '', NO],
    ['boolean', [], NO],
    ['array', [1], [1]],
    ['array', '[1,"two",null]', [1, 'two', null]],
    ['array', 'a,b', NO],
    ['array', '1', NO],
    ['array', { a: 1 }, NO],
    ['array', [JS_DATE], ['2024-05-06T07:08:09.000Z']],
    ['object', { a: 1 }, { a: 1 }],
    ['object', '{"k":{"deep":1}}', { k: { deep: 1 } }],
    ['object', "{a: 1, 'b': 'two',}", { a: 1, b: 'two' }],
    ['object', '[1]', NO],
    ['object', [1], NO],
    ['object', 1.1, NO],
    ['object', { at: DATE }, { at: '2024-05-06T03:08:09.000-04:00' }],
    ['unknownType', 'x', 'x'],
  ];
  for (const [type, value, result] of grid) {
    it(`${type} of ${typeof value === 'bigint' ? '10n' : JSON.stringify(value)}`, () => {
      const run = () => convertAssignment(type, value, { name: 'v', itemIndex: 3 });
      if (result === NO) assert.throws(run, { code: 'ASSIGNMENT_TYPE' });
      else assert.deepEqual(run(), result);
    });
  }
  it("says it with n8n's words", () => {
    const message = (type: string, value: unknown) => {
      try {
        return convertAssignment(type, value, { name: 'v', itemIndex: 0 });
      } catch (error) {
        return error instanceof Error ? error.message : error;
      }
    };
    assert.equal(message('array', 'a,b'), "'v' expects a array but we got 'a,b' [item 0]");
    assert.equal(message('object', [1]), "'v' expects a object but we got array [item 0]");
    assert.equal(message('number', { a: 1 }), "'v' expects a number but we got object [item 0]");
  });
  it('keeps the value when errors are ignored', () => {
    assert.equal(convertAssignment('boolean', 'yes', { name: 'v', itemIndex: 0, ignoreErrors: true }), 'yes');
    assert.equal(
      convertAssignment('number', DATE.toISO(), { name: 'v', itemIndex: 0, ignoreErrors: true }),
      DATE.toISO(),
    );
  });
});

describe('strict types take only what they are', () => {
  const types: ValueType[] = ['string', 'number', 'boolean', 'array', 'object', 'dateTime', 'any'];
  const values: [value: unknown, valid: ValueType[]][] = [
    ['a', ['string', 'any']],
    ['2024-01-01', ['string', 'dateTime', 'any']],
    [1, ['number', 'any']],
    [true, ['boolean', 'any']],
    [[], ['array', 'any']],
    [{}, ['object', 'any']],
    [DATE, ['string', 'object', 'dateTime', 'any']],
  ];
  for (const [value, valid] of values) {
    it(JSON.stringify(value), () => {
      assert.deepEqual(
        types.filter((type) => checkStrictly(value, type, 'utc').valid),
        types.filter((type) => valid.includes(type)),
      );
    });
  }
});

describe('a date is read from text', () => {
  const zone = 'America/New_York';
  const grid: [value: unknown, iso: string | undefined][] = [
    ['1997-07-16T19:20:30.45+01:00', '1997-07-16T19:20:30.450+01:00'],
    ['2024-01-02', '2024-01-02T00:00:00.000-05:00'],
    ['Wed, 1 Jun 2022 08:00:00 GMT', '2022-06-01T08:00:00.000Z'],
    ['2008-11-11 13:23:44', '2008-11-11T13:23:44.000-05:00'],
    [JS_DATE, '2024-05-06T03:08:09.000-04:00'],
    ['1685084980', undefined],
    ['1994-11-05M08:15:30-05:00', undefined],
    ['', undefined],
    [5, undefined],
    [[], undefined],
  ];
  for (const [value, iso] of grid) {
    it(JSON.stringify(value), () => {
      const converted = convertLoosely(value, 'dateTime', zone);
      assert.equal(converted.valid ? (converted.value as DateTime).toISO() : undefined, iso);
    });
  }
});

describe('values are described', () => {
  for (const [value, text] of [
    [null, "'null'"],
    [undefined, "'undefined'"],
    ['a', "'a'"],
    [1, "'1'"],
    [[], 'array'],
    [{}, 'object'],
  ] as const) {
    it(text, () => assert.equal(describeValue(value), text));
  }
});

describe('what leaves for an item is JSON', () => {
  const grid: [value: unknown, json: unknown][] = [
    [undefined, null],
    [NaN, null],
    [Infinity, null],
    [-0, 0],
    [10n, '10'],
    [DATE, '2024-05-06T03:08:09.000-04:00'],
    [new Date(NaN), null],
    [Duration.fromMillis(1000), 'PT1S'],
    [new Set([1]), {}],
    [
      [undefined, { a: undefined, b: [DATE] }],
      [null, { b: ['2024-05-06T03:08:09.000-04:00'] }],
    ],
    [JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 1}')],
  ];
  for (const [value, json] of grid) it(String(value), () => assert.deepEqual(toJsonValue(value), json));
  it('a circle ends', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    assert.equal(JSON.stringify(toJsonValue(circle)).includes('null'), true);
  });
});

describe('JSON as people write it is repaired', () => {
  const grid: [text: string, value: unknown][] = [
    ['{"a": 1}', { a: 1 }],
    ["{a: 1, 'b': 'two',}", { a: 1, b: 'two' }],
    ['{ "a": Lena }', { a: 'Lena' }],
    ['[1, 2, 3', [1, 2, 3]],
    ['{"a": {"b": 1}', { a: { b: 1 } }],
    ['[true, null, -1.5e3]', [true, null, -1500]],
    ['// note\n{"a": 1 /* x */}', { a: 1 }],
    ['{"a": "x\\n\\u0041"}', { a: 'x\nA' }],
    ["{'it': 'isn\\'t'}", { it: "isn't" }],
    ['{a: }', { a: null }],
    ['', undefined],
    ['{a 1}', undefined],
    ['{} {}', undefined],
    ['}', undefined],
    ['['.repeat(500), undefined],
  ];
  for (const [text, value] of grid)
    it(JSON.stringify(text.slice(0, 40)), () => assert.deepEqual(parseLooseJson(text), value));
  it('a __proto__ key stays data', () => {
    const value = parseLooseJson('{__proto__: {x: 1}}');
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(Reflect.get({}, 'x'), undefined);
  });
});
