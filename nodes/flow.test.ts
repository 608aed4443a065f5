import assert from 'node:assert/strict';
import test from 'node:test';

import type { JsonObject, NodeResult } from '#workflow';

import { errorTrigger } from './error-trigger/node.ts';
import { executeWorkflowTrigger } from './execute-workflow-trigger/node.ts';
import { executeWorkflow } from './execute-workflow/node.ts';
import { manualTrigger } from './manual-trigger/node.ts';
import { noOp } from './no-op/node.ts';
import { stickyNote } from './sticky-note/node.ts';
import { stopAndError } from './stop-and-error/node.ts';
import { contextFor, items, jsonsOf, outputsOf, type Scene } from './testing.ts';
import { waitNode } from './wait/node.ts';

for (const type of [manualTrigger, errorTrigger, noOp]) {
  test(`${type.displayName} hands its items on as they are`, async () => {
    const given = items({ a: 1 }, { json: { b: 2 }, binary: { f: { mimeType: 'x' } }, pairedItem: { item: 1 } });
    const [made = []] = await outputsOf(type, { inputs: [given] });
    assert.deepEqual(made, given);
    assert.equal(made[0], given[0]);
  });
}

test('a note puts nothing out', async () => assert.deepEqual(await outputsOf(stickyNote), []));

for (const [parameters, message] of [
  [{ errorMessage: 'enough' }, 'enough'],
  [{ errorMessage: '={{ $json.why }}' }, 'because'],
  [{ errorType: 'errorObject', errorObject: '{"message": "from object"}' }, 'from object'],
  [{ errorType: 'errorObject', errorObject: { description: 'said' } }, 'said'],
  [{ errorType: 'errorObject', errorObject: '{"code": 5}' }, 'Error: {"code":5}'],
] as const) {
  test(`stop: ${JSON.stringify(parameters)} fails as a whole with "${message}"`, async () => {
    const scene = { parameters: structuredClone(parameters) as unknown as JsonObject, inputs: [[{ why: 'because' }]] };
    await assert.rejects(async () => outputsOf(stopAndError, { ...scene, context: { continuesOnFail: true } }), {
      message,
    });
  });
}

for (const errorObject of ['{bad', '[1]', '5']) {
  test(`stop: ${errorObject} is no error object`, async () => {
    const parameters = { errorType: 'errorObject', errorObject };
    await assert.rejects(async () => outputsOf(stopAndError, { parameters }), { code: 'NODE_JSON_INVALID' });
  });
}

const NOW = Date.UTC(2024, 2, 10, 12);
const waiting = (parameters: JsonObject, scene: Scene = {}): NodeResult => {
  const result = waitNode.execute(contextFor(waitNode, { ...scene, parameters }));
  assert.ok(!(result instanceof Promise));
  return result;
};

for (const [parameters, version, ms] of [
  [{}, 1.1, 5_000],
  [{}, 1, 3_600_000],
  [{ amount: 2, unit: 'minutes' }, 1.1, 120_000],
  [{ amount: 1.5, unit: 'hours' }, 1.1, 5_400_000],
  [{ amount: 3, unit: 'days' }, 1.1, 259_200_000],
] as const) {
  test(`version ${version} waits ${ms} ms for ${JSON.stringify(parameters)}`, () => {
    assert.deepEqual(waiting({ ...parameters }, { version }), { kind: 'wait', reason: 'timer', until: NOW + ms });
  });
}

test('a moment without a zone is read in the workflow zone', () => {
  const parameters = { resume: 'specificTime', dateTime: '2024-03-10T13:00:00' };
  const zoned = waiting(parameters, { context: { zone: 'America/New_York' } });
  assert.ok(zoned.kind === 'wait' && zoned.until === Date.UTC(2024, 2, 10, 17));
  const own = waiting({ ...parameters, dateTime: '2024-03-10T13:00:00Z' }, { context: { zone: 'America/New_York' } });
  assert.ok(own.kind === 'wait' && own.until === Date.UTC(2024, 2, 10, 13));
});

test('a moment that has passed does not wait', () => {
  const result = waiting({ resume: 'specificTime', dateTime: '2020-01-01T00:00:00Z' });
  assert.deepEqual(result, { kind: 'outputs', outputs: [[{ json: {}, pairedItem: { item: 0 } }]] });
});

test('a wait for a call says how the call must look, and how long it waits at most', () => {
  const parameters = {
    resume: 'webhook',
    httpMethod: 'POST',
    limitWaitTime: true,
    resumeAmount: 2,
    resumeUnit: 'minutes',
    options: { webhookSuffix: 'x' },
  };
  assert.deepEqual(waiting(parameters), {
    kind: 'wait',
    reason: 'webhook',
    until: NOW + 120_000,
    resume: { method: 'POST', suffix: 'x', respond: 'onReceived', status: 200, data: 'firstEntryJson' },
  });
  const open = waiting({ resume: 'webhook' });
  assert.ok(open.kind === 'wait' && open.until === undefined);
});

for (const [parameters, code] of [
  [{ resume: 'form' }, 'NODE_NOT_SUPPORTED'],
  [{ resume: 'specificTime', dateTime: 'soon' }, 'NODE_PARAMETER_INVALID'],
  [{ unit: 'fortnights' }, 'NODE_PARAMETER_INVALID'],
  [{ amount: -1 }, 'NODE_PARAMETER_INVALID'],
] as const) {
  test(`wait: ${JSON.stringify(parameters)} is refused with ${code}`, () => {
    assert.throws(() => waiting({ ...parameters }), { code });
  });
}

test('after the wait the items of the call go on, or the input', async () => {
  const inputs = [[{ a: 1 }]];
  const called = await outputsOf(waitNode, { inputs, context: { resumed: { items: items({ body: 1 }) } } });
  assert.deepEqual(
    called[0]?.map((item) => item.json),
    [{ body: 1 }],
  );
  const timed = await outputsOf(waitNode, { inputs, context: { resumed: {} } });
  assert.deepEqual(
    timed[0]?.map((item) => item.json),
    [{ a: 1 }],
  );
});

test('an active workflow listens on nothing for its waits', () => {
  assert.deepEqual(waitNode.webhook?.routes(contextFor(waitNode).node), []);
});

const calling = (parameters: JsonObject, scene: Scene = {}): NodeResult => {
  const result = executeWorkflow.execute(contextFor(executeWorkflow, { ...scene, parameters }));
  assert.ok(!(result instanceof Promise));
  return result;
};
const child = { __rl: true, mode: 'id', value: '17' };

for (const workflowId of [child, '17']) {
  test(`a workflow is called once with all items: ${JSON.stringify(workflowId)}`, () => {
    const inputs = [[{ a: 1 }, { a: 2 }]];
    assert.deepEqual(calling({ workflowId }, { inputs }), {
      kind: 'call',
      calls: [{ workflow: { id: '17' }, items: items({ a: 1 }, { a: 2 }) }],
      wait: true,
    });
  });
}

test('or once per item, without waiting if it says so', () => {
  const result = calling(
    { workflowId: child, mode: 'each', options: { waitForSubWorkflow: false } },
    { inputs: [[{ a: 1 }, { a: 2 }]] },
  );
  assert.ok(result.kind === 'call' && !result.wait);
  assert.deepEqual(
    result.calls.map((call) => call.items.map((item) => item.json)),
    [[{ a: 1 }], [{ a: 2 }]],
  );
});

test('a workflow can be given as JSON', () => {
  for (const workflowJson of ['{"nodes": []}', { nodes: [] }]) {
    const result = calling({ source: 'parameter', workflowJson });
    assert.ok(result.kind === 'call');
    assert.deepEqual(result.calls[0]?.workflow, { inline: { nodes: [] } });
  }
});

for (const [parameters, code] of [
  [{}, 'NODE_PARAMETER_MISSING'],
  [{ source: 'localFile', workflowPath: '/etc/passwd' }, 'NODE_NOT_SUPPORTED'],
  [{ source: 'parameter', workflowJson: '{bad' }, 'NODE_JSON_INVALID'],
  [{ source: 'parameter', workflowJson: '[1]' }, 'NODE_JSON_INVALID'],
] as const) {
  test(`call: ${JSON.stringify(parameters)} is refused with ${code}`, () => {
    assert.throws(() => calling({ ...parameters }), { code });
  });
}

const field = (id: string, type: string): JsonObject => ({ id, type });
const mapping = (value: JsonObject, convert = false): JsonObject => ({
  workflowId: child,
  workflowInputs: {
    value,
    schema: [field('city', 'string'), field('age', 'number'), field('ok', 'boolean'), field('tags', 'array')],
    attemptToConvertTypes: convert,
  },
});

test('declared inputs are all there, null where they have no value', () => {
  const result = calling(mapping({ city: '={{ $json.c }}' }), { inputs: [[{ c: 'Bonn', z: 1 }]] });
  assert.ok(result.kind === 'call');
  assert.deepEqual(result.calls[0]?.items[0]?.json, { city: 'Bonn', age: null, ok: null, tags: null });
});

test('declared inputs are converted when asked to', () => {
  const result = calling(mapping({ city: 5, age: '42', ok: 'TRUE', tags: '[1]' }, true));
  assert.ok(result.kind === 'call');
  assert.deepEqual(result.calls[0]?.items[0]?.json, { city: '5', age: 42, ok: true, tags: [1] });
});

for (const value of [{ age: 'x' }, { age: ' ' }, { ok: 'maybe' }, { tags: '{}' }, { tags: 'a,b' }]) {
  test(`an input that cannot be converted is refused: ${JSON.stringify(value)}`, () => {
    assert.throws(() => calling(mapping(value as unknown as JsonObject, true)), { code: 'NODE_PARAMETER_INVALID' });
  });
}

const success = (...jsons: JsonObject[]) => ({ status: 'success', items: jsons.map((json) => ({ json })) });

/** Rows: parameters, results, links of the output. */
for (const [what, parameters, results, links] of [
  ['by position when the counts agree', {}, [success({ a: 1 }, { a: 2 })], [{ item: 0 }, { item: 1 }]],
  ['to all items when they do not', {}, [success({ a: 1 })], [[{ item: 0 }, { item: 1 }]]],
  [
    'to the item of the call',
    { mode: 'each' },
    [success({ a: 1 }, { a: 2 }), success({ a: 3 })],
    [{ item: 0 }, { item: 0 }, { item: 1 }],
  ],
] as const) {
  test(`results are linked ${what}`, async () => {
    const scene = { parameters: { ...parameters }, inputs: [[{}, {}]], context: { resumed: { results } } };
    const [made = []] = await outputsOf(executeWorkflow, scene);
    assert.deepEqual(
      made.map((item) => item.pairedItem),
      links,
    );
  });
}

test('a failed sub-workflow fails the node, or is an error item', async () => {
  const results = [{ status: 'error', items: [], error: { message: 'child broke' } }];
  const scene = { inputs: [[{}]], context: { resumed: { results } } };
  await assert.rejects(async () => outputsOf(executeWorkflow, scene), { message: 'child broke' });
  const carried = { ...scene, context: { ...scene.context, continuesOnFail: true } };
  assert.deepEqual(await jsonsOf(executeWorkflow, carried), [{ error: 'child broke' }]);
});

test('without waiting the input goes on', async () => {
  const scene = {
    parameters: { options: { waitForSubWorkflow: false } },
    inputs: [[{ a: 1 }]],
    context: { resumed: { results: [] } },
  };
  assert.deepEqual(await jsonsOf(executeWorkflow, scene), [{ a: 1 }]);
});

const inputs = [[{ city: 'Bonn', z: 1 }]];
for (const [version, parameters, expected] of [
  [1, {}, { city: 'Bonn', z: 1 }],
  [1.1, { inputSource: 'passthrough' }, { city: 'Bonn', z: 1 }],
  [
    1.1,
    { workflowInputs: { values: [{ name: 'city' }, { name: 'age', type: 'number' }] } },
    { city: 'Bonn', age: null },
  ],
  [1.1, { inputSource: 'jsonExample', jsonExample: '{"city": "x"}' }, { city: 'Bonn' }],
  [1.1, {}, { city: 'Bonn', z: 1 }],
] as const) {
  test(`a sub-workflow of version ${version} starts with ${JSON.stringify(parameters)}`, async () => {
    const scene = { version, parameters: structuredClone(parameters) as unknown as JsonObject, inputs };
    assert.deepEqual(await jsonsOf(executeWorkflowTrigger, scene), [expected]);
  });
}

for (const jsonExample of ['{bad', '[1]']) {
  test(`an example that is no object is refused: ${jsonExample}`, async () => {
    const scene = { parameters: { inputSource: 'jsonExample', jsonExample }, inputs };
    await assert.rejects(async () => outputsOf(executeWorkflowTrigger, scene), { code: 'NODE_JSON_INVALID' });
  });
}
