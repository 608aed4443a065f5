/** `npm run check`: format, lint, types, unused code; side by side. Prints what failed only. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

interface Check {
  name: string;
  /** Path of the tool's program below node_modules. */
  program: string;
  args: readonly string[];
  /** How to mend most of its findings. */
  mend?: string;
}

const checks: readonly Check[] = [
  { name: 'format', program: 'oxfmt/bin/oxfmt', args: ['--check', '.'], mend: 'npm run format' },
  { name: 'lint', program: 'oxlint/bin/oxlint', args: ['--type-aware', '--quiet', '--deny-warnings', '.'] },
  { name: 'types', program: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'unused code', program: 'knip/bin/knip.js', args: ['--no-progress'] },
];

/** Runs all checks at once and prints the findings; true when there are none. */
export async function runChecks(): Promise<boolean> {
  const outcomes = await Promise.all(checks.map(runCheck));
  for (const { check, output } of outcomes.filter((outcome) => !outcome.ok)) {
    console.error(`\n✖ ${check.name}${check.mend === undefined ? '' : ` (${check.mend})`}\n${output.trim()}\n`);
  }
  const ok = outcomes.every((outcome) => outcome.ok);
  if (ok) console.log(`✔ check: ${checks.map((check) => check.name).join(', ')}`);
  return ok;
}

function runCheck(check: Check): Promise<{ check: Check; ok: boolean; output: string }> {
  const program = fileURLToPath(new URL(`../node_modules/${check.program}`, import.meta.url));
  const { promise, resolve } = Promise.withResolvers<{ check: Check; ok: boolean; output: string }>();
  const child = spawn(process.execPath, [program, ...check.args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const add = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  child.on('error', (error) => resolve({ check, ok: false, output: error.message }));
  child.on('close', (code) => resolve({ check, ok: code === 0, output }));
  return promise;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = (await runChecks()) ? 0 : 1;
