import { setTimeout as pause } from 'node:timers/promises';
import { node } from '../recovery/workflows.ts';
import { until } from '../until.ts';
import type { ClusterSite } from './site.ts';
import type { Scenario } from './stage.ts';

const SECOND_MS = 1_000;
const KILL_EVERY_MS = 5_000;
/** A due time that a dead member missed is made up for within this time. */
const MADE_UP_MS_MOST = 15_000;

/** Due times that have an execution, in ms: the last part of the key that makes them unique. */
async function duesOf(site: ClusterSite, workflowId: string): Promise<number[]> {
  const rows = await site.query<{ due: string }>(
    `SELECT substring(key FROM '[0-9]+$') AS due FROM troupe.idempotency WHERE workflow_id = $1 ORDER BY 1`,
    [workflowId],
  );
  return rows.map(({ due }) => Number(due)).toSorted((one, other) => one - other);
}

/** A schedule each second while a member is killed every five: one execution for each due time, and none is missing. */
export const everySecond: Scenario = {
  name: 'schedule',
  about: 'a schedule each second, a member killed every 5 s: exactly one execution per due time',
  async run(stage) {
    const { site, scale } = stage;
    const trigger = node('Each second', 'scheduleTrigger', 1.2, {
      rule: { interval: [{ field: 'seconds', secondsInterval: 1 }] },
    });
    const json = {
      name: 'each second',
      nodes: [{ ...trigger, id: 'each-second', position: [0, 0] }],
      connections: {},
      settings: { executionOrder: 'v1' },
    };
    const { id } = await site.ask<{ id: string }>('POST', '/api/v1/workflows', json);
    await site.ask('POST', `/api/v1/workflows/${id}/activate`);
    await until('the first due time', async () => ((await duesOf(site, id)).length > 0 ? true : undefined));
    const kills = scale === 'short' ? 4 : 24;
    for (let round = 0; round < kills; round += 1) {
      const victim = site.member(round);
      await stage.kill(victim);
      victim.program.launch();
      await pause(KILL_EVERY_MS);
    }
    await Promise.all(site.members.map(({ program }) => program.ready()));
    const now = Date.now();
    const caughtUp = async (): Promise<true | undefined> =>
      ((await duesOf(site, id)).at(-1) ?? 0) >= now ? true : undefined;
    const done = await until('all due times so far', caughtUp, MADE_UP_MS_MOST).catch(() => false);
    stage.expect(done, 'the schedule does not catch up');
    await site.ask('POST', `/api/v1/workflows/${id}/deactivate`);
    await pause(2 * SECOND_MS);
    const dues = await duesOf(site, id);
    const [first = 0] = dues;
    const missing = dues.slice(1).flatMap((due, index) => {
      const before = dues[index] ?? first;
      return due - before > SECOND_MS
        ? [`${(due - before) / SECOND_MS - 1} after ${new Date(before).toISOString()}`]
        : [];
    });
    const [row] = await site.query<{ runs: number }>(
      'SELECT count(*)::int AS runs FROM troupe.execution WHERE workflow_id = $1',
      [id],
    );
    stage.measure('due times', dues.length);
    stage.expect(missing.length === 0, `due times are missing: ${missing.join(', ')}`);
    stage.expect(row?.runs === dues.length, `${row?.runs} executions for ${dues.length} due times`);
  },
};
