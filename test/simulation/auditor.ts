import type { RunEvent } from '#workflow';
import type { JournalEvent, Step } from '#runtime';

/** Everything the world saw, in the order in which it happened. */
export interface History {
  /** Executions whose start somebody was told is durable. */
  accepted: Set<string>;
  /** Ends that somebody was told. */
  told: { executionId: string; status: string }[];
  /** Steps that the journal took, with the epoch they were written under. */
  written: { executionId: string; shard: number; epoch: number; events: readonly JournalEvent[] }[];
  /** Calls that reached the outside. */
  effects: { key: string; input: string }[];
  /** Live events by watcher: one watcher per boot. */
  live: { boot: number; executionId: string; seq: number }[];
}

const TERMINAL: ReadonlySet<RunEvent['type']> = new Set([
  'execution.finished',
  'execution.failed',
  'execution.canceled',
]);

/** What the history breaks, as sentences; empty when all promises were kept. `journal` is what the database holds. */
export function audit(history: History, journal: ReadonlyMap<string, readonly JournalEvent[]>): string[] {
  return [
    ...everyAcceptedEndsOnce(history, journal),
    ...seqIsDense(journal),
    ...epochsNeverFall(history),
    ...effectsHaveOneInput(history),
    ...effectsHaveIntents(history, journal),
    ...toldWhatIsTrue(history, journal),
    ...liveInOrder(history),
  ];
}

function everyAcceptedEndsOnce(history: History, journal: ReadonlyMap<string, readonly JournalEvent[]>): string[] {
  const faults: string[] = [];
  for (const executionId of history.accepted) {
    if (!journal.has(executionId)) faults.push(`execution ${executionId} was accepted and is not in the journal`);
  }
  for (const [executionId, events] of journal) {
    const ends = events.filter(({ event }) => TERMINAL.has(event.type)).length;
    if (ends !== 1) faults.push(`execution ${executionId} has ${ends} ends`);
    if (ends === 1 && !TERMINAL.has(events.at(-1)?.event.type ?? 'node.started')) {
      faults.push(`execution ${executionId} has events after its end`);
    }
  }
  return faults;
}

function seqIsDense(journal: ReadonlyMap<string, readonly JournalEvent[]>): string[] {
  return [...journal].flatMap(([executionId, events]) =>
    events.every(({ seq }, index) => seq === index + 1) ? [] : [`execution ${executionId} has gaps in its seq`],
  );
}

/** No step by an older epoch after one by a newer epoch of the same shard. */
function epochsNeverFall(history: History): string[] {
  const newest = new Map<number, number>();
  const faults: string[] = [];
  for (const { executionId, shard, epoch } of history.written) {
    const before = newest.get(shard) ?? 0;
    if (epoch < before) faults.push(`execution ${executionId} was written under epoch ${epoch} after epoch ${before}`);
    newest.set(shard, Math.max(before, epoch));
  }
  return faults;
}

function effectsHaveOneInput(history: History): string[] {
  const inputs = new Map<string, string>();
  return history.effects.flatMap(({ key, input }) => {
    const before = inputs.get(key) ?? input;
    inputs.set(key, before);
    return before === input ? [] : [`effect ${key} was called with two inputs`];
  });
}

/** What reached the outside has its intent in the journal: nothing acts before it is written down. */
function effectsHaveIntents(history: History, journal: ReadonlyMap<string, readonly JournalEvent[]>): string[] {
  return history.effects.flatMap(({ key }) => {
    const intent = key.slice(0, key.lastIndexOf('/'));
    const events = journal.get(key.slice(0, key.indexOf('/'))) ?? [];
    const written = events.some(({ event }) => event.type === 'node.started' && event.key === intent);
    return written ? [] : [`effect ${key} has no intent in the journal`];
  });
}

function toldWhatIsTrue(history: History, journal: ReadonlyMap<string, readonly JournalEvent[]>): string[] {
  const says: Record<string, RunEvent['type']> = {
    success: 'execution.finished',
    error: 'execution.failed',
    canceled: 'execution.canceled',
  };
  return history.told.flatMap(({ executionId, status }) => {
    const wanted = says[status];
    if (wanted === undefined) return [];
    return journal.get(executionId)?.at(-1)?.event.type === wanted
      ? []
      : [`${executionId} was told to be ${status} and is not`];
  });
}

function liveInOrder(history: History): string[] {
  const last = new Map<string, number>();
  return history.live.flatMap(({ boot, executionId, seq }) => {
    const key = `${boot}/${executionId}`;
    const before = last.get(key);
    last.set(key, seq);
    return before !== undefined && seq !== before + 1
      ? [`boot ${boot} showed ${executionId} seq ${seq} after ${before}`]
      : [];
  });
}

export function remember(history: History, step: Step): void {
  const { executionId, shard, epoch, events } = step;
  history.written.push({ executionId, shard, epoch, events });
  for (const child of step.children ?? []) remember(history, child);
}
