/**
 * `npm run bench`: our workloads and, in the same run on the same machine, the ceilings to compare them with.
 *
 *   npm run bench -- cluster [--rounds 3]     several members; see cluster.ts
 *   npm run bench -- costs [--seconds 8]      what one execution costs; see costs.ts
 *   npm run bench -- [--rounds 3] [--seconds 5] [--only W1,W5] [--out bench/results]
 *
 * The member is `troupe start` as a real process on a fresh data directory, PostgreSQL its embedded one, the load
 * generator a process of its own; all on the same cores. Prints a table, then JSON; every round is kept in a file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, platform, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { httpCeiling, rowCeilings } from './ceilings.ts';
import { cluster } from './cluster.ts';
import { costs } from './costs.ts';
import { BenchMember } from './member.ts';
import { BenchFailure, residentMb, type Server, startServer } from './processes.ts';
import { type BenchReport, table } from './report.ts';
import { type Figure, figure } from './statistics.ts';
import { type Round, type Workload, workloads } from './workloads.ts';

/** Load before the first round of a workload, which is not counted. */
const WARM_UP_SECONDS = 2;
/** Quiet time after a start before memory is read. */
const SETTLE_MS = 5_000;
/** Between rounds, so that one round's checkpoint and garbage do not fall into the next. */
const PAUSE_MS = 500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: 'bench/results' },
  },
});
const options = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
const wanted = values.only.split(',').filter((name) => name !== '');
const chosen = workloads.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

const dataDir = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
try {
  if (positionals[0] === 'costs') await costs(options.seconds, wanted);
  else if (positionals[0] === 'cluster') await cluster(options.rounds, options.seconds);
  else if (positionals.length === 0) publish(await bench());
  else throw new BenchFailure(`bench knows "costs" and "cluster" and no "${positionals[0]}"`);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

function publish(report: BenchReport): void {
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `${report.startedAt.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`\n${table(report)}\n${JSON.stringify(report)}\n`);
  say(`every round is in ${file}`);
}

async function bench(): Promise<BenchReport> {
  const startedAt = new Date().toISOString();
  const { coldStartMs, warmStart, idleMemoryMb, measured } = await ourFigures();
  const ceilings = await ceilingFigures();
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? '',
    memoryMb: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    platform: platform(),
  };
  return { startedAt, machine, options, coldStartMs, warmStart, idleMemoryMb, ceilings, workloads: measured };
}

async function ourFigures(): Promise<
  Pick<BenchReport, 'coldStartMs' | 'warmStart' | 'idleMemoryMb'> & { measured: BenchReport['workloads'] }
> {
  const first = await BenchMember.start(dataDir);
  say(`first start: ${first.startMs} ms`);
  await first.stop();
  const starts: number[] = [];
  const memory: number[] = [];
  for (let round = 1; round < options.rounds; round += 1) {
    const member = await BenchMember.start(dataDir);
    starts.push(member.startMs);
    await member.stop();
  }
  const stub = await startServer('stub.ts');
  const member = await BenchMember.start(dataDir);
  starts.push(member.startMs);
  await pause(SETTLE_MS);
  memory.push(residentMb(member.pid) ?? 0);
  say(`second start: ${starts.join(', ')} ms; idle memory: ${memory.join()} MB`);
  try {
    const measured = [];
    for (const workload of chosen) measured.push(await measure(member, stub, workload));
    return { coldStartMs: first.startMs, warmStart: figure(starts), idleMemoryMb: figure(memory), measured };
  } finally {
    await member.stop();
    await stub.stop();
  }
}

async function measure(
  member: BenchMember,
  stub: Server,
  workload: Workload,
): Promise<BenchReport['workloads'][number]> {
  const { name, what, unit } = workload;
  await workload.prepare(member, stub.port);
  await workload.round(member, WARM_UP_SECONDS);
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    await pause(PAUSE_MS);
    rounds.push(await workload.round(member, options.seconds));
  }
  const result = figure(rounds.map((round) => round.value));
  const failed = rounds.reduce((sum, round) => sum + round.load.failed, 0);
  say(
    `${name}: ${result.rounds.map((value) => value.toFixed(1)).join(', ')} ${unit}${failed === 0 ? '' : `, ${failed} failed`}`,
  );
  return { name, what, unit, figure: result, failed, rounds };
}

async function ceilingFigures(): Promise<BenchReport['ceilings']> {
  const seen: { fastify: number[]; singleRows: number[]; batchedRows: number[] } = {
    fastify: [],
    singleRows: [],
    batchedRows: [],
  };
  for (let round = 0; round < options.rounds; round += 1) {
    seen.fastify.push(await httpCeiling(options.seconds));
    const rows = await rowCeilings(dataDir, options.seconds);
    seen.singleRows.push(rows.singleRows);
    seen.batchedRows.push(rows.batchedRows);
  }
  say(
    `ceilings: fastify ${seen.fastify.join(', ')}; single rows ${seen.singleRows.join(', ')}; batched ${seen.batchedRows.join(', ')}`,
  );
  const asFigure = (name: keyof typeof seen): Figure => figure(seen[name]);
  return { fastify: asFigure('fastify'), singleRows: asFigure('singleRows'), batchedRows: asFigure('batchedRows') };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
