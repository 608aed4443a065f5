import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, WebhookResponse } from '#workflow';
import type { RunReport } from '../engine.ts';
import { Handles } from './handles.ts';

const response: WebhookResponse = { status: 200, headers: {}, body: { kind: 'text', value: 'hello' } };
const answered: RunEvent = { type: 'node.finished', at: 1, node: 'Respond', run: 0, outputs: [[]], response };

function report(executionId: string): RunReport {
  const common = { workflowId: 'w', workflowVersion: 1, mode: 'webhook', status: 'success', startedAt: 0 } as const;
  return { executionId, ...common, runData: new Map() };
}

test('the end answers all three waits and is forgotten', async () => {
  const handles = new Handles();
  const handle = handles.open('1');
  handles.ended(report('1'));
  assert.deepEqual(await handle.accepted, { executionId: '1', duplicate: false });
  assert.equal(await handle.responded, undefined);
  assert.equal((await handle.ended).status, 'success');
  assert.equal(handles.size, 0);
});

test('the first answer counts, and it comes before the end', async () => {
  const handles = new Handles();
  const handle = handles.open('1');
  handles.committed('1', [answered, { ...answered, response: { ...response, status: 500 } }]);
  assert.equal((await handle.responded)?.status, 200);
});

test('several may wait for one run', async () => {
  const handles = new Handles();
  const [one, two] = [handles.open('1'), handles.open('1')];
  handles.ended(report('1'));
  assert.equal(await one.ended, await two.ended);
});

test('a duplicate names the first execution, and has no end of its own', async () => {
  const handles = new Handles();
  const handle = handles.open('2');
  handles.accepted('2', '1');
  assert.deepEqual(await handle.accepted, { executionId: '1', duplicate: true });
  await assert.rejects(handle.ended, { code: 'EXECUTION_DUPLICATE' });
});

const ways = [
  ['moved', 'EXECUTION_MOVED'],
  ['notAccepted', 'EXECUTION_NOT_ACCEPTED'],
] as const;
for (const [why, code] of ways) {
  test(`a run that is gone (${why}) tells everyone who waits`, async () => {
    const handles = new Handles();
    const handle = handles.open('1');
    handles.gone('1', why);
    await assert.rejects(handle.accepted, { code });
    await assert.rejects(handle.responded, { code });
    await assert.rejects(handle.ended, { code });
  });
}

test('news of runs that nobody waits for is no news', () => {
  const handles = new Handles();
  handles.accepted('9');
  handles.committed('9', [answered]);
  handles.ended(report('9'));
  handles.gone('9', 'moved');
  assert.equal(handles.size, 0);
});

test('a waiter remembers what its caller had seen, and who joins it does not change that', () => {
  const handles = new Handles();
  assert.equal(handles.afterSeq('1'), 0);
  handles.open('1', 7);
  handles.open('1', 9);
  assert.equal(handles.afterSeq('1'), 7);
  assert.deepEqual([...handles.ids()], ['1']);
});
