import { deepEqual, equal, notEqual } from 'node:assert/strict';
import type { Step, StepOutcome } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { noted, started, unique, Writer } from './journal-fixture.ts';
import type { JournalFixture } from './journal-fixture.ts';
import { journalQueueRules } from './journal-queues.ts';

const COMMITTED: StepOutcome = { kind: 'committed' };
const FENCED: StepOutcome = { kind: 'fenced' };

/**
 * The contract of the journal port as cases. `make` gives a fixture per case; cases use fresh ids and only the shards
 * and workflows of the fixture, so a shared database will do.
 */
export function journalConformance(make: () => Promise<JournalFixture>): ConformanceCase[] {
  return casesOf(make, { ...writing, ...fencing, ...duplicates, ...journalQueueRules });
}

async function commit(fixture: JournalFixture, ...steps: Step[]): Promise<readonly StepOutcome[]> {
  return fixture.journal.commit(steps);
}

type Rules = Record<string, (fixture: JournalFixture) => Promise<void>>;

const writing: Rules = {
  'no steps give no outcomes': async (fixture) => {
    deepEqual(await commit(fixture), []);
  },
  'blocks of ids never overlap': async ({ journal }) => {
    const blocks = await Promise.all([journal.idBlock(), journal.idBlock(), journal.idBlock()]);
    const sorted = blocks.toSorted((a, b) => a.first - b.first);
    for (const [index, { first, size }] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next !== undefined) equal(first + size <= next.first, true);
    }
  },
  'a first step makes the row and its events': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    deepEqual(await commit(fixture, writer.first(id, { events: [started(1), noted(2)] })), [COMMITTED]);
    deepEqual(await fixture.journal.read(id), [started(1), noted(2)]);
    const row = await fixture.journal.execution(id);
    deepEqual(row, { ...writer.create(), id, shard: fixture.shards[0], status: 'running', lastSeq: 2, recoveries: 0 });
  },
  'an unknown execution has no row and no events': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    equal(await fixture.journal.execution(id), undefined);
    deepEqual(await fixture.journal.read(id), []);
  },
  'rows of many executions come in one read, unknown ones are left out': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [one, two, unknown] = [await writer.id(), await writer.id(), await writer.id()];
    await commit(fixture, writer.first(one), writer.first(two));
    const rows = await fixture.journal.executions?.([one, unknown, two]);
    if (rows === undefined) return;
    deepEqual(
      rows.toSorted((a, b) => Number(a.id) - Number(b.id)),
      [await fixture.journal.execution(one), await fixture.journal.execution(two)],
    );
    deepEqual(await fixture.journal.executions?.([]), []);
  },
  'reading goes on after a seq and stops at the limit': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    await commit(fixture, writer.first(id, { events: [started(1), noted(2), noted(3), noted(4)] }));
    deepEqual(await fixture.journal.read(id, { afterSeq: 1, limit: 2 }), [noted(2), noted(3)]);
    deepEqual(await fixture.journal.read(id, { afterSeq: 4 }), []);
  },
  'steps of one execution in one batch are written in order': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    const steps = [writer.first(id), writer.step(id, [noted(2)]), writer.last(id, 3)];
    deepEqual(await commit(fixture, ...steps), [COMMITTED, COMMITTED, COMMITTED]);
    equal((await fixture.journal.execution(id))?.status, 'success');
    equal((await fixture.journal.read(id)).length, 3);
  },
  'the row is what the last step says; recoveries stay when not named': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    await commit(fixture, writer.first(id, { status: 'waiting', wakeAt: 5000, recoveries: 2 }));
    const waiting = await fixture.journal.execution(id);
    deepEqual([waiting?.status, waiting?.wakeAt, waiting?.recoveries], ['waiting', 5000, 2]);
    await commit(fixture, writer.step(id, [noted(2)]));
    const running = await fixture.journal.execution(id);
    deepEqual([running?.status, running?.wakeAt, running?.recoveries, running?.lastSeq], ['running', undefined, 2, 2]);
    await commit(fixture, writer.last(id, 3));
    equal((await fixture.journal.execution(id))?.stoppedAt, 2000);
  },
  'a step without events changes the row and nothing else': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    await commit(fixture, writer.first(id));
    deepEqual(await commit(fixture, writer.step(id, [], { recoveries: 1 })), [COMMITTED]);
    const row = await fixture.journal.execution(id);
    deepEqual([row?.lastSeq, row?.recoveries], [1, 1]);
  },
  'text comes back as it was, whatever is in it': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    const odd = 'NUL \u0000, quote " \\, line\n, emoji 🎭, half of one \ud83c, Ünïcödé';
    await commit(fixture, writer.first(id, { events: [noted(1, odd)] }));
    deepEqual(await fixture.journal.read(id), [noted(1, odd)]);
  },
  'unfinished executions come oldest first, after an id, up to a limit': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const ids = [await writer.id(), await writer.id(), await writer.id(), await writer.id()] as const;
    await commit(fixture, ...ids.map((id) => writer.first(id)), writer.last(ids[1], 2));
    const [shard, other] = fixture.shards;
    const find = async (shards: number[], afterId: string | undefined, limit: number): Promise<string[]> => {
      const rows = await fixture.journal.unfinished(shards, { limit, ...(afterId === undefined ? {} : { afterId }) });
      return rows.map(({ id }) => id);
    };
    deepEqual(await find([shard, other], undefined, 10), [ids[0], ids[2], ids[3]]);
    deepEqual(await find([shard], ids[0], 1), [ids[2]]);
    deepEqual(await find([other], undefined, 10), []);
  },
  'of the unfinished those that wait can be left out, or asked for alone': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const ids = [await writer.id(), await writer.id(), await writer.id()] as const;
    const waits = writer.first(ids[1], { status: 'waiting', wakeAt: 5_000 });
    await commit(fixture, writer.first(ids[0]), waits, writer.first(ids[2]));
    const find = async (status?: 'running' | 'waiting'): Promise<string[]> => {
      const options = { limit: 10, ...(status === undefined ? {} : { status }) };
      return (await fixture.journal.unfinished(fixture.shards, options)).map(({ id }) => id);
    };
    deepEqual(await find(), [...ids]);
    deepEqual(await find('running'), [ids[0], ids[2]]);
    deepEqual(await find('waiting'), [ids[1]]);
  },
};

const fencing: Rules = {
  'after a takeover the old owner writes nothing, the new one goes on': async (fixture) => {
    const old = await Writer.owning(fixture);
    const id = await old.id();
    await commit(fixture, old.first(id));
    const owner = await old.loseShards();
    deepEqual(await commit(fixture, old.step(id, [noted(2, 'zombie')])), [FENCED]);
    deepEqual(await commit(fixture, owner.step(id, [noted(2, 'owner')])), [COMMITTED]);
    deepEqual(await fixture.journal.read(id), [started(1), noted(2, 'owner')]);
  },
  'nothing of a fenced step is written: row, timers, inbox, messages to others': async (fixture) => {
    const old = await Writer.owning(fixture);
    const [id, other] = [await old.id(), await old.id()];
    await commit(fixture, old.first(id), old.first(other));
    const message = { executionId: id, messageId: 'm', kind: 'signal', payload: 1 } as const;
    await fixture.journal.deliver(message);
    await old.loseShards();
    const timer = { id: unique('timer'), shard: fixture.shards[0], executionId: id, fireAt: 1, kind: 'wait' } as const;
    const deliver = [{ ...message, executionId: other }];
    const zombie = old.last(id, 2, { timersSet: [timer], inboxDone: ['m'], deliver });
    deepEqual(await commit(fixture, zombie), [FENCED]);
    equal((await fixture.journal.execution(id))?.status, 'running');
    deepEqual(await fixture.journal.timers(fixture.shards, 10, 10), []);
    deepEqual(await fixture.journal.inbox(id), [message]);
    deepEqual(await fixture.journal.inbox(other), []);
  },
  'a fenced step does not hold up the others of its batch': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [good, bad, alsoGood] = [await writer.id(), await writer.id(), await writer.id()];
    const zombie = { ...writer.first(bad), epoch: 0 };
    const outcomes = await commit(fixture, writer.first(good), zombie, writer.first(alsoGood));
    deepEqual(outcomes, [COMMITTED, FENCED, COMMITTED]);
    equal(await fixture.journal.execution(bad), undefined);
  },
  'a step that does not continue the journal is refused: a gap, a repetition, no such execution': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    await commit(fixture, writer.first(id));
    deepEqual(await commit(fixture, writer.step(id, [noted(3)])), [FENCED]);
    deepEqual(await commit(fixture, writer.step(id, [noted(1)])), [FENCED]);
    deepEqual(await commit(fixture, writer.first(id)), [FENCED]);
    deepEqual(await commit(fixture, writer.step(await writer.id(), [noted(1)])), [FENCED]);
    deepEqual(await fixture.journal.read(id), [started(1)]);
  },
  'an execution that has ended never changes': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const id = await writer.id();
    await commit(fixture, writer.first(id), writer.last(id, 2));
    deepEqual(await commit(fixture, writer.step(id, [noted(3)])), [FENCED]);
    deepEqual(await commit(fixture, writer.step(id, [], { status: 'error', stoppedAt: 9 })), [FENCED]);
    const row = await fixture.journal.execution(id);
    deepEqual([row?.status, row?.stoppedAt, row?.lastSeq], ['success', 2000, 2]);
  },
  'children are written with their parent': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [id, childId] = [await writer.id(), await writer.id()];
    const create = writer.create({ parentExecutionId: id, mode: 'integrated' });
    const child = writer.first(childId, { create, shard: fixture.shards[1] });
    deepEqual(await commit(fixture, writer.first(id, { children: [child] })), [COMMITTED]);
    equal((await fixture.journal.execution(childId))?.parentExecutionId, id);
    deepEqual(await fixture.journal.read(childId), [started(1)]);
  },
  'with one fenced child neither the parent nor any child is written': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [id, good, bad] = [await writer.id(), await writer.id(), await writer.id()];
    const fenced = { ...writer.first(bad, { shard: fixture.shards[1] }), epoch: 0 };
    const parent = writer.first(id, { children: [writer.first(good), fenced] });
    deepEqual(await commit(fixture, parent), [FENCED]);
    for (const each of [id, good, bad]) equal(await fixture.journal.execution(each), undefined);
  },
};

const duplicates: Rules = {
  'the same key on the same workflow is answered with the first execution': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [first, second] = [await writer.id(), await writer.id()];
    const create = writer.create({ idempotencyKey: unique('key') });
    deepEqual(await commit(fixture, writer.first(first, { create })), [COMMITTED]);
    deepEqual(await commit(fixture, writer.first(second, { create })), [{ kind: 'duplicate', executionId: first }]);
    equal(await fixture.journal.execution(second), undefined);
    deepEqual(await fixture.journal.read(second), []);
  },
  'the same key twice in one batch makes one execution': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const [first, second] = [await writer.id(), await writer.id()];
    const create = writer.create({ idempotencyKey: unique('key') });
    const outcomes = await commit(fixture, writer.first(first, { create }), writer.first(second, { create }));
    deepEqual(outcomes, [COMMITTED, { kind: 'duplicate', executionId: first }]);
    equal(await fixture.journal.execution(second), undefined);
  },
  'the same key on another workflow is another execution': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const idempotencyKey = unique('key');
    const [first, second] = [await writer.id(), await writer.id()];
    const [workflowId, otherId] = fixture.workflowIds;
    notEqual(workflowId, otherId);
    const steps = [
      writer.first(first, { create: writer.create({ idempotencyKey, workflowId }) }),
      writer.first(second, { create: writer.create({ idempotencyKey, workflowId: otherId }) }),
    ];
    deepEqual(await commit(fixture, ...steps), [COMMITTED, COMMITTED]);
  },
  'a key is told apart by every character, up to 255 of them': async (fixture) => {
    const writer = await Writer.owning(fixture);
    const long = unique('key').padEnd(254, 'x');
    const [first, second] = [await writer.id(), await writer.id()];
    const outcomes = await commit(
      fixture,
      writer.first(first, { create: writer.create({ idempotencyKey: `${long}a` }) }),
      writer.first(second, { create: writer.create({ idempotencyKey: `${long}b` }) }),
    );
    deepEqual(outcomes, [COMMITTED, COMMITTED]);
  },
};
