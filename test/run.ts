/**
 * `npm test`: the checks, then every test. `npm run test:unit`: tests that need no service and no process of ours.
 *
 *   npm test [unit|slow|services] [FILE PATTERN…]
 *
 * Ends with the runner's own summary (`ℹ tests … pass … fail …`) as the last thing on the screen.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { runChecks } from './check.ts';
import { suites, type Suite, testFiles } from './suites.ts';
import { findServices } from './services.ts';

/** Test files at a time; the machine of CI has two cores. */
const CONCURRENCY_FILES = 2;
/** Each test file is a process; what one has stripped of types and compiled, the others take from here. */
const COMPILE_CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'troupe-tests');
/** A test that hangs is a failure, not a stuck build. */
const TEST_TIMEOUT_MS = 240_000;

const [first, ...rest] = process.argv.slice(2);
const named = suites.find((suite) => suite === first);
const patterns = named === undefined && first !== undefined ? [first, ...rest] : rest;
const wanted: readonly Suite[] = named === undefined ? suites : [named];
process.exitCode = await run(wanted, patterns);

async function run(which: readonly Suite[], only: readonly string[]): Promise<number> {
  const whole = which.length === suites.length && only.length === 0;
  const checked = whole ? await runChecks() : true;
  const services = which.includes('services') ? findServices(process.env) : { missing: [] };
  const present = which.filter((suite) => suite !== 'services' || services.missing.length === 0);
  const files = testFiles(present).filter((file) => only.length === 0 || only.some((part) => file.includes(part)));
  const tested = files.length === 0 || runTests(files);
  if (files.length === 0) console.error('No test file matches.');
  for (const line of services.missing) console.error(`skipped: ${line}`);
  if (!checked) console.error('check failed: see above the tests, or run "npm run check"');
  const lacking = services.missing.length > 0 && process.env['CI'] === 'true';
  return checked && tested && files.length > 0 && !lacking ? 0 : 1;
}

function runTests(files: readonly string[]): boolean {
  const outcome = spawnSync(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--enable-experimental-regexp-engine-on-excessive-backtracks',
      '--test',
      `--test-concurrency=${CONCURRENCY_FILES}`,
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      '--test-reporter=spec',
      ...files,
    ],
    { stdio: 'inherit', env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env } },
  );
  return outcome.status === 0;
}
