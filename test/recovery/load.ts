import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '#runtime';
import type { Site } from './site.ts';
import type { Published } from './workflows.ts';

/** Callers at a time. */
const CALLERS = 4;
const REFUSED_PAUSE_MS = 50;

/** Calls workflows by webhook and by the API, in turn, and remembers what was answered by a 2xx. */
export class Load {
  readonly accepted: { call: string; executionId?: string }[] = [];
  /** Calls that got another answer, or none. */
  refused = 0;
  readonly #site: Site;
  readonly #random: Random;
  readonly #gapMs: number;
  #calls = 0;
  #target = 0;
  #stopped = false;
  readonly #callers: Promise<unknown>;

  /** `gapMs`: mean time between two calls of one caller. */
  constructor(site: Site, random: Random, workloads: readonly Published[], gapMs: number) {
    this.#site = site;
    this.#random = random;
    this.#gapMs = gapMs;
    this.#callers = Promise.all(Array.from({ length: CALLERS }, () => this.#callOnAndOn(workloads)));
  }

  /** Goes on until so many calls are accepted in all. */
  raise(target: number): void {
    this.#target = target;
  }

  /** Resolves when the target is reached; false when it is not within `ms`. */
  async reached(ms: number): Promise<boolean> {
    const until = performance.now() + ms;
    while (this.accepted.length < this.#target && performance.now() < until) await pause(REFUSED_PAUSE_MS);
    return this.accepted.length >= this.#target;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#callers;
  }

  async #callOnAndOn(workloads: readonly Published[]): Promise<void> {
    while (!this.#stopped) {
      if (this.accepted.length >= this.#target) await pause(REFUSED_PAUSE_MS);
      else {
        const workload = workloads[this.#calls % workloads.length];
        const taken = workload !== undefined && (await this.#one(workload));
        await pause(taken ? this.#random.next() * 2 * this.#gapMs : REFUSED_PAUSE_MS);
      }
    }
  }

  async #one(workload: Published): Promise<boolean> {
    const call = `${workload.id}-${(this.#calls += 1)}`;
    const answer = await startRun(this.#site, workload, call, this.#calls % 2 === 0);
    if (answer === undefined) this.refused += 1;
    else this.accepted.push(answer);
    return answer !== undefined;
  }
}

/** One call; undefined unless it was answered by a 2xx. */
export async function startRun(
  site: Site,
  { id, workflowId }: Published,
  call: string,
  byWebhook: boolean,
): Promise<{ call: string; executionId?: string } | undefined> {
  if (byWebhook) return (await site.call('POST', `/webhook/${id}`, { call })).ok ? { call } : undefined;
  const { ok, text } = await site.call('POST', `/api/v1/workflows/${workflowId}/execute`, { input: { call } });
  if (!ok) return undefined;
  const { executionId }: { executionId: string } = JSON.parse(text);
  return { call, executionId };
}
