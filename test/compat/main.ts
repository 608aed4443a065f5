/**
 * `npm run compat -- DIR [--only ID_OR_FOCUS,…] [--json]`: runs every workflow record of a folder through the whole
 * engine and compares. Prints what differs and a table per focus; `--json` one line per case. Exit 1: some case failed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createRunnerPool, startRunner } from '#nodes';
import { realClock } from '#runtime';
import { perform, type Shared, type Verdict } from './perform.ts';
import { readRecords, type CompatRecord } from './record.ts';

const CASES_AT_A_TIME = 4;
const FAILURES_SHOWN = 3;
const SHOWN_CHARACTERS = 240;

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [dir] = positionals;
if (dir === undefined) {
  console.error('Which folder of cases? npm run compat -- DIR');
  process.exit(2);
}
const only = values.only?.split(',');

const records = globSync(join(dir, '*.jsonl'))
  .toSorted()
  .flatMap(readRecords)
  .filter((record) => record.workflow !== undefined && record.start !== undefined)
  .filter(({ id, focus }) => only === undefined || only.includes(id) || only.includes(focus));

const results: { record: CompatRecord; verdict: Verdict }[] = [];
const code = createRunnerPool({ spawn: startRunner, clock: realClock });
const { server, port } = await startStub(dir);
try {
  const queue = [...records];
  const lane = async (): Promise<void> => {
    for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
      const verdict = await judged(record, { code, stubPort: port });
      results.push({ record, verdict });
      if (values.json) console.log(JSON.stringify({ id: record.id, focus: record.focus, ...verdict }));
      else print(record, verdict);
    }
  };
  await Promise.all(Array.from({ length: CASES_AT_A_TIME }, lane));
} finally {
  server?.kill();
  code.stop();
}
if (!values.json) summarize();
process.exitCode = results.some(({ verdict }) => verdict.kind === 'fail') ? 1 : 0;

async function judged(record: CompatRecord, shared: Shared): Promise<Verdict> {
  try {
    return await perform(record, shared);
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return { kind: 'fail', failures: [{ at: '(harness)', path: '$', want: 'a run', got }] };
  }
}

function print({ id, focus }: CompatRecord, verdict: Verdict): void {
  if (verdict.kind !== 'fail') return;
  console.log(`${focus} ${id}`);
  for (const { at, path, want, got } of verdict.failures.slice(0, FAILURES_SHOWN)) {
    console.log(`  ${at} ${path}\n    n8n:  ${short(want)}\n    here: ${short(got)}`);
  }
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, SHOWN_CHARACTERS);
}

function summarize(): void {
  const table: Record<string, Record<Verdict['kind'], number>> = {};
  for (const { record, verdict } of results) {
    const row = (table[record.focus] ??= { pass: 0, fail: 0, unsupported: 0 });
    row[verdict.kind] += 1;
  }
  console.table(table);
  const total = (kind: Verdict['kind']): number => results.filter(({ verdict }) => verdict.kind === kind).length;
  console.log(`${total('pass')} pass, ${total('fail')} fail, ${total('unsupported')} unsupported`);
  const missing = new Set(results.flatMap(({ verdict }) => (verdict.kind === 'unsupported' ? [verdict.why] : [])));
  if (missing.size > 0) console.log(`not supported: ${[...missing].toSorted().join(', ')}`);
}

/** The server of the folder that HTTP cases call, on a free port. */
async function startStub(folder: string): Promise<{ server?: ChildProcess; port: number }> {
  const file = join(folder, 'stub-server.mjs');
  if (!existsSync(file)) return { port: 0 };
  const free = await freePort();
  const child = spawn(process.execPath, [file, String(free)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { server: child, port: free };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
}
