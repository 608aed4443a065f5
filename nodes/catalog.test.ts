import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { createCatalog } from './index.ts';
import { nodeOf } from './testing.ts';

const catalog = createCatalog();

test('a type is found by its long name and by its short one', () => {
  assert.equal(catalog.find('n8n-nodes-base.webhook', 2), catalog.find('webhook', 2));
  assert.equal(catalog.find('webhook', 2)?.type, 'n8n-nodes-base.webhook');
});

test('a version that is not in the list is not found', () => {
  assert.equal(catalog.find('webhook', 9), undefined);
  assert.equal(catalog.find('set', 3.45), undefined);
});

for (const name of [
  '',
  'nope',
  'constructor',
  '__proto__',
  '../webhook',
  'n8n-nodes-base.',
  'n8n-nodes-base.__proto__',
]) {
  test(`a name outside the list is nothing: ${JSON.stringify(name)}`, () => {
    assert.equal(catalog.find(name, 1), undefined);
  });
}

test('every type has a name of its own', () => {
  const names = catalog.all().map(({ type }) => type);
  assert.equal(new Set(names).size, names.length);
});

for (const type of catalog.all()) {
  test(`${type.type}: versions ascend, and each has facts under the type's name`, () => {
    assert.deepEqual(
      type.versions,
      type.versions.toSorted((a, b) => a - b),
    );
    for (const version of type.versions) {
      const facts = catalog.facts(nodeOf(type, { version }));
      assert.equal(facts?.type, type.type);
      assert.equal(facts.trigger, facts.inputs === 0 && type.group === 'trigger');
    }
  });

  test(`${type.type}: facts are bounded whatever the parameters say`, () => {
    const hostile = fc.dictionary(
      fc.constantFrom(
        'mode',
        'rules',
        'options',
        'numberInputs',
        'numberOutputs',
        'outputsAmount',
        'httpMethod',
        'jsCode',
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(hostile, fc.constantFrom(...type.versions), (parameters, version) => {
        // fast-check's JSON values are JSON values; its type is wider.
        const facts = type.facts(nodeOf(type, { version, parameters: parameters as never }));
        assert.ok(Number.isInteger(facts.inputs) && facts.inputs >= 0 && facts.inputs <= 10);
        assert.ok(Number.isInteger(facts.outputs) && facts.outputs >= 0 && facts.outputs <= 100);
      }),
      { numRuns: 50 },
    );
  });

  test(`${type.type}: names of shown parameters are unique in every version`, () => {
    for (const version of type.versions) {
      const always = type.properties.filter(({ displayOptions }) => {
        const keys = Object.keys({ ...displayOptions?.show, ...displayOptions?.hide });
        return keys.every((key) => key === '@version');
      });
      const shown = always.filter(({ displayOptions }) => {
        const show = displayOptions?.show?.['@version'];
        return (!show || show.includes(version)) && !displayOptions?.hide?.['@version']?.includes(version);
      });
      const names = shown.map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)]);
    }
  });
}

test('only nodes that act on the world declare it', () => {
  const external = catalog.all().filter((type) => type.facts(nodeOf(type)).effect === 'external');
  assert.deepEqual(external.map(({ type }) => type).toSorted(), [
    'n8n-nodes-base.executeWorkflow',
    'n8n-nodes-base.httpRequest',
  ]);
});
