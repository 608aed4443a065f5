import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { journalConformance } from '../conformance/journal.ts';
import { leaseConformance } from '../conformance/lease.ts';
import type { Step } from '../ports/index.ts';
import { quiet, SimulatedClock } from '../testing.ts';
import { memoryStore } from './store.ts';

describe('the memory journal keeps the contract of the journal', () => {
  const make = async () => ({
    ...memoryStore(new SimulatedClock()),
    shards: [3, 4] as const,
    workflowIds: ['w1', 'w2'] as const,
  });
  for (const { rule, check } of journalConformance(make)) test(rule, check);
});

describe('the memory leases keep the contract of the lease store', () => {
  const make = async () => {
    const clock = new SimulatedClock();
    return { ...memoryStore(clock), shards: [3, 4] as const, elapse: async (ms: number) => clock.advanceSync(ms) };
  };
  for (const { rule, check } of leaseConformance(make)) test(rule, check);

  test('another boot under the same name takes over at once', async () => {
    const { leases } = memoryStore(new SimulatedClock());
    await leases.renew({ bootId: 'first', name: 'here', tags: [] }, 5000);
    await leases.renew({ bootId: 'second', name: 'here', tags: [] }, 5000);
    deepEqual(await leases.claim('first', [1]), [{ shard: 1, epoch: 1 }]);
    deepEqual(await leases.claim('second', [1]), [{ shard: 1, epoch: 2 }]);
  });
});

function first(executionId: string, more: Partial<Step> = {}): Step {
  const create = { workflowId: 'w', workflowVersion: 1, mode: 'manual', startedAt: 1 } as const;
  return { executionId, shard: 1, epoch: 0, create, events: [], status: 'running', ...more };
}

describe('the memory journal', () => {
  const setUp = () => {
    const clock = new SimulatedClock();
    return { clock, ...memoryStore(clock) };
  };

  test('takes epoch 0 for shards that were never claimed', async () => {
    const { journal } = setUp();
    deepEqual(await journal.commit([first('1')]), [{ kind: 'committed' }]);
    deepEqual(await journal.commit([first('2', { epoch: 1 })]), [{ kind: 'fenced' }]);
  });

  test('shares no data with its callers', async () => {
    const { journal } = setUp();
    const step = first('1', { timersSet: [{ id: 't', shard: 1, executionId: '1', fireAt: 5, kind: 'wait' }] });
    await journal.commit([step]);
    const [timer] = await journal.timers([1], 10, 10);
    if (timer !== undefined) timer.fireAt = 99;
    equal((await journal.timers([1], 10, 10))[0]?.fireAt, 5);
  });

  test('shows what left with commits: outbox and static data, and nothing of refused steps', async () => {
    const store = setUp();
    const envelope = { type: 't', aggregateId: '1', aggregateType: 'execution', timestamp: 1, version: 1 };
    const event = (id: string) => ({ ...envelope, id, payload: {}, metadata: {} });
    await store.journal.commit([first('1', { outbox: [event('a'), event('b')], staticData: { global: { n: 1 } } })]);
    await store.journal.commit([first('2', { epoch: 9, outbox: [event('c')], staticData: { global: { n: 2 } } })]);
    await store.journal.commit([first('3', { staticData: { 'node:X': { m: 1 } } })]);
    deepEqual(
      store.outbox().map(({ id }) => id),
      ['a', 'b'],
    );
    deepEqual(store.staticData('w'), { global: { n: 1 }, 'node:X': { m: 1 } });
  });

  for (const [why, step] of Object.entries({
    'a terminal status without stoppedAt': first('1', { status: 'error' }),
    'stoppedAt without a terminal status': first('1', { stoppedAt: 5 }),
    'a gap between its events': first('1', {
      events: [
        { seq: 1, event: { type: 'execution.finished', at: 1 } },
        { seq: 3, event: { type: 'execution.finished', at: 1 } },
      ],
    }),
    'a child that is not created by it': first('1', {
      children: [{ executionId: '2', shard: 1, epoch: 0, events: [], status: 'running' }],
    }),
  })) {
    test(`calls ${why} a bug, and writes nothing of the batch`, async () => {
      const { journal } = setUp();
      await rejects(journal.commit([first('9'), step]), { code: 'JOURNAL_STEP_INVALID' });
      equal(await journal.execution('9'), undefined);
    });
  }
});

describe('faults of the memory journal', () => {
  const cases = [
    { fault: { kind: 'failBefore' }, code: 'JOURNAL_UNREACHABLE', applied: false },
    { fault: { kind: 'unknown', applied: false }, code: 'JOURNAL_UNKNOWN', applied: false },
    { fault: { kind: 'unknown', applied: true }, code: 'JOURNAL_UNKNOWN', applied: true },
  ] as const;
  for (const { fault, code, applied } of cases) {
    test(`${JSON.stringify(fault)} rejects with ${code}; the step is ${applied ? '' : 'not '}there`, async () => {
      const { journal } = memoryStore(new SimulatedClock());
      journal.faults.nextCommits(fault);
      await rejects(journal.commit([first('1')]), { code });
      equal((await journal.execution('1')) !== undefined, applied);
      deepEqual(await journal.commit([first('2')]), [{ kind: 'committed' }]);
    });
  }

  test('a slow commit is written late, a slow answer is written at once and told late', async () => {
    for (const [kind, early] of [
      ['slowCommit', false],
      ['slowAnswer', true],
    ] as const) {
      const clock = new SimulatedClock();
      const { journal } = memoryStore(clock);
      journal.faults.nextCommits({ kind, ms: 50 });
      let told = false;
      void journal.commit([first('1')]).then(() => (told = true));
      await quiet();
      equal((await journal.execution('1')) !== undefined, early);
      equal(told, false);
      await clock.advance(50);
      equal((await journal.execution('1')) !== undefined, true);
      equal(told, true);
    }
  });

  test('undefined lets one commit pass before the next fault', async () => {
    const { journal } = memoryStore(new SimulatedClock());
    journal.faults.nextCommits(undefined, { kind: 'failBefore' });
    deepEqual(await journal.commit([first('1')]), [{ kind: 'committed' }]);
    await rejects(journal.commit([first('2')]), { code: 'JOURNAL_UNREACHABLE' });
  });

  test('every kind of read can fail, as often as told', async () => {
    const { journal } = memoryStore(new SimulatedClock());
    const message = { executionId: '1', messageId: 'm', kind: 'signal', payload: 1 } as const;
    const reads = [
      () => journal.read('1'),
      () => journal.execution('1'),
      () => journal.unfinished([1], { limit: 1 }),
      () => journal.timers([1], 1, 1),
      () => journal.inbox('1'),
      () => journal.inboxPending([1], 1),
      () => journal.deliver(message),
      () => journal.idBlock(),
    ];
    journal.faults.nextReads(reads.length);
    for (const read of reads) await rejects(read(), { code: 'JOURNAL_UNREACHABLE' });
    for (const read of reads) await read();
  });
});
