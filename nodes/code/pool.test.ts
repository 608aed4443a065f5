import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import fc from 'fast-check';
import { TroupeError } from '#workflow';
import type { CodeJob, CodeOutcome } from '#runtime';

import { errors } from './errors.ts';
import { createRunnerPool } from './pool.ts';
import type { RunnerEvent, RunnerPoolOptions } from './pool.ts';
import type { RunnerProcess } from './process.ts';
import { makeJob, makeScene } from './testing.ts';

/** A runner that does what the test says. */
class FakeRunner implements RunnerProcess {
  readonly ready: Promise<void>;
  readonly layers = [];
  spoiled = false;
  killed: string | undefined;
  job: CodeJob | undefined;
  readonly pid: number;
  #land: { resolve(outcome: CodeOutcome): void; reject(error: unknown): void } | undefined;
  #exits: ((reason: string) => void)[] = [];
  #start: { resolve(): void; reject(error: unknown): void };
  #gone = false;
  #up = false;

  constructor(pid: number, ready: boolean) {
    this.pid = pid;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    promise.catch(() => {});
    this.#start = { resolve, reject };
    if (ready) this.becomeReady();
  }
  get busy(): boolean {
    return this.job !== undefined;
  }
  becomeReady(): void {
    this.#up = true;
    this.#start.resolve();
  }
  async run(job: CodeJob): Promise<CodeOutcome> {
    await this.ready;
    this.job = job;
    const { promise, resolve, reject } = Promise.withResolvers<CodeOutcome>();
    this.#land = { resolve, reject };
    return promise;
  }
  finish(value = 1): void {
    this.job = undefined;
    this.#land?.resolve({ kind: 'value', value, logs: [] });
  }
  fail(error: unknown): void {
    this.job = undefined;
    this.#land?.reject(error);
  }
  die(reason = 'signal SIGKILL'): void {
    if (this.#gone) return;
    this.#gone = true;
    this.job = undefined;
    const lost = errors.CODE_RUNNER_LOST({ reason, ready: this.#up });
    this.#start.reject(lost);
    this.#land?.reject(lost);
    for (const exit of this.#exits) exit(reason);
  }
  onExit(callback: (reason: string) => void): void {
    this.#exits.push(callback);
  }
  kill(reason = 'stopped'): void {
    this.killed = reason;
    this.die(reason);
  }
}

function setUp(over: Partial<RunnerPoolOptions> & { ready?: boolean } = {}) {
  const runners: FakeRunner[] = [];
  const events: RunnerEvent[] = [];
  const waits: { ms: number; call: () => void }[] = [];
  const pool = createRunnerPool({
    spawn: () => {
      const runner = new FakeRunner(runners.length + 1, over.ready ?? true);
      runners.push(runner);
      return runner;
    },
    clock: {
      after: (ms, call) => {
        const wait = { ms, call };
        waits.push(wait);
        return () => void waits.splice(waits.indexOf(wait), waits.includes(wait) ? 1 : 0);
      },
    },
    onEvent: (event) => events.push(event),
    ...over,
  });
  const runner = (pid: number): FakeRunner => {
    const found = runners[pid - 1];
    assert.ok(found, `runner ${pid} was started`);
    return found;
  };
  const fireAll = (ms: number): void => {
    for (const wait of waits.filter((one) => one.ms === ms)) {
      waits.splice(waits.indexOf(wait), 1);
      wait.call();
    }
  };
  return { pool, runners, runner, events, waits, fireAll };
}

const codeOf = (error: unknown): string => (error instanceof TroupeError ? error.code : String(error));
const kinds = (events: readonly RunnerEvent[]): string[] => events.map((event) => event.type);
const project = (name: string): CodeJob => makeJob('', { scene: makeScene({ project: name }) });

describe('the pool of runners', () => {
  test('starts nothing before the first job', async () => {
    const { runners, pool } = setUp();
    await turn();
    assert.equal(runners.length, 0);
    assert.deepEqual(pool.stats(), { processes: [], queued: 0 });
  });

  test('uses an idle runner again before it starts another', async () => {
    const { pool, runners, runner } = setUp();
    for (let i = 0; i < 3; i++) {
      const run = pool.run(makeJob(''));
      await turn();
      runner(1).finish(i);
      assert.deepEqual(await run, { kind: 'value', value: i, logs: [] });
      await turn();
    }
    assert.equal(runners.length, 1);
  });

  test('starts runners up to its size, then lets jobs wait in line', async () => {
    const { pool, runners, runner } = setUp({ size: 2 });
    const jobs = ['a', 'b', 'c'].map((source) => makeJob(source));
    const runs = jobs.map((job) => pool.run(job));
    await turn();
    assert.equal(runners.length, 2);
    assert.equal(pool.stats().queued, 1);
    runner(1).finish();
    await turn();
    assert.equal(runner(1).job, jobs[2]);
    runner(1).finish();
    runner(2).finish();
    await Promise.all(runs);
  });

  test('gives the job of a dead runner to the next one', async () => {
    const { pool, runner, events } = setUp({ size: 1 });
    const job = makeJob('a');
    const run = pool.run(job);
    await turn();
    runner(1).die();
    await turn();
    assert.equal(runner(2).job, job);
    runner(2).finish(7);
    assert.deepEqual(await run, { kind: 'value', value: 7, logs: [] });
    assert.deepEqual(kinds(events), ['started', 'died', 'redispatched', 'started']);
  });

  test('a job that takes down three runners fails, and the next job runs', async () => {
    const { pool, runner } = setUp({ size: 1 });
    const poison = pool.run(makeJob('poison')).catch(codeOf);
    const good = pool.run(makeJob('good'));
    for (let pid = 1; pid <= 3; pid++) {
      await turn();
      assert.equal(runner(pid).job?.source, 'poison');
      runner(pid).die('signal SIGABRT');
    }
    assert.equal(await poison, 'CODE_RUNNER_DIED');
    await turn();
    assert.equal(runner(4).job?.source, 'good');
    runner(4).finish();
    await good;
  });

  test('an error of the job itself is no death', async () => {
    const { pool, runner, events } = setUp();
    const run = pool.run(makeJob('')).catch(codeOf);
    await turn();
    runner(1).fail(errors.CODE_TIMEOUT({ seconds: 1 }));
    assert.equal(await run, 'CODE_TIMEOUT');
    assert.deepEqual(kinds(events), ['started']);
  });

  test('a runner that a job broke a limit in is not used again', async () => {
    const { pool, runner } = setUp();
    const run = pool.run(makeJob('')).catch(codeOf);
    await turn();
    runner(1).spoiled = true;
    runner(1).fail(errors.CODE_MEMORY({ megabytes: 1 }));
    await run;
    await turn();
    assert.match(runner(1).killed ?? '', /limit/);
    assert.ok(runner(2), 'the warm one is replaced');
  });

  test('a runner is replaced after its number of runs', async () => {
    const { pool, runner } = setUp({ limits: { runsPerRunner: 2 } });
    for (let i = 0; i < 2; i++) {
      const run = pool.run(makeJob(''));
      await turn();
      runner(1).finish();
      await run;
      await turn();
    }
    assert.match(runner(1).killed ?? '', /runs/);
  });

  test('projects never share a process', async () => {
    const { pool, runner } = setUp({ size: 1 });
    const first = pool.run(project('a'));
    await turn();
    runner(1).finish();
    await first;
    const second = pool.run(project('b'));
    await turn();
    assert.match(runner(1).killed ?? '', /project/);
    assert.equal(runner(2).job?.scene['project'], 'b');
    runner(2).finish();
    await second;
  });

  test('a full line refuses at once', async () => {
    const { pool, runner } = setUp({ size: 1, limits: { queuedJobs: 1 } });
    const runs = [pool.run(makeJob('')), pool.run(makeJob(''))];
    assert.equal(await pool.run(makeJob('')).catch(codeOf), 'CODE_QUEUE_FULL');
    await turn();
    runner(1).finish();
    await turn();
    runner(1).finish();
    await Promise.all(runs);
  });

  test('a job cancelled in line never starts', async () => {
    const { pool, runner } = setUp({ size: 1 });
    const cancel = new AbortController();
    const first = pool.run(makeJob('first'));
    const second = pool.run(makeJob('second', { signal: cancel.signal })).catch(codeOf);
    cancel.abort();
    assert.equal(await second, 'CODE_ABORTED');
    await turn();
    runner(1).finish();
    await first;
    assert.equal(pool.stats().queued, 0);
    assert.equal(runner(1).job, undefined);
  });

  test('a job cancelled in flight takes its process with it and is not given on', async () => {
    const { pool, runner, events } = setUp({ size: 1 });
    const cancel = new AbortController();
    const run = pool.run(makeJob('', { signal: cancel.signal })).catch(codeOf);
    await turn();
    cancel.abort();
    assert.equal(await run, 'CODE_ABORTED');
    await turn();
    assert.match(runner(1).killed ?? '', /abort/);
    assert.equal(runner(2).job, undefined);
    assert.ok(!kinds(events).includes('redispatched'));
  });

  test('a job that is cancelled already is refused', async () => {
    const { pool, runners } = setUp();
    assert.equal(await pool.run(makeJob('', { signal: AbortSignal.abort() })).catch(codeOf), 'CODE_ABORTED');
    assert.equal(runners.length, 0);
  });

  test('idle runners end after a while, but for the warm ones', async () => {
    const { pool, runner, fireAll, runners } = setUp({ size: 2, minWarm: 1, limits: { idleMs: 60_000 } });
    const runs = [pool.run(makeJob('')), pool.run(makeJob(''))];
    await turn();
    runner(1).finish();
    runner(2).finish();
    await Promise.all(runs);
    await turn();
    fireAll(60_000);
    assert.equal(pool.stats().processes.length, 1);
    assert.equal(runners.filter((one) => one.killed).length, 1);
  });

  test('an idle runner that dies is replaced, so that the next job finds a warm one', async () => {
    const { pool, runner, runners } = setUp();
    const run = pool.run(makeJob(''));
    await turn();
    runner(1).finish();
    await run;
    await turn();
    runner(1).die();
    assert.equal(runners.length, 2);
  });

  test('runners that do not start are tried again, later each time, and then the jobs fail', async () => {
    const { pool, runner, waits, fireAll } = setUp({ size: 1, ready: false });
    const run = pool.run(makeJob('')).catch(codeOf);
    runner(1).die('no such file');
    await turn();
    assert.deepEqual(
      waits.map((wait) => wait.ms),
      [100],
    );
    fireAll(100);
    runner(2).die('no such file');
    await turn();
    assert.deepEqual(
      waits.map((wait) => wait.ms),
      [200],
    );
    fireAll(200);
    runner(3).die('no such file');
    assert.equal(await run, 'CODE_RUNNER_START_FAILED');
  });

  test('a job is not blamed for a runner that did not start', async () => {
    const { pool, runner, fireAll, runners } = setUp({ size: 1, ready: false });
    const run = pool.run(makeJob(''));
    runner(1).die('no such file');
    await turn();
    fireAll(100);
    runner(2).becomeReady();
    await turn();
    runner(2).finish(5);
    assert.deepEqual(await run, { kind: 'value', value: 5, logs: [] });
    assert.equal(runners.length, 2);
  });

  test('stop ends everything and refuses what comes after', async () => {
    const { pool, runner } = setUp({ size: 1 });
    const runs = [pool.run(makeJob('')).catch(codeOf), pool.run(makeJob('')).catch(codeOf)];
    await turn();
    pool.stop();
    assert.deepEqual(await Promise.all(runs), ['CODE_ABORTED', 'CODE_ABORTED']);
    assert.match(runner(1).killed ?? '', /stop/);
    assert.equal(await pool.run(makeJob('')).catch(codeOf), 'CODE_ABORTED');
    assert.equal(pool.stats().processes.length, 0);
  });

  test('whatever happens: every job ends exactly once, and never more runners than the size', async () => {
    const step = fc.record({
      what: fc.constantFrom('job', 'finish', 'die', 'spoil', 'cancel', 'idle', 'project'),
      which: fc.nat(5),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, size) => {
        const { pool, runners, fireAll } = setUp({ size, limits: { idleMs: 60_000, runsPerRunner: 3 } });
        const cancels: AbortController[] = [];
        const ended: number[] = [];
        let jobs = 0;
        const alive = (): FakeRunner[] => runners.filter((one) => one.busy);
        const submit = (name: string): void => {
          const id = jobs++;
          const cancel = new AbortController();
          cancels.push(cancel);
          const job = makeJob('', { signal: cancel.signal, scene: makeScene({ project: name }) });
          void pool.run(job).then(
            () => ended.push(id),
            () => ended.push(id),
          );
        };
        for (const { what, which } of steps) {
          const busy = alive()[which % Math.max(1, alive().length)];
          if (what === 'job') submit('a');
          else if (what === 'project') submit('b');
          else if (what === 'finish') busy?.finish();
          else if (what === 'die') busy?.die();
          else if (what === 'cancel') cancels[which]?.abort();
          else if (what === 'idle') fireAll(60_000);
          else if (busy) {
            busy.spoiled = true;
            busy.finish();
          }
          await turn();
          assert.ok(pool.stats().processes.length <= size);
        }
        for (let i = 0; i < 200 && ended.length < jobs; i++) {
          for (const one of alive()) one.finish();
          await turn();
        }
        assert.deepEqual(
          [...ended].sort((a, b) => a - b),
          Array.from({ length: jobs }, (_, id) => id),
        );
      }),
      { numRuns: 60 },
    );
  });
});
