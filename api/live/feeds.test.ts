import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { liveEvent, type LiveEvent } from '#transport';
import type { ExecutionRecord, JournalEvent } from '#runtime';
import { RunFeed } from './run-feed.ts';
import { WorkflowFeed } from './workflow-feed.ts';

/** Journals of several executions, and what is known of them live. */
class World {
  readonly journals = new Map<string, JournalEvent[]>();
  readonly ended = new Set<string>();
  readonly startedAt = new Map<string, number>();

  append(id: string, last = false): LiveEvent | undefined {
    if (this.ended.has(id)) return undefined;
    const events = this.journals.get(id) ?? [];
    this.journals.set(id, events);
    const seq = events.length + 1;
    const event: JournalEvent['event'] = last
      ? { type: 'execution.finished', at: seq }
      : { type: 'node.started', at: seq, node: 'N', run: 0, attempt: 1 };
    if (last) this.ended.add(id);
    events.push({ seq, event });
    return liveEvent(id, 'w', seq, event);
  }

  read = async (id: string, { afterSeq = 0, limit = Infinity } = {}): Promise<JournalEvent[]> =>
    (this.journals.get(id) ?? []).slice(afterSeq, afterSeq + limit);

  execution = async (id: string): Promise<ExecutionRecord | undefined> => {
    const lastSeq = this.journals.get(id)?.length;
    const status = this.ended.has(id) ? 'success' : 'running';
    const head = { id, shard: 0, workflowId: 'w', workflowVersion: 1, mode: 'manual', recoveries: 0 } as const;
    return lastSeq === undefined ? undefined : { ...head, status, lastSeq, startedAt: this.startedAt.get(id) ?? 1 };
  };

  list = async () => ({
    rows: [...this.journals.keys()]
      .toSorted((a, b) => Number(b) - Number(a))
      .map((id) => ({
        id,
        workflowId: 'w',
        mode: 'webhook',
        status: this.ended.has(id) ? ('success' as const) : ('running' as const),
        startedAt: 1,
      })),
  });
}

function feedOf(world: World, afterSeq = 0, data = false) {
  const sent: LiveEvent[] = [];
  const sink = (event: LiveEvent): void => void sent.push(event);
  const feed = new RunFeed('1', 'w', afterSeq, { journal: { read: world.read }, sink, data, pageRows: 3 });
  return { feed, sent, seqs: () => sent.map(({ seq }) => seq) };
}

test('catching up reads page after page until there is no more', async () => {
  const world = new World();
  for (let count = 0; count < 7; count += 1) world.append('1');
  const { feed, seqs } = feedOf(world, 1);
  await feed.catchUp();
  assert.deepEqual(seqs(), [2, 3, 4, 5, 6, 7]);
});

test('an event that was sent already is not sent again', async () => {
  const world = new World();
  const first = world.append('1');
  const { feed, seqs } = feedOf(world);
  await feed.catchUp();
  assert.ok(first);
  await feed.take(first);
  assert.deepEqual(seqs(), [1]);
});

test('a gap is filled from the journal before the event after it', async () => {
  const world = new World();
  world.append('1');
  world.append('1');
  const third = world.append('1');
  const { feed, seqs } = feedOf(world);
  assert.ok(third);
  await feed.take(third);
  assert.deepEqual(seqs(), [1, 2, 3]);
});

test('a feed has ended when the last event of the run was sent', async () => {
  const world = new World();
  world.append('1');
  const { feed } = feedOf(world);
  await feed.catchUp();
  assert.equal(feed.ended, false);
  world.append('1', true);
  await feed.deliver({ kind: 'resync' });
  assert.equal(feed.ended, true);
});

test('with data the event is the one of the journal', async () => {
  const world = new World();
  const live = world.append('1');
  const { feed, sent } = feedOf(world, 0, true);
  assert.ok(live);
  await feed.take(live);
  assert.deepEqual(sent, [{ executionId: '1', workflowId: 'w', seq: 1, ...world.journals.get('1')?.[0]?.event }]);
});

const deed = fc.record({
  id: fc.constantFrom('1', '2', '3'),
  what: fc.constantFrom('event', 'event', 'event', 'lost', 'late', 'resync', 'end'),
});

test('whatever the hub drops, repeats or reorders, a run feed sends every event once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 60 }), async (deeds) => {
      const world = new World();
      const { feed, seqs } = feedOf(world);
      const late: LiveEvent[] = [];
      for (const { what } of deeds) {
        if (what === 'resync') await feed.deliver({ kind: 'resync' });
        else {
          const event = world.append('1', what === 'end');
          if (event === undefined || what === 'lost') continue;
          if (what === 'late') late.push(event);
          else await feed.deliver({ kind: 'events', events: [event, event, ...late.splice(0)] });
        }
      }
      await feed.catchUp();
      assert.deepEqual(
        seqs(),
        (world.journals.get('1') ?? []).map(({ seq }) => seq),
      );
    }),
    { numRuns: 200 },
  );
});

test('a workflow feed sends, of every execution, events once and in order without gaps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { maxLength: 60 }), async (deeds) => {
      const world = new World();
      const sent: LiveEvent[] = [];
      const feed = new WorkflowFeed('w', {
        journal: world,
        executions: { list: world.list },
        sink: (event) => void sent.push(event),
        data: false,
        pageRows: 3,
        positions: 10,
      });
      await feed.begin(0);
      for (const { id, what } of deeds) {
        if (what === 'resync') await feed.deliver({ kind: 'resync' });
        else {
          const event = world.append(id, what === 'end');
          if (event !== undefined && what !== 'lost') await feed.deliver({ kind: 'events', events: [event] });
        }
      }
      for (const id of world.journals.keys()) {
        const seqs = sent.filter((event) => event.executionId === id).map(({ seq }) => seq);
        const first = seqs[0] ?? 1;
        assert.deepEqual(
          seqs,
          seqs.map((_, index) => first + index),
        );
      }
    }),
    { numRuns: 200 },
  );
});

test('a workflow feed that begins after a seq replays the executions that have not ended', async () => {
  const world = new World();
  for (const id of ['1', '2']) for (let count = 0; count < 3; count += 1) world.append(id);
  world.append('1', true);
  const sent: string[] = [];
  const feed = new WorkflowFeed('w', {
    journal: world,
    executions: { list: world.list },
    sink: (event) => void sent.push(`${event.executionId}/${event.seq}`),
    data: false,
    pageRows: 3,
    positions: 10,
  });
  await feed.begin(1);
  assert.deepEqual(sent, ['2/2', '2/3']);
});

test('after falling behind, executions that began meanwhile are read from their start', async () => {
  const world = new World();
  const sent: string[] = [];
  const feed = new WorkflowFeed('w', {
    journal: world,
    executions: { list: world.list },
    sink: (event) => void sent.push(`${event.executionId}/${event.seq}`),
    data: false,
    pageRows: 3,
    positions: 10,
  });
  const first = world.append('5');
  assert.ok(first);
  await feed.deliver({ kind: 'events', events: [first] });
  world.append('6');
  world.append('6', true);
  await feed.deliver({ kind: 'resync' });
  assert.deepEqual(sent, ['5/1', '6/1', '6/2']);
});

test('positions are bounded: the execution followed longest is dropped first, and read on from there when it moves', async () => {
  const world = new World();
  const sent: string[] = [];
  const feed = new WorkflowFeed('w', {
    journal: world,
    executions: { list: world.list },
    sink: (event) => void sent.push(`${event.executionId}/${event.seq}`),
    data: false,
    pageRows: 3,
    positions: 2,
  });
  for (const id of ['1', '2', '3']) {
    const event = world.append(id);
    assert.ok(event);
    await feed.deliver({ kind: 'events', events: [event] });
  }
  world.append('1');
  world.append('3');
  await feed.deliver({ kind: 'resync' });
  assert.deepEqual(sent, ['1/1', '2/1', '3/1', '3/2', '1/2']);
});
