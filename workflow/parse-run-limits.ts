import type { ConcurrencyLimit, RateLimit } from './definition.ts';
import { TroupeError } from './errors.ts';
import { compileText } from './expressions/evaluate.ts';
import { isExpression } from './expressions/split.ts';
import type { IssueList } from './issues.ts';
import { shown } from './issues.ts';
import { isJsonObject } from './json-check.ts';
import { CONCURRENT_RUNS, RUNS_PER_PERIOD } from './limits.ts';

/** The words of `per`, and how long each is. */
export const PERIOD_MS = { second: 1_000, minute: 60_000, hour: 3_600_000 } as const;

type Raw = Record<string, unknown>;

function count(value: unknown, field: string, most: number, issues: IssueList): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
  issues.error(field, `${field} is ${shown(value)}`, `Give a whole number from 1 to ${most}.`);
  return undefined;
}

/** Compiled once here, so that an expression that cannot be read is refused at save and not at each start. */
function keyOf(raw: Raw, field: string, issues: IssueList): string | undefined {
  const { key } = raw;
  if (key === undefined || key === null || key === '') return undefined;
  if (typeof key !== 'string') {
    issues.error(`${field}.key`, `${field}.key is ${shown(key)}`, 'Give text or an expression that begins with "=".');
    return undefined;
  }
  try {
    if (isExpression(key)) compileText(key);
    return key;
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    issues.error(`${field}.key`, `${field}.key: ${error.message}`, error.hint ?? 'Mend the expression.');
    return undefined;
  }
}

function unknownMembers(raw: Raw, known: readonly string[], field: string, issues: IssueList): void {
  for (const name of Object.keys(raw)) {
    if (known.includes(name)) continue;
    issues.error(`${field}.${name}`, `${field}.${name} is not known`, `It has the members ${known.join(', ')}.`);
  }
}

/** `settings.concurrency`: a number, or `{limit, key?}`. Absent and null: no limit. */
export function parseConcurrency(value: unknown, issues: IssueList): ConcurrencyLimit | undefined {
  const field = 'settings.concurrency';
  if (value === undefined || value === null) return undefined;
  const raw: Raw = isJsonObject(value) ? value : { limit: value };
  unknownMembers(raw, ['limit', 'key'], field, issues);
  const limit = count(raw['limit'], isJsonObject(value) ? `${field}.limit` : field, CONCURRENT_RUNS, issues);
  const key = keyOf(raw, field, issues);
  return limit === undefined ? undefined : { limit, ...(key !== undefined && { key }) };
}

/** `settings.rateLimit`: `{limit, per, key?}`. Absent and null: no limit. */
export function parseRateLimit(value: unknown, issues: IssueList): RateLimit | undefined {
  const field = 'settings.rateLimit';
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) {
    issues.error(field, `${field} is ${shown(value)}`, 'Give {"limit": 10, "per": "minute"}.');
    return undefined;
  }
  unknownMembers(value, ['limit', 'per', 'key'], field, issues);
  const limit = count(value['limit'], `${field}.limit`, RUNS_PER_PERIOD, issues);
  const key = keyOf(value, field, issues);
  const { per } = value;
  if (per !== 'second' && per !== 'minute' && per !== 'hour') {
    issues.error(`${field}.per`, `${field}.per is ${shown(per)}`, 'Give "second", "minute" or "hour".');
    return undefined;
  }
  return limit === undefined ? undefined : { limit, perMs: PERIOD_MS[per], ...(key !== undefined && { key }) };
}
