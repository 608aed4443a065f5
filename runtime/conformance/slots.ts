import { deepEqual, equal, ok } from 'node:assert/strict';
import type { SlotClaim, Slots } from '../ports/index.ts';
import { casesOf } from './case.ts';
import type { ConformanceCase } from './case.ts';
import { Writer, type JournalFixture } from './journal-fixture.ts';

/** What a store gives to be held to the contract of turns: made afresh for each case, with workflows of its own. */
export interface SlotFixture extends JournalFixture {
  /** Over the same state as the journal. */
  slots: Slots;
  /** A second hand on the same state, such as another member's connection. */
  others: Slots;
  /** Lets time pass for the store; a real database really waits. */
  elapse(ms: number): Promise<void>;
}

/** The contract of turns as cases. */
export function slotConformance(make: () => Promise<SlotFixture>): ConformanceCase[] {
  return casesOf(make, rules);
}

const MANY = 1_000;
const one: SlotClaim = { concurrency: { key: '', limit: 1 } };
const two: SlotClaim = { concurrency: { key: '', limit: 2 } };
const keyed = (key: string, limit = 1): SlotClaim => ({ concurrency: { key, limit } });
const rate = (limit: number, perMs: number, key = ''): SlotClaim => ({ rate: { key, limit, perMs } });

/** A member that lets executions queue, begin and end. */
class Queue {
  readonly writer: Writer;
  readonly fixture: SlotFixture;
  readonly workflowId: string;

  constructor(writer: Writer, fixture: SlotFixture, workflowId: string) {
    this.writer = writer;
    this.fixture = fixture;
    this.workflowId = workflowId;
  }

  static async of(fixture: SlotFixture, which: 0 | 1 = 0): Promise<Queue> {
    return new Queue(await Writer.owning(fixture), fixture, fixture.workflowIds[which]);
  }

  /** Executions that queue with these claims, in this order, in one commit. */
  async arrive(...claims: SlotClaim[]): Promise<string[]> {
    const ids: string[] = [];
    for (const _ of claims) ids.push(await this.writer.id());
    const steps = claims.map((slot, index) => {
      const create = this.writer.create({ workflowId: this.workflowId, mode: 'webhook' });
      return this.writer.first(ids[index] ?? '', { create, slot, status: 'waiting' });
    });
    const outcomes = await this.fixture.journal.commit(steps);
    ok(outcomes.every(({ kind }) => kind === 'committed'));
    return ids;
  }

  async begin(...ids: string[]): Promise<void> {
    const events = [{ seq: 2, event: { type: 'execution.resumed', at: 1, node: 'Start', run: 0 } as const }];
    await this.fixture.journal.commit(ids.map((id) => this.writer.step(id, events)));
  }

  /** The executions end, whether they have begun or not. */
  async end(...ids: string[]): Promise<void> {
    for (const id of ids) {
      const row = await this.fixture.journal.execution(id);
      await this.fixture.journal.commit([this.writer.last(id, (row?.lastSeq ?? 0) + 1)]);
    }
  }

  async grant(atMost = MANY): Promise<readonly string[]> {
    return (await this.fixture.slots.grant(this.workflowId, atMost)).granted;
  }
}

const rules: Record<string, (fixture: SlotFixture) => Promise<void>> = {
  'turns come in the order of arrival, up to the limit': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a, b, c] = await queue.arrive(two, two, two);
    deepEqual(await fixture.slots.grant(queue.workflowId, MANY), { granted: [a, b], waiting: 1 });
    deepEqual(await fixture.slots.grant(queue.workflowId, MANY), { granted: [], waiting: 1 });
    ok(c);
  },
  'the end of an execution makes room for the next, whether it had begun or was canceled before': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a = '', b = '', c = ''] = await queue.arrive(one, one, one);
    deepEqual(await queue.grant(), [a]);
    await queue.begin(a);
    deepEqual(await queue.grant(), []);
    await queue.end(a);
    deepEqual(await queue.grant(), [b]);
    await queue.end(b);
    deepEqual(await queue.grant(), [c]);
  },
  'an execution canceled in the queue gets no turn and holds up nobody': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a = '', b = '', c = ''] = await queue.arrive(one, one, one);
    await queue.end(a, b);
    deepEqual(await fixture.slots.grant(queue.workflowId, MANY), { granted: [c], waiting: 0 });
  },
  'each key has its own places; a full one holds up nobody else': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a, , b, c] = await queue.arrive(keyed('x'), keyed('x'), keyed('y'), keyed(''));
    deepEqual(await queue.grant(), [a, b, c]);
  },
  'workflows do not share keys': async (fixture) => {
    const [first, second] = [await Queue.of(fixture), await Queue.of(fixture, 1)];
    const [a] = await first.arrive(one);
    const other = new Queue(first.writer, fixture, second.workflowId);
    const shared = new Queue(await first.writer.loseShards(), fixture, second.workflowId);
    const [b] = await shared.arrive(one);
    deepEqual([await first.grant(), await other.grant()], [[a], [b]]);
  },
  'the newest limit counts for all who wait': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a, b, c] = await queue.arrive(one, one, { concurrency: { key: '', limit: 3 } });
    deepEqual(await queue.grant(), [a, b, c]);
  },
  'a grant gives at most so many turns': async (fixture) => {
    const queue = await Queue.of(fixture);
    const wide = keyed('', 10);
    const [a, b, c] = await queue.arrive(wide, wide, wide);
    deepEqual([await queue.grant(2), await queue.grant(2)], [[a, b], [c]]);
  },
  'a bucket gives its limit at once, then evenly over the period': async (fixture) => {
    const queue = await Queue.of(fixture);
    const claim = rate(2, 400);
    const [a, b, c, d] = await queue.arrive(claim, claim, claim, claim);
    const first = await fixture.slots.grant(queue.workflowId, MANY);
    deepEqual([first.granted, first.waiting], [[a, b], 2]);
    ok(first.nextInMs !== undefined && first.nextInMs > 0 && first.nextInMs <= 200);
    await fixture.elapse(first.nextInMs + 1);
    deepEqual(await queue.grant(), [c]);
    await fixture.elapse(201);
    deepEqual(await queue.grant(), [d]);
  },
  'a bucket that was left alone is full again, and not fuller': async (fixture) => {
    const queue = await Queue.of(fixture);
    const claim = rate(2, 100);
    await queue.arrive(claim, claim);
    equal((await queue.grant()).length, 2);
    await fixture.elapse(300);
    await queue.arrive(claim, claim, claim);
    equal((await queue.grant()).length, 2);
  },
  'with both limits a turn needs both, and takes of neither unless it gets both': async (fixture) => {
    const queue = await Queue.of(fixture);
    const both = (place: string, bucket: string): SlotClaim => ({ ...keyed(place), ...rate(1, 3_600_000, bucket) });
    const [a = '', b, c] = await queue.arrive(both('x', 'r'), both('x', 's'), both('y', 's'));
    deepEqual(await queue.grant(), [a, c]);
    await queue.begin(a);
    await queue.end(a);
    const after = await fixture.slots.grant(queue.workflowId, MANY);
    deepEqual([after.granted, after.waiting], [[], 1]);
    ok(b);
  },
  'two who grant at the same moment never exceed a limit, and lose no turn': async (fixture) => {
    const queue = await Queue.of(fixture);
    const claim = keyed('', 7);
    const ids = await queue.arrive(...Array.from({ length: 20 }, () => claim));
    const hands = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? fixture.slots : fixture.others));
    const grants = await Promise.all(hands.map((slots) => slots.grant(queue.workflowId, MANY)));
    deepEqual(
      grants.flatMap(({ granted }) => granted).toSorted((a, b) => Number(a) - Number(b)),
      ids.slice(0, 7),
    );
  },
  'whoever has a turn and has not begun is found by its shard, until it begins or ends': async (fixture) => {
    const queue = await Queue.of(fixture);
    const { workflowId } = queue;
    const [a = '', b = ''] = await queue.arrive(two, two, two);
    const [mine, foreign] = fixture.shards;
    deepEqual(await fixture.slots.granted([mine], MANY), []);
    await queue.grant();
    const turns = [a, b].map((executionId) => ({ executionId, workflowId }));
    deepEqual(await fixture.slots.granted([mine, foreign], MANY), turns);
    deepEqual(await fixture.slots.granted([foreign], MANY), []);
    deepEqual(await fixture.slots.granted([mine], 1), turns.slice(0, 1));
    await queue.begin(a);
    await queue.end(b);
    deepEqual(await fixture.slots.granted([mine], MANY), []);
  },
  'queues are listed by workflow, with who still waits': async (fixture) => {
    const queue = await Queue.of(fixture);
    const { workflowId } = queue;
    await queue.arrive(one, one, one);
    await queue.grant();
    const queues = await fixture.slots.queued({ limit: MANY });
    deepEqual(
      queues.filter((each) => each.workflowId === workflowId),
      [{ workflowId, waiting: 2 }],
    );
    deepEqual(
      (await fixture.slots.queued({ afterWorkflowId: workflowId, limit: MANY })).filter(
        (each) => each.workflowId <= workflowId,
      ),
      [],
    );
  },
  'a start that is not committed claims nothing': async (fixture) => {
    const queue = await Queue.of(fixture);
    const keyedCreate = queue.writer.create({ workflowId: queue.workflowId, idempotencyKey: 'k' });
    const ids = [await queue.writer.id(), await queue.writer.id(), await queue.writer.id()];
    const claim = { create: keyedCreate, slot: two, status: 'waiting' } as const;
    const steps = ids.map((id) => queue.writer.first(id, claim));
    const stale = queue.writer.first(await queue.writer.id(), { ...claim, epoch: -1, create: queue.writer.create() });
    const outcomes = await fixture.journal.commit([...steps, stale]);
    deepEqual(
      outcomes.map(({ kind }) => kind),
      ['committed', 'duplicate', 'duplicate', 'fenced'],
    );
    deepEqual(await fixture.slots.grant(queue.workflowId, MANY), { granted: [ids[0]], waiting: 0 });
  },
  'places of executions that ended are tidied up, those of the others stay': async (fixture) => {
    const queue = await Queue.of(fixture);
    const [a = '', b, c] = await queue.arrive(two, two, two);
    deepEqual(await queue.grant(), [a, b]);
    await queue.end(a);
    await fixture.slots.forget(MANY);
    deepEqual(await fixture.slots.grant(queue.workflowId, MANY), { granted: [c], waiting: 0 });
  },
  'keys are any text': async (fixture) => {
    const queue = await Queue.of(fixture);
    const names = ['Ü "quoted"', "o'neil", '{a,b}', 'NULL', '$1', '', ' '];
    const ids = await queue.arrive(...names.map((name) => ({ ...keyed(name), ...rate(1, 3_600_000, name) })));
    deepEqual(await queue.grant(), ids);
  },
};
