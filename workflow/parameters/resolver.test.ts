import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../items.ts';
import { testNode, testScene } from '../expressions/test-support.ts';
import { parametersWithDefaults } from './defaults.ts';
import { locatorValue, makeResolver } from './resolver.ts';
import type { ParameterSchema } from './schema.ts';

type Type = ParameterSchema['type'];

function schema(
  name: string,
  value: JsonValue,
  more: Partial<ParameterSchema> = {},
  type: Type = 'string',
): ParameterSchema {
  return { name, displayName: name, type, default: value, ...more };
}

const SCHEMAS: ParameterSchema[] = [
  schema('mode', 'manual', {}, 'options'),
  schema('url', '', { displayOptions: { show: { mode: ['http'] } } }),
  schema('body', 'none', { displayOptions: { show: { mode: ['http'], '@version': [2, 3] } } }),
  schema('old', 'yes', { displayOptions: { show: { '@version': [1] } } }),
  schema('new', 'yes', { displayOptions: { hide: { '@version': [1] } } }),
  schema('late', 'x', { displayOptions: { show: { '@version': [{ _cnd: { gte: 2.5 } }] } } }),
  schema('same', 'a', { displayOptions: { show: { mode: ['manual'] } } }),
  schema('same', 'b', { displayOptions: { show: { mode: ['http'] } } }),
  schema('depth', 'deep', { displayOptions: { show: { body: ['none'] } } }),
  schema('options', {}, { options: [schema('timeout', 10, {}, 'number')] }, 'collection'),
  schema(
    'rules',
    {},
    {
      options: [
        {
          name: 'values',
          displayName: 'Values',
          values: [
            schema('key', 'k'),
            schema('kind', 'text'),
            schema('size', 5, { displayOptions: { show: { kind: ['number'] } } }, 'number'),
            schema('root', 'r', { displayOptions: { show: { '/mode': ['http'] } } }),
          ],
        },
      ],
    },
    'fixedCollection',
  ),
  schema('workflow', { __rl: true, mode: 'list', value: '' }, {}, 'resourceLocator'),
];

function defaults(parameters: JsonObject, typeVersion = 2): JsonObject {
  return parametersWithDefaults(testNode('N', parameters, { typeVersion }), SCHEMAS);
}

describe('defaults of what is shown are applied', () => {
  it('where nothing is set', () => {
    const made = defaults({});
    assert.equal(made['mode'], 'manual');
    assert.equal(Object.hasOwn(made, 'url'), false);
    assert.deepEqual(made['options'], {});
  });
  it('a condition on another parameter', () => assert.equal(defaults({ mode: 'http' })['url'], ''));
  it('a condition on a default that another condition gives', () => {
    assert.equal(defaults({ mode: 'http' })['depth'], 'deep');
    assert.equal(Object.hasOwn(defaults({ mode: 'http', body: 'json' }), 'depth'), false);
    assert.equal(Object.hasOwn(defaults({}), 'depth'), false);
  });
  for (const [version, old, current, late] of [
    [1, true, false, false],
    [2, false, true, false],
    [2.5, false, true, true],
    [3, false, true, true],
  ] as const) {
    it(`version ${version}`, () => {
      const made = defaults({}, version);
      assert.deepEqual(
        [Object.hasOwn(made, 'old'), Object.hasOwn(made, 'new'), Object.hasOwn(made, 'late')],
        [old, current, late],
      );
    });
  }
  it('of several parameters of one name the one that is shown', () => {
    assert.equal(defaults({})['same'], 'a');
    assert.equal(defaults({ mode: 'http' })['same'], 'b');
  });
  it('a field that an expression decides shows what depends on it', () =>
    assert.equal(defaults({ mode: '={{ 1 }}' })['url'], ''));
  it('what is set stays, shown or not', () => assert.equal(defaults({ url: 'x' })['url'], 'x'));
  it('members of a collection have no defaults', () =>
    assert.deepEqual(defaults({ options: { other: 1 } })['options'], { other: 1 }));
  it('entries of a fixed collection have', () => {
    assert.deepEqual(defaults({ rules: { values: [{ key: 'a' }, { kind: 'number' }] } })['rules'], {
      values: [
        { key: 'a', kind: 'text' },
        { key: 'k', kind: 'number', size: 5 },
      ],
    });
  });
  it('a condition from the root', () => {
    assert.deepEqual(defaults({ mode: 'http', rules: { values: { key: 'a' } } })['rules'], {
      values: { key: 'a', kind: 'text', root: 'r' },
    });
  });
  it('a bare value becomes a resource locator', () => {
    assert.deepEqual(defaults({ workflow: '17' })['workflow'], { __rl: true, mode: 'id', value: '17' });
    assert.equal(locatorValue({ __rl: true, mode: 'id', value: '17' }), '17');
    assert.equal(locatorValue('17'), '17');
  });
  it('the definition is not changed', () => {
    const parameters = { rules: { values: [{ key: 'a' }] } };
    defaults(parameters);
    assert.deepEqual(parameters, { rules: { values: [{ key: 'a' }] } });
  });
});

const CONDITIONS: [condition: JsonValue, actual: JsonValue, shown: boolean][] = [
  ['a', 'a', true],
  ['a', 'b', false],
  [{ _cnd: { eq: 2 } }, 2, true],
  [{ _cnd: { not: 2 } }, 2, false],
  [{ _cnd: { gt: 2 } }, 3, true],
  [{ _cnd: { lt: 2 } }, 3, false],
  [{ _cnd: { lte: 3 } }, 3, true],
  [{ _cnd: { between: { from: 1, to: 3 } } }, 2, true],
  [{ _cnd: { startsWith: 'ab' } }, 'abc', true],
  [{ _cnd: { endsWith: 'c' } }, 'abc', true],
  [{ _cnd: { includes: 'x' } }, 'abc', false],
  [{ _cnd: { exists: true } }, '', false],
  [{ _cnd: { nonsense: 1 } }, 1, false],
];

describe('conditions of displayOptions', () => {
  for (const [condition, actual, shown] of CONDITIONS) {
    it(`${JSON.stringify(condition)} on ${JSON.stringify(actual)}`, () => {
      const schemas = [schema('x', ''), schema('y', 'd', { displayOptions: { show: { x: [condition] } } })];
      assert.equal(Object.hasOwn(parametersWithDefaults(testNode('N', { x: actual }), schemas), 'y'), shown);
    });
  }
});

function resolver(parameters: JsonObject, items: JsonObject[] = [{ a: 1 }, { a: 2 }]) {
  return makeResolver(testNode('N', parameters, { typeVersion: 2 }), SCHEMAS, testScene(items));
}

describe('a parameter is resolved for an item', () => {
  const parameters: JsonObject = {
    plain: 'text',
    expression: '={{ $json.a }}',
    text: '=a{{ $json.a }}',
    deep: { list: ['={{ $json.a }}', { x: '={{ $itemIndex }}', y: 5 }] },
    whole: '={{ ({ inner: [$json.a] }) }}',
    rules: { values: [{ key: '={{ $json.a }}' }] },
    workflow: { __rl: true, mode: 'id', value: '={{ $json.a }}' },
    assignments: { assignments: [{ name: 'x', value: '={{ $json.a }}', type: 'number' }] },
    options: { set: 0 },
  };
  const grid: [path: string, first: unknown, second: unknown][] = [
    ['plain', 'text', 'text'],
    ['expression', 1, 2],
    ['text', 'a1', 'a2'],
    ['deep', { list: [1, { x: 0, y: 5 }] }, { list: [2, { x: 1, y: 5 }] }],
    ['deep.list[0]', 1, 2],
    ['deep.list[1].y', 5, 5],
    ['whole.inner[0]', 1, 2],
    ['whole.nope', undefined, undefined],
    ['rules.values[0].key', 1, 2],
    ['rules.values[0].kind', 'text', 'text'],
    ['workflow.value', 1, 2],
    ['assignments.assignments', [{ name: 'x', value: 1, type: 'number' }], [{ name: 'x', value: 2, type: 'number' }]],
    ['mode', 'manual', 'manual'],
    ['options.set', 0, 0],
    ['options.timeout', undefined, undefined],
  ];
  for (const [path, first, second] of grid) {
    it(path, () => {
      const { param } = resolver(parameters);
      assert.deepEqual(param(path, 0), first);
      assert.deepEqual(param(path, 1), second);
    });
  }
  it('a missing one gives the fallback', () => {
    assert.equal(resolver(parameters).param('options.timeout', 0, 30), 30);
    assert.equal(resolver(parameters).param('unknown', 0, 'f'), 'f');
    assert.equal(resolver(parameters).param('unknown', 0, undefined), undefined);
    assert.equal(resolver(parameters).param('options.set', 0, 30), 0);
  });
  it('without fallback an unknown one is an error', () => {
    assert.throws(() => resolver(parameters).param('unknown', 0), {
      code: 'PARAMETER_MISSING',
      message: 'Could not get parameter "unknown" of node "N"',
    });
  });
  it('what no expression touches is the same value for all items', () => {
    const { param, isStatic } = resolver({ fixed: { a: [1] }, moving: { a: '={{ 1 }}' } });
    assert.equal(param('fixed', 0), param('fixed', 1));
    assert.equal(isStatic('fixed'), true);
    assert.equal(isStatic('moving'), false);
  });
  it('an error names node and parameter', () => {
    assert.throws(
      () => resolver({ url: '={{ $env.X }}' }).param('url', 1),
      (error: { details: Record<string, unknown> }) => {
        assert.equal(error.details['parameter'], 'url');
        assert.equal(error.details['item'], 1);
        return true;
      },
    );
  });
  it('a bad expression fails when it is read, not before', () => {
    const { param } = resolver({ good: 1, bad: '={{ 1 + }}' });
    assert.equal(param('good', 0), 1);
    assert.throws(() => param('bad', 0), { code: 'EXPRESSION_SYNTAX' });
  });
  it('a hostile path is refused', () => {
    assert.throws(() => resolver({}).param('__proto__.x', 0), { code: 'PATH_UNSAFE' });
    assert.throws(() => resolver({}).param('options.constructor', 0), { code: 'PATH_UNSAFE' });
  });
});

/** Generous against a busy machine; measured at 15 to 50 ms when it has nothing else to do. */
const TEN_THOUSAND_ITEMS_MS = 1_500;

it('three expressions on each of 10,000 items of 1 kB are a matter of milliseconds', () => {
  const items = Array.from({ length: 10_000 }, (_, n) => ({
    n,
    user: { name: `u${n}` },
    tags: ['aa', 'bbb'],
    pad: 'x'.repeat(900),
  }));
  const { param } = resolver(
    {
      a: '={{ $json.n * 2 + 1 }}',
      b: '=Hello {{ $json.user.name.toUpperCase() }}, {{ $json.n }}',
      c: '={{ $json.tags.filter((tag) => tag.length > 2).join(",") }}',
    },
    items,
  );
  const started = performance.now();
  for (let i = 0; i < items.length; i++) for (const path of ['a', 'b', 'c']) param(path, i);
  assert.ok(performance.now() - started < TEN_THOUSAND_ITEMS_MS);
});
