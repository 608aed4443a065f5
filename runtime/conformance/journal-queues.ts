import { deepEqual, equal } from 'node:assert/strict';
import type { InboxMessage, TimerRow } from '../ports/index.ts';
import { unique, Writer } from './journal-fixture.ts';
import type { JournalFixture } from './journal-fixture.ts';

function message(executionId: string, messageId: string, more: Partial<InboxMessage> = {}): InboxMessage {
  return { executionId, messageId, kind: 'signal', payload: { from: messageId }, ...more };
}

async function running(fixture: JournalFixture): Promise<{ writer: Writer; id: string }> {
  const writer = await Writer.owning(fixture);
  const id = await writer.id();
  await fixture.journal.commit([writer.first(id)]);
  return { writer, id };
}

/** Rules for what waits beside the events: timers and the inbox. */
export const journalQueueRules: Record<string, (fixture: JournalFixture) => Promise<void>> = {
  'timers come by due time, of the named shards, up to a moment and a limit': async (fixture) => {
    const { writer, id } = await running(fixture);
    const [shard, other] = fixture.shards;
    const timer = (fireAt: number, of: number): TimerRow => ({
      id: unique('timer'),
      shard: of,
      executionId: id,
      fireAt,
      kind: 'wait',
    });
    const timers = [timer(300, shard), timer(100, shard), timer(200, shard), timer(150, other)] as const;
    const [late, early, middle, foreign] = timers;
    await fixture.journal.commit([writer.step(id, [], { timersSet: timers })]);
    deepEqual(await fixture.journal.timers([shard], 250, 10), [early, middle]);
    deepEqual(await fixture.journal.timers([shard], 300, 10), [early, middle, late]);
    deepEqual(await fixture.journal.timers([shard, other], 300, 2), [early, foreign]);
    await fixture.journal.commit([writer.step(id, [], { timersDone: [early.id, 'never set'] })]);
    deepEqual(await fixture.journal.timers([shard], 250, 10), [middle]);
  },
  'a timer set again has its new time': async (fixture) => {
    const { writer, id } = await running(fixture);
    const timer = { id: unique('timer'), shard: fixture.shards[0], executionId: id, kind: 'retry' } as const;
    await fixture.journal.commit([writer.step(id, [], { timersSet: [{ ...timer, fireAt: 100 }] })]);
    await fixture.journal.commit([writer.step(id, [], { timersSet: [{ ...timer, fireAt: 500 }] })]);
    deepEqual(await fixture.journal.timers(fixture.shards, 1000, 10), [{ ...timer, fireAt: 500 }]);
  },
  'messages wait in order of arrival until a step answers them': async (fixture) => {
    const { writer, id } = await running(fixture);
    for (const name of ['b', 'a', 'c']) equal(await fixture.journal.deliver(message(id, name)), true);
    deepEqual(await fixture.journal.inbox(id), [message(id, 'b'), message(id, 'a'), message(id, 'c')]);
    await fixture.journal.commit([writer.step(id, [], { inboxDone: ['b', 'c'] })]);
    deepEqual(await fixture.journal.inbox(id), [message(id, 'a')]);
  },
  'the same message twice is one message, and both deliveries are told true': async (fixture) => {
    const { id } = await running(fixture);
    equal(await fixture.journal.deliver(message(id, 'm')), true);
    equal(await fixture.journal.deliver(message(id, 'm', { payload: 'again' })), true);
    deepEqual(await fixture.journal.inbox(id), [message(id, 'm')]);
  },
  'no message reaches an execution that has ended or never was': async (fixture) => {
    const { writer, id } = await running(fixture);
    await fixture.journal.commit([writer.last(id, 2)]);
    equal(await fixture.journal.deliver(message(id, 'late')), false);
    equal(await fixture.journal.deliver(message(await writer.id(), 'lost')), false);
    deepEqual(await fixture.journal.inbox(id), []);
  },
  'executions with messages are found by shard': async (fixture) => {
    const { writer, id } = await running(fixture);
    const [shard, other] = fixture.shards;
    deepEqual(await fixture.journal.inboxPending([shard, other], 10), []);
    await fixture.journal.deliver(message(id, 'one'));
    await fixture.journal.deliver(message(id, 'two'));
    deepEqual(await fixture.journal.inboxPending([shard, other], 10), [id]);
    deepEqual(await fixture.journal.inboxPending([other], 10), []);
    await fixture.journal.commit([writer.step(id, [], { inboxDone: ['one', 'two'] })]);
    deepEqual(await fixture.journal.inboxPending([shard, other], 10), []);
  },
  'messages to others leave with the commit; those to the ended are dropped': async (fixture) => {
    const { writer, id } = await running(fixture);
    const [ended, target] = [await writer.id(), await writer.id()];
    await fixture.journal.commit([writer.first(ended), writer.last(ended, 2), writer.first(target)]);
    const deliver = [message(target, 'child:1', { kind: 'child' }), message(ended, 'child:2', { kind: 'child' })];
    deepEqual(await fixture.journal.commit([writer.last(id, 2, { deliver })]), [{ kind: 'committed' }]);
    deepEqual(await fixture.journal.inbox(target), [message(target, 'child:1', { kind: 'child' })]);
    deepEqual(await fixture.journal.inbox(ended), []);
  },
};
