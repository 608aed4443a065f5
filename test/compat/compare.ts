import { difference, type Difference } from './equal.ts';
import type { CompareRule, ExpectedExecution } from './record.ts';

/** What one execution did here, in the shape of the records. */
export interface ObservedExecution {
  readonly status: string;
  readonly error?: { readonly message: string };
  /** Node names in order of execution, once per run. */
  readonly order: readonly string[];
  /** Runs of each node: its outputs, or null when the run gave no data. */
  readonly runs: Readonly<Record<string, readonly (readonly (readonly unknown[])[] | null)[]>>;
}

/** A difference, and the place it was found: `Node[run].output[item]` or `(order)`, `(status)`, `(error)`. */
export interface Failure extends Difference {
  readonly at: string;
}

/** Every difference between what n8n did and what was done here; [] = the same. */
export function compareExecution(
  want: ExpectedExecution,
  got: ObservedExecution | undefined,
  rule: CompareRule,
): Failure[] {
  if (want.expectedStatus === 'none') {
    return got === undefined ? [] : [{ at: '(status)', path: '$', want: 'no execution', got: got.status }];
  }
  if (got === undefined) return [{ at: '(status)', path: '$', want: want.expectedStatus, got: 'no execution' }];
  const { expectedOrder, expectedError } = want;
  return [
    ...statusFailures(want.expectedStatus, got),
    ...(expectedError === undefined ? [] : at('(error)', difference(expectedError, got.error?.message))),
    ...(expectedOrder === undefined ? [] : at('(order)', difference(expectedOrder, got.order))),
    ...Object.entries(want.expected).flatMap(([node, runs]) => nodeFailures(node, runs, got.runs[node], rule)),
  ];
}

function statusFailures(want: string, got: ObservedExecution): Failure[] {
  const allowed = want === 'success-or-waiting' ? ['success', 'waiting'] : [want];
  if (allowed.includes(got.status)) return [];
  return [{ at: '(status)', path: '$', want, got: `${got.status} ${got.error?.message ?? ''}`.trim() }];
}

function at(place: string, found: Difference | undefined): Failure[] {
  return found === undefined ? [] : [{ at: place, ...found }];
}

function nodeFailures(
  node: string,
  want: ExpectedExecution['expected'][string],
  got: ObservedExecution['runs'][string] | undefined,
  rule: CompareRule,
): Failure[] {
  if (got === undefined) return [{ at: node, path: 'runs', want: want.length, got: 0 }];
  if (rule.runs === 'exact' && want.length !== got.length) {
    return [{ at: node, path: 'runs', want: want.length, got: got.length }];
  }
  return want.flatMap((outputs, run) => runFailures(`${node}[${run}]`, outputs, got[run], rule));
}

type Outputs = ExpectedExecution['expected'][string][number];

function runFailures(place: string, want: Outputs, got: Outputs | undefined, rule: CompareRule): Failure[] {
  if (want === null || got === null || got === undefined) {
    return want === null && (got === null || got === undefined) ? [] : [{ at: place, path: 'run', want, got }];
  }
  if (rule.outputs === 'all' && want.length !== got.length) {
    return [{ at: place, path: 'outputs', want: want.length, got: got.length }];
  }
  return want.flatMap((items, output) => {
    const have = (got[output] ?? []).map((item) => shown(item, rule));
    if (items.length !== have.length) {
      return [{ at: `${place}.${output}`, path: 'items', want: items.length, got: have.length }];
    }
    return items.flatMap((item, index) =>
      at(`${place}.${output}[${index}]`, difference(shown(item, { ...rule, ignore: [] }), have[index])),
    );
  });
}

/** The part of an item that counts: errors by their message only, no binary where the rule leaves it out. */
function shown(item: unknown, rule: CompareRule): unknown {
  if (typeof item !== 'object' || item === null) return item;
  const { json, binary, pairedItem, error } = onlyMessages(item) as Record<string, unknown>;
  if (rule.itemKeys === 'json') return { json };
  const whole: Record<string, unknown> = { json };
  if (error !== undefined) whole['error'] = error;
  if (!rule.ignore.includes('pairedItem')) whole['pairedItem'] = pairedItem;
  if (rule.binary && Object.keys(binary ?? {}).length > 0) whole['binary'] = binary;
  return whole;
}

function onlyMessages(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(onlyMessages);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => {
      const isError = key === 'error' && typeof member === 'object' && member !== null && 'message' in member;
      return [key, isError ? { message: member.message } : onlyMessages(member)];
    }),
  );
}
