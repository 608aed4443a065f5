import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seededRandom } from '#runtime';
import { audit } from './auditor.ts';
import { allEnded, gather, publish, type Scene } from './evidence.ts';
import { Load } from './load.ts';
import { embeddedIn, RowWatch } from './rows.ts';
import { Site } from './site.ts';
import { startStub } from './stub.ts';
import { journey } from './workflows.ts';

const KINDS = ['process', 'postgres', 'both'] as const;
type Kind = (typeof KINDS)[number];

const WAIT_SECONDS = 2;
const CALLER_GAP_MS = 120;
/** Of a round, from the moment the member is ready (or is started, for a kill in the middle of a start) to the kill. */
const ROUND_MS = { least: 150, most: 1_700 } as const;
const START_KILL_MS_MOST = 900;
/** One start in so many is killed before it is ready. */
const EARLY_EVERY = 5;
const DRAIN_MS_MOST = 60_000;
/** Longer than the sweep for executions that nobody performs, so that a late writer would show. */
const QUIET_MS = 6_000;

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Calls that are accepted in all, spread over the rounds; callers under way may add a few. */
  readonly executions: number;
  say(line: string): void;
}

export interface RoundsReport {
  /** What was broken, as sentences; empty when every promise was kept. */
  readonly faults: readonly string[];
  readonly accepted: number;
  readonly killed: Readonly<Record<Kind, number>>;
}

/** Kills a member, its database, or both, again and again under load; then lets it rest and audits all that happened. */
export async function runRounds(options: RoundsOptions): Promise<RoundsReport> {
  const site = await Site.open();
  const stub = await startStub();
  const watch = new RowWatch(embeddedIn(site.dataDir));
  let load: Load | undefined;
  try {
    site.start();
    await site.ready();
    const workloads = await publish(site, [journey(stub.url, WAIT_SECONDS)]);
    load = new Load(site, seededRandom(options.seed + 1), workloads, CALLER_GAP_MS);
    const killed = await killAgainAndAgain(site, load, options);
    const faults = await rest({ site, stub, watch, workloads }, load, options);
    return { faults, accepted: load.accepted.length, killed };
  } finally {
    await load?.stop();
    await watch.stop();
    stub.close();
    await site.remove();
  }
}

async function killAgainAndAgain(site: Site, load: Load, options: RoundsOptions): Promise<Record<Kind, number>> {
  const random = seededRandom(options.seed);
  const killed = { process: 0, postgres: 0, both: 0 };
  for (let round = 1; round <= options.rounds; round += 1) {
    load.raise(Math.ceil((options.executions * round) / (options.rounds + 1)));
    // In turn within each three, so that few rounds have all kinds too.
    const kind = KINDS[(round + options.seed) % KINDS.length] ?? 'process';
    const early = random.next() < 1 / EARLY_EVERY;
    if (!early) await site.ready();
    const ms = Math.round(early ? random.next() * START_KILL_MS_MOST : between(random, ROUND_MS));
    await pause(ms);
    const done = await strike(kind, site, random);
    killed[kind] += 1;
    const when = `${ms} ms after ${early ? 'its start' : 'it was ready'}`;
    const counts = `${load.accepted.length} accepted, ${load.refused} refused`;
    options.say(`seed ${options.seed} round ${round}/${options.rounds}: ${done}, ${when}; ${counts} so far`);
    if (!site.alive) site.start();
  }
  return killed;
}

/** Answers what was done; a PostgreSQL that is not up yet cannot be killed. */
async function strike(kind: Kind, site: Site, random: Random): Promise<string> {
  const signal = random.next() < 0.7 ? 'SIGKILL' : 'SIGQUIT';
  const postgres = (): string => `PostgreSQL ${site.signalPostgres(signal) ? signal : 'not up'}`;
  const first = kind !== 'process' && random.next() < 0.5 ? postgres() : '';
  if (kind !== 'postgres') await site.kill();
  const second = kind !== 'process' && first === '' ? postgres() : '';
  const process = kind === 'postgres' ? '' : 'process SIGKILL';
  return `killed ${[first, process, second].filter((part) => part !== '').join(' and ')}`;
}

/** Nothing is killed any more: all that was accepted must come to its end, and then nothing may move. */
async function rest(scene: Scene, load: Load, { executions, say }: RoundsOptions): Promise<string[]> {
  const began = performance.now();
  const faults: string[] = [];
  const { site, stub, watch } = scene;
  await site.ready();
  load.raise(executions);
  if (!(await load.reached(DRAIN_MS_MOST))) faults.push(`${load.accepted.length} of ${executions} calls were accepted`);
  await load.stop();
  await allEnded(scene, DRAIN_MS_MOST);
  const drained = Math.round(performance.now() - began);
  await watch.remember();
  const before = stub.calls.length;
  await pause(QUIET_MS);
  if (stub.calls.length !== before) faults.push(`${stub.calls.length - before} effects came in the quiet time`);
  const evidence = await gather(scene, load.accepted);
  faults.push(...audit(evidence));
  const code = await site.stop();
  if (code !== 0) faults.push(`after all, the member did not stop cleanly: ${code}`);
  const keys = new Set(stub.calls.map(({ key }) => key)).size;
  const counts = `${evidence.rows.length} executions, ${keys} effects in ${stub.calls.length} calls`;
  say(`${load.accepted.length} accepted; ${counts}; all at rest ${drained} ms after the last kill`);
  if (faults.length > 0) say(`last words of the member: ${site.lastWords()}`);
  return faults;
}

function between(random: Random, { least, most }: { least: number; most: number }): number {
  return least + random.next() * (most - least);
}
