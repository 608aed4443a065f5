import assert from 'node:assert/strict';
import test from 'node:test';

import type { CodeRunner } from '#runtime';
import type { JsonObject, JsonValue } from '#workflow';

import { aggregate } from './aggregate/node.ts';
import { itemLists } from './item-lists/node.ts';
import { limit } from './limit/node.ts';
import { removeDuplicates } from './remove-duplicates/node.ts';
import { renameKeys } from './rename-keys/node.ts';
import { sort } from './sort/node.ts';
import { splitOut } from './split-out/node.ts';
import { summarize } from './summarize/node.ts';
import { jsonsOf, outputsOf } from './testing.ts';

const numbers = [[{ n: 1 }, { n: 2 }, { n: 3 }]];

for (const [parameters, expected] of [
  [{}, [1]],
  [{ maxItems: 2 }, [1, 2]],
  [{ maxItems: 2, keep: 'lastItems' }, [2, 3]],
  [{ maxItems: 99 }, [1, 2, 3]],
  [{ maxItems: '={{ $json.n }}' }, [1]],
] as const) {
  test(`limit ${JSON.stringify(parameters)} keeps ${expected.join()}`, async () => {
    const made = await jsonsOf(limit, { parameters: { ...parameters }, inputs: numbers });
    assert.deepEqual(
      made,
      expected.map((n) => ({ n })),
    );
  });
}

const order = [
  [
    { n: 10, s: 'beta' },
    { n: 9, s: 'Alpha' },
    { n: null, s: 'gamma' },
    { n: 10, s: 'alpha' },
    { s: 'Beta' },
    { n: '8', s: 'delta' },
  ],
];
const by = (fieldName: string, direction?: string): JsonObject => ({
  sortFieldsUi: { sortField: [{ fieldName, ...(direction ? { order: direction } : {}) }] },
});

for (const [parameters, places] of [
  [by('n', 'descending'), [4, 0, 3, 1, 5, 2]],
  [by('s'), [1, 3, 0, 4, 5, 2]],
] as const) {
  test(`sort by ${JSON.stringify(parameters)} is as n8n has it`, async () => {
    const [made = []] = await outputsOf(sort, { parameters, inputs: order });
    assert.deepEqual(
      made.map((item) => item.pairedItem),
      places.map((item) => ({ item })),
    );
  });
}

test('sort by several fields goes on where the first agree', async () => {
  const inputs = [
    [
      { a: 1, b: 1 },
      { a: 0, b: 5 },
      { a: 1, b: 2 },
    ],
  ];
  const parameters = { sortFieldsUi: { sortField: [{ fieldName: 'a' }, { fieldName: 'b', order: 'descending' }] } };
  assert.deepEqual(await jsonsOf(sort, { parameters, inputs }), [
    { a: 0, b: 5 },
    { a: 1, b: 2 },
    { a: 1, b: 1 },
  ]);
});

test('a random order is the same when the same run is computed again, and keeps all items', async () => {
  const scene = { parameters: { type: 'random' }, inputs: [Array.from({ length: 20 }, (_, n) => ({ n }))] };
  const one = await jsonsOf(sort, scene);
  assert.deepEqual(await jsonsOf(sort, scene), one);
  const other = await jsonsOf(sort, { ...scene, context: { idempotencyKey: () => 'another run' } });
  assert.notDeepEqual(other, one);
  assert.equal(new Set(other.map((json) => JSON.stringify(json))).size, 20);
});

for (const [parameters, check] of [
  [by('nope'), { message: "Couldn't find the field 'nope' in the input data" }],
  [{}, /No sorting specified/],
] as const) {
  test(`sort refuses ${JSON.stringify(parameters)}`, async () => {
    await assert.rejects(async () => outputsOf(sort, { parameters, inputs: order }), check);
  });
}

const runs = (value: JsonValue | undefined): CodeRunner => ({
  run: () => Promise.resolve({ kind: 'value', value, logs: [] }),
});
const compared = (code: CodeRunner): Promise<unknown[]> =>
  jsonsOf(sort, {
    parameters: { type: 'code', code: 'return b.json.n - a.json.n' },
    inputs: numbers,
    context: { code },
  });

test('code orders items by their places', async () => {
  assert.deepEqual(await compared(runs([2, 0, 1])), [{ n: 3 }, { n: 1 }, { n: 2 }]);
});

for (const value of [[0, 0, 1], [0, 1], [0, 1, 7], 'x', undefined]) {
  test(`code that gives ${JSON.stringify(value)} is no order`, async () => {
    await assert.rejects(compared(runs(value)), /did not give an order/);
  });
}

test('code that throws fails the node with its message', async () => {
  const code: CodeRunner = {
    run: () => Promise.resolve({ kind: 'threw', error: { name: 'Error', message: 'bad compare' }, logs: [] }),
  };
  await assert.rejects(compared(code), { message: 'bad compare' });
});

const doubles = [
  [
    { a: 1, b: 'x', c: { d: 1 } },
    { a: 1, b: 'x', c: { d: 1 } },
    { a: 2, b: 'x', c: { d: 1 } },
    { b: 'x', a: 1, c: { d: 2 } },
    { b: 'x', c: { d: 1 }, a: 1 },
  ],
];

for (const [parameters, places] of [
  [{}, [0, 2, 3]],
  [{ compare: 'allFieldsExcept', fieldsToExclude: 'c' }, [0, 2]],
  [{ compare: 'selectedFields', fieldsToCompare: 'c.d' }, [0, 3]],
] as const) {
  test(`duplicates by ${JSON.stringify(parameters)}`, async () => {
    const [made = []] = await outputsOf(removeDuplicates, { parameters: { ...parameters }, inputs: doubles });
    assert.deepEqual(
      made.map((item) => item.pairedItem),
      places.map((item) => ({ item })),
    );
  });
}

test('only the compared fields, linked by place, when the others are removed', async () => {
  const parameters = { compare: 'selectedFields', fieldsToCompare: 'a,c.d', options: { removeOtherFields: true } };
  const [made = []] = await outputsOf(removeDuplicates, { parameters, inputs: doubles });
  assert.deepEqual(made[2], { json: { a: 1, c: { d: 2 } }, pairedItem: { item: 2 } });
});

for (const [fieldsToCompare, message] of [
  ['z', "Couldn't find the field 'z' in the input data"],
  ['e', "'e' field is missing from some input items"],
] as const) {
  test(`duplicates by a missing field: ${message}`, async () => {
    const scene = { parameters: { compare: 'selectedFields', fieldsToCompare }, inputs: [[{ e: 1 }, { a: 1 }]] };
    await assert.rejects(async () => outputsOf(removeDuplicates, scene), { message });
  });
}

test('duplicates of earlier runs are not supported, and say so', async () => {
  const parameters = { operation: 'removeItemsSeenInPreviousExecutions' };
  await assert.rejects(async () => outputsOf(removeDuplicates, { parameters, inputs: doubles }), {
    code: 'NODE_NOT_SUPPORTED',
  });
});

for (const [keys, expected] of [
  [
    [
      { currentKey: 'two.inner', newKey: 'flat' },
      { currentKey: 'one', newKey: 'deep.one' },
    ],
    { two: {}, flat: 2, deep: { one: 1 } },
  ],
  [
    [
      { currentKey: 'one', newKey: 'two' },
      { currentKey: 'two', newKey: 'one' },
    ],
    { one: { inner: 2 } },
  ],
  [
    [
      { currentKey: 'nope', newKey: 'x' },
      { currentKey: 'one', newKey: '' },
    ],
    { one: 1, two: { inner: 2 } },
  ],
] as const) {
  test(`rename ${JSON.stringify(keys)}`, async () => {
    const parameters = { keys: { key: structuredClone(keys) } } as unknown as JsonObject;
    assert.deepEqual(await jsonsOf(renameKeys, { parameters, inputs: [[{ one: 1, two: { inner: 2 } }]] }), [expected]);
  });
}

test('rename by pattern is not supported, and says so', async () => {
  const parameters = { additionalOptions: { regexReplacement: { replacements: [{ searchRegex: '(a+)+' }] } } };
  await assert.rejects(async () => outputsOf(renameKeys, { parameters }), { code: 'NODE_NOT_SUPPORTED' });
});

const order1 = {
  id: 1,
  lines: [{ sku: 'a' }, { sku: 'b' }],
  meta: { codes: ['x', 'y'] },
  v: [1, null, [2, 3], { o: 1 }],
  o: { k: 1, l: 2 },
};
for (const [parameters, expected] of [
  [{ fieldToSplitOut: 'lines' }, [{ sku: 'a' }, { sku: 'b' }]],
  [{ fieldToSplitOut: 'meta.codes' }, [{ 'meta.codes': 'x' }, { 'meta.codes': 'y' }]],
  [{ fieldToSplitOut: 'o' }, [{ o: 1 }, { o: 2 }]],
  [{ fieldToSplitOut: 'v' }, [{ v: 1 }, { v: null }, { 0: 2, 1: 3 }, { o: 1 }]],
  [
    { fieldToSplitOut: 'lines, meta.codes' },
    [
      { lines: { sku: 'a' }, 'meta.codes': 'x' },
      { lines: { sku: 'b' }, 'meta.codes': 'y' },
    ],
  ],
  [
    { fieldToSplitOut: 'lines', include: 'selectedOtherFields', fieldsToInclude: 'id' },
    [
      { id: 1, lines: { sku: 'a' } },
      { id: 1, lines: { sku: 'b' } },
    ],
  ],
  [
    { fieldToSplitOut: 'lines', options: { destinationFieldName: 'line' } },
    [{ line: { sku: 'a' } }, { line: { sku: 'b' } }],
  ],
  [{ fieldToSplitOut: 'nope' }, []],
  [{ fieldToSplitOut: 'id' }, [{ id: 1 }]],
] as const) {
  test(`split out ${JSON.stringify(parameters)}`, async () => {
    assert.deepEqual(await jsonsOf(splitOut, { parameters: { ...parameters }, inputs: [[order1]] }), expected);
  });
}

test('split out keeps all other fields without the split one', async () => {
  const parameters = { fieldToSplitOut: 'l', include: 'allOtherFields' };
  assert.deepEqual(await jsonsOf(splitOut, { parameters, inputs: [[{ a: 1, l: [5] }]] }), [{ a: 1, l: 5 }]);
});

test('split out can take the files of an item apart, or along', async () => {
  const binary = { f: { mimeType: 'x', data: 'eA==' } };
  const inputs = [[{ json: { l: [1] }, binary }]];
  assert.deepEqual(await jsonsOf(splitOut, { parameters: { fieldToSplitOut: '$binary' }, inputs }), [binary]);
  const [made = []] = await outputsOf(splitOut, {
    parameters: { fieldToSplitOut: 'l', options: { includeBinary: true } },
    inputs,
  });
  assert.deepEqual(made[0]?.binary, binary);
});

test('split out without a field is refused', async () => {
  await assert.rejects(async () => outputsOf(splitOut, { inputs: numbers }), { code: 'NODE_PARAMETER_MISSING' });
});

const rowsOf = (...fields: JsonObject[]): JsonObject => ({ fieldsToAggregate: { fieldToAggregate: fields } });
const table = [
  [
    { k: 'a', v: 1, t: { z: 10 }, l: [1] },
    { k: 'b', v: null, t: { z: 20 }, l: [2, 3] },
    { k: 'a', t: {} },
  ],
];

for (const [parameters, expected] of [
  [rowsOf({ fieldToAggregate: 'v' }), { v: [1] }],
  [
    rowsOf({ fieldToAggregate: 'k', renameField: true, outputFieldName: 'out.keys' }),
    { out: { keys: ['a', 'b', 'a'] } },
  ],
  [rowsOf({ fieldToAggregate: 't.z' }), { z: [10, 20] }],
  [{ ...rowsOf({ fieldToAggregate: 'v' }), options: { keepMissing: true } }, { v: [1, null, null] }],
  [{ ...rowsOf({ fieldToAggregate: 'l' }), options: { mergeLists: true } }, { l: [1, 2, 3] }],
  [
    {
      aggregate: 'aggregateAllItemData',
      destinationFieldName: 'out.rows',
      include: 'specifiedFields',
      fieldsToInclude: 'k',
    },
    { 'out.rows': [{ k: 'a' }, { k: 'b' }, { k: 'a' }] },
  ],
  [
    { aggregate: 'aggregateAllItemData', include: 'allFieldsExcept', fieldsToExclude: 'k,t,l' },
    { data: [{ v: 1 }, { v: null }] },
  ],
] as const) {
  test(`aggregate ${JSON.stringify(parameters)}`, async () => {
    const [made = []] = await outputsOf(aggregate, {
      parameters: structuredClone(parameters) as unknown as JsonObject,
      inputs: table,
    });
    assert.deepEqual(made, [{ json: expected, pairedItem: [{ item: 0 }, { item: 1 }, { item: 2 }] }]);
  });
}

test('aggregate refuses one name twice, and no name', async () => {
  const twice = rowsOf({ fieldToAggregate: 'v' }, { fieldToAggregate: 'v' });
  await assert.rejects(async () => outputsOf(aggregate, { parameters: twice, inputs: table }), /used more than once/);
  const none = rowsOf({ fieldToAggregate: '' });
  await assert.rejects(async () => outputsOf(aggregate, { parameters: none, inputs: table }), {
    code: 'NODE_PARAMETER_MISSING',
  });
});

test('aggregate collects files, each once when asked to', async () => {
  const file = { mimeType: 'x', data: 'eA==' };
  const inputs = [
    [
      { json: {}, binary: { f: file } },
      { json: {}, binary: { f: file } },
    ],
  ];
  const of = async (options: JsonObject): Promise<string[]> => {
    const parameters = { aggregate: 'aggregateAllItemData', options };
    const [made = []] = await outputsOf(aggregate, { parameters, inputs });
    return Object.keys(made[0]?.binary ?? {});
  };
  assert.deepEqual(await of({}), []);
  assert.deepEqual(await of({ includeBinaries: true }), ['f', 'f_1']);
  assert.deepEqual(await of({ includeBinaries: true, keepOnlyUnique: true }), ['f']);
});

const sales = [
  [
    { c: 'red', s: 'x', n: 3 },
    { c: 'blue', s: 'x', n: 5 },
    { c: 'red', s: 'y', n: 1 },
    { c: 'red', s: '', n: null },
  ],
];
for (const [value, expected] of [
  [{ aggregation: 'count', field: 's' }, { count_s: 3 }],
  [{ aggregation: 'countUnique', field: 's' }, { unique_count_s: 2 }],
  [{ aggregation: 'sum', field: 'n' }, { sum_n: 9 }],
  [{ aggregation: 'average', field: 'n' }, { average_n: 3 }],
  [{ aggregation: 'min', field: 'n' }, { min_n: 1 }],
  [{ aggregation: 'max', field: 'n' }, { max_n: 5 }],
  [{ aggregation: 'max', field: 'zz' }, { max_zz: null }],
  [{ aggregation: 'sum', field: 'zz' }, { sum_zz: 0 }],
  [{ aggregation: 'append', field: 'n' }, { appended_n: [3, 5, 1] }],
  [{ aggregation: 'append', field: 'n', includeEmpty: true }, { appended_n: [3, 5, 1, null] }],
  [{ aggregation: 'concatenate', field: 's' }, { concatenated_s: 'x,x,y' }],
  [
    { aggregation: 'concatenate', field: 's', includeEmpty: true, separateBy: 'other', customSeparator: ' / ' },
    { concatenated_s: 'x / x / y / ' },
  ],
] as const) {
  test(`summarize ${JSON.stringify(value)}`, async () => {
    assert.deepEqual(
      await jsonsOf(summarize, { parameters: { fieldsToSummarize: { values: [{ ...value }] } }, inputs: sales }),
      [expected],
    );
  });
}

const counted = { fieldsToSummarize: { values: [{ aggregation: 'count', field: 'n' }] } };

test('groups are in order of appearance, linked to their items, and differ by type', async () => {
  const [made = []] = await outputsOf(summarize, { parameters: { ...counted, fieldsToSplitBy: 'c' }, inputs: sales });
  assert.deepEqual(made, [
    { json: { count_n: 2, c: 'red' }, pairedItem: [{ item: 0 }, { item: 2 }, { item: 3 }] },
    { json: { count_n: 1, c: 'blue' }, pairedItem: [{ item: 1 }] },
  ]);
  const types = [[{ g: 1 }, { g: '1' }, { g: null }, {}]];
  assert.equal(
    (await jsonsOf(summarize, { parameters: { ...counted, fieldsToSplitBy: 'g' }, inputs: types })).length,
    4,
  );
});

test('groups of several fields stand level by level', async () => {
  const inputs = [
    [
      { a: 'x', b: 1 },
      { a: 'y', b: 1 },
      { a: 'x', b: 2 },
    ],
  ];
  const parameters = { fieldsToSummarize: { values: [{ field: 'a' }] }, fieldsToSplitBy: 'a, b' };
  const made = await jsonsOf(summarize, { parameters, inputs });
  assert.deepEqual(made, [
    { count_a: 1, a: 'x', b: 1 },
    { count_a: 1, a: 'x', b: 2 },
    { count_a: 1, a: 'y', b: 1 },
  ]);
});

for (const [version, operation, more] of [
  [2, 'splitOutItems', { fieldToSplitOut: 'nope' }],
  [2, 'aggregateItems', rowsOf({ fieldToAggregate: 'nope' })],
  [2, 'summarize', { fieldsToSummarize: { values: [{ field: 'nope' }] } }],
] as const) {
  test(`item lists before 2.1: ${operation} stops at a field that no item has, later it does not`, async () => {
    const scene = { parameters: { operation, ...structuredClone(more) } as JsonObject, inputs: table };
    await assert.rejects(async () => outputsOf(itemLists, { ...scene, version }), { code: 'NODE_FIELD_MISSING' });
    await outputsOf(itemLists, { ...scene, version: 2.1 });
  });
}

test('empty groups can be left out', async () => {
  const parameters = { ...counted, fieldsToSplitBy: 's', options: { skipEmptySplitFields: true } };
  assert.equal((await jsonsOf(summarize, { parameters, inputs: sales })).length, 2);
});

test('groups in one item are nested, and no group name reaches a prototype', async () => {
  const options = { outputFormat: 'singleItem' };
  const parameters = { ...counted, fieldsToSplitBy: 'c, s', options };
  assert.deepEqual(await jsonsOf(summarize, { parameters, inputs: sales }), [
    { red: { x: { count_n: 1 }, y: { count_n: 1 }, '': { count_n: 0 } }, blue: { x: { count_n: 1 } } },
  ]);
  await jsonsOf(summarize, {
    parameters: { ...counted, fieldsToSplitBy: 'c', options },
    inputs: [[{ c: '__proto__', n: 1 }]],
  });
  assert.equal(({} as Record<string, unknown>)['count_n'], undefined);
});

test('summarize without a field is refused', async () => {
  await assert.rejects(async () => outputsOf(summarize, { inputs: sales }), { code: 'NODE_PARAMETER_MISSING' });
});

for (const [version, parameters, count] of [
  [1, { fieldToSplitOut: 'l', include: 'selectedOtherFields', fieldsToInclude: { fields: [{ fieldName: 'k' }] } }, 3],
  [3, { fieldToSplitOut: 'l' }, 3],
  [2, { operation: 'aggregateItems', ...rowsOf({ fieldToAggregate: 'k' }) }, 1],
  [3.1, { operation: 'concatenateItems', aggregate: 'aggregateAllItemData' }, 1],
  [3.1, { operation: 'sort', ...by('k') }, 3],
  [3.1, { operation: 'limit', maxItems: 2 }, 2],
  [3.1, { operation: 'removeDuplicates', compare: 'selectedFields', fieldsToCompare: 'k' }, 2],
  [1, { operation: 'summarize', fieldsToSummarize: { values: [{ field: 'k' }] } }, 1],
] as const) {
  test(`item lists ${version}: ${JSON.stringify(parameters)} gives ${count}`, async () => {
    const scene = { version, parameters: structuredClone(parameters) as unknown as JsonObject, inputs: table };
    assert.equal((await jsonsOf(itemLists, scene)).length, count);
  });
}

test('item lists refuses an operation it does not have', async () => {
  await assert.rejects(async () => outputsOf(itemLists, { parameters: { operation: 'nope' } }), {
    code: 'NODE_NOT_SUPPORTED',
  });
});
