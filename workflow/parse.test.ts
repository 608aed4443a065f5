import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Issue } from './errors-of-workflow.ts';
import { TroupeError } from './errors.ts';
import { parseWorkflow } from './parse.ts';

const node = (over: object = {}) => ({
  name: 'A',
  type: 'n8n-nodes-base.set',
  typeVersion: 1,
  position: [0, 0],
  ...over,
});
const workflow = (over: object = {}) => ({ name: 'W', nodes: [node()], connections: {}, ...over });

/** The issues of a refused workflow. */
function issuesOf(json: unknown): Issue[] {
  try {
    parseWorkflow(json);
  } catch (error) {
    assert.ok(error instanceof TroupeError && error.code === 'WORKFLOW_INVALID');
    const { issues } = error.details as { issues: Issue[] };
    assert.ok(issues.length > 0);
    return issues;
  }
  assert.fail('the workflow was accepted');
}

const parsed = (over: object = {}) => {
  const [found] = parseWorkflow(workflow({ nodes: [node(over)] })).nodes;
  assert.ok(found);
  return found;
};

describe('node types', () => {
  const grid: [string, string][] = [
    ['http-request', 'n8n-nodes-base.httpRequest'],
    ['httpRequest', 'n8n-nodes-base.httpRequest'],
    ['n8n-nodes-base.httpRequest', 'n8n-nodes-base.httpRequest'],
    ['n8n-nodes-base.http-request', 'n8n-nodes-base.httpRequest'],
    ['set', 'n8n-nodes-base.set'],
    ['@n8n/n8n-nodes-langchain.agent', '@n8n/n8n-nodes-langchain.agent'],
    ['split-in-batches', 'n8n-nodes-base.splitInBatches'],
  ];
  for (const [type, canonical] of grid) {
    it(`${type} is ${canonical}`, () => assert.equal(parsed({ type }).type, canonical));
  }
});

describe('defaults of a node', () => {
  it('are those of n8n', () => {
    const { id, ...rest } = parsed();
    assert.match(id, /^node-[0-9a-f]{16}$/);
    assert.deepEqual(rest, {
      name: 'A',
      type: 'n8n-nodes-base.set',
      typeVersion: 1,
      position: [0, 0],
      parameters: {},
      disabled: false,
      executeOnce: false,
      alwaysOutputData: false,
      retryOnFail: false,
      maxTries: 3,
      waitBetweenTriesMs: 1_000,
      onError: 'stopWorkflow',
    });
  });

  it('a node without version is version 1, without position at the origin', () => {
    const found = parsed({ typeVersion: undefined, position: undefined });
    assert.deepEqual([found.typeVersion, found.position], [1, [0, 0]]);
  });

  const tries: [unknown, number][] = [
    [1, 2],
    [2, 2],
    [5, 5],
    [99, 5],
    [-1, 2],
    [3.7, 3],
    ['4', 3],
    [null, 3],
  ];
  for (const [maxTries, held] of tries) {
    it(`maxTries ${JSON.stringify(maxTries)} is held at ${held}`, () =>
      assert.equal(parsed({ maxTries }).maxTries, held));
  }

  const pauses: [unknown, number][] = [
    [0, 0],
    [-5, 0],
    [5_000, 5_000],
    [9_999, 5_000],
    ['x', 1_000],
  ];
  for (const [waitBetweenTries, held] of pauses) {
    it(`waitBetweenTries ${JSON.stringify(waitBetweenTries)} is held at ${held} ms`, () => {
      assert.equal(parsed({ waitBetweenTries }).waitBetweenTriesMs, held);
    });
  }

  const onError: [object, string][] = [
    [{ continueOnFail: true }, 'continueRegularOutput'],
    [{ continueOnFail: false }, 'stopWorkflow'],
    [{ onError: 'continueErrorOutput' }, 'continueErrorOutput'],
    [{ onError: 'stopWorkflow', continueOnFail: true }, 'stopWorkflow'],
    [{ onError: null, continueOnFail: true }, 'continueRegularOutput'],
  ];
  for (const [settings, mode] of onError) {
    it(`${JSON.stringify(settings)} reads as ${mode}`, () => assert.equal(parsed(settings).onError, mode));
  }

  it('optional members are taken over when they are there', () => {
    const found = parsed({ credentials: { a: { id: '1' } }, webhookId: 'w', notes: 'n', parameters: { p: 1 } });
    assert.deepEqual(
      [found.credentials, found.webhookId, found.notes, found.parameters],
      [{ a: { id: '1' } }, 'w', 'n', { p: 1 }],
    );
  });
});

describe('ids of nodes', () => {
  it('are kept as given', () => assert.equal(parsed({ id: 'abc' }).id, 'abc'));

  it('come from the name where there is none, the same each time', () => {
    assert.equal(parsed().id, parsed({ id: '' }).id);
    assert.notEqual(parsed().id, parsed({ name: 'B' }).id);
  });

  it('are made different where two nodes share one', () => {
    const { nodes } = parseWorkflow(workflow({ nodes: [node({ id: 'x' }), node({ id: 'x', name: 'B' })] }));
    assert.equal(new Set(nodes.map(({ id }) => id)).size, 2);
  });
});

describe('the workflow itself', () => {
  it('keeps the JSON as it came', () => {
    const json = workflow({ extra: { any: [1] }, meta: {} });
    assert.equal(parseWorkflow(json).source, json);
  });

  it('takes an export list of one', () => assert.equal(parseWorkflow([workflow()]).name, 'W'));

  const ids: [object, { id?: string } | undefined, string][] = [
    [{ id: 'json' }, undefined, 'json'],
    [{ id: 12 }, undefined, '12'],
    [{ id: 'json' }, { id: 'given' }, 'given'],
    [{}, undefined, ''],
  ];
  for (const [over, options, id] of ids) {
    it(`id of ${JSON.stringify(over)} with ${JSON.stringify(options)} is "${id}"`, () => {
      assert.equal(parseWorkflow(workflow(over), options).id, id);
    });
  }

  it('without a name has the usual one', () => {
    for (const name of [undefined, '', '  ', 5]) assert.equal(parseWorkflow(workflow({ name })).name, 'My workflow');
  });

  it('finds its nodes by name, in the order of the author', () => {
    const { nodes, node: byName } = parseWorkflow(workflow({ nodes: [node({ name: 'Z' }), node({ name: 'A' })] }));
    assert.deepEqual([...byName.keys()], ['Z', 'A']);
    assert.equal(byName.get('Z'), nodes[0]);
  });

  it('may have no nodes and no connections', () => {
    const empty = parseWorkflow({ nodes: [] });
    assert.deepEqual([empty.nodes.length, empty.connections.size], [0, 0]);
  });
});

describe('settings', () => {
  const settingsOf = (settings: unknown) => parseWorkflow(workflow({ settings })).settings;

  it('absent: v0, New York, before-effects', () => {
    for (const settings of [undefined, null, {}]) {
      const { executionOrder, timezone, durability, errorWorkflow, executionTimeoutSeconds } = settingsOf(settings);
      assert.deepEqual([executionOrder, timezone, durability], ['v0', 'America/New_York', 'before-effects']);
      assert.deepEqual([errorWorkflow, executionTimeoutSeconds], [undefined, undefined]);
    }
  });

  it('are taken over', () => {
    const raw = {
      executionOrder: 'v1',
      timezone: 'Europe/Berlin',
      errorWorkflow: '77',
      executionTimeout: 60,
      durability: 'every-node',
      saveManualExecutions: true,
    };
    assert.deepEqual(settingsOf(raw), {
      executionOrder: 'v1',
      timezone: 'Europe/Berlin',
      errorWorkflow: '77',
      executionTimeoutSeconds: 60,
      durability: 'every-node',
      raw,
    });
  });

  it('DEFAULT means the default, -1 no time limit', () => {
    const { timezone, errorWorkflow, executionTimeoutSeconds } = settingsOf({
      timezone: 'DEFAULT',
      errorWorkflow: 'DEFAULT',
      executionTimeout: -1,
    });
    assert.deepEqual([timezone, errorWorkflow, executionTimeoutSeconds], ['America/New_York', undefined, undefined]);
  });

  const bad: [string, unknown, string][] = [
    ['an order that does not exist', { executionOrder: 'parallel' }, 'settings.executionOrder'],
    ['a zone that does not exist', { timezone: 'Mars/Base' }, 'settings.timezone'],
    ['a zone that is no text', { timezone: 5 }, 'settings.timezone'],
    ['an unknown durability', { durability: 'never' }, 'settings.durability'],
    ['a list', [], 'settings'],
    ['text', 'x', 'settings'],
  ];
  for (const [rule, settings, field] of bad) {
    it(`${rule} is refused at ${field}`, () => assert.equal(issuesOf(workflow({ settings }))[0]?.field, field));
  }
});

describe('connections', () => {
  const nodes = [node(), node({ name: 'B' }), node({ name: 'Note', type: 'n8n-nodes-base.stickyNote' })];
  const to = (over: object = {}) => ({ node: 'B', type: 'main', index: 0, ...over });
  const connectionsOf = (connections: unknown) => parseWorkflow(workflow({ nodes, connections })).connections;

  it('are kept per output in the order of the author', () => {
    const found = connectionsOf({ A: { main: [null, [to({ index: 2 }), to()], []] } });
    assert.deepEqual(found.get('A'), [
      [],
      [
        { node: 'B', input: 2 },
        { node: 'B', input: 0 },
      ],
      [],
    ]);
  });

  it('without index lead to input 0', () => {
    assert.deepEqual(connectionsOf({ A: { main: [[{ node: 'B' }]] } }).get('A'), [[{ node: 'B', input: 0 }]]);
  });

  it('may form a cycle', () => {
    const cycle = { A: { main: [[to()]] }, B: { main: [[to({ node: 'A' })]] } };
    assert.equal(connectionsOf(cycle).size, 2);
  });

  it('of other kinds stay in the source only', () => {
    const found = connectionsOf({ A: { ai_tool: [[{ node: 'B', type: 'ai_tool', index: 0 }]] } });
    assert.deepEqual(found.get('A'), []);
    assert.deepEqual(connectionsOf({ A: { main: [[to({ type: 'ai_tool' })]] } }).get('A'), [[]]);
  });

  it('to a sticky note lead nowhere', () => {
    assert.deepEqual(connectionsOf({ A: { main: [[to({ node: 'Note' })]] } }).get('A'), [[]]);
  });

  const bad: [string, unknown, RegExp][] = [
    ['a list', [], /connections is \[\]/],
    ['a source that does not exist', { Z: { main: [[to()]] } }, /starts at "Z", which does not exist/],
    ['a target that does not exist', { A: { main: [[to({ node: 'Z' })]] } }, /"A" is connected to "Z"/],
    ['outputs that are no object', { A: [] }, /connections of "A"/],
    ['main that is no list', { A: { main: {} } }, /connections of "A"/],
    ['an output that is no list', { A: { main: ['x'] } }, /output of "A" is "x"/],
    ['a target that is no object', { A: { main: [['B']] } }, /connection of "A" is "B"/],
    ['a target without node', { A: { main: [[{ index: 0 }]] } }, /connection of "A"/],
    ['a negative input', { A: { main: [[to({ index: -1 })]] } }, /input -1 of "B"/],
    ['half an input', { A: { main: [[to({ index: 0.5 })]] } }, /input 0\.5 of "B"/],
    ['an input that is text', { A: { main: [[to({ index: '0' })]] } }, /input "0" of "B"/],
    ['an input beyond the limit', { A: { main: [[to({ index: 1_000 })]] } }, /input 1000 of "B"/],
  ];
  for (const [rule, connections, message] of bad) {
    it(`${rule} is refused`, () => assert.match(issuesOf(workflow({ nodes, connections }))[0]?.message ?? '', message));
  }
});

describe('the number of connections', () => {
  it('is limited', () => {
    const targets = Array.from({ length: 20_001 }, () => ({ node: 'A', type: 'main', index: 0 }));
    const [issue] = issuesOf(workflow({ connections: { A: { main: [targets] } } }));
    assert.match(issue?.message ?? '', /20001 connections/);
  });
});

describe('faults of nodes', () => {
  const bad: [string, unknown, string, RegExp][] = [
    ['no object', 'x', 'nodes[0]', /nodes\[0\] is not an object/],
    ['no name', node({ name: undefined }), 'nodes[0].name', /has no name/],
    ['a blank name', node({ name: ' ' }), 'nodes[0].name', /has no name/],
    ['an endless name', node({ name: 'x'.repeat(600) }), 'nodes[0].name', /600 characters/],
    ['no type', node({ type: undefined }), 'nodes[0].type', /"A" has no type/],
    ['a blank type', node({ type: '' }), 'nodes[0].type', /"A" has no type/],
    ['a position of three', node({ position: [1, 2, 3] }), 'nodes[0].position', /position \[1,2,3\]/],
    ['a position of text', node({ position: ['1', 2] }), 'nodes[0].position', /position \["1",2\]/],
    ['a position that is no list', node({ position: { x: 1 } }), 'nodes[0].position', /position \{"x":1\}/],
    ['a version of text', node({ typeVersion: '1' }), 'nodes[0].typeVersion', /type version "1"/],
    ['a version of zero', node({ typeVersion: 0 }), 'nodes[0].typeVersion', /type version 0/],
    ['an unknown onError', node({ onError: 'panic' }), 'nodes[0].onError', /onError "panic"/],
    ['parameters that are a list', node({ parameters: [] }), 'nodes[0].parameters', /parameters \[\]/],
    ['credentials that are text', node({ credentials: 'x' }), 'nodes[0].credentials', /credentials "x"/],
  ];
  for (const [rule, raw, field, message] of bad) {
    it(`${rule}: refused, naming the field`, () => {
      const [issue] = issuesOf(workflow({ nodes: [raw] }));
      assert.equal(issue?.field, field);
      assert.match(issue?.message ?? '', message);
      assert.ok((issue?.hint.length ?? 0) > 5);
      assert.equal(issue?.level, 'error');
    });
  }

  it('two nodes of one name are refused, naming it', () => {
    const [issue] = issuesOf(workflow({ nodes: [node(), node()] }));
    assert.deepEqual([issue?.field, issue?.node], ['nodes[1].name', 'A']);
  });

  it('all faults are collected in one error, whose message names the first three', () => {
    const json = { nodes: [node({ type: '' }), node({ typeVersion: -1 }), {}, node({ position: 1 })], connections: 5 };
    assert.equal(issuesOf(json).length, 7);
    assert.throws(() => parseWorkflow(json), /no type; .*type version -1; .*\(and 4 more\)/);
  });

  it('more than 100 faults are cut', () => {
    assert.equal(issuesOf(workflow({ nodes: Array.from({ length: 500 }, () => ({})) })).length, 100);
  });
});

describe('faults of the whole', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  let deep: object = {};
  for (let level = 0; level < 50_000; level++) deep = { down: deep };
  const bad: [string, unknown, RegExp][] = [
    ['undefined', undefined, /not an object but undefined/],
    ['null', null, /not an object but null/],
    ['text', '{}', /not an object but string/],
    ['a bigint', 5n, /not an object but bigint/],
    ['an instance of a class', new Map(), /not an object but object/],
    ['a list of two', [workflow(), workflow()], /not an object but a list of 2/],
    ['no nodes', { connections: {} }, /nodes is missing/],
    ['nodes that are an object', { nodes: {} }, /nodes is \{\}/],
    ['too many nodes', { nodes: Array.from({ length: 2_001 }, () => node()) }, /has 2001 nodes/],
    ['nesting without end', workflow({ meta: deep }), /nested too deep/],
    ['a circle', workflow({ meta: circular }), /nested too deep/],
    ['a function', workflow({ meta: () => 1 }), /workflow\.meta is not JSON/],
    ['a date', workflow({ meta: new Date() }), /workflow\.meta is not JSON/],
    ['NaN', workflow({ meta: { n: Number.NaN } }), /workflow\.meta\.n is not JSON/],
    ['pinned data that are a list', workflow({ pinData: [] }), /pinData is \[\]/],
    ['pinned items that are no list', workflow({ pinData: { A: {} } }), /pinned data of "A" is not a list/],
    ['a key __proto__', JSON.parse('{"nodes": [], "a": {"__proto__": {"polluted": 1}}}'), /__proto__ is not allowed/],
    [
      'a node of connections named __proto__',
      JSON.parse('{"nodes": [], "connections": {"__proto__": {}}}'),
      /__proto__/,
    ],
  ];
  for (const [rule, json, message] of bad) {
    it(`${rule}: refused`, () => {
      assert.match(issuesOf(json)[0]?.message ?? '', message);
      assert.throws(() => parseWorkflow(json), message);
    });
  }

  it('names of built-in members are names like others', () => {
    const nodes = ['constructor', 'toString', 'hasOwnProperty'].map((name) => node({ name }));
    const connections = { constructor: { main: [[{ node: 'toString', type: 'main', index: 0 }]] } };
    const definition = parseWorkflow(workflow({ nodes, connections }));
    assert.deepEqual(definition.connections.get('constructor'), [[{ node: 'toString', input: 0 }]]);
    assert.equal(definition.connections.get('hasOwnProperty'), undefined);
    assert.equal(definition.pinData.get('constructor'), undefined);
  });
});

describe('pinned data', () => {
  const pins = (A: unknown) => parseWorkflow(workflow({ pinData: { A, Gone: [{ json: {} }] } })).pinData;

  it('are kept as items, without what is no part of an item', () => {
    const binary = { data: { mimeType: 'text/plain' } };
    assert.deepEqual(pins([{ json: { a: 1 }, binary, pairedItem: { item: 0 }, index: 3 }]).get('A'), [
      { json: { a: 1 }, binary, pairedItem: { item: 0 } },
    ]);
  });

  it('an object without json is taken as json', () =>
    assert.deepEqual(pins([{ a: 1 }]).get('A'), [{ json: { a: 1 } }]));

  it('of nodes that are gone are left out', () => assert.deepEqual([...pins([]).keys()], ['A']));
});
