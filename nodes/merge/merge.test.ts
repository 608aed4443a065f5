import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject } from '#workflow';

import { jsonsOf, nodeOf, outputsOf } from '../testing.ts';
import { alike } from './match.ts';
import { merge } from './node.ts';

const left = [
  { id: 1, n: 'one', x: 'L1' },
  { id: 2, n: 'two', x: 'L2' },
  { id: 2, n: 'two again', x: 'L3' },
  { id: 4, n: 'four', x: '' },
];
const right = [
  { id: 2, r: 'zwei', x: 'R1' },
  { id: 3, r: 'drei', x: 'R2' },
  { id: 1, r: 'eins', x: 'R3' },
  { id: 2, r: 'deux', x: 'R4' },
];
const inputs = [left, right];
const byId = (more: JsonObject = {}): JsonObject => ({ mode: 'combine', fieldsToMatchString: 'id', ...more });
const clash = (values: JsonObject): JsonObject => ({ options: { clashHandling: { values } } });

test('append puts the inputs one after another and links each item to its input', async () => {
  const [made = []] = await outputsOf(merge, {
    parameters: { numberInputs: 3 },
    inputs: [[{ a: 1 }], null, [{ c: 1 }]],
  });
  assert.deepEqual(made, [
    { json: { a: 1 }, pairedItem: { item: 0 } },
    { json: { c: 1 }, pairedItem: { item: 0, input: 2 } },
  ]);
});

test('keepMatches gives every pair, later input winning, and links to both', async () => {
  const [made = []] = await outputsOf(merge, { parameters: byId({ joinMode: 'keepMatches' }), inputs });
  assert.equal(made.length, 5);
  assert.deepEqual(made[0], {
    json: { id: 1, n: 'one', x: 'R3', r: 'eins' },
    pairedItem: [{ item: 0 }, { item: 2, input: 1 }],
  });
});

for (const [from, ids] of [
  ['input1', ['L1', 'L2', 'L3']],
  ['input2', ['R1', 'R3', 'R4']],
] as const) {
  test(`keepMatches out of ${from} gives its items once, in its order`, async () => {
    const made = await jsonsOf(merge, { parameters: byId({ joinMode: 'keepMatches', outputDataFrom: from }), inputs });
    assert.deepEqual(
      made.map((json) => (json as JsonObject)['x']),
      ids,
    );
  });
}

test('keepNonMatches says where each item comes from when both sides are put out', async () => {
  assert.deepEqual(await jsonsOf(merge, { parameters: byId({ joinMode: 'keepNonMatches' }), inputs }), [
    { id: 4, n: 'four', x: '', _source: 'input1' },
    { id: 3, r: 'drei', x: 'R2', _source: 'input2' },
  ]);
  const one = byId({ joinMode: 'keepNonMatches', outputDataFrom: 'input1' });
  assert.deepEqual(await jsonsOf(merge, { parameters: one, inputs }), [{ id: 4, n: 'four', x: '' }]);
});

test('beside an empty input nothing is marked', async () => {
  const made = await jsonsOf(merge, {
    parameters: byId({ joinMode: 'keepNonMatches' }),
    inputs: [left.slice(0, 1), []],
  });
  assert.deepEqual(made, left.slice(0, 1));
});

for (const [joinMode, count] of [
  ['enrichInput1', 6],
  ['enrichInput2', 6],
  ['keepEverything', 7],
] as const) {
  test(`${joinMode} keeps ${count} items`, async () => {
    assert.equal((await jsonsOf(merge, { parameters: byId({ joinMode }), inputs })).length, count);
  });
}

test('enrichInput2 lets the first input win by default', async () => {
  const [first] = await jsonsOf(merge, { parameters: byId({ joinMode: 'enrichInput2' }), inputs });
  assert.equal((first as JsonObject)['x'], 'L1');
});

test('first match only leaves one partner, yet all partners count as matched', async () => {
  const options = { multipleMatches: 'first' };
  assert.equal((await jsonsOf(merge, { parameters: byId({ joinMode: 'keepMatches', options }), inputs })).length, 3);
  const none = await jsonsOf(merge, { parameters: byId({ joinMode: 'keepNonMatches', options }), inputs });
  assert.equal(none.length, 2);
});

test('a clash rule that the version does not know gives empty items, as n8n does', async () => {
  const parameters = byId({ joinMode: 'keepMatches', ...clash({ resolveClash: 'preferInput2' }) });
  const [made = []] = await outputsOf(merge, { parameters, inputs });
  assert.deepEqual(made[0], { json: {}, pairedItem: [] });
  const [old = []] = await outputsOf(merge, {
    version: 2.1,
    parameters: {
      mode: 'combine',
      mergeByFields: { values: [{ field1: 'id', field2: 'id' }] },
      joinMode: 'keepMatches',
      ...clash({ resolveClash: 'preferInput2' }),
    },
    inputs,
  });
  assert.equal(old[0]?.json['x'], 'R3');
});

test('suffixes stand at every field, matched or not', async () => {
  const parameters = byId({ joinMode: 'keepEverything', ...clash({ resolveClash: 'addSuffix' }) });
  const made = await jsonsOf(merge, { parameters, inputs });
  assert.deepEqual(made[0], { id_1: 1, n_1: 'one', x_1: 'L1', id_2: 1, r_2: 'eins', x_2: 'R3' });
  assert.deepEqual(made.slice(-2), [
    { id_1: 4, n_1: 'four', x_1: '' },
    { id_2: 3, r_2: 'drei', x_2: 'R2' },
  ]);
});

test('overrideEmpty keeps the filled value against an empty one', async () => {
  const parameters = byId({ joinMode: 'keepMatches', ...clash({ resolveClash: 'preferLast', overrideEmpty: true }) });
  const made = await jsonsOf(merge, { parameters, inputs: [[{ id: 1, x: 'L' }], [{ id: 1, x: '' }]] });
  assert.deepEqual(made, [{ id: 1, x: 'L' }]);
});

test('a missing field never matches, not even another missing one', async () => {
  const parameters = byId({ joinMode: 'keepMatches' });
  assert.deepEqual(await jsonsOf(merge, { parameters, inputs: [[{ a: 1 }], [{ b: 1 }]] }), []);
});

test('numbers and their text match only when compared loosely', async () => {
  const sides = [
    [{ id: 1 }, { id: null }],
    [
      { id: '1', r: 1 },
      { id: '', r: 2 },
    ],
  ];
  assert.deepEqual(await jsonsOf(merge, { parameters: byId({ joinMode: 'keepMatches' }), inputs: sides }), []);
  const loose = byId({ joinMode: 'keepMatches', options: { fuzzyCompare: true } });
  assert.equal((await jsonsOf(merge, { parameters: loose, inputs: sides })).length, 2);
});

for (const [a, b, same] of [
  [null, '', true],
  [[], '', true],
  [1, '1', true],
  [true, 'TRUE', true],
  [true, 1, true],
  [false, 0, true],
  [true, 'yes', false],
  [{}, 'x', false],
  [{ a: 1 }, { a: 1 }, true],
  [1, 2, false],
] as const) {
  test(`loosely ${JSON.stringify(a)} ${same ? 'is' : 'is not'} ${JSON.stringify(b)}`, () => {
    assert.equal(alike(a as never, b as never), same);
  });
}

test('by position the preferred input is merged last and linked twice', async () => {
  const parameters = { mode: 'combine', combineBy: 'combineByPosition', ...clash({ resolveClash: 'preferInput1' }) };
  const sides = [[{ a: 1, o: { x: 1 } }], [{ a: 2, o: { y: 2 } }]];
  const [made = []] = await outputsOf(merge, { parameters, inputs: sides });
  assert.deepEqual(made, [
    { json: { a: 1, o: { x: 1, y: 2 } }, pairedItem: [{ item: 0 }, { item: 0, input: 1 }, { item: 0 }] },
  ]);
});

test('by position the shortest input decides, unless unpaired items are kept', async () => {
  const parameters = { mode: 'combine', combineBy: 'combineByPosition' };
  const sides = [[{ a: 1 }, { a: 2 }], [{ b: 1 }]];
  assert.equal((await jsonsOf(merge, { parameters, inputs: sides })).length, 1);
  const kept = { ...parameters, options: { includeUnpaired: true } };
  assert.deepEqual(await jsonsOf(merge, { parameters: kept, inputs: sides }), [{ a: 1, b: 1 }, { a: 2 }]);
});

test('deep merging goes into lists by index, shallow merging replaces', async () => {
  const sides = [[{ id: 1, l: [1, 2], o: { a: 1 } }], [{ id: 1, l: [9], o: { b: 1 } }]];
  const rule = (mergeMode: string): JsonObject => byId({ ...clash({ resolveClash: 'preferLast', mergeMode }) });
  assert.deepEqual(await jsonsOf(merge, { parameters: rule('deepMerge'), inputs: sides }), [
    { id: 1, l: [9, 2], o: { a: 1, b: 1 } },
  ]);
  assert.deepEqual(await jsonsOf(merge, { parameters: rule('shallowMerge'), inputs: sides }), [
    { id: 1, l: [9], o: { b: 1 } },
  ]);
});

test('all combinations are the product', async () => {
  const parameters = { mode: 'combine', combineBy: 'combineAll' };
  const made = await jsonsOf(merge, {
    parameters,
    inputs: [
      [{ a: 1 }, { a: 2 }],
      [{ b: 1 }, { b: 2, a: 9 }],
    ],
  });
  assert.deepEqual(made, [
    { a: 1, b: 1 },
    { a: 9, b: 2 },
    { a: 2, b: 1 },
    { a: 9, b: 2 },
  ]);
});

test('a product over the limit is refused before it is made', async () => {
  const many = Array.from({ length: 1_100 }, () => ({}));
  const scene = { parameters: { mode: 'combine', combineBy: 'combineAll' }, inputs: [many, many] };
  await assert.rejects(async () => outputsOf(merge, scene), { code: 'NODE_TOO_MANY' });
});

test('choose branch hands one input on, or one empty item that all are linked to', async () => {
  const sides = [[{ a: 1 }], [{ b: 1 }, { b: 2 }]];
  const second = { mode: 'chooseBranch', useDataOfInput: 2 };
  assert.deepEqual((await outputsOf(merge, { parameters: second, inputs: sides }))[0]?.[1], {
    json: { b: 2 },
    pairedItem: { item: 1, input: 1 },
  });
  const [empty = []] = await outputsOf(merge, { parameters: { mode: 'chooseBranch', output: 'empty' }, inputs: sides });
  assert.deepEqual(empty, [{ json: {}, pairedItem: [{ item: 0 }, { item: 0, input: 1 }, { item: 1, input: 1 }] }]);
});

test('choose branch waits for both inputs, every other mode for one', () => {
  assert.deepEqual(merge.facts(nodeOf(merge, { parameters: { mode: 'chooseBranch' } })).requiredInputs, [0, 1]);
  assert.equal(merge.facts(nodeOf(merge)).requiredInputs, 'any');
});

for (const [mode, code] of [
  ['combineBySql', 'NODE_NOT_SUPPORTED'],
  ['nonsense', 'NODE_PARAMETER_INVALID'],
] as const) {
  test(`mode ${mode} is refused with ${code}`, async () => {
    await assert.rejects(async () => outputsOf(merge, { parameters: { mode }, inputs }), { code });
  });
}

test('no field to match on is an error', async () => {
  await assert.rejects(async () => outputsOf(merge, { parameters: { mode: 'combine' }, inputs }), /at least one pair/);
});

test('files of both sides come along', async () => {
  const file = { mimeType: 'text/plain', data: 'eA==' };
  const sides = [[{ json: { id: 1 }, binary: { a: file } }], [{ json: { id: 1 }, binary: { b: file } }]];
  const [made = []] = await outputsOf(merge, { parameters: byId(), inputs: sides });
  assert.deepEqual(made[0]?.binary, { a: file, b: file });
});

const old = [
  [
    { k: 1, a: 'x' },
    { k: 2, a: '' },
  ],
  [{ k: 2, a: 'new' }, { k: 3 }],
];
for (const [parameters, expected] of [
  [{}, [{ k: 1, a: 'x' }, { k: 2, a: '' }, { k: 2, a: 'new' }, { k: 3 }]],
  [
    { mode: 'mergeByIndex' },
    [
      { k: 2, a: 'new' },
      { k: 3, a: '' },
    ],
  ],
  [
    { mode: 'mergeByKey', propertyName1: 'k', propertyName2: 'k' },
    [
      { k: 1, a: 'x' },
      { k: 2, a: 'new' },
    ],
  ],
  [
    { mode: 'mergeByKey', propertyName1: 'k', propertyName2: 'k', overwrite: 'undefined' },
    [
      { k: 1, a: 'x' },
      { k: 2, a: '' },
    ],
  ],
  [
    { mode: 'mergeByKey', propertyName1: 'k', propertyName2: 'k', overwrite: 'blank' },
    [
      { k: 1, a: 'x' },
      { k: 2, a: 'new' },
    ],
  ],
  [{ mode: 'keepKeyMatches', propertyName1: 'k', propertyName2: 'k' }, [{ k: 2, a: '' }]],
  [{ mode: 'removeKeyMatches', propertyName1: 'k', propertyName2: 'k' }, [{ k: 1, a: 'x' }]],
  [{ mode: 'passThrough', output: 'input2' }, [{ k: 2, a: 'new' }, { k: 3 }]],
  [{ mode: 'wait' }, [{}]],
] as const) {
  test(`version 1: ${JSON.stringify(parameters)}`, async () => {
    assert.deepEqual(await jsonsOf(merge, { version: 1, parameters: { ...parameters }, inputs: old }), expected);
  });
}

test('version 1 by index can be inner or outer', async () => {
  const sides = [[{ a: 1 }, { a: 2 }], [{ b: 1 }]];
  const of = (join: string): Promise<unknown[]> =>
    jsonsOf(merge, { version: 1, parameters: { mode: 'mergeByIndex', join }, inputs: sides });
  assert.equal((await of('inner')).length, 1);
  assert.equal((await of('outer')).length, 2);
});
