import type { JsonObject, JsonValue } from '#workflow';

import { getPath } from '../paths.ts';
import { asText, isRecord } from '../values.ts';

export const AGGREGATIONS = ['append', 'average', 'concatenate', 'count', 'countUnique', 'max', 'min', 'sum'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

export interface Summary {
  readonly aggregation: Aggregation;
  readonly field: string;
  readonly separator: string;
  readonly includeEmpty: boolean;
}

const PREFIX: Record<Aggregation, string> = {
  append: 'appended_',
  average: 'average_',
  concatenate: 'concatenated_',
  count: 'count_',
  countUnique: 'unique_count_',
  max: 'max_',
  min: 'min_',
  sum: 'sum_',
};

/** The name of the result: `sum_a_n` for the sum of `a.n`. */
export const resultName = ({ aggregation, field }: Summary): string => `${PREFIX[aggregation]}${plainName(field)}`;

/** A field name without the signs of a path. */
export const plainName = (field: string): string => field.replace(/[\]"']/g, '').replace(/[.[]/g, '_');

const isEmpty = (value: JsonValue | undefined): boolean => value === undefined || value === null || value === '';

/** One figure over the items of a group. */
export function summarized(rows: readonly JsonObject[], summary: Summary, dotNotation: boolean): JsonValue {
  const values = rows.map((row) => getPath(row, summary.field, dotNotation));
  const filled = values.filter((value): value is JsonValue => !isEmpty(value));
  switch (summary.aggregation) {
    case 'count':
      return filled.length;
    case 'countUnique':
      return new Set(filled.map((value) => JSON.stringify(value))).size;
    case 'append':
      return summary.includeEmpty ? values.map((value) => value ?? null) : filled;
    case 'concatenate':
      return (summary.includeEmpty ? values.map((value) => value ?? '') : filled).map(textOf).join(summary.separator);
    case 'sum':
      return total(filled);
    case 'average': {
      const numbers = filled.filter((value) => typeof value === 'number');
      return numbers.length === 0 ? 0 : total(numbers) / numbers.length;
    }
    case 'max':
    case 'min':
      return extreme(filled, summary.aggregation === 'max' ? 1 : -1);
  }
}

const total = (values: readonly JsonValue[]): number =>
  values.reduce((sum: number, value) => (typeof value === 'number' ? sum + value : sum), 0);

const textOf = (value: JsonValue): string =>
  isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : asText(value);

/** The largest or smallest value; null where there is none. */
function extreme(values: readonly JsonValue[], sign: 1 | -1): JsonValue {
  let best: JsonValue = null;
  for (const value of values) {
    if (typeof value !== 'number' && typeof value !== 'string') continue;
    if (best === null || (value > (best as number | string) ? 1 : -1) === sign) best = value;
  }
  return best;
}
