import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Item, RunEvent } from '#workflow';
import { liveEvent } from './live-event.ts';
import { HUB_LIMITS } from './limits.ts';

const secret = 'do-not-show';
const items: Item[] = [{ json: { secret } }, { json: {} }];
const error = { message: 'boom', name: 'NodeError', description: secret, more: secret };

/** Every kind of event, with data wherever an event can carry some. */
const EVENTS: Record<RunEvent['type'], { event: RunEvent; live: Record<string, unknown> }> = {
  'execution.started': {
    event: { type: 'execution.started', at: 5, mode: 'webhook', trigger: 'T', items },
    live: { mode: 'webhook', trigger: 'T', items: 2 },
  },
  'node.started': {
    event: { type: 'node.started', at: 5, node: 'A', run: 1, attempt: 2, key: secret },
    live: { node: 'A', run: 1, attempt: 2 },
  },
  'node.finished': {
    event: {
      type: 'node.finished',
      at: 5,
      node: 'A',
      run: 1,
      outputs: [items, null, []],
      error,
      memory: { secret },
      response: { status: 200, headers: {}, body: { kind: 'text', value: secret } },
      staticData: { global: { secret } },
      hints: [secret],
    },
    live: { node: 'A', run: 1, outputs: [2, null, 0], error: { message: 'boom', name: 'NodeError' }, hints: 1 },
  },
  'node.failed': {
    event: { type: 'node.failed', at: 5, node: 'A', run: 1, error },
    live: { node: 'A', run: 1, error: { message: 'boom', name: 'NodeError' } },
  },
  'node.retrying': {
    event: { type: 'node.retrying', at: 5, node: 'A', run: 1, attempt: 1, error: { message: 'boom' }, wakeAt: 9 },
    live: { node: 'A', run: 1, attempt: 1, wakeAt: 9, error: { message: 'boom' } },
  },
  'execution.waiting': {
    event: { type: 'execution.waiting', at: 5, node: 'A', run: 1, reason: 'webhook', until: 9, resume: { secret } },
    live: { node: 'A', run: 1, reason: 'webhook', until: 9 },
  },
  'execution.resumed': {
    event: { type: 'execution.resumed', at: 5, node: 'A', run: 1, items, results: [{ status: 'success', items }] },
    live: { node: 'A', run: 1, items: 2, results: [{ status: 'success', items: 2 }] },
  },
  'execution.finished': { event: { type: 'execution.finished', at: 5 }, live: {} },
  'execution.failed': {
    event: { type: 'execution.failed', at: 5, error, node: 'A' },
    live: { error: { message: 'boom', name: 'NodeError' }, node: 'A' },
  },
  'execution.canceled': { event: { type: 'execution.canceled', at: 5, reason: 'r' }, live: { reason: 'r' } },
};

for (const [type, { event, live }] of Object.entries(EVENTS)) {
  test(`the live form of ${type} counts items and carries none of the data`, () => {
    const made = liveEvent('7', 'w', 3, event);
    assert.deepEqual(made, { executionId: '7', workflowId: 'w', seq: 3, type, at: 5, ...live });
    assert.ok(!JSON.stringify(made).includes(secret));
  });
}

test('long error messages are cut', () => {
  const made = liveEvent('7', 'w', 3, { type: 'execution.failed', at: 1, error: { message: 'x'.repeat(1_000_000) } });
  assert.deepEqual(made['error'], { message: 'x'.repeat(HUB_LIMITS.ERROR_MESSAGE_CHARACTERS) });
});

test('absent fields stay absent', () => {
  const made = liveEvent('7', 'w', 3, { type: 'execution.resumed', at: 1, node: 'A', run: 0 });
  assert.deepEqual(Object.keys(made).toSorted(), ['at', 'executionId', 'node', 'run', 'seq', 'type', 'workflowId']);
});
