import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type Evidence, type Fact, type Row } from './auditor.ts';

const FACTS: readonly Fact[] = [
  { seq: 1, type: 'execution.started' },
  { seq: 2, type: 'node.started', key: '7/pay/0' },
  { seq: 3, type: 'node.finished' },
  { seq: 4, type: 'execution.finished' },
];
const ROW: Row = { id: '7', workflowId: 'w', status: 'success', stoppedAt: 90, lastSeq: 4, version: '500' };
const EFFECT = { key: '7/pay/0/0', input: 'POST / {"a":1}', atMs: 10 };

/** One run that kept every promise, changed as the test wants. */
function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    accepted: [{ call: 'c1', executionId: '7' }],
    rows: [ROW],
    firstEnds: new Map([['7', { row: ROW, seenMs: 50 }]]),
    journals: new Map([['7', FACTS]]),
    callOf: new Map([['7', 'c1']]),
    effects: [EFFECT],
    expected: new Map([['w', { ends: 'success', effects: ['pay'] }]]),
    ...change,
  };
}

const facts = (...list: readonly Fact[]): Partial<Evidence> => ({ journals: new Map([['7', list]]) });
const second: Row = { ...ROW, id: '8' };

test('a run that kept every promise is not complained about', () => {
  assert.deepEqual(audit(evidence()), []);
});

test('an effect may come again under its key with the same input, and a refused call may have run', () => {
  assert.deepEqual(audit(evidence({ effects: [EFFECT, { ...EFFECT, atMs: 20 }] })), []);
  assert.deepEqual(audit(evidence({ accepted: [] })), []);
});

/** Each broken promise alone, and what the auditor says of it: the whole of it, nothing else. */
const violations: readonly [string, Partial<Evidence>, readonly string[]][] = [
  [
    'an accepted call without its execution',
    { accepted: [{ call: 'c1', executionId: '9' }] },
    ['c1 was accepted as 9, now gone'],
  ],
  ['an accepted call that no execution has', { callOf: new Map() }, ['c1 was accepted and no execution has it']],
  [
    'an answer that named the execution of another call',
    {
      accepted: [
        { call: 'c1', executionId: '8' },
        { call: 'c2', executionId: '8' },
      ],
      rows: [ROW, second],
      journals: new Map([
        ['7', FACTS],
        ['8', FACTS.map((fact) => (fact.key === undefined ? fact : { ...fact, key: '8/pay/0' }))],
      ]),
      callOf: new Map([
        ['7', 'c1'],
        ['8', 'c2'],
      ]),
      effects: [EFFECT, { ...EFFECT, key: '8/pay/0/0' }],
    },
    ['c1 is not in 8'],
  ],
  [
    'a call that ran twice',
    {
      rows: [ROW, second],
      journals: new Map([
        ['7', FACTS],
        ['8', FACTS.map((fact) => (fact.key === undefined ? fact : { ...fact, key: '8/pay/0' }))],
      ]),
      callOf: new Map([
        ['7', 'c1'],
        ['8', 'c1'],
      ]),
      effects: [EFFECT, { ...EFFECT, key: '8/pay/0/0' }],
    },
    ['c1 has 2 executions'],
  ],
  [
    'a run that is stuck',
    {
      rows: [{ ...ROW, status: 'running', stoppedAt: null, lastSeq: 3 }],
      firstEnds: new Map(),
      ...facts(...FACTS.slice(0, 3)),
    },
    ['execution 7 is stuck: running after node.finished', 'execution 7 has 0 ends in its journal'],
  ],
  [
    'a run that ended in another way than its workflow does',
    {
      rows: [{ ...ROW, status: 'error' }],
      firstEnds: new Map(),
      ...facts(...FACTS.slice(0, 3), { seq: 4, type: 'execution.failed' }),
    },
    ['execution 7 ended as error and not as success'],
  ],
  [
    'a gap in a journal',
    facts(...FACTS.slice(0, 3), { seq: 5, type: 'execution.finished' }),
    ['execution 7 has gaps in its seq'],
  ],
  [
    'a fact that is there twice',
    { ...facts(...FACTS.slice(0, 3), { seq: 3, type: 'node.finished' }, { seq: 4, type: 'execution.finished' }) },
    ['execution 7 has gaps in its seq', 'execution 7 has 5 facts and its row says 4'],
  ],
  [
    'facts that the row does not know of',
    { rows: [{ ...ROW, lastSeq: 3 }], firstEnds: new Map() },
    ['execution 7 has 4 facts and its row says 3'],
  ],
  [
    'two ends',
    {
      rows: [{ ...ROW, lastSeq: 5 }],
      firstEnds: new Map(),
      ...facts(...FACTS, { seq: 5, type: 'execution.finished' }),
    },
    ['execution 7 has 2 ends in its journal'],
  ],
  [
    'a journal that ends otherwise than its row says',
    facts(...FACTS.slice(0, 3), { seq: 4, type: 'execution.canceled' }),
    ['execution 7 is success and its journal ends by execution.canceled'],
  ],
  [
    'a fact after the end',
    facts(...FACTS.slice(0, 2), { seq: 3, type: 'execution.finished' }, { seq: 4, type: 'node.finished' }),
    ['execution 7 is success and its journal ends by node.finished'],
  ],
  [
    'a row that was written again after its end, even with the same values',
    { firstEnds: new Map([['7', { row: { ...ROW, version: '499' }, seenMs: 50 }]]) },
    ['execution 7 had ended, then its version went from 499 to 500'],
  ],
  [
    'an end that became another',
    {
      firstEnds: new Map([['7', { row: { ...ROW, status: 'error', stoppedAt: 80, lastSeq: 3 }, seenMs: 50 }]]),
    },
    [
      'execution 7 had ended, then its status went from error to success',
      'execution 7 had ended, then its stoppedAt went from 80 to 90',
      'execution 7 had ended, then its lastSeq went from 3 to 4',
    ],
  ],
  [
    'a run that had ended and is gone',
    { firstEnds: new Map([['9', { row: { ...ROW, id: '9' }, seenMs: 50 }]]) },
    ['execution 9 had ended and is gone'],
  ],
  [
    'an effect with two inputs',
    { effects: [EFFECT, { ...EFFECT, input: 'POST / {"a":2}' }] },
    ['effect 7/pay/0/0 had two inputs: POST / {"a":1} and POST / {"a":2}'],
  ],
  [
    'an effect without its intent',
    facts(...FACTS.slice(0, 1), { seq: 2, type: 'node.started' }, ...FACTS.slice(2)),
    ['effect 7/pay/0/0 has no intent in the journal'],
  ],
  ['an effect that never arrived', { effects: [] }, ['effect 7/pay/0/0 never reached the outside']],
  [
    'an effect under another key than its first try',
    {
      effects: [EFFECT, { ...EFFECT, key: '7/pay/1/0' }],
      ...facts(...FACTS.slice(0, 2), { seq: 3, type: 'node.started', key: '7/pay/1' }, ...FACTS.slice(3)),
    },
    ['effect 7/pay/1/0 is none that the workflow has'],
  ],
  [
    'an effect after the end',
    { effects: [EFFECT, { ...EFFECT, atMs: 51 }] },
    ['effect 7/pay/0/0 came after its execution had ended'],
  ],
];

for (const [name, change, sentences] of violations) {
  test(`the auditor catches ${name}`, () => {
    assert.deepEqual(audit(evidence(change)), sentences);
  });
}

test('the auditor catches a call that came without a key', () => {
  const found = audit(evidence({ effects: [EFFECT, { ...EFFECT, key: '' }] }));
  assert.ok(found.includes(`a call without a key reached the outside: ${EFFECT.input}`), found.join('; '));
});
