import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from './items.ts';
import type { ParameterSchema } from './parameters/schema.ts';
import { missingParameters } from './parameters/missing.ts';
import { issueOfRun } from './readiness.ts';
import type { ExecutionMode, ExecutionStarted } from './run-events.ts';
import { flow } from './test-kit.ts';

const text = (name: string, more: Partial<ParameterSchema> = {}): ParameterSchema => ({
  name,
  displayName: name.toUpperCase(),
  type: 'string',
  default: '',
  required: true,
  ...more,
});

const schemas: readonly ParameterSchema[] = [
  text('mode', { default: 'a', required: false }),
  text('url'),
  text('key', { displayOptions: { show: { mode: ['b'] } } }),
  text('place', { type: 'resourceLocator', default: { __rl: true, mode: 'id', value: 'here' } }),
];

const GRID: readonly (readonly [JsonObject, readonly string[]])[] = [
  [{ url: 'x' }, []],
  [{}, ['URL']],
  [{ url: '' }, ['URL']],
  [{ url: null }, ['URL']],
  [{ url: 0 }, []],
  [{ url: '={{ "" }}' }, []],
  [{ url: 'x', mode: 'b' }, ['KEY']],
  [{ url: '', mode: 'b' }, ['URL', 'KEY']],
  [{ url: 'x', mode: 'b', key: 'k' }, []],
  [{ url: 'x', mode: '={{ $json.mode }}' }, ['KEY']],
  [{ url: 'x', place: { __rl: true, mode: 'id', value: '' } }, ['PLACE']],
  [{ url: 'x', place: '' }, ['PLACE']],
];

for (const [parameters, missing] of GRID) {
  test(`of ${JSON.stringify(parameters)} there is missing: ${missing.join(' and ') || 'nothing'}`, () => {
    const node = flow({ nodes: { Start: { parameters } }, edges: [] }).nodes[0];
    assert.ok(node);
    assert.deepEqual(missingParameters(node, schemas), missing);
  });
}

const pinData = { Pinned: [{ json: {} }] };
const empty = { parameters: {} };
const filled = { parameters: { url: 'x' } };

function issueIn(at: string, more: JsonObject = {}, mode: ExecutionMode = 'manual', destination?: string) {
  const nodes = { Start: filled, Ready: filled, Pinned: filled, Last: filled, Alone: filled };
  const workflow = flow({
    nodes: { ...nodes, [at]: { ...empty, ...more } },
    edges: ['Start>Ready', 'Ready>Pinned', 'Pinned>Last'],
    pinData,
  });
  const started: ExecutionStarted = { type: 'execution.started', at: 1, mode, trigger: 'Start', items: [] };
  return issueOfRun(workflow, destination === undefined ? started : { ...started, destination }, () => schemas)?.node;
}

test('a run is kept from beginning by its trigger and by every node it can reach', () => {
  for (const node of ['Start', 'Ready', 'Last']) assert.equal(issueIn(node), node);
  assert.equal(issueIn('Alone'), undefined);
});

test('disabled nodes and those pinned in a manual run are not looked at', () => {
  assert.equal(issueIn('Ready', { disabled: true }), undefined);
  assert.equal(issueIn('Pinned'), undefined);
  assert.equal(issueIn('Pinned', {}, 'webhook'), 'Pinned');
});

test('a run to a destination looks no further', () => {
  assert.equal(issueIn('Last', {}, 'manual', 'Ready'), undefined);
  assert.equal(issueIn('Last', {}, 'manual', 'Last'), 'Last');
  assert.equal(issueIn('Ready', {}, 'manual', 'Last'), 'Ready');
});

test('the issue names the node and every missing parameter, in the words of n8n', () => {
  const workflow = flow({ nodes: { Start: { parameters: { mode: 'b' } } }, edges: [] });
  const started: ExecutionStarted = { type: 'execution.started', at: 1, mode: 'manual', trigger: 'Start', items: [] };
  const error = issueOfRun(workflow, started, () => schemas)?.error;
  assert.equal(
    error?.message,
    `The 'Start' node has issues:\n- Parameter "URL" is required.\n- Parameter "KEY" is required.`,
  );
  assert.equal(
    issueOfRun(workflow, started, () => undefined),
    undefined,
  );
});
