import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { end, processesOf } from './leftovers.ts';
import { DEADLINE_FILE } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'deadline-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one test file as the runner does; answers its exit code and all it said. */
async function runFile(name: string, text: string, deadlineMs: number): Promise<{ code: unknown; output: string }> {
  const file = join(folder, name);
  writeFileSync(file, `import { after, test } from 'node:test';\n${text}`);
  const child = spawn(process.execPath, [`--import=${DEADLINE_FILE}`, '--test', '--test-reporter=spec', file], {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, TEST_FILE_DEADLINE_MS: String(deadlineMs) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const { promise, resolve } = Promise.withResolvers<unknown>();
  child.once('close', resolve);
  return { code: await promise, output };
}

const HANGS: Readonly<Record<string, readonly [text: string, held: RegExp]>> = {
  'leaves a server open': [
    `import { createServer } from 'node:net';
     test('passes', () => new Promise((done) => createServer().listen(0, '127.0.0.1', done)));`,
    /handle: Server listening=true/,
  ],
  'leaves a process behind': [
    `import { spawn } from 'node:child_process';
     test('passes', () => void spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)']));`,
    /handle: ChildProcess pid=\d+ spawnfile=node/,
  ],
  'waits in a hook without end': [
    `after(() => new Promise(() => setInterval(() => {}, 1000)));
     test('passes', () => {});`,
    /resources: .*Timeout/,
  ],
};

for (const [what, [text, held]] of Object.entries(HANGS)) {
  test(`a file whose tests all pass and that ${what} is a failure, and says what holds it`, async () => {
    const { code, output } = await runFile(`${what.replaceAll(' ', '-')}.test.ts`, text, 700);
    assert.equal(code, 1, output);
    assert.match(output, /has not ended within 700 ms/);
    assert.match(output, held);
    assert.match(output, /ℹ fail 1/);
  });
}

test('a file that ends is not disturbed by the deadline', async () => {
  const { code, output } = await runFile('ends.test.ts', `test('passes', () => {});`, 60_000);
  assert.deepEqual([code, /ℹ pass 1/.test(output)], [0, true], output);
});

test('what a test leaves behind is known by its folder, also when it has lost its parent, and is ended', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells the environment of processes');
  const mine = mkdtempSync(join(folder, 'run-'));
  const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { detached: true, stdio: 'ignore' }).unref()`;
  const parent = spawn(process.execPath, ['-e', script], { env: { ...process.env, TMPDIR: mine }, stdio: 'ignore' });
  await new Promise((resolve) => parent.once('exit', resolve));
  const [orphan, ...more] = processesOf(mine);
  assert.deepEqual([orphan === undefined, more], [false, []]);
  end(processesOf(mine));
  for (let left = 100; processesOf(mine).length > 0 && left > 0; left -= 1) await pause(20);
  assert.deepEqual(processesOf(mine), []);
});
