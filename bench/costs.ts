/**
 * `npm run bench -- costs [--seconds 8] [--only W1,W4]`: what one execution costs, so that a size can be computed on
 * paper: rows, bytes of WAL, bytes kept, database commits, and processor time of the member and of PostgreSQL.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { findEmbedded } from '#storage';
import { BenchMember } from './member.ts';
import { BenchFailure, type Server, startServer } from './processes.ts';
import { workloads } from './workloads.ts';

/** Workloads of which one execution is one call. */
const COUNTED = ['W1', 'W2', 'W4', 'W6'];
const WARM_UP_SECONDS = 2;
/** After a round, so that what is still under way is counted with it. */
const SETTLE_MS = 1_500;
/** Clock ticks per second of /proc/pid/stat; fixed on Linux. */
const TICK_MS = 10;

interface Reading {
  executions: number;
  journalRows: number;
  walBytes: number;
  kept: number;
  commits: number;
  memberMs: number;
  databaseMs: number;
}

/** Measures each workload and prints a Markdown table. */
export async function costs(seconds: number, only: readonly string[]): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'troupe-costs-'));
  const member = await BenchMember.start(dataDir);
  const stub = await startServer('stub.ts');
  try {
    const rows: string[] = [];
    for (const name of only.length > 0 ? only : COUNTED) rows.push(await row(name, seconds, dataDir, member, stub));
    process.stdout.write(`${HEAD}${rows.join('')}`);
  } finally {
    await member.stop();
    await stub.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

const HEAD =
  '| per execution | journal rows | WAL bytes | bytes kept | commits | member µs | PostgreSQL µs |\n' +
  '|---|---:|---:|---:|---:|---:|---:|\n';

async function row(name: string, seconds: number, dataDir: string, member: BenchMember, stub: Server): Promise<string> {
  const workload = workloads.find((one) => one.name === name);
  if (workload === undefined) throw new BenchFailure(`no workload ${name}; there are ${COUNTED.join(', ')}`);
  await workload.prepare(member, stub.port);
  await workload.round(member, WARM_UP_SECONDS);
  await pause(SETTLE_MS);
  const before = await reading(dataDir, member);
  await workload.round(member, seconds);
  await pause(SETTLE_MS);
  const after = await reading(dataDir, member);
  const count = after.executions - before.executions;
  const per = (key: keyof Reading, factor = 1): number => ((after[key] - before[key]) * factor) / count;
  const cells = [
    `${name}: ${workload.what}`,
    per('journalRows').toFixed(2),
    per('walBytes').toFixed(0),
    per('kept').toFixed(0),
    per('commits').toFixed(3),
    per('memberMs', 1000).toFixed(0),
    per('databaseMs', 1000).toFixed(0),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

async function reading(dataDir: string, member: BenchMember): Promise<Reading> {
  const quiet = (): void => undefined;
  const found = await findEmbedded({ dataDir, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  if (found === undefined) throw new BenchFailure('the member has no embedded PostgreSQL');
  const client = new pg.Client(found.connection);
  await client.connect();
  try {
    const { rows } = await client.query<Omit<Reading, 'memberMs' | 'databaseMs'>>(`SELECT
      (SELECT count(*) FROM troupe.execution)::float8 AS executions,
      (SELECT count(*) FROM troupe.journal)::float8 AS "journalRows",
      (SELECT wal_bytes FROM pg_stat_wal)::float8 AS "walBytes",
      (SELECT sum(xact_commit) FROM pg_stat_database)::float8 AS commits,
      (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'troupe' AND c.relkind = 'r')::float8 AS kept`);
    const counted = rows[0];
    if (counted === undefined) throw new BenchFailure('PostgreSQL gave no statistics');
    const memberMs = member.pid === undefined ? 0 : processorMs(member.pid);
    return { ...counted, memberMs, databaseMs: databaseProcessorMs(dataDir) };
  } finally {
    await client.end();
  }
}

/** User and system time of a process. Linux only: elsewhere the columns are 0. */
function processorMs(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** The server, its children, and those that have ended since it started. */
function databaseProcessorMs(dataDir: string): number {
  if (process.platform !== 'linux') return 0;
  const server = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(statOf(pid)[1] ?? 0) === server);
  const fields = statOf(server);
  const ended = (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * TICK_MS;
  return [server, ...children].reduce((sum, pid) => sum + processorMs(pid), ended);
}

/** Fields of /proc/pid/stat after the name: state, parent, …; empty when the process is gone. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
