import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunEvent } from './run-events.ts';
import { currentRun, queuedFor, resumedFor, runDataWithCurrent, wakeAtOf } from './run-state.ts';
import { runDataJson } from './run-data-json.ts';
import { flow, fold, items, started } from './test-kit.ts';
import { outstanding, transition } from './transition.ts';

const line = flow({ nodes: { Start: {}, A: {} }, edges: ['Start>A'] });

const queued = (reason: 'concurrency' | 'rate'): RunEvent => ({
  type: 'execution.waiting',
  at: 1_000,
  node: 'Start',
  run: 0,
  reason,
});
const turn: RunEvent = { type: 'execution.resumed', at: 61_000, node: 'Start', run: 0 };
const begun: RunEvent = { type: 'node.started', at: 61_001, node: 'Start', run: 0, attempt: 1 };
const done: RunEvent = { type: 'node.finished', at: 61_002, node: 'Start', run: 0, outputs: [items(1)] };

describe('a start that queues', () => {
  for (const reason of ['concurrency', 'rate'] as const) {
    it(`waits for its turn (${reason}) before the first node: nothing of it is run data`, () => {
      const state = fold(line, [started(), queued(reason)]);
      assert.equal(state.status, 'waiting');
      assert.equal(queuedFor(state), reason);
      assert.equal(wakeAtOf(state), undefined);
      assert.deepEqual(runDataWithCurrent(state).size, 0);
      assert.equal(state.lastNodeExecuted, undefined);
      assert.deepEqual(outstanding(state), [{ type: 'await', node: 'Start', run: 0 }]);
    });
  }

  it('begins at its turn exactly as a run that did not queue', () => {
    const direct = fold(line, [started()]);
    const late = fold(line, [started(), queued('concurrency'), turn]);
    assert.deepEqual(currentRun(late), currentRun(direct));
    assert.equal(resumedFor(late, 'Start', 0), undefined);
    assert.equal(late.status, 'running');
    assert.equal(queuedFor(late), undefined);
    assert.deepEqual(outstanding(late), outstanding(direct));
  });

  it('has the same run data as one that did not queue', () => {
    const direct = fold(line, [started(), begun, done]);
    const late = fold(line, [started(), queued('rate'), turn, begun, done]);
    assert.deepEqual(runDataJson(late.runData), runDataJson(direct.runData));
  });

  it('counts its time from its turn; one that did not queue from its start', () => {
    const direct = fold(line, [started()]);
    assert.equal(direct.begunAt, direct.startedAt);
    const late = fold(line, [started(), queued('rate'), turn]);
    assert.deepEqual([late.startedAt, late.begunAt], [direct.startedAt, 61_000]);
  });

  it('keeps what is decided of a disabled first node', () => {
    const off = flow({ nodes: { Start: { disabled: true }, A: {} }, edges: ['Start>A'] });
    const late = fold(off, [started(), queued('concurrency'), turn]);
    assert.deepEqual(currentRun(late)?.given, currentRun(fold(off, [started()]))?.given);
  });

  it('can be canceled, and its turn comes once', () => {
    const canceled = fold(line, [
      started(),
      queued('rate'),
      { type: 'execution.canceled', at: 2_000, reason: 'asked' },
    ]);
    assert.equal(canceled.status, 'canceled');
    const late = fold(line, [started(), queued('rate'), turn]);
    assert.throws(() => transition(late, turn), { code: 'RUN_EVENT_UNEXPECTED' });
  });
});
