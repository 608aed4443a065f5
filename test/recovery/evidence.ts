import { setTimeout as pause } from 'node:timers/promises';
import type { Evidence, Fact, Row } from './auditor.ts';
import type { RowWatch } from './rows.ts';
import type { Site } from './site.ts';
import type { Stub } from './stub.ts';
import type { Published, Workload } from './workflows.ts';

const LOOK_EVERY_MS = 100;
const FACTS_PER_CALL = 1_000;
const READERS = 8;

/** Who answers calls that must succeed: a member at rest. */
export type Answerer = Pick<Site, 'ask'>;

/** What is under test: the member's place, what it acts on, who watches it, and what it performs. */
export interface Scene {
  readonly site: Site;
  readonly stub: Stub;
  readonly watch: RowWatch;
  readonly workloads: readonly Published[];
}

/** What of a scene is looked at in the end. */
export interface Seen {
  readonly site: Answerer;
  readonly stub: Pick<Stub, 'calls'>;
  readonly watch: Pick<RowWatch, 'rows' | 'firstEnds'>;
  readonly workloads: readonly Published[];
}

/** Stores and activates the workflows. */
export async function publish(site: Answerer, workloads: readonly Workload[]): Promise<Published[]> {
  const published: Published[] = [];
  for (const workload of workloads) {
    const { id } = await site.ask<{ id: string }>('POST', '/api/v1/workflows', workload.json);
    await site.ask('POST', `/api/v1/workflows/${id}/activate`);
    published.push({ ...workload, workflowId: id });
  }
  return published;
}

/** Waits until every execution has ended; false when some have not within `ms`. */
export async function allEnded({ watch }: { watch: Pick<RowWatch, 'rows'> }, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  do {
    const rows = await watch.rows().catch((): Row[] | undefined => undefined);
    if (rows !== undefined && rows.every(({ stoppedAt }) => stoppedAt !== null)) return true;
    await pause(LOOK_EVERY_MS);
  } while (performance.now() < until);
  return false;
}

/** Everything the auditor needs, read from a member at rest. */
export async function gather(scene: Seen, accepted: Evidence['accepted']): Promise<Evidence> {
  const { site, stub, watch, workloads } = scene;
  const rows = await watch.rows();
  const journals = new Map<string, readonly Fact[]>();
  const callOf = new Map<string, string>();
  const left = rows.map(({ id }) => id);
  const read = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const facts = await journalOf(site, id);
      journals.set(id, facts);
      const call = callIn(facts[0]);
      if (call !== undefined) callOf.set(id, call);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  const expected = new Map(workloads.map(({ workflowId, ends, effects }) => [workflowId, { ends, effects }]));
  return { accepted, rows, firstEnds: watch.firstEnds, journals, callOf, effects: stub.calls, expected };
}

type Started = Fact & { items?: readonly { json: { call?: string; body?: { call?: string } } }[] };

async function journalOf(site: Answerer, id: string): Promise<Started[]> {
  const facts: Started[] = [];
  for (let after: number | null = 0; after !== null;) {
    const path = `/api/v1/executions/${id}/journal?limit=${FACTS_PER_CALL}&afterSeq=${after}`;
    const page: { data: Started[]; nextAfterSeq: number | null } = await site.ask('GET', path);
    facts.push(...page.data);
    after = page.nextAfterSeq;
  }
  return facts;
}

function callIn(first: Started | undefined): string | undefined {
  const json = first?.items?.[0]?.json;
  return json?.body?.call ?? json?.call;
}
