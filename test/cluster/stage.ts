import { setTimeout as pause } from 'node:timers/promises';
import { type Random, seededRandom } from '#runtime';
import { audit } from '../recovery/auditor.ts';
import { allEnded } from '../recovery/evidence.ts';
import { RowWatch } from '../recovery/rows.ts';
import { startStub, type Stub } from '../recovery/stub.ts';
import type { Published } from '../recovery/workflows.ts';
import { auditHistory } from './history.ts';
import { type Chapter, evidenceOf, historyOf } from './gather.ts';
import { CALLS_PER_SECOND, CALM_MS, DRAIN_MS_MOST, QUIET_MS } from './limits.ts';
import { ClusterLoad } from './load.ts';
import { ShardWatch } from './shard-watch.ts';
import type { ClusterSite, SiteMember } from './site.ts';
import { Watchers } from './watchers.ts';
import { publishAll } from './workloads.ts';

export type Scale = 'short' | 'long';

/** A scenario at work: what it may do things to, and where it says what it found. */
export interface Stage {
  readonly site: ClusterSite;
  readonly random: Random;
  readonly scale: Scale;
  readonly load: ClusterLoad;
  readonly shards: ShardWatch;
  readonly stub: Stub;
  say(line: string): void;
  /** A figure for the record. */
  measure(name: string, value: number | string): void;
  /** A promise of this scenario alone. */
  expect(kept: boolean, sentence: string): void;
  /** kill -9 of these members; their shards count as lost from now on. */
  kill(...members: SiteMember[]): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for people. */
  readonly about: string;
  /** Does the faults, and ends with nothing broken any more. */
  run(stage: Stage): Promise<void>;
}

export interface Report {
  readonly scenario: string;
  readonly seed: number;
  /** Broken promises; empty when all were kept. */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number | string>>;
}

export interface TheatreOptions {
  readonly seed: number;
  readonly scale: Scale;
  readonly perSecond?: number;
  say(line: string): void;
}

/** Plays scenarios on one site, one after the other, each as a chapter with a load and an audit of its own. */
export class Theatre {
  readonly #site: ClusterSite;
  readonly #options: TheatreOptions;
  readonly #stub: Stub;
  readonly #watch: RowWatch;
  readonly #called: readonly Published[];
  readonly #inner: Published;

  private constructor(site: ClusterSite, options: TheatreOptions, stub: Stub, called: Published[], inner: Published) {
    this.#site = site;
    this.#options = options;
    this.#stub = stub;
    this.#called = called;
    this.#inner = inner;
    this.#watch = new RowWatch(async () => ({ connectionString: site.services.postgres.url }));
  }

  static async open(site: ClusterSite, options: TheatreOptions): Promise<Theatre> {
    const stub = await startStub();
    try {
      const { called, inner } = await publishAll(site, stub.url);
      return new Theatre(site, options, stub, called, inner);
    } catch (error) {
      stub.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#watch.stop();
    this.#stub.close();
  }

  async play(scenario: Scenario): Promise<Report> {
    const { seed, scale, say } = this.#options;
    const began = performance.now();
    const faults: string[] = [];
    const figures: Record<string, number | string> = {};
    const chapter = await this.#chapter();
    const random = seededRandom(seed);
    const shards = new ShardWatch(this.#site);
    const watchers = new Watchers(this.#site, seededRandom(seed + 1));
    const rate = this.#options.perSecond ?? CALLS_PER_SECOND;
    const name = `${scenario.name}-${chapter.earlier.size}`;
    const load = new ClusterLoad(this.#site, seededRandom(seed + 2), this.#called, name, rate);
    load.onAccepted = (id) => watchers.follow(id);
    const stage: Stage = {
      site: this.#site,
      random,
      scale,
      load,
      shards,
      stub: this.#stub,
      say: (line) => say(`${scenario.name}: ${line}`),
      measure: (figure, value) => void (figures[figure] = value),
      expect: (kept, sentence) => void (kept || faults.push(sentence)),
      kill: (...members) => this.#kill(shards, members),
    };
    try {
      await pause(CALM_MS[scale]);
      await scenario.run(stage);
      await this.#site.restore();
      await pause(CALM_MS[scale]);
      await load.stop();
      faults.push(...(await this.#rest(chapter, load, watchers, stage)));
    } catch (error) {
      faults.push(`the scenario broke off: ${error instanceof Error ? error.message : String(error)}`);
      await this.#site.restore().catch(() => undefined);
    } finally {
      await load.stop();
      await shards.stop();
      await watchers.heard(0);
    }
    const { takeoversMs } = shards;
    if (takeoversMs.length > 0) figures['takeover p99 ms'] = percentile(takeoversMs, 0.99);
    figures['seconds'] = Math.round((performance.now() - began) / 1_000);
    say(`${scenario.name}: ${faults.length === 0 ? 'kept' : 'BROKEN'} ${JSON.stringify(figures)}`);
    if (faults.length > 0) say(`last words of the members: ${this.#site.lastWords()}`);
    return { scenario: scenario.name, seed, faults: faults.slice(0, FAULTS_SHOWN), figures };
  }

  async #chapter(): Promise<Chapter> {
    const rows = await this.#site.query<{ id: string }>('SELECT id::text FROM troupe.execution');
    return {
      site: this.#site,
      stub: this.#stub,
      watch: this.#watch,
      workloads: [...this.#called, this.#inner],
      parent: this.#called.find(({ id }) => id === 'parent')?.workflowId ?? '',
      earlier: new Set(rows.map(({ id }) => id)),
      firstEffect: this.#stub.calls.length,
    };
  }

  async #kill(shards: ShardWatch, members: readonly SiteMember[]): Promise<void> {
    const names = members.map(({ name }) => name);
    const bootIds = await bootIdsOf(this.#site);
    await shards.refresh();
    await Promise.all(members.map(({ program }) => program.kill('SIGKILL')));
    shards.lose(names, bootIds);
  }

  /** Nothing is broken any more: all that was accepted must come to its end, and then nothing may move. */
  async #rest(chapter: Chapter, load: ClusterLoad, watchers: Watchers, stage: Stage): Promise<string[]> {
    const began = performance.now();
    await allEnded({ watch: this.#watch }, DRAIN_MS_MOST);
    stage.measure('drained ms', Math.round(performance.now() - began));
    const heard = await watchers.heard(QUIET_MS.long);
    await this.#watch.remember();
    const before = this.#stub.calls.length;
    await pause(QUIET_MS[stage.scale]);
    const late = this.#stub.calls.length - before;
    const evidence = await evidenceOf(chapter, load.accepted);
    const history = await historyOf(chapter, heard);
    const refused = load.tried.filter(({ status }) => status >= 300 || status === 0).length;
    stage.measure('accepted', load.accepted.length);
    stage.measure('given up', load.givenUp);
    stage.measure('tries without 2xx', refused);
    stage.measure('executions', evidence.rows.length);
    stage.measure('effects', new Set(evidence.effects.map(({ key }) => key)).size);
    stage.measure('effect calls', evidence.effects.length);
    stage.measure('followed by sockets', heard.length);
    stage.measure(
      'answer p99 ms',
      percentile(
        load.tried.filter(({ status }) => status < 300 && status > 0).map(({ ms }) => ms),
        0.99,
      ),
    );
    return [
      ...(late === 0 ? [] : [`${late} effects came in the quiet time`]),
      ...(load.accepted.length === 0 ? ['nothing was accepted at all: this proves nothing'] : []),
      ...audit(evidence),
      ...auditHistory(history),
    ];
  }
}

const FAULTS_SHOWN = 30;

/** Names of living members by boot id. */
export async function bootIdsOf(site: ClusterSite): Promise<Map<string, string>> {
  const rows = await site.query<{ boot_id: string; name: string }>(
    'SELECT boot_id, name FROM troupe.member WHERE lease_until > now()',
  );
  return new Map(rows.map(({ boot_id, name }) => [boot_id, name]));
}

/** The value that this part of all values does not exceed; 0 of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
}
