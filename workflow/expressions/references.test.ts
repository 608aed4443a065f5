import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroupeError } from '../errors.ts';
import { compileText, evaluate, evaluateText, makeScene } from './evaluate.ts';
import { linked, NOON, testNode, testRun, testScene, testWorkflow } from './test-support.ts';

const ITEMS = [
  { a: 1, name: 'Ada' },
  { a: 2, name: 'Bo' },
];

describe('names that look at the run', () => {
  const grid: [code: string, first: unknown, second?: unknown][] = [
    ['$json.a', 1, 2],
    ['$data.name', 'Ada', 'Bo'],
    ['$itemIndex', 0, 1],
    ['$position', 0, 1],
    ['$runIndex', 0],
    ['$input.item.json.a', 1, 2],
    ['$input.first().json.a', 1],
    ['$input.last().json.a', 2],
    ['$input.all().map((i) => i.json.a)', [1, 2]],
    ['$input.params', {}],
    ['$input.context', {}],
    ['$("Data").item.json.a', 1, 2],
    ['$("Data").item.pairedItem', { item: 0 }, { item: 1 }],
    ['$("Data").first().json.a', 1],
    ['$("Data").last(0, 0).json.a', 2],
    ['$("Data").all().length', 2],
    ['$("Data").all(1).length', 0],
    ['$("Data").itemMatching(1).json.a', 2],
    ['$("Data").pairedItem().json.a', 1, 2],
    ['$("Data").isExecuted', true],
    ['$("Later").isExecuted', false],
    ['$("Apart").isExecuted', false],
    ['$("Data").params', {}],
    ['$("Node").params.mode', 'manual'],
    ['$("Data").context', {}],
    ['$("Data").json', undefined],
    ['$("Data").nope()', undefined],
    ['$node["Data"].json.a', 1, 2],
    ['$node.Data.data.name', 'Ada', 'Bo'],
    ['$node["Data"].runIndex', 0],
    ['$node["Node"].json.a', 1, 2],
    ['$node["Data"].parameter', {}],
    ['$node["Data"].binary', {}],
    ['$items().length', 2],
    ['$items("Data")[1].json.a', 2],
    ['$items("Data", 0, -1).length', 2],
    ['$item(1).$json.a', 2],
    ['$item(1).$node["Data"].json.a', 2],
    ['$item(0).$itemIndex', 0],
    ['$prevNode', { name: 'Data', outputIndex: 0, runIndex: 0 }],
    ['$workflow', { id: '7', name: 'Test', active: false }],
    ['$execution.id', '12'],
    ['$execution.mode', 'test'],
    ['$execution.resumeUrl', ''],
    ['$executionId', '12'],
    ['$nodeId', 'id-Node'],
    ['$nodeVersion', 3.4],
    ['$mode', 'manual'],
    ['$parameter.mode', 'manual'],
    ['$parameter.field', 1, 2],
    ['$parameter.list', [2, 'x']],
    ['$parameter.list.length', 2],
    ['$parameter.list[0] + 1', 3],
    ['$parameter.list.map((x) => x + "!")', ['2!', 'x!']],
    ['[...$parameter.list]', [2, 'x']],
    ['{ ...$parameter.list }', { 0: 2, 1: 'x' }],
    ['$rawParameter.field', '={{ $json.a }}'],
    ['$vars', {}],
    ['$secrets', {}],
    ['$env', {}],
    ['$binary', {}],
    ['$tool', undefined],
    ['$nope', undefined],
    ['$if($("Later").isExecuted, $("Later").first(), "no")', 'no'],
    ['$if(1, "y")', 'y'],
    ['$if(0, "y")', false],
    ['$ifEmpty($json.nope, "d")', 'd'],
    ['$ifEmpty([], "d") + $ifEmpty({}, "d") + $ifEmpty(0, "d")', 'dd0'],
    ['[$min(3, "2"), $max(1, 2), $average(1, 2), $not(0)]', [2, 2, 1.5, true]],
    ['numberList(3, 1)', [3, 2, 1]],
    ['zip(["a"], [1])', { a: 1 }],
    ['$jmespath($input.all(), "[*].json.a")', [1, 2]],
    ['$jmespath({ a: 1 }, "][")', undefined],
    ['$fromAI("a")', 1, 2],
    ['$fromAI("zzz", "text", "string", "d")', 'd'],
  ];
  for (const [code, first, second = first] of grid) {
    it(code, () => {
      const scene = testScene(ITEMS);
      assert.deepEqual(evaluateText(`={{ ${code} }}`, scene, 0), first);
      assert.deepEqual(evaluateText(`={{ ${code} }}`, scene, 1), second);
    });
  }
});

describe('what cannot be looked at stops the run', () => {
  const grid: [code: string, error: string, message?: string][] = [
    ['$("Nope")', 'EXPRESSION_NODE_UNKNOWN', "Referenced node doesn't exist"],
    ['$node["Nope"].json', 'EXPRESSION_NODE_UNKNOWN'],
    ['$items("Nope")', 'EXPRESSION_NODE_UNKNOWN'],
    ['$("Later").first()', 'EXPRESSION_NOT_EXECUTED', "Node 'Later' hasn't been executed"],
    ['$("Later").all()', 'EXPRESSION_NOT_EXECUTED'],
    ['$node["Later"].json', 'EXPRESSION_NOT_EXECUTED'],
    ['$("Later").item', 'EXPRESSION_ITEM_LINK', 'Invalid expression'],
    ['$("Apart").item', 'EXPRESSION_ITEM_LINK', 'Invalid expression'],
    ['$("Data").itemMatching(9)', 'EXPRESSION_ITEM_LINK', 'Can’t get data for expression'],
    ['$("Data").itemMatching()', 'EXPRESSION_FUNCTION'],
    ['$("Data").first(0, 5)', 'EXPRESSION_NO_ITEM'],
    ['$input.all(1)', 'EXPRESSION_FUNCTION'],
    ['$env.PATH', 'EXPRESSION_ENV_DENIED', 'access to env vars denied'],
    ['$env["PATH"]', 'EXPRESSION_ENV_DENIED'],
    ['$ifEmpty("x")', 'EXPRESSION_FUNCTION'],
    ['$jmespath({}, 5)', 'EXPRESSION_FUNCTION'],
    ['$fromAI("")', 'EXPRESSION_FUNCTION'],
    ['$fromAI("a b")', 'EXPRESSION_FUNCTION'],
    ['$fromAI("zzz")', 'EXPRESSION_FUNCTION'],
    ['zip([1], [])', 'EXPRESSION_FUNCTION'],
    ['$parameter.self', 'EXPRESSION_RECURSION'],
    ['x => x', 'EXPRESSION_RESULT', 'Expression evaluation failed: x => x could not be cloned.'],
    ['[1, { f: () => 1 }]', 'EXPRESSION_RESULT'],
  ];
  for (const [code, error, message] of grid) {
    it(`${code}: ${error}`, () => {
      assert.throws(
        () => evaluateText(`={{ ${code} }}`, testScene(ITEMS), 0),
        message === undefined ? { code: error } : { code: error, message },
      );
    });
  }

  it('without an item $json stops, $data is undefined', () => {
    const scene = testScene([]);
    assert.throws(() => evaluateText('={{ $json.a }}', scene, 0), {
      code: 'EXPRESSION_NOT_EXECUTED',
      message: "Node 'Node' hasn't been executed",
    });
    assert.throws(() => evaluateText('={{ $binary }}', scene, 0), { code: 'EXPRESSION_NOT_EXECUTED' });
    assert.equal(evaluateText('={{ $data }}', scene, 0), undefined);
  });

  it('says node, parameter, item and position', () => {
    const text = '=ab {{ 1 + $("Nope") }}';
    try {
      evaluate(compileText(text), testScene(ITEMS), 1, { parameter: 'url' });
      assert.fail();
    } catch (error) {
      assert.ok(error instanceof TroupeError);
      const { node, parameter, item, position } = error.details;
      assert.deepEqual(
        { node, parameter, item, position },
        { node: 'Node', parameter: 'url', item: 1, position: text.indexOf('$(') },
      );
      assert.notEqual(error.hint, undefined);
    }
  });
});

describe('outputs, runs and inputs', () => {
  const nodes = ['S', 'Split', 'Up', 'Down', 'Join'].map((name) => testNode(name));
  const workflow = testWorkflow(nodes, ['S>Split', 'Split.0>Up', 'Split.1>Down', 'Up>Join.0', 'Down>Join.1']);
  const split = testRun([[linked({ v: 'up' }, 0)], [linked({ v: 'down' }, 0)]], [{ previousNode: 'S' }]);
  const runData = new Map([
    ['S', [testRun([[linked({ v: 's' }, 0)]])]],
    ['Split', [testRun([[linked({ v: 'old' }, 0)], []]), split]],
  ]);
  const at = (name: string, inputs = [[linked({ v: 'x' }, 0)]], input = 0) =>
    makeScene({
      workflow,
      node: workflow.node.get(name) ?? testNode(name),
      run: 1,
      runData,
      inputs,
      sources: [
        ...Array.from({ length: input }, () => null),
        { previousNode: 'Split', previousNodeOutput: name === 'Down' ? 1 : 0, previousNodeRun: 1 },
      ],
      mode: 'webhook',
      now: NOON,
      executionId: '1',
    });
  it('first() reads the output that leads here', () => {
    assert.equal(evaluateText('={{ $("Split").first().json.v }}', at('Up'), 0), 'up');
    assert.equal(evaluateText('={{ $("Split").first().json.v }}', at('Down'), 0), 'down');
  });
  it('first() reads the latest run unless told', () => {
    assert.equal(evaluateText('={{ $("Split").first(0, 0).json.v }}', at('Up'), 0), 'old');
    assert.equal(evaluateText('={{ $("Split").first(0, -2).json.v }}', at('Up'), 0), 'old');
  });
  it('item follows the recorded output and run', () =>
    assert.equal(evaluateText('={{ $("Split").item.json.v }}', at('Down'), 0), 'down'));
  it('$prevNode tells output and run', () => {
    assert.deepEqual(evaluateText('={{ $prevNode }}', at('Down'), 0), { name: 'Split', outputIndex: 1, runIndex: 1 });
  });
  it('a production run says so', () => assert.equal(evaluateText('={{ $execution.mode }}', at('Up'), 0), 'production'));
  it('in order v1 the first input with items is read', () => {
    assert.equal(evaluateText('={{ $json.v }}', at('Join', [[], [linked({ v: 'second' }, 0)]], 1), 0), 'second');
  });
  it('in order v0 it is always the first', () => {
    const scene = at('Join', [[], [linked({ v: 'second' }, 0)]], 1);
    const v0 = { ...workflow, settings: { ...workflow.settings, executionOrder: 'v0' as const } };
    assert.throws(() => evaluateText('={{ $json.v }}', makeScene({ ...scene, workflow: v0 }), 0), {
      code: 'EXPRESSION_NOT_EXECUTED',
    });
  });
});

describe('binary mode combined hides files', () => {
  const nodes = [testNode('Data'), testNode('Node')];
  const item = { json: {}, binary: { data: { mimeType: 'text/plain', data: '' } }, pairedItem: { item: 0 } };
  const scene = (raw: Record<string, string>) =>
    makeScene({
      workflow: testWorkflow(nodes, ['Data>Node'], raw),
      node: nodes[1] ?? testNode('Node'),
      run: 0,
      runData: new Map([['Data', [testRun([[item]])]]]),
      inputs: [[item]],
      sources: [{ previousNode: 'Data' }],
      mode: 'manual',
      now: NOON,
      executionId: '1',
    });
  for (const code of ['$input.first()', '$input.item', '$input.all()[0]', '$("Data").first()', '$("Data").item']) {
    it(code, () => {
      assert.equal(evaluateText(`={{ typeof ${code}.binary }}`, scene({}), 0), 'object');
      assert.equal(evaluateText(`={{ typeof ${code}.binary }}`, scene({ binaryMode: 'combined' }), 0), 'undefined');
    });
  }
  it('unless asked for', () => {
    assert.equal(
      evaluateText('={{ typeof $("Data", true).first().binary }}', scene({ binaryMode: 'combined' }), 0),
      'object',
    );
  });
});

describe('compiled texts', () => {
  it('are kept', () => assert.equal(compileText('={{ 1 + 1 }}'), compileText('={{ 1 + 1 }}')));
  it('do not remember an evaluation', () => {
    const compiled = compileText('={{ (() => { $json.a++; return $json.a })() }}');
    const scene = testScene({ a: 1 });
    assert.equal(evaluate(compiled, scene, 0), 2);
    assert.equal(evaluate(compiled, scene, 0), 2);
  });
});
