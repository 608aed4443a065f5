import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow } from '#workflow';
import { chain } from '../testing.ts';
import { afterCommit, append, dirty, newLedger, openGates, settleStep, takeStep, type Ledger } from './ledger.ts';

const identity = { executionId: '513', shard: 1, epoch: 7, workflow: parseWorkflow(chain('w', ['start'])) };
const row = { status: 'running', stoppedAt: undefined, wakeAt: undefined } as const;
const create = { workflowId: 'w', workflowVersion: 1, mode: 'webhook', startedAt: 0 } as const;
const event = { type: 'execution.finished', at: 1 } as const;

function commit(ledger: Ledger): void {
  takeStep(ledger, identity, row);
  settleStep(ledger);
  openGates(ledger);
}

test('seq goes on from what is committed, without gaps, over several steps', () => {
  const ledger = newLedger(undefined, 5);
  append(ledger, event);
  append(ledger, event);
  const first = takeStep(ledger, identity, row);
  append(ledger, event);
  settleStep(ledger);
  const second = takeStep(ledger, identity, row);
  assert.deepEqual(
    [...first.events, ...second.events].map(({ seq }) => seq),
    [6, 7, 8],
  );
});

test('the creation rides with the first step only, and again until that one is committed', () => {
  const ledger = newLedger(create, 0);
  append(ledger, event);
  assert.equal(takeStep(ledger, identity, row).create, create);
  settleStep(ledger);
  append(ledger, event);
  assert.equal(takeStep(ledger, identity, row).create, undefined);
});

test('a gate opens with the commit of what was recorded before it, not sooner', () => {
  const ledger = newLedger(create, 0);
  const opened: string[] = [];
  append(ledger, event);
  afterCommit(ledger, () => opened.push('one'));
  takeStep(ledger, identity, row);
  append(ledger, event);
  afterCommit(ledger, () => opened.push('two'));
  settleStep(ledger);
  openGates(ledger);
  assert.deepEqual(opened, ['one']);
  commit(ledger);
  assert.deepEqual(opened, ['one', 'two']);
});

test('a step takes everything along once, and leaves a clean ledger', () => {
  const ledger = newLedger(undefined, 0);
  assert.equal(dirty(ledger), false);
  const letter = { executionId: '1', messageId: 'm', kind: 'child', payload: {} } as const;
  append(ledger, event);
  ledger.timersDone.push('t');
  ledger.inboxDone.push('m');
  ledger.deliver.push(letter);
  ledger.staticData = { global: {} };
  ledger.recoveries = 2;
  const step = takeStep(ledger, identity, { status: 'success', stoppedAt: 9, wakeAt: undefined });
  assert.deepEqual(
    { ...step, events: step.events.length },
    {
      executionId: '513',
      shard: 1,
      epoch: 7,
      events: 1,
      status: 'success',
      stoppedAt: 9,
      recoveries: 2,
      timersDone: ['t'],
      inboxDone: ['m'],
      deliver: [letter],
      staticData: { global: {} },
    },
  );
  assert.equal(dirty(ledger), false);
});

for (const [what, put] of [
  ['an event', (ledger: Ledger) => append(ledger, event)],
  ['a fired timer', (ledger: Ledger) => ledger.timersDone.push('t')],
  ['an answered letter', (ledger: Ledger) => ledger.inboxDone.push('m')],
  ['a recovery', (ledger: Ledger) => (ledger.recoveries = 1)],
] as const) {
  test(`${what} makes a step necessary`, () => {
    const ledger = newLedger(undefined, 0);
    put(ledger);
    assert.equal(dirty(ledger), true);
  });
}
