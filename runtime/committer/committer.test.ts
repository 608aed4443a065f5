import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { memoryStore } from '../memory/store.ts';
import type { Journal, JournalEvent, Step, StepOutcome } from '../ports/index.ts';
import { quiet, SimulatedClock } from '../testing.ts';
import { createCommitter } from './committer.ts';
import type { BatchReport, CommitterOptions } from './committer.ts';
import { takeBatch } from './queue.ts';
import type { Waiting } from './queue.ts';
import { estimateBytes, stepRows } from './size.ts';

const COMMITTED: StepOutcome = { kind: 'committed' };

function event(seq: number, at: number = seq): JournalEvent {
  return { seq, event: { type: 'execution.finished', at } };
}

function create(idempotencyKey?: string): NonNullable<Step['create']> {
  const row = { workflowId: 'w', workflowVersion: 1, mode: 'manual', startedAt: 1 } as const;
  return idempotencyKey === undefined ? row : { ...row, idempotencyKey };
}

function step(executionId: string, seq: number, more: Partial<Step> = {}): Step {
  const first = seq === 1 ? { create: create() } : {};
  return { executionId, shard: 1, epoch: 0, events: [event(seq)], status: 'running', ...first, ...more };
}

/** A journal whose commits end when the test says so. */
function heldJournal() {
  const commits: { ids: string[]; answer: (outcomes?: StepOutcome[]) => void; fail: (error: unknown) => void }[] = [];
  const journal: Pick<Journal, 'commit'> = {
    commit: (steps) =>
      new Promise((resolve, reject) => {
        const ids = steps.map(({ executionId, events }) => `${executionId}.${events[0]?.seq}`);
        commits.push({ ids, answer: (outcomes) => resolve(outcomes ?? steps.map(() => COMMITTED)), fail: reject });
      }),
  };
  return { journal, commits };
}

function held(options: Partial<CommitterOptions> = {}) {
  const { journal, commits } = heldJournal();
  const committer = createCommitter({ journal, clock: new SimulatedClock(), ...options });
  return { committer, commits };
}

describe('grouping', () => {
  test('all who submit in one pass of the event loop share a commit, at its end', async () => {
    const { committer, commits } = held();
    void committer.submit(step('1', 1));
    await Promise.resolve();
    void committer.submit(step('2', 1));
    equal(commits.length, 0);
    await quiet();
    deepEqual(
      commits.map(({ ids }) => ids),
      [['1.1', '2.1']],
    );
  });

  test('one commit is in flight; what comes meanwhile leaves together when it returns', async () => {
    const { committer, commits } = held();
    void committer.submit(step('1', 1));
    await quiet();
    for (const id of ['2', '3']) {
      void committer.submit(step(id, 1));
      await quiet();
    }
    equal(commits.length, 1);
    equal(committer.depth, 3);
    commits[0]?.answer();
    await quiet();
    deepEqual(commits[1]?.ids, ['2.1', '3.1']);
  });

  test('a batch has at most so many rows; a step that is larger goes alone', async () => {
    const { committer, commits } = held({ limits: { commitRows: 4 } });
    const large = step('9', 1, { events: [1, 2, 3, 4, 5].map((seq) => event(seq)) });
    for (const each of [step('1', 1), step('2', 1), step('3', 1), large, step('4', 1)]) void committer.submit(each);
    for (let index = 0; index < 4; index += 1) {
      await quiet();
      commits[index]?.answer();
    }
    await quiet();
    deepEqual(
      commits.map(({ ids }) => ids),
      [['1.1', '2.1'], ['3.1'], ['9.1'], ['4.1']],
    );
  });

  test('a batch has at most so many bytes', async () => {
    const { committer, commits } = held({ limits: { commitBytes: 3000 } });
    const wide = (id: string): Step => step(id, 1, { staticData: { text: 'x'.repeat(1000) } });
    for (const id of ['1', '2', '3']) void committer.submit(wide(id));
    await quiet();
    commits[0]?.answer();
    await quiet();
    deepEqual(
      commits.map(({ ids }) => ids),
      [['1.1', '2.1'], ['3.1']],
    );
  });

  test('steps of one execution keep their order, in one batch and over batches', async () => {
    const { committer, commits } = held({ limits: { commitRows: 4 } });
    for (const seq of [1, 2, 3]) void committer.submit(step('1', seq));
    await quiet();
    commits[0]?.answer();
    await quiet();
    deepEqual(
      commits.map(({ ids }) => ids),
      [['1.1', '1.2'], ['1.3']],
    );
  });

  test('an execution created under a key waits for its answer before its next step leaves; others do not', async () => {
    const { committer, commits } = held();
    void committer.submit(step('1', 1, { create: create('key') }));
    void committer.submit(step('1', 2));
    void committer.submit(step('2', 1));
    await quiet();
    commits[0]?.answer();
    await quiet();
    deepEqual(
      commits.map(({ ids }) => ids),
      [['1.1', '2.1'], ['1.2']],
    );
  });
});

describe('outcomes', () => {
  test('each submitter gets the outcome of its own step', async () => {
    const { committer, commits } = held();
    const answers = Promise.all(['1', '2', '3'].map((id) => committer.submit(step(id, 1))));
    await quiet();
    commits[0]?.answer([COMMITTED, { kind: 'fenced' }, { kind: 'duplicate', executionId: '7' }]);
    deepEqual(await answers, [COMMITTED, { kind: 'fenced' }, { kind: 'duplicate', executionId: '7' }]);
  });

  for (const refusal of [{ kind: 'fenced' }, { kind: 'duplicate', executionId: '7' }] as const) {
    test(`after ${refusal.kind} the waiting steps of that execution get the same answer and are not written`, async () => {
      const { committer, commits } = held();
      const first = committer.submit(step('1', 1));
      await quiet();
      const later = [committer.submit(step('1', 2)), committer.submit(step('2', 1)), committer.submit(step('1', 3))];
      commits[0]?.answer([refusal]);
      deepEqual(await first, refusal);
      await quiet();
      deepEqual(commits[1]?.ids, ['2.1']);
      commits[1]?.answer();
      deepEqual(await Promise.all(later), [refusal, COMMITTED, refusal]);
    });
  }

  test('a rejected commit is JOURNAL_UNKNOWN for all its steps and for those behind them, with the cause', async () => {
    const { committer, commits } = held();
    const inFlight = [committer.submit(step('1', 1)), committer.submit(step('2', 1))];
    await quiet();
    const behind = committer.submit(step('1', 2));
    const other = committer.submit(step('3', 1));
    const lost = new Error('connection lost');
    commits[0]?.fail(lost);
    for (const each of [...inFlight, behind]) await rejects(each, { code: 'JOURNAL_UNKNOWN', cause: lost });
    await quiet();
    deepEqual(commits[1]?.ids, ['3.1']);
    commits[1]?.answer();
    deepEqual(await other, COMMITTED);
  });

  test('a journal that throws at once or answers too little is unknown as well', async () => {
    const journals: Pick<Journal, 'commit'>[] = [
      {
        commit: () => {
          throw new Error('at once');
        },
      },
      { commit: async () => [] },
    ];
    for (const journal of journals) {
      const committer = createCommitter({ journal, clock: new SimulatedClock() });
      await rejects(committer.submit(step('1', 1)), { code: 'JOURNAL_UNKNOWN' });
    }
  });
});

describe('what the load of a member is read from', () => {
  test('the oldest step counts from its submission to its answer, in the queue and under way', async () => {
    const clock = new SimulatedClock();
    const { committer, commits } = held({ clock });
    equal(committer.oldestMs, 0);
    void committer.submit(step('1', 1));
    clock.advanceSync(5);
    equal(committer.oldestMs, 5);
    await quiet();
    clock.advanceSync(10);
    void committer.submit(step('2', 1));
    clock.advanceSync(10);
    equal(committer.oldestMs, 25);
    commits[0]?.answer();
    await quiet();
    equal(committer.oldestMs, 10);
    commits[1]?.answer();
    await quiet();
    equal(committer.oldestMs, 0);
  });

  test('bytes are those of the steps that wait', async () => {
    const { committer, commits } = held();
    void committer.submit(step('1', 1, { staticData: { text: 'x'.repeat(1000) } }));
    equal(committer.queuedBytes >= 1000, true);
    await quiet();
    equal(committer.queuedBytes, 0);
    commits[0]?.answer();
  });

  test('a claim to a turn is a row of its step', () => {
    const claiming = step('1', 1, { slot: { concurrency: { key: '', limit: 1 } } });
    equal(stepRows(claiming), stepRows(step('1', 1)) + 1);
  });
});

describe('bounds', () => {
  test('over its bound of steps the queue refuses with OVERLOADED, and takes again when there is room', async () => {
    const { committer, commits } = held({ limits: { queueSteps: 2 } });
    for (const id of ['1', '2']) void committer.submit(step(id, 1));
    await rejects(committer.submit(step('3', 1)), { code: 'OVERLOADED' });
    await quiet();
    equal(commits.length, 1);
    void committer.submit(step('3', 1));
    commits[0]?.answer();
    await quiet();
    deepEqual(commits[1]?.ids, ['3.1']);
  });

  test('over its bound of bytes too; bytes that have left do not count', async () => {
    const { committer, commits } = held({ limits: { queueBytes: 1500 } });
    const wide = (id: string): Step => step(id, 1, { staticData: { text: 'x'.repeat(2000) } });
    for (let round = 0; round < 3; round += 1) {
      void committer.submit(wide(`a${round}`));
      await rejects(committer.submit(wide(`b${round}`)), { code: 'OVERLOADED' });
      await quiet();
      commits[round]?.answer();
      await quiet();
    }
    equal(commits.length, 3);
  });
});

describe('closing', () => {
  test('writes what was taken, refuses what comes, and resolves when all is answered', async () => {
    const { committer, commits } = held({ limits: { commitRows: 2 } });
    const taken = [committer.submit(step('1', 1)), committer.submit(step('2', 1))];
    let closed = false;
    const closing = committer.close().then(() => (closed = true));
    await rejects(committer.submit(step('3', 1)), { code: 'COMMITTER_CLOSED' });
    await quiet();
    commits[0]?.answer();
    await quiet();
    equal(closed, false);
    commits[1]?.answer();
    await closing;
    deepEqual(await Promise.all(taken), [COMMITTED, COMMITTED]);
  });

  test('an idle one closes at once, also twice', async () => {
    const { committer } = held();
    await committer.close();
    await committer.close();
  });
});

describe('hooks', () => {
  test('onCommitted sees each committed step in order, before its submitter, and no refused one', async () => {
    const order: string[] = [];
    const onCommitted = ({ executionId }: Step): void => void order.push(`hook ${executionId}`);
    const { committer, commits } = held({ onCommitted });
    for (const id of ['1', '2', '3'])
      void committer.submit(step(id, 1)).then(({ kind }) => order.push(`${id} ${kind}`));
    await quiet();
    commits[0]?.answer([COMMITTED, { kind: 'fenced' }, COMMITTED]);
    await quiet();
    deepEqual(order, ['hook 1', 'hook 3', '1 committed', '2 fenced', '3 committed']);
  });

  test('onBatch tells size, time, fenced steps, depth of the queue and whether the outcome is unknown', async () => {
    const clock = new SimulatedClock();
    const reports: BatchReport[] = [];
    const { journal, commits } = heldJournal();
    const committer = createCommitter({ journal, clock, onBatch: (report) => reports.push(report) });
    void committer.submit(step('1', 1));
    await quiet();
    const others = ['2', '3'].map((id) => committer.submit(step(id, 1)));
    clock.advanceSync(40);
    commits[0]?.answer([{ kind: 'fenced' }]);
    await quiet();
    clock.advanceSync(10);
    commits[1]?.fail(new Error('lost'));
    await Promise.allSettled(others);
    await quiet();
    deepEqual(reports, [
      { steps: 1, rows: 2, seconds: 0.04, waitedSeconds: 0, fenced: 1, unknown: false, queueSteps: 2 },
      { steps: 2, rows: 4, seconds: 0.01, waitedSeconds: 0.04, fenced: 0, unknown: true, queueSteps: 0 },
    ]);
  });

  test('a hook that throws is a bug report and changes no outcome', async () => {
    const bugs: string[] = [];
    const { journal } = memoryStore(new SimulatedClock());
    const fail = (): never => {
      throw new Error('bad hook');
    };
    const onBug = (_error: unknown, where: string): void => void bugs.push(where);
    const committer = createCommitter({
      journal,
      clock: new SimulatedClock(),
      onCommitted: fail,
      onBatch: fail,
      onBug,
    });
    deepEqual(await committer.submit(step('1', 1)), COMMITTED);
    await quiet();
    deepEqual(bugs, ['committer onCommitted', 'committer onBatch']);
  });
});

describe('the size of a step', () => {
  test('is one row, and one for each event, timer, message, outbox entry and of each child', () => {
    const timer = { id: 't', shard: 1, executionId: '1', fireAt: 1, kind: 'wait' } as const;
    const message = { executionId: '2', messageId: 'm', kind: 'signal', payload: 1 } as const;
    const full = step('1', 1, {
      timersSet: [timer],
      timersDone: ['x', 'y'],
      inboxDone: ['m'],
      deliver: [message],
      children: [step('2', 1), step('3', 1)],
    });
    equal(stepRows(full), 2 + 1 + 2 + 1 + 1 + 4);
  });

  test('is estimated within a factor of its JSON text, for any data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const estimate = estimateBytes(value, Infinity);
        const length = JSON.stringify(value).length;
        equal(estimate * 6 >= length && estimate <= length * 10 + 20, true, `${estimate} for ${length}`);
      }),
      { seed: 4714 },
    );
  });

  test('stops counting soon after the limit', () => {
    const long = Array.from({ length: 100_000 }, () => 'text');
    const estimate = estimateBytes(long, 1000);
    equal(estimate > 1000 && estimate < 2000, true);
  });
});

test('for any queue: batches keep every step, in the order of its execution, within the limits', () => {
  const waiting = fc.record({
    id: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 6 }),
    keyed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(waiting, { maxLength: 25 }), (arrivals) => {
      const queue: Waiting[] = arrivals.map(({ id, rows, keyed }, seq) => ({
        step: step(String(id), seq + 1, keyed ? { create: create(`k${seq}`) } : {}),
        rows,
        bytes: 1,
        since: 0,
        resolve: () => undefined,
        reject: () => undefined,
      }));
      const expected = queue.map((each) => each);
      const taken: Waiting[] = [];
      while (queue.length > 0) {
        const batch = takeBatch(queue, { rows: 10, bytes: 100 });
        equal(batch.length > 0, true);
        const rows = batch.reduce((sum, each) => sum + each.rows, 0);
        equal(rows <= 10 || batch.length === 1, true);
        taken.push(...batch);
      }
      const of = (list: readonly Waiting[], id: string): Waiting[] =>
        list.filter(({ step: { executionId } }) => executionId === id);
      for (const id of ['1', '2', '3', '4']) deepEqual(of(taken, id), of(expected, id));
    }),
    { seed: 4715 },
  );
});

test('over a journal that fails at random: what was told committed is there, what was told refused is not', async () => {
  const fault = fc.option(
    fc.constantFrom(
      { kind: 'failBefore' } as const,
      { kind: 'unknown', applied: true } as const,
      { kind: 'unknown', applied: false } as const,
    ),
    { nil: undefined },
  );
  const property = fc.asyncProperty(fc.array(fault, { maxLength: 8 }), fc.nat(3), async (faults, pauses) => {
    const clock = new SimulatedClock();
    const { journal } = memoryStore(clock);
    journal.faults.nextCommits(...faults);
    const committer = createCommitter({ journal, clock, limits: { commitRows: 6 } });
    const results: { id: string; seq: number; kind: string }[] = [];
    for (let seq = 1; seq <= 5; seq += 1) {
      for (const id of ['1', '2', '3']) {
        const told = (kind: string): void => void results.push({ id, seq, kind });
        committer.submit(step(id, seq)).then(
          ({ kind }) => told(kind),
          () => told('unknown'),
        );
      }
      await quiet(pauses);
    }
    await committer.close();
    await quiet();
    equal(results.length, 15);
    for (const { id, seq, kind } of results) {
      const there = (await journal.read(id)).some((row) => row.seq === seq);
      if (kind !== 'unknown') equal(there, kind === 'committed');
    }
  });
  await fc.assert(property, { numRuns: 60, seed: 4716 });
});
