import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runDataJson, toRunDataJson } from './run-data-json.ts';
import { flow, fold, items, perform, started } from './test-kit.ts';

const line = (settings: object = {}) => flow({ nodes: { Start: {}, A: settings, B: {} }, edges: ['Start>A', 'A>B'] });

describe("n8n's run data", () => {
  it('of a run that succeeded', () => {
    const { state } = perform(line());
    const { resultData } = toRunDataJson(state);
    assert.deepEqual(Object.keys(resultData), ['runData', 'lastNodeExecuted']);
    assert.equal(resultData.lastNodeExecuted, 'B');
    assert.deepEqual(resultData.runData['A'], [
      {
        startTime: 1_003,
        executionTime: 1,
        executionIndex: 1,
        executionStatus: 'success',
        source: [{ previousNode: 'Start', previousNodeOutput: 0, previousNodeRun: 0 }],
        data: { main: [[{ json: { n: 1 }, pairedItem: { item: 0 } }]] },
      },
    ]);
    assert.deepEqual(resultData.runData['Start']?.[0]?.source, []);
  });

  it('of a run that failed has the error with its node, and no data for that run', () => {
    const { state } = perform(line({ is: 'fail' }));
    const { resultData } = toRunDataJson(state);
    const error = { message: 'no way', name: 'Error' };
    assert.deepEqual(resultData.error, { ...error, node: 'A' });
    assert.deepEqual(resultData.runData['A']?.[0]?.error, error);
    assert.equal(resultData.runData['A']?.[0]?.executionStatus, 'error');
    assert.equal('data' in (resultData.runData['A']?.[0] ?? {}), false);
    assert.equal(resultData.runData['B'], undefined);
    assert.equal(resultData.lastNodeExecuted, 'A');
  });

  it('of a handled failure has both data and error', () => {
    const { state } = perform(line({ is: 'fail', onError: 'continueRegularOutput' }));
    const [run] = toRunDataJson(state).resultData.runData['A'] ?? [];
    assert.equal(run?.executionStatus, 'error');
    assert.deepEqual(
      run?.data?.main[0]?.map((item) => item.json),
      [{ n: 1 }],
    );
    assert.equal(run?.error?.message, 'no way');
  });

  it('writes out output and run of a source, and null for an input that never came', () => {
    const source = [null, { previousNode: 'A' }];
    const run = { startTime: 0, executionTime: 0, executionIndex: 0, status: 'success' as const, source };
    assert.deepEqual(runDataJson(new Map([['M', [run]]]))['M']?.[0]?.source, [
      null,
      { previousNode: 'A', previousNodeOutput: 0, previousNodeRun: 0 },
    ]);
  });

  it('keeps hints', () => {
    const run = {
      startTime: 0,
      executionTime: 0,
      executionIndex: 0,
      status: 'success' as const,
      source: [],
      hints: ['h'],
    };
    assert.deepEqual(runDataJson(new Map([['M', [run]]]))['M']?.[0]?.hints, ['h']);
  });

  it('shows the node at work', () => {
    const state = fold(line(), [started(), { type: 'node.started', at: 1_001, node: 'Start', run: 0, attempt: 1 }]);
    const [run] = toRunDataJson(state).resultData.runData['Start'] ?? [];
    assert.deepEqual([run?.executionStatus, run?.data], ['running', undefined]);
  });

  it('shows a wait', () => {
    const state = fold(line(), [
      started(),
      { type: 'node.started', at: 1_001, node: 'Start', run: 0, attempt: 1 },
      { type: 'execution.waiting', at: 1_002, node: 'Start', run: 0, reason: 'webhook' },
    ]);
    assert.equal(toRunDataJson(state).resultData.runData['Start']?.[0]?.executionStatus, 'waiting');
  });

  it('is plain JSON', () => {
    const { state } = perform(line(), { start: { items: items(1, 2, 3) } });
    const json = toRunDataJson(state);
    assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
  });

  it('takes any name for a node as own data', () => {
    const run = { startTime: 0, executionTime: 0, executionIndex: 0, status: 'success' as const, source: [] };
    const json = runDataJson(new Map([['__proto__', [run]]]));
    assert.deepEqual(Object.keys(json), ['__proto__']);
    assert.equal(Object.getPrototypeOf(json), Object.prototype);
  });
});
