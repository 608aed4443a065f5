/**
 * `npm run recovery -- [--rounds N] [--seed S] [--executions N] [--point NAME]`: real processes under kill -9.
 *
 *   --rounds N       kills of the member, of PostgreSQL or of both under load (default 100)
 *   --seed S         decides what is killed when (default: drawn, and printed)
 *   --executions N   accepted calls in all, spread over the rounds (default 200)
 *   --short          ten rounds
 *   --point NAME     instead of rounds: kills at one point (`commit.before`, `commit.before#7`) or at `all` of them
 *
 * Exit 1 when a promise was broken; every broken promise is a line.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { POINTS, runPoints } from './points.ts';
import { runRounds } from './rounds.ts';

const ROUNDS = 100;
const SHORT_ROUNDS = 10;
const DRAWN_SEEDS = 1_000_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    executions: { type: 'string', default: '200' },
    point: { type: 'string' },
    short: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => console.log(line);

async function rounds(): Promise<readonly string[]> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * DRAWN_SEEDS));
  const count = Number(values.rounds ?? (values.short ? SHORT_ROUNDS : ROUNDS));
  const executions = Number(values.executions);
  const { faults, killed } = await runRounds({ rounds: count, seed, executions, say });
  const counts = `process ${killed.process}, PostgreSQL ${killed.postgres}, both ${killed.both}`;
  say(`killed: ${counts}; repeat it: npm run recovery -- --rounds ${count} --seed ${seed} --executions ${executions}`);
  return faults;
}

async function points(name: string): Promise<readonly string[]> {
  const named = name.includes('#') ? [name] : faultsOf(name === 'all' ? Object.keys(POINTS) : [name]);
  if (named.length === 0) return [`there is no point ${name}; known are ${Object.keys(POINTS).join(', ')}`];
  return runPoints({ faults: named, say });
}

function faultsOf(names: readonly string[]): string[] {
  return names.flatMap((name) => (POINTS[name] ?? []).map((count) => `${name}#${count}`));
}

const broken = values.point === undefined ? await rounds() : await points(values.point);
for (const sentence of broken) say(`BROKEN: ${sentence}`);
say(broken.length === 0 ? 'every promise was kept' : `${broken.length} broken promises`);
process.exitCode = broken.length === 0 ? 0 : 1;
