import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '#runtime';
import type { Published } from '../recovery/workflows.ts';
import { CALLS_OPEN_MOST, GIVE_UP_MS } from './limits.ts';
import type { ClusterSite, SiteMember } from './site.ts';

const AGAIN_MS = { least: 100, most: 400 } as const;

/** One answer to one try of a call. */
export interface Tried {
  readonly atMs: number;
  readonly member: string;
  readonly byWebhook: boolean;
  /** 0: no answer. */
  readonly status: number;
  readonly ms: number;
}

/** A call that was answered by a 2xx. */
export interface Accepted {
  readonly call: string;
  readonly executionId?: string;
}

/**
 * Clients as they should be: each call has an idempotency key and is repeated, at another member, until somebody
 * answers with a 2xx. Half of the calls go to webhooks, half to the API.
 */
export class ClusterLoad {
  readonly accepted: Accepted[] = [];
  readonly tried: Tried[] = [];
  /** Told of each accepted call of the API. */
  onAccepted: (executionId: string, member: SiteMember) => void = () => undefined;
  /** Calls that were never answered by a 2xx until the end. */
  givenUp = 0;
  readonly #site: ClusterSite;
  readonly #random: Random;
  readonly #workloads: readonly Published[];
  readonly #name: string;
  readonly #open = new Set<Promise<void>>();
  #calls = 0;
  #stopped = false;
  #lastMs = Infinity;
  readonly #clock: Promise<void>;

  constructor(site: ClusterSite, random: Random, workloads: readonly Published[], name: string, perSecond: number) {
    this.#site = site;
    this.#random = random;
    this.#workloads = workloads;
    this.#name = name;
    this.#clock = this.#tick(1_000 / perSecond);
  }

  /** Begins no further call, and waits until those under way are answered or given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#lastMs = Math.min(this.#lastMs, performance.now() + GIVE_UP_MS);
    await this.#clock;
    await Promise.all(this.#open);
  }

  async #tick(gapMs: number): Promise<void> {
    for (let next = performance.now(); !this.#stopped; next += gapMs) {
      await pause(Math.max(0, next - performance.now()));
      if (this.#open.size >= CALLS_OPEN_MOST) continue;
      const one = this.#one().finally(() => this.#open.delete(one));
      this.#open.add(one);
    }
  }

  async #one(): Promise<void> {
    const number = (this.#calls += 1);
    const workload = this.#workloads[number % this.#workloads.length];
    if (workload === undefined) return;
    const call = `${this.#name}-${workload.id}-${number}`;
    // In turn for each workload, not for each call.
    const byWebhook = Math.floor(number / this.#workloads.length) % 2 === 0;
    for (let tries = 0; performance.now() < this.#lastMs; tries += 1) {
      const member = tries === 0 ? this.#site.pick(this.#random) : this.#site.member(number + tries);
      const executionId = await this.#try(member, workload, call, byWebhook);
      if (executionId !== undefined) {
        this.accepted.push({ call, ...(executionId !== '' && { executionId }) });
        if (executionId !== '') this.onAccepted(executionId, member);
        return;
      }
      await pause(AGAIN_MS.least + this.#random.next() * (AGAIN_MS.most - AGAIN_MS.least));
    }
    this.givenUp += 1;
  }

  /** Id of the execution, empty where the answer does not tell it; undefined unless it was a 2xx. */
  async #try(member: SiteMember, workload: Published, call: string, byWebhook: boolean): Promise<string | undefined> {
    const began = performance.now();
    const { ok, status, text } = byWebhook
      ? await this.#site.call(member, 'POST', `/webhook/${workload.id}`, { call }, { 'idempotency-key': call })
      : await this.#site.call(member, 'POST', `/api/v1/workflows/${workload.workflowId}/execute`, {
          input: { call },
          idempotencyKey: call,
        });
    const ms = performance.now() - began;
    this.tried.push({ atMs: began, member: member.name, byWebhook, status, ms });
    if (!ok) return undefined;
    if (byWebhook) return '';
    const { executionId }: { executionId: string } = JSON.parse(text);
    return executionId;
  }
}
