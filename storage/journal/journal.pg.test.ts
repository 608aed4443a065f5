import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JournalEvent, Step } from '#runtime';
import { openBench, until, type Bench } from '../testing.ts';

const FENCED = { kind: 'fenced' } as const;
const COMMITTED = { kind: 'committed' } as const;
/** Asked outside of any transaction: inside one the answer is a snapshot that never changes. */
const WAITING = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;

function finished(seq: number, note: string): JournalEvent {
  return { seq, event: { type: 'node.finished', at: 1_001, node: 'Set', run: 0, outputs: [[{ json: { note } }]] } };
}

/** Text that does not compress, so that its size on disk is known. */
function noise(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(Math.min(bytes, 65_536)))).toString('base64');
}

describe('the journal on PostgreSQL', () => {
  let bench: Bench;
  before(async () => void (bench = await openBench()));
  after(() => bench.dispose());

  const rowsOf = async (executionId: string) => {
    const { rows } = await bench.pool.query<{ seq: number; count: number; encoding: number }>(
      'SELECT seq, count, encoding FROM troupe.journal WHERE execution_id = $1 ORDER BY seq',
      [executionId],
    );
    return rows;
  };
  const oneOf = async <R extends object>(sql: string, values: unknown[] = []): Promise<R | undefined> =>
    (await bench.pool.query<R>(sql, values)).rows[0];

  test('all events of a step share one row', async () => {
    const step = await bench.first();
    const events = [...step.events, finished(2, 'a'), finished(3, 'b')];
    await bench.journal.commit([{ ...step, events }]);
    deepEqual(await rowsOf(step.executionId), [{ seq: 1, count: 3, encoding: 0 }]);
    deepEqual(await bench.journal.read(step.executionId), events);
    deepEqual(await bench.journal.read(step.executionId, { afterSeq: 1, limit: 1 }), [events[1]]);
  });

  test('a large event gets a row of its own, its neighbours share theirs, and all come back in order', async () => {
    const step = await bench.first();
    const events = [...step.events, finished(2, 'x'), finished(3, 'y'.repeat(70_000)), finished(4, 'z')];
    await bench.journal.commit([{ ...step, events }]);
    deepEqual(await rowsOf(step.executionId), [
      { seq: 1, count: 2, encoding: 0 },
      { seq: 3, count: 1, encoding: 1 },
      { seq: 4, count: 1, encoding: 0 },
    ]);
    for (const afterSeq of [0, 1, 2, 3, 4]) {
      deepEqual(await bench.journal.read(step.executionId, { afterSeq }), events.slice(afterSeq));
    }
  });

  test('what stays over a mebibyte when compressed lies in a blob, once for equal contents', async () => {
    const big = Array.from({ length: 30 }, () => noise(65_536)).join('');
    const [one, two] = [await bench.first(), await bench.first()];
    const events = [...one.events, finished(2, big)];
    await bench.journal.commit([
      { ...one, events },
      { ...two, events },
    ]);
    deepEqual(
      (await rowsOf(one.executionId)).map(({ encoding }) => encoding),
      [0, 2],
    );
    deepEqual(await bench.journal.read(two.executionId), events);
    equal((await oneOf<{ n: number }>('SELECT count(*)::int AS n FROM troupe.blob'))?.n, 1);
  });

  test('a row whose blob is gone is reported as corrupt, not skipped', async () => {
    const step = await bench.first();
    const big = Array.from({ length: 30 }, () => noise(65_536)).join('');
    await bench.journal.commit([{ ...step, events: [...step.events, finished(2, big)] }]);
    await bench.pool.query('DELETE FROM troupe.blob');
    await rejects(bench.journal.read(step.executionId), { code: 'JOURNAL_CORRUPT' });
  });

  test('a batch of every kind of part is one commit', async () => {
    const target = await bench.first();
    const running = await bench.first();
    await bench.journal.commit([target, running]);
    await bench.journal.deliver({ executionId: running.executionId, messageId: 'in', kind: 'signal', payload: 1 });
    const fresh = await bench.first();
    const child = await bench.first();
    const timer = {
      id: `${fresh.executionId}:t`,
      shard: fresh.shard,
      executionId: fresh.executionId,
      fireAt: 5,
      kind: 'wait',
    } as const;
    const outbox = [
      {
        id: 'o1',
        type: 'execution.started',
        aggregateId: '1',
        aggregateType: 'execution',
        timestamp: 1,
        version: 1,
        payload: {},
        metadata: {},
      },
    ];
    const idempotencyKey = 'all-parts';
    const before = await oneOf<{ n: string }>('SELECT pg_current_xact_id()::text AS n');
    const outcomes = await bench.journal.commit([
      {
        ...fresh,
        create: { ...fresh.create, idempotencyKey } as Step['create'] & object,
        timersSet: [timer],
        outbox,
        staticData: { global: { a: 1 } },
        children: [child],
      },
      bench.next(running, {
        events: [finished(2, 'r')],
        inboxDone: ['in'],
        timersDone: ['none'],
        deliver: [
          { executionId: target.executionId, messageId: 'm', kind: 'child', payload: { x: 1 } },
          { executionId: child.executionId, messageId: 'c', kind: 'signal', payload: null },
        ],
      }),
    ]);
    const afterwards = await oneOf<{ n: string }>('SELECT pg_current_xact_id()::text AS n');
    deepEqual(outcomes, [COMMITTED, COMMITTED]);
    equal(Number(afterwards?.n) - Number(before?.n), 2, 'one transaction between two looks');
    deepEqual(await bench.journal.timers([fresh.shard], 10, 10), [timer]);
    equal((await bench.journal.inbox(target.executionId)).length, 1);
    equal((await bench.journal.inbox(child.executionId)).length, 1, 'a child of the same batch is a valid target');
    deepEqual(await bench.journal.inbox(running.executionId), []);
    equal(
      (await oneOf<{ value: string }>(`SELECT value FROM troupe.static_data WHERE key = 'global'`))?.value,
      '{"a":1}',
    );
    equal((await oneOf<{ n: number }>('SELECT count(*)::int AS n FROM troupe.outbox'))?.n, 1);
  });

  test('two runs of a workflow that set the same static data in one batch: the later step wins', async () => {
    const [one, two] = [await bench.first({ staticData: { k: 1 } }), await bench.first({ staticData: { k: 2 } })];
    deepEqual(await bench.journal.commit([one, two]), [COMMITTED, COMMITTED]);
    equal((await oneOf<{ value: string }>(`SELECT value FROM troupe.static_data WHERE key = 'k'`))?.value, '2');
  });

  test('one step that contradicts the journal is refused alone, its batch is committed', async () => {
    const [old, fresh] = [await bench.first(), await bench.first()];
    await bench.journal.commit([old]);
    const outcomes = await bench.journal.commit([bench.next(old, { events: [finished(7, 'gap')] }), fresh]);
    deepEqual(outcomes, [FENCED, COMMITTED]);
    equal((await bench.journal.execution(fresh.executionId))?.lastSeq, 1);
  });

  test('a lost key leaves nothing of its step: no row, no event, no child, no timer', async () => {
    const key = {
      workflowId: 'w1',
      workflowVersion: 1,
      mode: 'webhook',
      startedAt: 1,
      idempotencyKey: 'lost',
    } as const;
    const [winner, loser, child] = [
      await bench.first({ create: key }),
      await bench.first({ create: key }),
      await bench.first(),
    ];
    await bench.journal.commit([winner]);
    const timersSet = [
      { id: 'lost', shard: loser.shard, executionId: loser.executionId, fireAt: 1, kind: 'wait' } as const,
    ];
    const outcome = await bench.journal.commit([{ ...loser, children: [child], timersSet }]);
    deepEqual(outcome, [{ kind: 'duplicate', executionId: winner.executionId }]);
    for (const { executionId } of [loser, child]) {
      equal(await bench.journal.execution(executionId), undefined);
      deepEqual(await bench.journal.read(executionId), []);
    }
    equal(await oneOf(`SELECT 1 FROM troupe.timer WHERE id = 'lost'`), undefined);
  });

  test('a commit whose connection dies is JOURNAL_UNKNOWN, and the next one works', async () => {
    const blocker = await bench.pool.connect();
    const step = await bench.first();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM troupe.shard WHERE id = $1 FOR UPDATE', [step.shard]);
    const commit = bench.journal.commit([step]);
    const expected = rejects(commit, { code: 'JOURNAL_UNKNOWN' });
    await until(
      async () =>
        (
          await bench.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'WITH held%'`)
        ).rowCount,
    );
    await expected;
    await blocker.query('ROLLBACK');
    blocker.release();
    deepEqual(await bench.journal.commit([step]), [COMMITTED]);
  });

  test('a zombie whose commit waits for a takeover sees the new epoch and writes nothing', async () => {
    const step = await bench.first();
    const taker = await bench.pool.connect();
    await taker.query('BEGIN');
    await taker.query('UPDATE troupe.shard SET epoch = epoch + 1 WHERE id = $1', [step.shard]);
    const commit = bench.journal.commit([step]);
    await taker.query('COMMIT');
    deepEqual(await commit, [FENCED]);
    equal(await bench.journal.execution(step.executionId), undefined);
    await taker.query('UPDATE troupe.shard SET epoch = epoch - 1 WHERE id = $1', [step.shard]);
    taker.release();
  });

  test('a takeover waits for a commit under way, so the new owner reads all of it', async () => {
    const step = await bench.first();
    const holder = await bench.pool.connect();
    const taker = await bench.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM troupe.shard WHERE id = $1 FOR SHARE', [step.shard]);
    let taken = false;
    const claim = taker
      .query('UPDATE troupe.shard SET epoch = epoch WHERE id = $1', [step.shard])
      .then(() => (taken = true));
    await until(async () => (await bench.pool.query(WAITING)).rowCount);
    equal(taken, false);
    await holder.query('COMMIT');
    await claim;
    holder.release();
    taker.release();
  });

  test('a malformed step is refused before anything is written', async () => {
    const [good, bad] = [await bench.first(), await bench.first({ status: 'success' })];
    await rejects(bench.journal.commit([good, bad]), { code: 'JOURNAL_STEP_INVALID' });
    const nul = await bench.first({ outbox: [], inboxDone: ['\0'] });
    await rejects(bench.journal.commit([good, nul]), { code: 'JOURNAL_STEP_INVALID' });
    equal(await bench.journal.execution(good.executionId), undefined);
  });

  test('a database that is away makes commits JOURNAL_UNREACHABLE: nothing was sent', async () => {
    const { openPool } = await import('../pool.ts');
    const { PostgresJournal } = await import('./journal.ts');
    const { SILENT } = await import('../log.ts');
    const pool = openPool({ host: '127.0.0.1', port: 1 }, 1, SILENT);
    const journal = new PostgresJournal(pool, bench.blobs, SILENT);
    await rejects(journal.commit([await bench.first()]), { code: 'JOURNAL_UNREACHABLE' });
    await rejects(journal.read('1'), { code: 'STORAGE_UNAVAILABLE' });
    await pool.end();
  });

  test('an id whose partition was dropped gets it back', async () => {
    const far = await bench.first({ executionId: String(2 ** 40), shard: 0 });
    deepEqual(await bench.journal.commit([far]), [COMMITTED]);
    equal((await bench.journal.read(far.executionId)).length, 1);
  });

  test('a batch of 1,500 executions is committed whole, over several statements', async () => {
    const steps = await Promise.all(
      Array.from({ length: 1_500 }, () => bench.first({ status: 'success', stoppedAt: 2 })),
    );
    const outcomes = await bench.journal.commit(steps);
    ok(outcomes.every(({ kind }) => kind === 'committed'));
    equal((await bench.journal.execution(steps[1_499]?.executionId ?? ''))?.status, 'success');
  });
});
