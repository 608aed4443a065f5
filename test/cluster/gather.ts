import { setTimeout as pause } from 'node:timers/promises';
import type { Evidence } from '../recovery/auditor.ts';
import { gather } from '../recovery/evidence.ts';
import type { RowWatch } from '../recovery/rows.ts';
import type { Stub } from '../recovery/stub.ts';
import type { Published } from '../recovery/workflows.ts';
import type { Heard, History, JournalRow } from './history.ts';
import { CLEAR_MS, CONNECTIONS_OF_A_MEMBER } from './limits.ts';
import type { Accepted } from './load.ts';
import type { ClusterSite } from './site.ts';

/** What a chapter was about: only what began in it is audited. */
export interface Chapter {
  readonly site: ClusterSite;
  readonly stub: Stub;
  readonly watch: RowWatch;
  /** Workflows that are called, and those that these call. */
  readonly workloads: readonly Published[];
  /** Runs of it have exactly one child each. */
  readonly parent: string;
  /** Executions that were there before it began; ids say nothing about that, since members draw them in blocks. */
  readonly earlier: ReadonlySet<string>;
  readonly firstEffect: number;
}

/** Evidence of a chapter for the auditor of runs: rows, journals, effects. */
export async function evidenceOf(chapter: Chapter, accepted: readonly Accepted[]): Promise<Evidence> {
  const { site, stub, watch, workloads, earlier } = chapter;
  const ours = new Set(workloads.map(({ workflowId }) => workflowId));
  const within = (row: { id: string; workflowId: string }): boolean => !earlier.has(row.id) && ours.has(row.workflowId);
  const rows = async (): ReturnType<RowWatch['rows']> => (await watch.rows()).filter(within);
  const firstEnds = new Map([...watch.firstEnds].filter(([, { row }]) => within(row)));
  const effects = { ...stub, calls: stub.calls.slice(chapter.firstEffect) };
  return gather({ site, stub: effects, watch: { rows, firstEnds }, workloads }, accepted);
}

/** Evidence of a chapter for the auditor of members: epochs, sockets, what is left. */
export async function historyOf(chapter: Chapter, heard: readonly Heard[]): Promise<History> {
  const { site, earlier } = chapter;
  const rows = await journalRows(chapter);
  const lasts = await site.query<{ id: string; last_seq: number }>('SELECT id::text, last_seq FROM troupe.execution');
  const parents = await site.query<{ id: string; children: number }>(
    `SELECT e.id::text, (SELECT count(*)::int FROM troupe.execution c WHERE c.parent_id = e.id) AS children
       FROM troupe.execution e WHERE e.workflow_id = $1`,
    [chapter.parent],
  );
  return {
    rows,
    heard,
    lastSeqs: new Map(lasts.map(({ id, last_seq }) => [id, last_seq])),
    children: new Map(parents.filter(({ id }) => !earlier.has(id)).map(({ id, children }) => [id, children])),
    left: await leftovers(site),
    actors: await executionActors(site),
    bounds: await bounds(site),
  };
}

async function journalRows({ site, earlier }: Chapter): Promise<JournalRow[]> {
  type Found = Omit<JournalRow, 'executionId'> & { id: string };
  const found = await site.query<Found>(
    `SELECT execution_id::text AS id, seq, count, shard, epoch, (xmin::text)::float8 AS transaction
       FROM troupe.journal`,
  );
  return found.filter(({ id }) => !earlier.has(id)).map(({ id, ...row }) => ({ ...row, executionId: id }));
}

/** As it is at once; only events have until CLEAR_MS, since their relay pauses while the broker is away. */
async function leftovers(site: ClusterSite): Promise<Record<string, number>> {
  const atOnce = await leftNow(site);
  const until = performance.now() + CLEAR_MS;
  let events = atOnce[EVENTS] ?? 0;
  while (events > 0 && performance.now() < until) {
    await pause(500);
    events = (await leftNow(site))[EVENTS] ?? 0;
  }
  return { ...atOnce, [EVENTS]: events };
}

const EVENTS = 'events in the outbox';

async function leftNow(site: ClusterSite): Promise<Record<string, number>> {
  const [row] = await site.query<Record<string, number>>(
    `SELECT (SELECT count(*)::int FROM troupe.execution WHERE stopped_at IS NULL) AS executions,
            (SELECT count(*)::int FROM troupe.timer) AS timers,
            (SELECT count(*)::int FROM troupe.inbox WHERE NOT done) AS "messages in inboxes",
            (SELECT count(*)::int FROM troupe.outbox) AS "${EVENTS}"`,
  );
  return row ?? {};
}

async function executionActors(site: ClusterSite): Promise<string[]> {
  const lists = await Promise.all(
    site.alive.map(async (member) => {
      const { ok, text } = await site.call(member, 'GET', '/api/v1/actors');
      if (!ok) return [`${member.name} does not show its actors`];
      const { data }: { data: { kind: string; path: string }[] } = JSON.parse(text);
      return data.filter(({ kind }) => kind === 'execution').map(({ path }) => `${member.name} ${path}`);
    }),
  );
  return lists.flat();
}

async function bounds(site: ClusterSite): Promise<History['bounds']> {
  const [row] = await site.query<{ found: number }>(
    `SELECT count(*)::int AS found FROM pg_stat_activity WHERE backend_type = 'client backend'`,
  );
  const members = site.members.length;
  const open = (link: 'rabbitmq' | 'consul'): number =>
    site.members.reduce((sum, { links }) => sum + links[link].connections, 0);
  return [
    ['connections to PostgreSQL', row?.found ?? 0, members * CONNECTIONS_OF_A_MEMBER + 4],
    ['connections to RabbitMQ', open('rabbitmq'), members * 3],
    ['connections to Consul', open('consul'), members * 8],
  ];
}
