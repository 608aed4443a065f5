import process from 'node:process';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { TEST_TIMEOUT_MS } from './limits.ts';

/** Test files that may run beside each other. */
export interface Group {
  readonly files: readonly string[];
  /** Files at a time. */
  readonly concurrency: number;
}

export const DEADLINE_FILE = fileURLToPath(new URL('deadline.ts', import.meta.url));
const FLAGS = [
  '--disable-warning=ExperimentalWarning',
  '--enable-experimental-regexp-engine-on-excessive-backtracks',
  `--import=${DEADLINE_FILE}`,
];
/** Lines of the runner's own summary, such as `tests 12` and `duration_ms 34.5`. */
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

/**
 * Runs group after group and reports them as one run, with one summary at its end, for which `settled` is awaited; true
 * when every test passed.
 */
export async function runGroups(groups: readonly Group[], settled: () => Promise<void>): Promise<boolean> {
  const state = { ok: true };
  const report = Readable.from(eventsOf(groups, state, settled)).compose(new spec());
  for await (const text of report) process.stdout.write(String(text));
  return state.ok;
}

async function* eventsOf(
  groups: readonly Group[],
  state: { ok: boolean },
  settled: () => Promise<void>,
): AsyncGenerator<TestEvent> {
  const sums = new Map<string, number>();
  let last: TestEvent | undefined;
  for (const { files, concurrency } of groups.filter((group) => group.files.length > 0)) {
    const events = run({ files: [...files], concurrency, timeout: TEST_TIMEOUT_MS, execArgv: FLAGS });
    for await (const event of events as AsyncIterable<TestEvent>) {
      if (event.type === 'test:fail' && event.data.todo === undefined) state.ok = false;
      const line =
        event.type === 'test:diagnostic' && event.data.nesting === 0 ? SUMMARY.exec(event.data.message) : null;
      if (line === null) yield event;
      else {
        sums.set(line[1] ?? '', (sums.get(line[1] ?? '') ?? 0) + Number(line[2]));
        last = event;
      }
    }
  }
  await settled();
  for (const [name, value] of sums) {
    if (last?.type === 'test:diagnostic') {
      yield { ...last, data: { ...last.data, message: `${name} ${Math.round(value * 1_000) / 1_000}` } };
    }
  }
}
