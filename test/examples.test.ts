import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCatalog } from '#nodes';
import { findTrigger, type JsonValue, parseWorkflow, validateWorkflow } from '#workflow';
import { root } from './house/sources.ts';

const folder = join(root, 'examples');
const catalog = createCatalog();
const readme = readFileSync(join(root, 'README.md'), 'utf8');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const json: JsonValue = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const definitions = (Array.isArray(json) ? json : [json]).map((workflow) => parseWorkflow(workflow));

  test(`examples/${file}: nothing to complain about`, () => {
    const issues = definitions.flatMap((definition) => validateWorkflow(definition, (node) => catalog.facts(node)));
    assert.deepEqual(issues, []);
  });

  test(`examples/${file} can be started and exported as it is`, () => {
    for (const definition of definitions) {
      assert.ok(findTrigger(definition, (node) => catalog.facts(node), 'cli').name);
      assert.notEqual(definition.id, '');
    }
    assert.deepEqual(Array.isArray(json) ? definitions.map(({ source }) => source) : definitions[0]?.source, json);
  });

  test(`examples/${file} stands in the README`, () => assert.ok(readme.includes(`\`${file}\``)));
}
