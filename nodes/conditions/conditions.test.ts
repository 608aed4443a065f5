import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject } from '#workflow';

import { filter } from '../filter/node.ts';
import { ifNode } from '../if/node.ts';
import { switchNode } from '../switch/node.ts';
import { nodeOf, outputsOf } from '../testing.ts';
import { holdsV1, type ConditionKind } from './legacy-operations.ts';

const condition = (field: string, type: string, operation: string, rightValue: unknown): JsonObject =>
  ({ leftValue: `={{ $json.${field} }}`, rightValue, operator: { type, operation } }) as JsonObject;
const where = (conditions: JsonObject[], options: JsonObject = {}, combinator = 'and'): JsonObject => ({
  conditions,
  combinator,
  options: { caseSensitive: true, typeValidation: 'strict', ...options },
});
const big = where([condition('v', 'number', 'gt', 2)]);
const three = [[{ v: 1 }, { v: 5 }, { v: 3 }]];
const numbers = (outputs: { json: JsonObject }[][]): unknown[][] =>
  outputs.map((list) => list.map((item) => item.json['v']));

test('if sends items one way or the other, linked to where they came from', async () => {
  const outputs = await outputsOf(ifNode, { parameters: { conditions: big }, inputs: three });
  assert.deepEqual(numbers(outputs), [[5, 3], [1]]);
  assert.deepEqual(
    outputs[0]?.map((item) => item.pairedItem),
    [{ item: 1 }, { item: 2 }],
  );
});

test('filter keeps one output and records the discarded items as a second', async () => {
  assert.deepEqual(numbers(await outputsOf(filter, { parameters: { conditions: big }, inputs: three })), [[5, 3], [1]]);
  assert.equal(filter.facts(nodeOf(filter)).outputs, 1);
});

test('a value of the wrong type is an error, or a no where the node carries on', async () => {
  const scene = { parameters: { conditions: big }, inputs: [[{ v: 'x' }]] };
  const message = "Wrong type: 'x' is a string but was expecting a number [condition 0, item 0]";
  for (const type of [ifNode, filter]) {
    await assert.rejects(async () => outputsOf(type, scene), { message });
    assert.deepEqual(numbers(await outputsOf(type, { ...scene, context: { continuesOnFail: true } })), [[], ['x']]);
  }
});

for (const parameters of [{ looseTypeValidation: true }, { options: { looseTypeValidation: true } }]) {
  test(`types are converted by ${JSON.stringify(parameters)}`, async () => {
    const scene = { parameters: { conditions: big, ...parameters }, inputs: [[{ v: '5' }]] };
    assert.deepEqual(numbers(await outputsOf(ifNode, scene)), [['5'], []]);
  });
}

test('any of several conditions is enough for "or"', async () => {
  const conditions = where([condition('v', 'number', 'gt', 4), condition('v', 'number', 'lt', 2)], {}, 'or');
  assert.deepEqual(numbers(await outputsOf(filter, { parameters: { conditions }, inputs: three })), [[1, 5], [3]]);
});

/** Rows of version 1: kind, operation, left, right, holds. */
for (const [kind, operation, value1, value2, holds] of [
  ['boolean', 'equal', true, true, true],
  ['boolean', 'notEqual', true, true, false],
  ['number', 'smaller', 1, 2, true],
  ['number', 'smallerEqual', 2, 2, true],
  ['number', 'equal', 2, 2, true],
  ['number', 'notEqual', 2, 3, true],
  ['number', 'larger', 3, 2, true],
  ['number', 'largerEqual', 1, 2, false],
  ['number', 'isEmpty', null, 0, true],
  ['number', 'isNotEmpty', 0, 0, true],
  ['string', 'equal', 'a', 'a', true],
  ['string', 'notEqual', 'a', 'a', false],
  ['string', 'contains', 'Elon Musk', 'Elon', true],
  ['string', 'notContains', 'Elon', 'x', true],
  ['string', 'startsWith', 'Elon', 'El', true],
  ['string', 'notStartsWith', 'Elon', 'El', false],
  ['string', 'endsWith', 'Elon', 'on', true],
  ['string', 'notEndsWith', 'Elon', 'on', false],
  ['string', 'regex', 'Elon', '([E])', true],
  ['string', 'regex', 'elon', '/ELON/i', true],
  ['string', 'notRegex', 'Elon', '([E])', false],
  ['string', 'isEmpty', '', '', true],
  ['string', 'isNotEmpty', 'x', '', true],
  ['dateTime', 'after', '2024-01-02', '2024-01-01', true],
  ['dateTime', 'before', '2024-01-02', '2024-01-01', false],
  ['dateTime', 'after', '2024-01-01T00:00:00+02:00', '2024-01-01T00:00:00Z', false],
] as const) {
  test(`version 1: ${JSON.stringify(value1)} ${operation} ${JSON.stringify(value2)} is ${holds}`, () => {
    assert.equal(holdsV1(kind, { operation, value1, value2 }, 'UTC'), holds);
  });
}

for (const kind of ['boolean', 'number', 'string', 'dateTime'] as const satisfies ConditionKind[]) {
  test(`version 1 refuses an operation that ${kind} does not have`, () => {
    const row = { operation: 'nope', value1: '2024-01-01', value2: '2024-01-01' };
    assert.throws(() => holdsV1(kind, row, 'UTC'), { code: 'NODE_PARAMETER_INVALID' });
  });
}

test('version 1 refuses a date that is none, and a pattern that could run away', () => {
  assert.throws(() => holdsV1('dateTime', { value1: 'soon', value2: '2024-01-01' }, 'UTC'), {
    code: 'NODE_PARAMETER_INVALID',
  });
  assert.throws(() => holdsV1('string', { operation: 'regex', value1: 'a', value2: '(a+)+$' }, 'UTC'), {
    code: 'EXPRESSION_REGEX_UNSAFE',
  });
});

const old = (combine: JsonObject): JsonObject => ({
  conditions: {
    number: [
      { value1: '={{ $json.v }}', operation: 'larger', value2: 2 },
      { value1: '={{ $json.v }}', operation: 'smaller', value2: 4 },
    ],
  },
  ...combine,
});

for (const [type, combine, expected] of [
  [ifNode, { combineOperation: 'all' }, [[3], [1, 5]]],
  [ifNode, { combineOperation: 'any' }, [[1, 5, 3], []]],
  [filter, { combineConditions: 'AND' }, [[3], [1, 5]]],
  [filter, { combineConditions: 'OR' }, [[1, 5, 3], []]],
] as const) {
  test(`version 1 of ${type.displayName} with ${JSON.stringify(combine)}`, async () => {
    assert.deepEqual(numbers(await outputsOf(type, { version: 1, parameters: old(combine), inputs: three })), expected);
  });
}

const rule = (operation: string, value: number): JsonObject => ({
  conditions: where([condition('v', 'number', operation, value)]),
});
const rules = { values: [rule('gt', 4), rule('gt', 2)] };

for (const [what, options, expected] of [
  ['the first rule that holds', {}, [[5], [3]]],
  ['all rules that hold', { allMatchingOutputs: true }, [[5], [5, 3]]],
  ['one more output for the rest', { fallbackOutput: 'extra' }, [[5], [3], [1]]],
  ['an output of a rule for the rest', { fallbackOutput: 1 }, [[5], [1, 3]]],
] as const) {
  test(`switch: ${what}`, async () => {
    const parameters = { rules, options: { ...options } };
    assert.deepEqual(numbers(await outputsOf(switchNode, { parameters, inputs: three })), expected);
    assert.equal(switchNode.facts(nodeOf(switchNode, { parameters })).outputs, expected.length);
  });
}

test('switch: an expression names the output', async () => {
  const parameters = { mode: 'expression', numberOutputs: 6, output: '={{ $json.v }}' };
  const outputs = numbers(await outputsOf(switchNode, { parameters, inputs: three }));
  assert.deepEqual(outputs, [[], [1], [], [3], [], [5]]);
});

test('switch: an output that the node does not have is an error, or an error item on output 0', async () => {
  const scene = { parameters: { mode: 'expression', numberOutputs: 2, output: '={{ $json.v }}' }, inputs: three };
  await assert.rejects(async () => outputsOf(switchNode, scene), { message: 'The ouput 5 is not allowed' });
  const [first = []] = await outputsOf(switchNode, { ...scene, context: { continuesOnFail: true } });
  assert.deepEqual(first[0]?.json, { error: 'The ouput 5 is not allowed' });
});

const legacyRules = {
  rules: [
    { value2: 1, output: 2 },
    { operation: 'larger', value2: 4, output: 1 },
  ],
};
for (const [parameters, expected] of [
  [{ value1: '={{ $json.v }}', rules: legacyRules }, [[], [5], [1], []]],
  [{ value1: '={{ $json.v }}', rules: legacyRules, fallbackOutput: 3 }, [[], [5], [1], [3]]],
  [{ mode: 'expression', output: 1 }, [[], [1, 5, 3], [], []]],
] as const) {
  test(`switch version 1: ${JSON.stringify(parameters)}`, async () => {
    const scene = { version: 1, parameters: structuredClone(parameters) as unknown as JsonObject, inputs: three };
    assert.deepEqual(numbers(await outputsOf(switchNode, scene)), expected);
  });
}

test('a filter that names no validation converts types', async () => {
  const conditions = { conditions: [condition('v', 'number', 'gt', '2')], combinator: 'and', options: {} };
  assert.deepEqual(numbers(await outputsOf(ifNode, { version: 2, parameters: { conditions }, inputs: three })), [
    [5, 3],
    [1],
  ]);
});

test('switch version 2 sends to the output of the rule', async () => {
  const rules = { rules: [{ value2: 1 }, { value2: 5 }] };
  const parameters = { value1: '={{ $json.v }}', rules, fallbackOutput: 1 };
  assert.deepEqual(numbers(await outputsOf(switchNode, { version: 2, parameters, inputs: three })), [[1], [5, 3]]);
});

test('switch version 2 has as many outputs as it says', () => {
  assert.equal(
    switchNode.facts(nodeOf(switchNode, { version: 2, parameters: { mode: 'expression', outputsAmount: 6 } })).outputs,
    6,
  );
  const rules = { rules: [{ value2: 1 }, { value2: 2 }] };
  assert.equal(switchNode.facts(nodeOf(switchNode, { version: 2, parameters: { rules } })).outputs, 2);
});
