import { setTimeout as pause } from 'node:timers/promises';
import { audit } from './auditor.ts';
import { allEnded, gather, publish, type Scene } from './evidence.ts';
import { startRun } from './load.ts';
import { embeddedIn, RowWatch } from './rows.ts';
import { Site } from './site.ts';
import { startStub } from './stub.ts';
import { canceled, failing, journey, type Published, retried } from './workflows.ts';

const WAIT_SECONDS = 1;
const RUNS_OF_EACH = 2;
/** A member whose fault never comes is a case that proves nothing. */
const DEATH_MS_MOST = 20_000;
const END_MS_MOST = 30_000;
const AGAIN_PAUSE_MS = 20;

/** Every point of `actors/faults.ts` that a run passes, with the passings at which the process is killed. */
export const POINTS: Readonly<Record<string, readonly number[]>> = {
  'commit.before': [1, 2, 9, 20],
  'commit.after': [1, 2, 6, 12],
  'effect.before': [1, 3, 7],
  'effect.after': [1, 3, 7],
  'answer.before': [1, 2, 8, 15],
  'recover.before': [1, 3],
  'recover.after': [1, 3],
  'execution.receive': [1, 10, 25],
  'shard.receive': [1, 4],
  'event.execution.started': [1, 5],
  'event.node.started': [1, 8, 21],
  'event.node.finished': [1, 8, 21],
  'event.node.failed': [1],
  'event.node.retrying': [1, 2],
  'event.execution.waiting': [1, 3],
  'event.execution.resumed': [1, 2],
  'event.execution.finished': [1, 3],
  'event.execution.failed': [1, 2],
  'event.execution.canceled': [1, 2],
};

export interface PointsOptions {
  /** As `commit.before#2`. */
  readonly faults: readonly string[];
  say(line: string): void;
}

/**
 * For each fault: a member that kills itself there, while it performs runs that succeed, fail, are retried and are
 * canceled; a member without fault that takes over; an audit. Answers what was broken, by fault.
 */
export async function runPoints({ faults, say }: PointsOptions): Promise<string[]> {
  const site = await Site.open();
  const stub = await startStub();
  const watch = new RowWatch(embeddedIn(site.dataDir));
  const wanted = [journey(stub.url, WAIT_SECONDS), retried(stub.url), failing(stub.url), canceled()];
  const broken: string[] = [];
  try {
    site.start();
    await site.ready();
    const cases = new Cases({ site, stub, watch, workloads: await publish(site, wanted) });
    for (const fault of faults) {
      const began = performance.now();
      const found = await cases.run(fault);
      const ms = Math.round(performance.now() - began);
      say(`${fault}: ${found.length === 0 ? 'kept' : `BROKEN: ${found.join('; ')}`}, in ${ms} ms`);
      broken.push(...found.map((sentence) => `${fault}: ${sentence}`));
    }
    if (broken.length > 0) say(`last words of the member: ${site.lastWords()}`);
    return broken;
  } finally {
    await watch.stop();
    stub.close();
    await site.remove();
  }
}

/** The cases follow each other on one data directory: each begins with a healthy member at rest, and leaves one. */
class Cases {
  readonly #scene: Scene;
  readonly #accepted: { call: string; executionId?: string }[] = [];
  #calls = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async run(fault: string): Promise<string[]> {
    const { site } = this.#scene;
    // A kill at recovery needs something to recover.
    if (fault.startsWith('recover.')) await this.#startSome();
    await site.kill();
    site.start(fault);
    const died = await this.#driveUntilDead();
    await site.kill();
    site.start();
    await site.ready();
    await this.#cancelWaiting();
    await allEnded(this.#scene, END_MS_MOST);
    await this.#scene.watch.remember();
    const faults = audit(await gather(this.#scene, this.#accepted));
    return died ? faults : ['the process was never killed', ...faults];
  }

  async #driveUntilDead(): Promise<boolean> {
    const { site } = this.#scene;
    const until = performance.now() + DEATH_MS_MOST;
    await site.ready();
    while (site.alive && performance.now() < until) {
      await this.#startSome();
      await this.#cancelWaiting();
      await site.died(WAIT_SECONDS * 1_000 + 500);
    }
    return !site.alive;
  }

  async #startSome(): Promise<void> {
    await Promise.all(
      this.#scene.workloads.flatMap((workload) => Array.from({ length: RUNS_OF_EACH }, () => this.#start(workload))),
    );
  }

  async #start(workload: Published): Promise<void> {
    const number = (this.#calls += 1);
    const answer = await startRun(this.#scene.site, workload, `${workload.id}-${number}`, number % 2 === 0);
    if (answer) this.#accepted.push(answer);
  }

  /** Those that wait to be canceled are canceled, as long as the member lives and takes the calls. */
  async #cancelWaiting(): Promise<void> {
    const { site, watch, workloads } = this.#scene;
    const id = workloads.find(({ ends }) => ends === 'canceled')?.workflowId;
    while (site.alive) {
      const rows = await watch.rows();
      const waiting = rows.filter(({ workflowId, stoppedAt }) => workflowId === id && stoppedAt === null);
      if (waiting.length === 0) return;
      for (const run of waiting) await site.call('POST', `/api/v1/executions/${run.id}/cancel`, { reason: 'enough' });
      await pause(AGAIN_PAUSE_MS);
    }
  }
}
