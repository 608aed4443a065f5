import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject } from '#workflow';

import { jsonsOf, outputsOf } from '../testing.ts';
import { set } from './node.ts';

const lena = { id: 7, name: 'Lena', tags: ['x', 'y'], address: { city: 'Oslo', zip: '0150' }, none: null };
const inputs = [[lena]];
const row = (name: string, value: unknown, type = 'string'): JsonObject => ({ name, value, type }) as JsonObject;
const rowsOf = (...rows: JsonObject[]): JsonObject => ({ assignments: { assignments: rows } });

/** Rows: type, value, result. */
for (const [type, value, expected] of [
  ['number', '42', 42],
  ['number', '', 0],
  ['number', '0x1F', 31],
  ['number', true, 1],
  ['number', null, null],
  ['boolean', 'FALSE', false],
  ['boolean', '1', true],
  ['string', 5, '5'],
  ['string', { a: 1 }, '{"a":1}'],
  ['array', '[1,"two"]', [1, 'two']],
  ['object', '{"k":1}', { k: 1 }],
  ['object', '={{ $json.address }}', lena.address],
  ['string', '={{ $json.nope }}', null],
] as const) {
  test(`${JSON.stringify(value)} as ${type}`, async () => {
    assert.deepEqual(await jsonsOf(set, { parameters: rowsOf(row('v', value, type)), inputs }), [{ v: expected }]);
  });
}

test('a value of the wrong type fails with the field, the value and the item', async () => {
  const scene = { parameters: rowsOf(row('v', 'a,b', 'array')), inputs };
  await assert.rejects(async () => outputsOf(set, scene), { message: "'v' expects a array but we got 'a,b' [item 0]" });
});

test('conversion errors can be ignored', async () => {
  const parameters = { ...rowsOf(row('v', 'yes', 'boolean')), options: { ignoreConversionErrors: true } };
  assert.deepEqual(await jsonsOf(set, { parameters, inputs }), [{ v: 'yes' }]);
});

test('a bad item becomes an error item in its place where the node carries on', async () => {
  const scene = {
    parameters: rowsOf(row('n', '={{ $json.v }}', 'number')),
    inputs: [[{ v: '1' }, { v: 'bad' }, { v: '3' }]],
    context: { continuesOnFail: true },
  };
  const [made = []] = await outputsOf(set, scene);
  assert.deepEqual(made[1], {
    json: { error: "'n' expects a number but we got 'bad' [item 1]" },
    pairedItem: { item: 1 },
  });
});

for (const [what, more, expected] of [
  ['nothing', {}, { e: '1' }],
  ['all', { includeOtherFields: true }, { ...lena, e: '1' }],
  [
    'selected',
    { includeOtherFields: true, include: 'selected', includeFields: 'id, address.city ,missing' },
    { id: 7, city: 'Oslo', e: '1' },
  ],
  [
    'all except',
    { includeOtherFields: true, include: 'except', excludeFields: 'tags, address.zip, none' },
    { id: 7, name: 'Lena', address: { city: 'Oslo' }, e: '1' },
  ],
] as const) {
  test(`keeps ${what}`, async () => {
    assert.deepEqual(await jsonsOf(set, { parameters: { ...rowsOf(row('e', '1')), ...more }, inputs }), [expected]);
  });
}

test('a dot in a name makes an object, unless dots are off', async () => {
  assert.deepEqual(await jsonsOf(set, { parameters: rowsOf(row('a.b', '1')), inputs }), [{ a: { b: '1' } }]);
  const parameters = { ...rowsOf(row('a.b', '1')), options: { dotNotation: false } };
  assert.deepEqual(await jsonsOf(set, { parameters, inputs }), [{ 'a.b': '1' }]);
});

test('items that came in are never changed', async () => {
  const before = structuredClone(lena);
  await outputsOf(set, { parameters: { ...rowsOf(row('address.city', 'Rome')), includeOtherFields: true }, inputs });
  assert.deepEqual(lena, before);
});

for (const name of ['__proto__', 'a.__proto__.b', 'constructor.prototype.polluted']) {
  test(`the name ${name} is refused`, async () => {
    await assert.rejects(async () => outputsOf(set, { parameters: rowsOf(row(name, 'x')), inputs }));
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
}

for (const [text, expected] of [
  ['{"a": 1}', { a: 1 }],
  ["{a: 1, 'b': 'two',}", { a: 1, b: 'two' }],
  ['={ "a": {{ $json.address }}, "t": {{ $json.tags }} }', { a: lena.address, t: lena.tags }],
  ['={ "a": {{ $json.name }} }', { a: 'Lena' }],
  ['={{ $json.address }}', lena.address],
] as const) {
  test(`raw JSON ${text}`, async () => {
    assert.deepEqual(await jsonsOf(set, { parameters: { mode: 'raw', jsonOutput: text }, inputs }), [expected]);
  });
}

test('raw JSON that is no object is refused', async () => {
  const scene = { parameters: { mode: 'raw', jsonOutput: '[1]' }, inputs };
  await assert.rejects(async () => outputsOf(set, scene), { code: 'NODE_JSON_INVALID' });
});

test('raw JSON stands over the fields that are kept', async () => {
  const parameters = { mode: 'raw', jsonOutput: '{"id": 8}', includeOtherFields: true };
  assert.deepEqual(await jsonsOf(set, { parameters, inputs }), [{ ...lena, id: 8 }]);
});

test('items are put out several times in manual runs only', async () => {
  const parameters = { ...rowsOf(row('a', '1')), duplicateItem: true, duplicateCount: 2 };
  assert.equal((await jsonsOf(set, { parameters, inputs })).length, 3);
  assert.equal((await jsonsOf(set, { parameters, inputs, context: { mode: 'webhook' } })).length, 1);
});

for (const [version, parameters, expected] of [
  [1, { values: { number: [{ name: 'n', value: 1 }], string: [{ name: 's', value: 'x' }] } }, { a: 1, n: 1, s: 'x' }],
  [2, { keepOnlySet: true, values: { string: [{ value: 'x' }] } }, { propertyName: 'x' }],
  [
    2,
    { keepOnlySet: true, values: { string: [{ name: 'p.q', value: 'x' }] }, options: { dotNotation: false } },
    { 'p.q': 'x' },
  ],
  [
    3,
    {
      fields: {
        values: [
          { name: 's', stringValue: 'x' },
          { name: 'n', type: 'numberValue', numberValue: '5' },
        ],
      },
    },
    { a: 1, s: 'x', n: 5 },
  ],
  [3.2, { include: 'none', fields: { values: [{ name: 's', stringValue: 'x' }] } }, { s: 'x' }],
] as const) {
  test(`version ${version}: ${JSON.stringify(parameters)}`, async () => {
    const scene = { version, parameters: structuredClone(parameters) as unknown as JsonObject, inputs: [[{ a: 1 }]] };
    assert.deepEqual(await jsonsOf(set, scene), [expected]);
  });
}

const file = { data: { mimeType: 'text/plain', data: 'eA==' } };
for (const [version, more, kept] of [
  [3.4, {}, false],
  [3.4, { includeOtherFields: true }, false],
  [3.4, { includeOtherFields: true, options: { stripBinary: false } }, true],
  [3.3, {}, true],
  [3.3, { options: { includeBinary: false } }, false],
  [2, {}, true],
  [2, { keepOnlySet: true }, false],
] as const) {
  test(`version ${version} ${kept ? 'keeps' : 'drops'} files with ${JSON.stringify(more)}`, async () => {
    const [made = []] = await outputsOf(set, {
      version,
      parameters: { ...more } as JsonObject,
      inputs: [[{ json: {}, binary: file }]],
    });
    assert.equal(made[0]?.binary !== undefined, kept);
  });
}
