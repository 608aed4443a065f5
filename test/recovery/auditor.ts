import type { EffectCall } from './stub.ts';

/** One fact of a journal, as the API shows it. */
export interface Fact {
  readonly seq: number;
  readonly type: string;
  /** Of `node.started` of an effect. */
  readonly key?: string;
}

/** The row of an execution as it stands in the database. */
export interface Row {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
  readonly stoppedAt: number | null;
  readonly lastSeq: number;
  /** Changes with every write of the row, whatever is written: PostgreSQL's xmin. */
  readonly version: string;
}

/** All that was seen from outside, and what lies in the database after the quiet time. */
export interface Evidence {
  /** Calls that were answered by a 2xx. The id is there when the answer told it. */
  readonly accepted: readonly { readonly call: string; readonly executionId?: string }[];
  readonly rows: readonly Row[];
  /** Rows as they were when they were first seen ended, with the moment, on the clock of the effects. */
  readonly firstEnds: ReadonlyMap<string, { readonly row: Row; readonly seenMs: number }>;
  readonly journals: ReadonlyMap<string, readonly Fact[]>;
  /** Which call started which execution, from the first fact of its journal. */
  readonly callOf: ReadonlyMap<string, string>;
  readonly effects: readonly EffectCall[];
  /** By workflow: how its runs end, and the ids of the nodes that act on the outside. */
  readonly expected: ReadonlyMap<string, { readonly ends: string; readonly effects: readonly string[] }>;
}

const TERMINAL = new Set(['execution.finished', 'execution.failed', 'execution.canceled']);
const END_OF: Readonly<Record<string, string>> = {
  success: 'execution.finished',
  error: 'execution.failed',
  canceled: 'execution.canceled',
};

/** Every promise that the evidence breaks, as a sentence; empty when all were kept. */
export function audit(evidence: Evidence): string[] {
  return [
    ...acceptedIsThereOnce(evidence),
    ...everyRunEnds(evidence),
    ...journalsAreWhole(evidence),
    ...endsAreFinal(evidence),
    ...effectsHaveOneInput(evidence),
    ...effectsHaveIntents(evidence),
    ...effectsArrived(evidence),
    ...noEffectAfterTheEnd(evidence),
  ];
}

/** A 2xx is kept: its execution is in the database. A call that was refused may be there too, but nothing is twice. */
function acceptedIsThereOnce({ accepted, rows, callOf }: Evidence): string[] {
  const of = Map.groupBy(callOf, ([, call]) => call);
  const ids = new Set(rows.map(({ id }) => id));
  const lost = accepted.flatMap(({ call, executionId }) => {
    if (executionId !== undefined && !ids.has(executionId)) return [`${call} was accepted as ${executionId}, now gone`];
    const found = (of.get(call) ?? []).map(([id]) => id);
    if (found.length === 0) return [`${call} was accepted and no execution has it`];
    return executionId === undefined || found.includes(executionId) ? [] : [`${call} is not in ${executionId}`];
  });
  const twice = [...of].flatMap(([call, found]) =>
    found.length > 1 ? [`${call} has ${found.length} executions`] : [],
  );
  return [...lost, ...twice];
}

/** Accepted or not: what is in the database has ended, as its workflow ends. */
function everyRunEnds({ rows, expected, journals }: Evidence): string[] {
  return rows.flatMap(({ id, workflowId, status, stoppedAt }) => {
    const ends = expected.get(workflowId)?.ends;
    if (stoppedAt === null || !(status in END_OF))
      return [`execution ${id} is stuck: ${status} after ${journals.get(id)?.at(-1)?.type}`];
    return status === ends ? [] : [`execution ${id} ended as ${status} and not as ${ends}`];
  });
}

/** Seq from 1 without gaps up to the row's, exactly one end, and it is the last fact and the row's. */
function journalsAreWhole({ rows, journals }: Evidence): string[] {
  return rows.flatMap(({ id, status, lastSeq }) => {
    const facts = journals.get(id) ?? [];
    const faults: string[] = [];
    if (facts.some(({ seq }, index) => seq !== index + 1)) faults.push(`execution ${id} has gaps in its seq`);
    if (facts.length !== lastSeq) faults.push(`execution ${id} has ${facts.length} facts and its row says ${lastSeq}`);
    const ends = facts.filter(({ type }) => TERMINAL.has(type)).length;
    if (ends !== 1) faults.push(`execution ${id} has ${ends} ends in its journal`);
    const last = facts.at(-1)?.type;
    if (ends === 1 && last !== END_OF[status])
      faults.push(`execution ${id} is ${status} and its journal ends by ${last}`);
    return faults;
  });
}

/** A row that was seen ended is the same row ever after: not even written again with the same values. */
function endsAreFinal({ rows, firstEnds }: Evidence): string[] {
  const now = new Map(rows.map((row) => [row.id, row]));
  return [...firstEnds].flatMap(([id, { row }]) => {
    const later = now.get(id);
    if (!later) return [`execution ${id} had ended and is gone`];
    const changed = (['status', 'stoppedAt', 'lastSeq', 'version'] as const).filter(
      (name) => row[name] !== later[name],
    );
    return changed.map(
      (name) => `execution ${id} had ended, then its ${name} went from ${row[name]} to ${later[name]}`,
    );
  });
}

function effectsHaveOneInput({ effects }: Evidence): string[] {
  const inputs = new Map<string, string>();
  return effects.flatMap(({ key, input }) => {
    if (key === '') return [`a call without a key reached the outside: ${input}`];
    const first = inputs.get(key) ?? input;
    inputs.set(key, first);
    return first === input ? [] : [`effect ${key} had two inputs: ${first} and ${input}`];
  });
}

/** Nothing acts before its intent is in the journal. The last part of a key is the item. */
function effectsHaveIntents({ effects, journals }: Evidence): string[] {
  const intents = new Set([...journals.values()].flatMap((facts) => facts.flatMap(({ key }) => key ?? [])));
  const keys = new Set(effects.map(({ key }) => key));
  return [...keys].flatMap((key) =>
    intents.has(key.slice(0, key.lastIndexOf('/'))) ? [] : [`effect ${key} has no intent in the journal`],
  );
}

/** Every effect of every run reached the outside, under one key: `execution/node/run/item`. */
function effectsArrived({ rows, effects, expected }: Evidence): string[] {
  const keys = new Set(effects.map(({ key }) => key));
  return rows.flatMap(({ id, workflowId }) => {
    const wanted = (expected.get(workflowId)?.effects ?? []).map((node) => `${id}/${node}/0/0`);
    const missing = wanted.filter((key) => !keys.has(key)).map((key) => `effect ${key} never reached the outside`);
    const found = [...keys].filter((key) => key.startsWith(`${id}/`) && !wanted.includes(key));
    return [...missing, ...found.map((key) => `effect ${key} is none that the workflow has`)];
  });
}

function noEffectAfterTheEnd({ effects, firstEnds }: Evidence): string[] {
  return effects.flatMap(({ key, atMs }) => {
    const end = firstEnds.get(key.slice(0, key.indexOf('/')));
    return end === undefined || atMs <= end.seenMs ? [] : [`effect ${key} came after its execution had ended`];
  });
}
