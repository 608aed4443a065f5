import type { JournalEvent } from '#runtime';
import type { RunEvent } from '#workflow';
import type { Terminal } from '../terminal.ts';

/**
 * The progress tree of runs, one branch per event, printed as the events are committed. Runs of several files come
 * interleaved, so each line of a run after the first carries its execution id when there is more than one.
 */
export function progressTree(
  terminal: Terminal,
  files: ReadonlyMap<string, string>,
): (executionId: string, events: readonly JournalEvent[]) => void {
  return (executionId, events) => {
    // Sub-workflows are not in the map; their id stands for them.
    const file = files.get(executionId) ?? `sub-workflow ${executionId}`;
    const tag = files.size > 1 || !files.has(executionId) ? `${executionId} ` : '';
    for (const { event } of events) {
      const line = lineOf(event, file);
      if (line !== undefined) terminal.say(`${tag}${line}\n`);
    }
  };
}

function lineOf(event: RunEvent, file: string): string | undefined {
  switch (event.type) {
    case 'execution.started':
      return `▶ ${file}`;
    case 'node.started':
      return undefined;
    case 'node.finished':
      return `├─ ✔ ${nameOf(event)} ${counts(event.outputs)}`;
    case 'node.failed':
      return `├─ ✖ ${nameOf(event)} ${event.error.message}`;
    case 'node.retrying':
      return `├─ ↻ ${nameOf(event)} try ${event.attempt} failed: ${event.error.message}`;
    case 'execution.waiting':
      return `├─ … ${nameOf(event)} waits${event.until === undefined ? '' : ` until ${new Date(event.until).toISOString()}`}`;
    case 'execution.resumed':
      return `├─ ▶ ${nameOf(event)} goes on`;
    case 'execution.finished':
      return '└─ ✔ success';
    case 'execution.failed':
      return `└─ ✖ ${event.error.message}`;
    case 'execution.canceled':
      return `└─ ■ canceled: ${event.reason}`;
  }
}

const nameOf = (event: { node: string; run: number }): string =>
  event.run === 0 ? event.node : `${event.node} (run ${event.run + 1})`;

function counts(outputs: readonly (readonly unknown[] | null)[]): string {
  const lengths = outputs.map((items) => items?.length ?? 0);
  const [only = 0] = lengths;
  return lengths.length > 1 ? `${lengths.join(' | ')} items` : `${only} item${only === 1 ? '' : 's'}`;
}
