import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { TroupeError } from '#workflow';

import { createRunnerPool } from './pool.ts';
import type { RunnerEvent } from './pool.ts';
import { startRunner } from './process.ts';
import { makeJob, timers } from './testing.ts';

describe('runners that are killed', () => {
  const events: RunnerEvent[] = [];
  const pool = createRunnerPool({ spawn: startRunner, clock: timers, size: 2, onEvent: (event) => events.push(event) });
  after(() => pool.stop());

  test('no job fails while its runner is killed again and again', async () => {
    const jobs = 60;
    let answered = 0;
    let killed = 0;
    const one = async (n: number): Promise<void> => {
      const items = [{ json: { n } }];
      const outcome = await pool.run(makeJob('return [{ json: { n: $json.n * 2 } }]', { items }));
      assert.deepEqual(outcome.kind === 'value' && outcome.value, [{ json: { n: n * 2 } }]);
      answered++;
      // Every tenth answer costs a process its life, busy or not.
      if (answered % 10 !== 0) return;
      const victim = pool.stats().processes.find((process) => process.busy)?.pid ?? pool.stats().processes[0]?.pid;
      if (victim !== undefined) {
        process.kill(victim, 'SIGKILL');
        killed++;
      }
    };
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let n = lane; n < jobs; n += 4) await one(n);
    });
    await Promise.all(lanes);
    assert.equal(answered, jobs);
    assert.ok(killed >= 5, `${killed} were killed`);
    assert.ok(events.some((event) => event.type === 'died'));
  });

  test('others go on while one job takes down its runners', async () => {
    const bomb = pool
      .run(makeJob('const a = []; for (;;) a.push(new Array(1e6).fill(1.5))', { memoryMb: 64 }))
      .catch((error: unknown) => error);
    const good = await Promise.all([1, 2, 3].map((n) => pool.run(makeJob(`return { n: ${n} }`))));
    assert.deepEqual(
      good.map((outcome) => outcome.kind === 'value' && outcome.value),
      [{ n: 1 }, { n: 2 }, { n: 3 }],
    );
    const failure = await bomb;
    assert.ok(failure instanceof TroupeError);
    assert.match(failure.code, /^CODE_(MEMORY|RUNNER_DIED)$/);
  });

  test('a cancelled job is over at once, even in an endless loop', async () => {
    const cancel = new AbortController();
    const run = pool
      .run(makeJob('for (;;);', { signal: cancel.signal, timeoutMs: 60_000 }))
      .catch((error: unknown) => error);
    await pool.run(makeJob('return 1'));
    cancel.abort();
    const failure = await run;
    assert.ok(failure instanceof TroupeError && failure.code === 'CODE_ABORTED');
  });

  test('a process that does not stop at its time limit is killed at twice the limit', async () => {
    // A built-in that fills memory is not interrupted from inside.
    const source = 'return new Array(3e8).fill(0).length';
    const failure = await pool
      .run(makeJob(source, { timeoutMs: 60, memoryMb: 4_000 }))
      .catch((error: unknown) => error);
    assert.ok(failure instanceof TroupeError);
    assert.match(failure.code, /^CODE_(TIMEOUT|MEMORY|RUNNER_DIED)$/);
  });

  test('ten thousand items come out whole', async () => {
    const outcome = await pool.run(
      makeJob('return Array.from({ length: 10000 }, (_, i) => ({ json: { i, name: "item " + i } }))'),
    );
    assert.ok(outcome.kind === 'value' && Array.isArray(outcome.value));
    assert.equal(outcome.value.length, 10_000);
    assert.deepEqual(outcome.value.at(-1), { json: { i: 9999, name: 'item 9999' } });
  });
});

test('a runner ends with its engine, even in the middle of an endless loop', { timeout: 30_000 }, async () => {
  // A second engine that starts a run, says its runner's id and is killed.
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const script = `import { createRunnerPool, startRunner } from '${folder}index.ts';
    import { makeJob, timers } from '${folder}testing.ts';
    const pool = createRunnerPool({ spawn: startRunner, clock: timers, size: 1 });
    await pool.run(makeJob('return 1'));
    void pool.run(makeJob('for (;;);', { timeoutMs: 60_000 }));
    console.log(pool.stats().processes[0].pid);
    setTimeout(() => {}, 60_000);`;
  const engine = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(engine.stdout, 'data')) as [Buffer]; // a stream of bytes
  engine.kill('SIGKILL');
  // Its stdout closes with the last process that holds it, so the runner's own end is looked for.
  while (existsSync(`/proc/${Number(String(said))}`)) await pause(20);
});
