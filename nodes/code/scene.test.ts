import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Item, NodeRun, Source } from '#workflow';

import { buildCodeScene, namedNodes } from './scene.ts';
import type { SceneInput } from './scene.ts';
import { itemsOf, makeWorkflow } from './testing.ts';

const chain = makeWorkflow(['Start', 'My Data', 'Data', "It's", 'Code'], ['Start.0 -> Data.0', 'Data.0 -> Code.0']);
const EVERY = chain.nodes.map((node) => node.name);

describe('which nodes a code reads', () => {
  const grid: [source: string, names: readonly string[]][] = [
    ['return items', []],
    [`$('Data').all()`, ['Data']],
    [`$("My Data").first(); $(\`Data\`).last()`, ['My Data', 'Data']],
    [`$('It\\'s').all()`, ["It's"]],
    [`$node['Data'].json`, ['Data']],
    ['$node["My Data"].json', ['My Data']],
    ['$node.Data.json', ['Data']],
    [`$items('Data', 0, 1)`, ['Data']],
    ['$items()', []],
    ['$now, $json.x, $input.all(), $today', []],
    ['foo$("x"); my$node', []],
    // Names that only show when the code runs: everything.
    ['$(name).all()', EVERY],
    ['$(`${a}`).all()', EVERY],
    [`$('Da' + 'ta').all()`, EVERY],
    ['$node[name]', EVERY],
    ['Object.keys($node)', EVERY],
    ['const f = $; f("Data")', EVERY],
    ['const { Data } = $node', EVERY],
    [`$item(0).$node['Data']`, EVERY],
  ];
  for (const [source, names] of grid) {
    test(`${source} reads ${names === EVERY ? 'all' : JSON.stringify(names)}`, () =>
      assert.deepEqual(namedNodes(source, chain), names));
  }
});

const run = (
  items: readonly (readonly Item[] | null)[] | undefined,
  source: readonly (Source | null)[] = [],
): NodeRun => ({
  startTime: 0,
  executionTime: 1,
  executionIndex: 0,
  status: items ? 'success' : 'error',
  source,
  ...(items ? { outputs: items } : {}),
});

function sceneOf(jsCode: string, over: Partial<SceneInput> = {}) {
  const workflow = over.workflow ?? chain;
  const code = workflow.node.get('Code');
  assert.ok(code);
  return buildCodeScene({
    workflow,
    active: true,
    node: { ...code, parameters: { jsCode } },
    executionId: '42',
    mode: 'webhook',
    run: 0,
    inputs: [itemsOf({ n: 1 }, { n: 2 })],
    sources: [{ previousNode: 'Data' }],
    runData: new Map(),
    staticData: { global: {}, node: {} },
    now: 5,
    ...over,
  });
}

describe('the scene of a code', () => {
  test('says where the input came from, which nodes there are, and nothing of nodes that are not named', () => {
    const scene = sceneOf('return items', { runData: new Map([['Data', [run([itemsOf({ n: 1 })])]]]) });
    assert.deepEqual(scene.prev, { name: 'Data', outputIndex: 0, runIndex: 0 });
    assert.deepEqual(scene.input.params, { of: 'Data' });
    assert.deepEqual(scene.known, EVERY);
    assert.deepEqual(scene.nodes, {});
    assert.equal(scene.zone, 'America/New_York');
    assert.deepEqual(scene.execution, { id: '42', mode: 'webhook' });
  });

  test('holds runs and parameters of named nodes, null for a failed run', () => {
    const items = itemsOf({ n: 1 });
    const scene = sceneOf(`$('Data')`, { runData: new Map([['Data', [run([items]), run(undefined)]]]) });
    assert.deepEqual(scene.nodes['Data'], {
      parameters: { of: 'Data' },
      memory: {},
      runs: [[items], null],
      branch: 0,
      run: 1,
    });
  });

  test('is plain data: JSON gives it back', () => {
    const scene = sceneOf(`$('Data').item`, { runData: new Map([['Data', [run([itemsOf({ n: 1 })])]]]) });
    assert.deepEqual(JSON.parse(JSON.stringify(scene)), scene);
  });

  test('the output that leads here is the default', () => {
    const workflow = makeWorkflow(['If', 'Yes', 'Code'], ['If.0 -> Yes.0', 'If.1 -> Code.0']);
    const runData = new Map([['If', [run([itemsOf({ a: 1 }), itemsOf({ b: 1 })])]]]);
    const scene = sceneOf(`$('If')`, { workflow, runData, sources: [null] });
    assert.equal(scene.nodes['If']?.branch, 1);
    assert.equal(sceneOf(`$('Yes')`, { workflow, runData, sources: [null] }).nodes['Yes']?.branch, 0);
  });

  test('the latest run is the default', () => {
    const runData = new Map([['Data', [run([itemsOf({ a: 1 })]), run([itemsOf({ a: 2 })])]]]);
    assert.equal(sceneOf(`$('Data')`, { runData }).nodes['Data']?.run, 1);
  });

  test('parameters of other nodes may come with their defaults', () => {
    const scene = sceneOf(`$('Data').params`, { parametersOf: () => ({ type: 'MD5' }) });
    assert.deepEqual(scene.nodes['Data']?.parameters, { type: 'MD5' });
  });
});

describe('links from the input back to a node', () => {
  const workflow = makeWorkflow(['Start', 'Mid', 'Code'], ['Start.0 -> Mid.0', 'Mid.0 -> Code.0']);
  const links = (mid: Item[], more: Partial<SceneInput> = {}) => {
    const runData = new Map([
      ['Start', [run([itemsOf({ s: 0 }, { s: 1 }, { s: 2 })])]],
      ['Mid', [run([mid], [{ previousNode: 'Start' }])]],
    ]);
    const scene = sceneOf(`$('Start').item`, {
      workflow,
      runData,
      inputs: [mid.map((item, index) => ({ ...item, pairedItem: { item: index } }))],
      sources: [{ previousNode: 'Mid' }],
      ...more,
    });
    return scene.nodes['Start']?.links;
  };
  const at = (item: number) => ({ run: 0, output: 0, item });

  test('follow pairedItem, as an object or a number', () => {
    assert.deepEqual(
      links([
        { json: {}, pairedItem: { item: 2 } },
        { json: {}, pairedItem: 0 },
      ]),
      [at(2), at(0)],
    );
  });
  test('several links that end at one item are fine', () => {
    assert.deepEqual(links([{ json: {}, pairedItem: [{ item: 1 }, { item: 1 }] }]), [at(1)]);
  });
  test('several ends are an error', () => {
    const [link] = links([{ json: {}, pairedItem: [{ item: 1 }, { item: 2 }] }]) ?? [];
    assert.ok(link && 'error' in link);
    assert.equal(link.error, 'Multiple matches found');
  });
  test('a missing link names the node that lost it', () => {
    assert.deepEqual(links([{ json: {} }]), [
      {
        error:
          "Paired item data for item from node 'Mid' is unavailable. Ensure 'Mid' is providing the required output.",
      },
    ]);
  });
  test('a loop says by sourceOverwrite where an item really came from', () => {
    const pairedItem = { item: 1, sourceOverwrite: { previousNode: 'Start' } };
    assert.deepEqual(links([{ json: {}, pairedItem }]), [at(1)]);
  });
  test('the node right before needs no link', () => {
    const scene = sceneOf(`$('Data').item`, { runData: new Map([['Data', [run([itemsOf({ n: 1 }, { n: 2 })])]]]) });
    assert.deepEqual(scene.nodes['Data']?.links, [at(0), at(1)]);
  });
  test('are only made where the code uses them', () => {
    const scene = sceneOf(`$('Data').all()`, { runData: new Map([['Data', [run([itemsOf({ n: 1 })])]]]) });
    assert.equal(scene.nodes['Data']?.links, undefined);
  });
});
