import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OPERATORS } from './filter-operators.ts';
import { evaluateFilter } from './filter.ts';

interface Options {
  validation?: 'strict' | 'loose';
  caseSensitive?: boolean;
  rightType?: string;
}

function holds(type: string, operation: string, left: unknown, right?: unknown, options: Options = {}): boolean {
  const { validation = 'strict', caseSensitive = true, rightType } = options;
  const operator = { type, operation, ...(rightType === undefined ? {} : { rightType }) };
  const filter = {
    combinator: 'and',
    conditions: [{ leftValue: left, rightValue: right, operator }],
    options: { caseSensitive, typeValidation: validation },
  };
  return evaluateFilter(filter, { itemIndex: 0, zone: 'America/New_York' });
}

/** Every operator: where it holds and where it does not. */
const GRID: Record<
  string,
  Record<string, { yes: [unknown, unknown?][]; no: [unknown, unknown?][]; rightType?: string }>
> = {
  string: {
    exists: { yes: [['a'], ['']], no: [[null], [undefined]] },
    notExists: { yes: [[null], [undefined]], no: [['a'], ['']] },
    empty: { yes: [[''], [null], [undefined]], no: [['a'], [' ']] },
    notEmpty: { yes: [['a'], [' ']], no: [[''], [null], [undefined]] },
    equals: {
      yes: [
        ['a', 'a'],
        ['', ''],
        [undefined, undefined],
        [null, ''],
      ],
      no: [
        ['a', 'A'],
        ['a', 'b'],
      ],
    },
    notEquals: {
      yes: [
        ['a', 'b'],
        [null, 'a'],
      ],
      no: [['a', 'a']],
    },
    contains: {
      yes: [
        ['abc', 'b'],
        ['abc', ''],
      ],
      no: [
        ['abc', 'x'],
        [null, 'a'],
      ],
    },
    notContains: {
      yes: [
        ['abc', 'x'],
        [null, 'a'],
      ],
      no: [['abc', 'b']],
    },
    startsWith: {
      yes: [['abc', 'a']],
      no: [
        ['abc', 'b'],
        [undefined, 'a'],
      ],
    },
    notStartsWith: { yes: [['abc', 'b']], no: [['abc', 'a']] },
    endsWith: {
      yes: [
        ['abc', 'c'],
        ['abc', ''],
      ],
      no: [['abc', 'b']],
    },
    notEndsWith: { yes: [['abc', 'b']], no: [['abc', 'c']] },
    regex: {
      yes: [
        ['abc', '^a'],
        ['aBc', '/b/i'],
        ['foo', '/^fo{2}$/g'],
      ],
      no: [['abc', '^b']],
    },
    notRegex: { yes: [['abc', '^b']], no: [['abc', '/B/i']] },
  },
  number: {
    exists: { yes: [[0], [1]], no: [[null], [undefined], [NaN]] },
    notExists: { yes: [[null], [undefined]], no: [[0]] },
    empty: { yes: [[null], [undefined], [NaN]], no: [[0], [15]] },
    notEmpty: { yes: [[0]], no: [[null], [NaN]] },
    equals: {
      yes: [
        [5, 5],
        [undefined, undefined],
      ],
      no: [
        [5, 6],
        [NaN, NaN],
        [null, 0],
      ],
    },
    notEquals: {
      yes: [
        [5, 6],
        [null, 5],
      ],
      no: [[5, 5]],
    },
    gt: {
      yes: [[1, 0]],
      no: [
        [0, 0],
        [null, 0],
        [undefined, 0],
      ],
    },
    lt: {
      yes: [[-1, 0]],
      no: [
        [0, 0],
        [undefined, 0],
      ],
    },
    gte: {
      yes: [
        [0, 0],
        [null, 0],
      ],
      no: [
        [-1, 0],
        [undefined, 0],
        [15, NaN],
      ],
    },
    lte: {
      yes: [
        [0, 0],
        [null, 0],
      ],
      no: [
        [1, 0],
        [undefined, 0],
      ],
    },
  },
  dateTime: {
    exists: { yes: [['2024-01-01']], no: [[null], [undefined]] },
    notExists: { yes: [[null]], no: [['2024-01-01']] },
    empty: { yes: [[null], [undefined]], no: [['2024-01-01']] },
    notEmpty: { yes: [['2024-01-01']], no: [[null]] },
    equals: {
      yes: [['2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00']],
      no: [
        ['2024-01-01', '2024-01-02'],
        [null, null],
      ],
    },
    notEquals: {
      yes: [['2024-01-01', '2024-01-02']],
      no: [
        ['2024-01-01', '2024-01-01'],
        [null, '2024-01-01'],
      ],
    },
    after: {
      yes: [['2024-01-02', '2024-01-01']],
      no: [
        ['2024-01-01', '2024-01-01'],
        [null, '2024-01-01'],
      ],
    },
    before: { yes: [['2024-01-01', '2024-01-02']], no: [['2024-01-01', '2024-01-01']] },
    afterOrEquals: { yes: [['2024-01-01', '2024-01-01']], no: [['2023-01-01', '2024-01-01']] },
    beforeOrEquals: {
      yes: [['2024-01-01', '2024-01-01']],
      no: [
        ['2025-01-01', '2024-01-01'],
        [undefined, '2024-01-01'],
      ],
    },
  },
  boolean: {
    exists: { yes: [[false]], no: [[null]] },
    notExists: { yes: [[undefined]], no: [[false]] },
    empty: { yes: [[null]], no: [[false]] },
    notEmpty: { yes: [[false]], no: [[undefined]] },
    true: { yes: [[true], [true, 'ignored']], no: [[false], [null]] },
    false: { yes: [[false]], no: [[true], [undefined]] },
    equals: {
      yes: [
        [true, true],
        [undefined, undefined],
      ],
      no: [[true, false]],
    },
    notEquals: { yes: [[true, false]], no: [[true, true]] },
  },
  array: {
    exists: { yes: [[[]]], no: [[null]] },
    notExists: { yes: [[undefined]], no: [[[]]] },
    empty: { yes: [[[]], [null]], no: [[[1]]] },
    notEmpty: { yes: [[[1]]], no: [[[]], [undefined]] },
    contains: {
      yes: [
        [[1, 'a'], 'a'],
        [[1], 1],
      ],
      no: [
        [[1], '1'],
        [null, 1],
        [['A'], 'a'],
      ],
      rightType: 'any',
    },
    notContains: {
      yes: [
        [[1], '1'],
        [null, 1],
      ],
      no: [[[1], 1]],
      rightType: 'any',
    },
    lengthEquals: {
      yes: [
        [[1, 2], 2],
        [null, 0],
      ],
      no: [[[1], 2]],
      rightType: 'number',
    },
    lengthNotEquals: { yes: [[[1], 2]], no: [[[1, 2], 2]], rightType: 'number' },
    lengthGt: {
      yes: [[[1], 0]],
      no: [
        [[], 0],
        [undefined, 0],
      ],
      rightType: 'number',
    },
    lengthLt: { yes: [[[], 1]], no: [[[1], 1]], rightType: 'number' },
    lengthGte: { yes: [[[], 0]], no: [[[], 1]], rightType: 'number' },
    lengthLte: { yes: [[[1], 1]], no: [[[1, 2], 1]], rightType: 'number' },
  },
  object: {
    exists: { yes: [[{}]], no: [[null]] },
    notExists: { yes: [[undefined]], no: [[{}]] },
    empty: { yes: [[{}], [null]], no: [[{ a: 1 }]] },
    notEmpty: { yes: [[{ a: 1 }]], no: [[{}], [undefined]] },
  },
  any: {
    exists: { yes: [[0], ['']], no: [[null]] },
    notExists: { yes: [[undefined]], no: [[0]] },
    empty: { yes: [[''], [null]], no: [[0]] },
    notEmpty: { yes: [[0]], no: [['']] },
  },
};

it('the grid has every operator of every type', () => {
  const names = (tables: Record<string, object>) =>
    Object.fromEntries(Object.entries(tables).map(([type, table]) => [type, Object.keys(table).sort()]));
  assert.deepEqual(names(GRID), names(OPERATORS));
});

for (const [type, operators] of Object.entries(GRID)) {
  describe(`conditions on ${type}`, () => {
    for (const [operation, { yes, no, rightType }] of Object.entries(operators)) {
      it(operation, () => {
        const options = rightType === undefined ? {} : { rightType };
        for (const [left, right] of yes)
          assert.equal(holds(type, operation, left, right, options), true, JSON.stringify([left, right]));
        for (const [left, right] of no)
          assert.equal(holds(type, operation, left, right, options), false, JSON.stringify([left, right]));
      });
    }
  });
}

describe('case', () => {
  const grid: [operation: string, left: unknown, right: string, sensitive: boolean, insensitive: boolean][] = [
    ['equals', 'HELLO', 'hello', false, true],
    ['contains', 'HELLO', 'ell', false, true],
    ['startsWith', 'HELLO', 'he', false, true],
    ['endsWith', 'HELLO', 'lo', false, true],
    ['regex', 'HELLO', 'ell', false, true],
    ['regex', 'HELLO', '\\D', true, true],
  ];
  for (const [operation, left, right, sensitive, insensitive] of grid) {
    it(`${operation} ${right}`, () => {
      assert.equal(holds('string', operation, left, right, { caseSensitive: true }), sensitive);
      assert.equal(holds('string', operation, left, right, { caseSensitive: false }), insensitive);
    });
  }
  it('lists', () => {
    assert.equal(holds('array', 'contains', ['A'], 'a', { caseSensitive: false, rightType: 'any' }), true);
    assert.equal(holds('array', 'contains', ['A', 2], 2, { caseSensitive: false, rightType: 'any' }), true);
  });
});

describe('loose validation converts', () => {
  const loose = { validation: 'loose' } as const;
  const grid: [type: string, operation: string, left: unknown, right: unknown, holds: boolean][] = [
    ['number', 'equals', '5', 5, true],
    ['number', 'gt', '10', '9', true],
    ['number', 'equals', true, 1, true],
    ['number', 'empty', [], undefined, true],
    ['string', 'equals', 5, '5', true],
    ['string', 'equals', { a: 1 }, '{"a":1}', true],
    ['boolean', 'true', 'yes', undefined, true],
    ['boolean', 'true', {}, undefined, true],
    ['boolean', 'true', [], undefined, false],
    ['boolean', 'false', [], undefined, true],
    ['boolean', 'true', 'false', undefined, false],
    ['boolean', 'true', 0, undefined, false],
    ['boolean', 'true', '', undefined, false],
    ['array', 'lengthEquals', '[1,2]', '2', true],
    ['object', 'notEmpty', '{"a":1}', undefined, true],
    ['dateTime', 'after', '2024-03-10T10:00:00Z', '2024-01-01', true],
  ];
  for (const [type, operation, left, right, expected] of grid) {
    it(`${type} ${operation} ${JSON.stringify(left)}`, () => {
      const rightType = operation.startsWith('length') ? { rightType: 'number' } : {};
      assert.equal(holds(type, operation, left, right, { ...loose, ...rightType }), expected);
    });
  }
});

describe("wrong types stop with n8n's words", () => {
  const grid: [type: string, left: unknown, right: unknown, validation: 'strict' | 'loose', message: string][] = [
    ['number', '5', 5, 'strict', "Wrong type: '5' is a string but was expecting a number [condition 0, item 0]"],
    ['string', 5, '5', 'strict', "Wrong type: '5' is a number but was expecting a string [condition 0, item 0]"],
    [
      'dateTime',
      'soon',
      '2024-01-01',
      'strict',
      "Wrong type: 'soon' is a string but was expecting a dateTime [condition 0, item 0]",
    ],
    [
      'number',
      'five',
      5,
      'loose',
      "Conversion error: the string 'five' can't be converted to a number [condition 0, item 0]",
    ],
    [
      'dateTime',
      'soon',
      '2024-01-01',
      'loose',
      "Conversion error: the string 'soon' can't be converted to a dateTime [condition 0, item 0]",
    ],
    ['number', 5, 'five', 'strict', "Wrong type: 'five' is a string but was expecting a number [condition 0, item 0]"],
  ];
  for (const [type, left, right, validation, message] of grid) {
    it(message, () =>
      assert.throws(() => holds(type, 'equals', left, right, { validation }), { code: 'FILTER_TYPE', message }),
    );
  }
  it('an object too', () => {
    assert.throws(() => holds('object', 'empty', '{}'), {
      message: "Wrong type: '{}' is a string but was expecting an object [condition 0, item 0]",
    });
  });
  it('an unknown operator', () => {
    assert.throws(() => holds('string', 'sounds', 'a'), { code: 'FILTER_OPERATOR' });
    assert.throws(() => holds('string', 'toString', 'a'), { code: 'FILTER_OPERATOR' });
    assert.throws(() => holds('constructor', 'name', 'a'), { code: 'FILTER_OPERATOR' });
  });
  it('a dangerous pattern', () =>
    assert.throws(() => holds('string', 'regex', 'a', '(a+)+'), { code: 'EXPRESSION_REGEX_UNSAFE' }));
});

describe('conditions are combined in order', () => {
  const yes = { leftValue: 1, rightValue: 1, operator: { type: 'number', operation: 'equals' } };
  const no = { leftValue: 1, rightValue: 2, operator: { type: 'number', operation: 'equals' } };
  const bad = { leftValue: 'x', rightValue: 2, operator: { type: 'number', operation: 'equals' } };
  const run = (combinator: string, conditions: unknown[]) =>
    evaluateFilter({ combinator, conditions }, { itemIndex: 4, zone: 'utc' });
  it('and', () =>
    assert.deepEqual([run('and', [yes, yes]), run('and', [yes, no]), run('and', [])], [true, false, true]));
  it('or', () => assert.deepEqual([run('or', [no, yes]), run('or', [no, no]), run('or', [])], [true, false, false]));
  it('what is not reached does not fail', () => {
    assert.equal(run('and', [no, bad]), false);
    assert.equal(run('or', [yes, bad]), true);
  });
  it('the failing condition and item are named', () => {
    assert.throws(() => run('and', [yes, bad]), {
      message: "Wrong type: 'x' is a string but was expecting a number [condition 1, item 4]",
    });
  });
  it('a filter that is no filter has no conditions', () => {
    for (const filter of [undefined, null, 5, 'x', [], { conditions: 5 }])
      assert.equal(evaluateFilter(filter, { itemIndex: 0, zone: 'utc' }), true);
  });
  it('the validation can be overridden', () => {
    const filter = {
      conditions: [{ leftValue: '1', rightValue: 1, operator: { type: 'number', operation: 'equals' } }],
      options: { typeValidation: 'strict' },
    };
    assert.equal(evaluateFilter(filter, { itemIndex: 0, zone: 'utc', typeValidation: 'loose' }), true);
  });
});
