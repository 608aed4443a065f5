import type { Ceilings } from './ceilings.ts';
import type { Figure } from './statistics.ts';
import type { Round } from './workloads.ts';

/** Everything of one run of the benchmark; written to a file as it is. */
export interface BenchReport {
  startedAt: string;
  machine: { cpus: number; model: string; memoryMb: number; node: string; platform: string };
  options: { rounds: number; seconds: number };
  coldStartMs: number;
  warmStart: Figure;
  idleMemoryMb: Figure;
  ceilings: { [K in keyof Ceilings]: Figure };
  workloads: { name: string; what: string; unit: string; figure: Figure; failed: number; rounds: Round[] }[];
}

/** The report as a Markdown table, fit for the README. */
export function table(report: BenchReport): string {
  const rows: [string, string, string, string][] = [
    ...report.workloads.map(({ name, what, unit, figure, failed }): [string, string, string, string] => [
      `${name}: ${what}`,
      `${shown(figure.median)} ${unit}`,
      spread(figure),
      failed === 0 ? '' : `${failed} calls failed`,
    ]),
    [
      'fastify, empty route',
      `${shown(report.ceilings.fastify.median)} calls/s`,
      spread(report.ceilings.fastify),
      'ceiling',
    ],
    [
      'PostgreSQL, single rows',
      `${shown(report.ceilings.singleRows.median)} rows/s`,
      spread(report.ceilings.singleRows),
      'ceiling',
    ],
    [
      'PostgreSQL, batched rows',
      `${shown(report.ceilings.batchedRows.median)} rows/s`,
      spread(report.ceilings.batchedRows),
      'ceiling',
    ],
    ['first start to ready', `${report.coldStartMs} ms`, '', ''],
    ['second start to ready', `${shown(report.warmStart.median)} ms`, spread(report.warmStart), ''],
    ['idle memory of our process', `${shown(report.idleMemoryMb.median)} MB`, spread(report.idleMemoryMb), ''],
  ];
  const head = '| what | median | least to most | |\n|---|---:|---:|---|\n';
  return head + rows.map((row) => `| ${row.join(' | ')} |\n`).join('');
}

const spread = ({ least, most }: Figure): string => `${shown(least)} – ${shown(most)}`;

/** Whole from 100 on, one digit below. */
function shown(value: number): string {
  const digits = value >= 100 ? 0 : 1;
  return value.toLocaleString('en', { maximumFractionDigits: digits });
}
