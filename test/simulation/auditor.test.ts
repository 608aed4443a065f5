import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JournalEvent } from '#runtime';
import { audit, type History } from './auditor.ts';

describe('the auditor', () => {
  const started: JournalEvent = {
    seq: 1,
    event: { type: 'execution.started', at: 1, mode: 'webhook', trigger: 't', items: [] },
  };
  const intent: JournalEvent = {
    seq: 2,
    event: { type: 'node.started', at: 2, node: 'n', run: 0, attempt: 1, key: '1/n/0' },
  };
  const finished: JournalEvent = { seq: 3, event: { type: 'execution.finished', at: 3 } };
  const good = [started, intent, finished];
  const quiet = (): History => ({ accepted: new Set(['1']), told: [], written: [], effects: [], live: [] });
  const rules: [string, Partial<History>, readonly JournalEvent[] | undefined, RegExp | undefined][] = [
    ['finds nothing in a good history', { effects: [{ key: '1/n/0/0', input: 'a' }] }, good, undefined],
    ['misses an accepted execution', {}, undefined, /accepted and is not in the journal/],
    ['sees an execution without an end', {}, [started], /has 0 ends/],
    ['sees two ends', {}, [...good, { ...finished, seq: 4 }], /has 2 ends/],
    [
      'sees events after the end',
      {},
      [started, { ...finished, seq: 2 }, { ...intent, seq: 3 }],
      /events after its end/,
    ],
    ['sees gaps', {}, [started, finished], /gaps in its seq/],
    [
      'sees an effect with two inputs',
      {
        effects: [
          { key: '1/n/0/0', input: 'a' },
          { key: '1/n/0/0', input: 'b' },
        ],
      },
      good,
      /two inputs/,
    ],
    ['sees an effect without intent', { effects: [{ key: '1/x/0/0', input: 'a' }] }, good, /no intent/],
    ['sees a false answer', { told: [{ executionId: '1', status: 'error' }] }, good, /told to be error/],
    [
      'sees live events out of order',
      {
        live: [
          { boot: 0, executionId: '1', seq: 1 },
          { boot: 0, executionId: '1', seq: 3 },
        ],
      },
      good,
      /seq 3 after 1/,
    ],
    [
      'sees a row of an older epoch after a newer one',
      {
        written: [
          { executionId: '1', shard: 1, epoch: 2, events: [] },
          { executionId: '1', shard: 1, epoch: 1, events: [] },
        ],
      },
      good,
      /epoch 1 after epoch 2/,
    ],
  ];
  for (const [rule, history, events, expected] of rules) {
    test(rule, () => {
      const faults = audit({ ...quiet(), ...history }, new Map(events ? [['1', events]] : []));
      if (expected) assert.match(faults.join('\n'), expected);
      else assert.deepEqual(faults, []);
    });
  }
});
