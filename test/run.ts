/**
 * `npm test`: the checks, then every test. `npm run test:unit`: tests that need no service and no process of ours.
 *
 *   npm test [unit|slow|services|cluster] [FILE PATTERN…]
 *
 * Ends with the runner's own summary (`ℹ tests … pass … fail …`) as the last thing on the screen. Nothing outlives it:
 * every file, and all of them together, have a deadline; what they started and left behind is ended.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { runChecks } from './check.ts';
import { type Belonging, end, processesOf } from './leftovers.ts';
import { FILE_KILL_MS, LEFTOVERS_MS, LOOK_EVERY_MS, RUN_DEADLINE_MS } from './limits.ts';
import { DEADLINE_FILE, type Group, runGroups } from './runner.ts';
import { provide } from './services/provide.ts';
import { type Suite, suites, testFiles } from './suites.ts';

/** Test files at a time; the machine of CI has two cores. */
const CONCURRENCY_FILES = 2;
/** Each test file is a process; what one has stripped of types and compiled, the others take from here. */
const COMPILE_CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'troupe-tests');

const [first, ...rest] = process.argv.slice(2);
const named = suites.find((suite) => suite === first);
const patterns = named === undefined && first !== undefined ? [first, ...rest] : rest;
const wanted: readonly Suite[] = named === undefined ? suites : [named];
const ok = await run(wanted, patterns);
// Not by an empty event loop: a handle of the runner's own must not hold up a build either.
process.stdout.write('', () => process.exit(ok ? 0 : 1));

async function run(which: readonly Suite[], only: readonly string[]): Promise<boolean> {
  const whole = which.length === suites.length && only.length === 0;
  const chosen = (among: readonly Suite[]): string[] =>
    testFiles(among).filter((file) => only.length === 0 || only.some((part) => file.includes(part)));
  const needed = which.filter((suite) => chosen([suite]).length > 0);
  const checked = whole ? await runChecks() : true;
  const { suites: present, missing } = await provide(needed);
  for (const line of missing) console.error(`skipped: ${line}`);
  const files = chosen(present);
  if (files.length === 0) console.error('No test file matches.');
  const cluster = chosen(present.filter((suite) => suite === 'cluster'));
  const tested = await runWatched([
    { files: files.filter((file) => !cluster.includes(file)), concurrency: CONCURRENCY_FILES },
    // They wait more than they work, but for themselves: members, brokers and load in each.
    { files: cluster, concurrency: CONCURRENCY_FILES },
  ]);
  if (!checked) console.error('check failed: see above the tests, or run "npm run check"');
  const lacking = missing.length > 0 && process.env['CI'] === 'true';
  return checked && tested && files.length > 0 && !lacking;
}

/** Runs the groups in a temporary folder of their own, by which everything that belongs to them is known. */
async function runWatched(groups: readonly Group[]): Promise<boolean> {
  // Short: paths of sockets below it have little room. Readable: PostgreSQL runs as another user where we are root.
  const folder = mkdtempSync(join(tmpdir(), 'tt-'));
  chmodSync(folder, 0o755);
  process.env['TMPDIR'] = folder;
  process.env['NODE_COMPILE_CACHE'] ??= COMPILE_CACHE;
  const giveUp = (why: string): void => {
    console.error(`${why}; what still ran:\n${listed(processesOf(folder))}`);
    end(processesOf(folder));
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  const late = setTimeout(() => giveUp(`the tests have not ended within ${RUN_DEADLINE_MS} ms`), RUN_DEADLINE_MS);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => giveUp(signal));
  const watch = watchFiles(folder);
  try {
    return await runGroups(groups, () => endLeftovers(folder));
  } finally {
    clearTimeout(late);
    clearInterval(watch);
  }
}

/** Ends the process of a file that is long over its deadline: one that never comes back to its event loop. */
function watchFiles(folder: string): NodeJS.Timeout {
  const since = new Map<number, number>();
  return setInterval(() => {
    const files = processesOf(folder).filter(({ command }) => command.includes(DEADLINE_FILE));
    const now = performance.now();
    for (const file of files) {
      const seen = since.get(file.pid) ?? now;
      since.set(file.pid, seen);
      if (now - seen < FILE_KILL_MS) continue;
      console.error(`ended from outside, since it was over its deadline:\n${listed([file])}`);
      end([file]);
    }
  }, LOOK_EVERY_MS);
}

async function endLeftovers(folder: string): Promise<void> {
  if (processesOf(folder).length > 0) await pause(LEFTOVERS_MS);
  const left = processesOf(folder);
  if (left.length > 0) console.error(`left behind by tests, and ended:\n${listed(left)}`);
  end(left);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function listed(processes: readonly Belonging[]): string {
  return processes.map(({ pid, command }) => `  ${pid} ${command.slice(0, 200)}`).join('\n') || '  nothing';
}
