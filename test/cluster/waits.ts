import { setTimeout as pause } from 'node:timers/promises';
import { CALL, chain, node, set } from '../recovery/workflows.ts';
import { until } from '../until.ts';
import { LATE_MS_MOST } from './limits.ts';
import type { ClusterSite } from './site.ts';
import { percentile, type Scenario } from './stage.ts';

const STARTERS = 24;
/** Runs before the first look at the memory. */
const WARM_RUNS = 300;
const HEAP_LOOKS = 12;
const HEAP_LOOK_MS = 250;
/** After this long nobody waits for a wait any more. */
const RESUMED_MS_MOST = 60_000;
const MEGABYTE = 1024 * 1024;
/** The promise: what a member needs for all of the waits. */
const GROWTH_MEGABYTES_MOST = 50;

/** Waits over a restart of everything. When all have begun, `startSeconds` have passed; they end within `spreadSeconds`. */
const SIZES = {
  short: { waits: 2_000, startSeconds: 70, spreadSeconds: 10 },
  long: { waits: 10_000, startSeconds: 150, spreadSeconds: 30 },
} as const;

/** Runs that wait until a moment, while every member is stopped and started: all go on, at their time. */
export const manyWaits: Scenario = {
  name: 'waits',
  about: '10,000 waits (2,000 in CI) over a full restart: all resume, p99 late at most 2 s',
  async run(stage) {
    const { site, scale } = stage;
    const { waits, startSeconds, spreadSeconds } = SIZES[scale];
    const id = await publishWait(site);
    // What a member needs for its first runs of all kinds is no matter of waits.
    await startAll(site, id, WARM_RUNS, () => Date.now() + 1_000);
    await until('the first runs have ended', () => allEnded(site, id, WARM_RUNS));
    const before = await memories(site);
    const first = Date.now() + startSeconds * 1_000;
    await startAll(site, id, waits, (index) => first + Math.round((index * spreadSeconds * 1_000) / waits));
    const begun = Math.round(startSeconds - (first - Date.now()) / 1_000);
    stage.measure('seconds to begin the waits', begun);
    let waiting = 0;
    const allWait = async (): Promise<true | undefined> =>
      (waiting = await waitingOf(site, id)) >= waits ? true : undefined;
    const wait = await until('all wait', allWait, startSeconds * 1_000).catch(() => false);
    stage.expect(wait, `${waiting} of ${waits} runs wait`);
    const growth = (await memories(site)).map((bytes, index) => Math.round((bytes - (before[index] ?? 0)) / MEGABYTE));
    stage.measure('growth of the heap in MB', growth.join(' '));
    stage.expect(Math.max(...growth) < GROWTH_MEGABYTES_MOST, `the members grew by ${growth.join(', ')} MB`);
    stage.say('restart of everything');
    await Promise.all(site.members.map(({ program }) => program.kill('SIGTERM')));
    await site.services.postgres.restart();
    await Promise.all(site.members.map(({ program }) => program.start()));
    stage.expect(Date.now() < first, 'the restart took longer than the waits: this proves nothing');
    const all = await until(
      'all have gone on',
      () => allEnded(site, id, WARM_RUNS + waits),
      Math.max(0, first - Date.now()) + spreadSeconds * 1_000 + RESUMED_MS_MOST,
    ).catch(() => false);
    stage.expect(all, 'some waits never end');
    const late = (await lateness(site, id)).filter(({ dueMs }) => dueMs >= first).map(({ lateMs }) => lateMs);
    stage.measure('resumed', late.length);
    stage.measure('late p50 ms', percentile(late, 0.5));
    stage.measure('late p99 ms', percentile(late, 0.99));
    stage.expect(late.length === waits, `${late.length} of ${waits} waits have gone on`);
    stage.expect(percentile(late, 0.99) <= LATE_MS_MOST, `p99 of the lateness is ${percentile(late, 0.99)} ms`);
    await pause(500);
  },
};

async function publishWait(site: ClusterSite): Promise<string> {
  const steps = [
    set('First', { until: '={{ $json.until }}', call: CALL }),
    node('Wait', 'wait', 1.1, { resume: 'specificTime', dateTime: '={{ $json.until }}' }),
    set('Last', { done: 'yes' }),
  ];
  const { id } = await site.ask<{ id: string }>('POST', '/api/v1/workflows', chain('waits', steps));
  return id;
}

async function startAll(site: ClusterSite, id: string, count: number, at: (index: number) => number): Promise<void> {
  let next = 0;
  const starter = async (): Promise<void> => {
    while (next < count) {
      const index = (next += 1) - 1;
      const body = {
        input: { until: new Date(at(index)).toISOString() },
        idempotencyKey: `wait-${index}-${at(index)}`,
      };
      while (!(await site.call(site.member(index), 'POST', `/api/v1/workflows/${id}/execute`, body)).ok)
        await pause(200);
    }
  };
  await Promise.all(Array.from({ length: STARTERS }, starter));
}

async function waitingOf(site: ClusterSite, id: string): Promise<number> {
  const [row] = await site.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM troupe.execution WHERE workflow_id = $1 AND wake_at IS NOT NULL',
    [id],
  );
  return row?.count ?? 0;
}

async function allEnded(site: ClusterSite, id: string, count: number): Promise<true | undefined> {
  const [row] = await site.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM troupe.execution WHERE workflow_id = $1 AND stopped_at IS NOT NULL',
    [id],
  );
  return row?.count === count ? true : undefined;
}

/** From the moment that each wait was to end, which its idempotency key tells, to the end of its run. */
async function lateness(site: ClusterSite, id: string): Promise<{ dueMs: number; lateMs: number }[]> {
  const rows = await site.query<{ stopped: string; due: string }>(
    `SELECT e.stopped_at::text AS stopped, i.key AS due FROM troupe.execution e
       JOIN troupe.idempotency i ON i.execution_id = e.id WHERE e.workflow_id = $1 AND e.stopped_at IS NOT NULL`,
    [id],
  );
  return rows.map(({ stopped, due }) => {
    const dueMs = Number(due.split('-').at(-1));
    return { dueMs, lateMs: Number(stopped) - dueMs };
  });
}

/** Bytes on the heap of each member: the least of several looks, since between two collections it only grows. */
async function memories(site: ClusterSite): Promise<number[]> {
  const least = site.members.map(() => Infinity);
  for (let look = 0; look < HEAP_LOOKS; look += 1) {
    await Promise.all(
      site.members.map(async (member, index) => {
        const { text } = await site.call(member, 'GET', '/metrics');
        const bytes = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1] ?? Infinity);
        least[index] = Math.min(least[index] ?? Infinity, bytes);
      }),
    );
    await pause(HEAP_LOOK_MS);
  }
  return least;
}
