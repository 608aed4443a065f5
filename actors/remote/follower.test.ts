import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent, WebhookResponse } from '#workflow';
import { SimulatedClock, type ExecutionRecord, type JournalEvent, type StepOutcome } from '#runtime';
import { Handles } from '../company/handles.ts';
import type { RunReport } from '../engine.ts';
import { Follower } from './follower.ts';
import { REMOTE_LIMITS } from './limits.ts';
import { now } from './world.ts';

const response: WebhookResponse = { status: 200, headers: {}, body: { kind: 'text', value: 'hello' } };

/** Rows and events as another member commits them, and how often they were asked for. */
function scene() {
  const clock = new SimulatedClock();
  const handles = new Handles();
  const rows = new Map<string, ExecutionRecord>();
  const events = new Map<string, JournalEvent[]>();
  const asked: (readonly string[])[] = [];
  let away = false;
  const watched = new Map<string, () => void>();
  const follower = new Follower({
    clock,
    handles,
    journal: {
      execution: async (id) => rows.get(id),
      executions: async (ids) => {
        asked.push(ids);
        if (away) throw new Error('the database is away');
        return ids.flatMap((id) => rows.get(id) ?? []);
      },
      read: async (id, { afterSeq = 0 } = {}) => (events.get(id) ?? []).filter(({ seq }) => seq > afterSeq),
    },
    reportOf: async (executionId): Promise<RunReport | undefined> => {
      const row = rows.get(executionId);
      return row && { ...row, executionId, runData: new Map() };
    },
    later: (ms, act) => void clock.after(ms, act),
    news: {
      watch(id, told) {
        watched.set(id, told);
        return () => void watched.delete(id);
      },
    },
  });
  function put(id: string, status: ExecutionRecord['status'], lastSeq: number): void {
    const head = { id, shard: 0, workflowId: 'w', workflowVersion: 1, mode: 'webhook', startedAt: 0 } as const;
    const ended = status !== 'running' && status !== 'waiting';
    rows.set(id, { ...head, recoveries: 0, status, lastSeq, ...(ended && { stoppedAt: 5 }) });
  }
  function respond(id: string, seq: number): void {
    const event: RunEvent = { type: 'node.finished', at: 1, node: 'R', run: 0, outputs: [[]], response };
    events.set(id, [...(events.get(id) ?? []), { seq, event }]);
  }
  const cut = (now: boolean): void => void (away = now);
  return { clock, handles, follower, put, respond, asked, watched, cut };
}

test('the row says accepted, its events the answer, its end the end', async () => {
  const { clock, handles, follower, put, respond } = scene();
  const handle = handles.open('1');
  put('1', 'running', 2);
  follower.follow('1');
  await clock.advance(0);
  assert.deepEqual(await now(handle.accepted), { executionId: '1', duplicate: false });
  respond('1', 3);
  put('1', 'running', 3);
  await clock.advance(REMOTE_LIMITS.FOLLOW_LAST_MS);
  assert.equal(await now(handle.responded), response);
  put('1', 'success', 4);
  await clock.advance(REMOTE_LIMITS.FOLLOW_LAST_MS);
  assert.equal((await now(handle.ended)).status, 'success');
  assert.equal(follower.size, 0);
});

test('an answer and an end that came in one go are both told', async () => {
  const { clock, handles, follower, put, respond } = scene();
  const handle = handles.open('1');
  respond('1', 3);
  put('1', 'error', 4);
  follower.follow('1');
  await clock.advance(0);
  assert.equal(await now(handle.responded), response);
  assert.equal((await now(handle.ended)).status, 'error');
});

test('the wait that a caller has just ended is not told to it as the end; the next one is', async () => {
  const { clock, handles, follower, put, respond } = scene();
  respond('1', 2);
  put('1', 'waiting', 4);
  const handle = handles.open('1', 4);
  follower.follow('1');
  await clock.advance(10_000);
  assert.equal(follower.size, 1);
  put('1', 'waiting', 9);
  await clock.advance(REMOTE_LIMITS.FOLLOW_LAST_MS);
  assert.equal((await now(handle.ended)).status, 'waiting');
  assert.equal(await now(handle.responded), undefined, 'an answer from before the call is not its answer');
});

test('looks grow rarer while nothing happens, and news make one at once', async () => {
  const { clock, handles, follower, put, asked, watched } = scene();
  const handle = handles.open('1');
  put('1', 'running', 1);
  follower.follow('1');
  await clock.advance(20_000);
  const looks = asked.length;
  assert.ok(looks >= 9 && looks <= 13, `${looks} looks in 20 s`);
  put('1', 'success', 2);
  watched.get('1')?.();
  await clock.advance(0);
  assert.equal((await now(handle.ended)).status, 'success');
  assert.equal(watched.size, 0);
});

test('many executions are one query', async () => {
  const { clock, handles, follower, put, asked } = scene();
  for (let n = 1; n <= 300; n += 1) {
    handles.open(String(n));
    put(String(n), 'running', 1);
    follower.follow(String(n));
  }
  await clock.advance(0);
  assert.deepEqual(
    asked.map((ids) => ids.length),
    [300],
  );
});

test('a database that is away is asked again until it answers', async () => {
  const { clock, handles, follower, put, cut } = scene();
  const handle = handles.open('1');
  put('1', 'success', 2);
  cut(true);
  follower.follow('1');
  await clock.advance(30_000);
  assert.equal(follower.size, 1);
  cut(false);
  await clock.advance(REMOTE_LIMITS.FOLLOW_LAST_MS);
  assert.equal((await now(handle.ended)).status, 'success');
});

test('without a row, and with nothing of ours under way, the start was not accepted', async () => {
  const { clock, handles, follower } = scene();
  const handle = handles.open('1');
  follower.follow('1');
  await clock.advance(100);
  await assert.rejects(now(handle.accepted), { code: 'EXECUTION_NOT_ACCEPTED' });
});

const outcomes: [string, () => Promise<StepOutcome | undefined>, string, number][] = [
  ['was refused', async () => ({ kind: 'fenced' }), 'EXECUTION_NOT_ACCEPTED', 0],
  ['had an unknown end', () => Promise.reject(new Error('lost')), 'EXECUTION_MOVED', REMOTE_LIMITS.FOLLOW_ABSENT_MS],
  ['never ends', () => new Promise(() => {}), 'EXECUTION_MOVED', REMOTE_LIMITS.FOLLOW_ABSENT_MS],
];
for (const [what, own, code, afterMs] of outcomes) {
  test(`without a row, and with a start whose commit ${what}: ${code} after ${afterMs} ms`, async () => {
    const { clock, handles, follower } = scene();
    const handle = handles.open('1');
    follower.follow('1', own());
    if (afterMs > 0) {
      await clock.advance(afterMs - 3_000);
      assert.equal(follower.size, 1);
    }
    await clock.advance(6_000);
    await assert.rejects(now(handle.accepted), { code });
    assert.equal(follower.size, 0);
  });
}

test('a start under way that turns out a duplicate names the first execution', async () => {
  const { clock, handles, follower } = scene();
  const handle = handles.open('2');
  const { promise, resolve } = Promise.withResolvers<StepOutcome>();
  follower.follow('2', promise);
  await clock.advance(3_000);
  resolve({ kind: 'duplicate', executionId: '1' });
  await clock.advance(REMOTE_LIMITS.FOLLOW_LAST_MS);
  assert.deepEqual(await now(handle.accepted), { executionId: '1', duplicate: true });
  assert.equal(follower.size, 0);
});

test('what nobody waits for is not followed, and what nobody waits for any more is let go', async () => {
  const { clock, handles, follower, put, asked } = scene();
  follower.follow('1');
  assert.equal(follower.size, 0);
  handles.open('1');
  put('1', 'running', 1);
  follower.follow('1');
  follower.follow('1');
  await clock.advance(0);
  handles.ended({
    executionId: '1',
    workflowId: 'w',
    workflowVersion: 1,
    mode: 'webhook',
    status: 'success',
    startedAt: 0,
    runData: new Map(),
  });
  await clock.advance(60_000);
  assert.equal(follower.size, 0);
  assert.equal(asked.length, 1);
  assert.equal(clock.pending, 0);
});

test('a caller that comes while others wait is told apart from them by one look first', async () => {
  const { clock, handles, follower, put } = scene();
  const first = handles.open('1');
  put('1', 'running', 1);
  follower.follow('1');
  await clock.advance(0);
  put('1', 'waiting', 4);
  const looking = follower.look('1');
  await clock.advance(0);
  await now(looking);
  assert.equal((await now(first.ended)).status, 'waiting');
  assert.notEqual(handles.open('1', 4).ended, first.ended);
});
