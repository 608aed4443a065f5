import type { Item, JsonObject, JsonValue } from '#workflow';

import { errors } from '../errors.ts';
import { linked } from '../items.ts';
import { getPath, placePath } from '../paths.ts';
import { isRecord } from '../values.ts';

export interface DedupeRule {
  readonly compare: 'allFields' | 'allFieldsExcept' | 'selectedFields';
  readonly fields: readonly string[];
  readonly dotNotation: boolean;
  /** With `selectedFields`: put out just these. */
  readonly removeOthers: boolean;
}

/**
 * Keeps the first of items that agree in the compared fields; the order of members does not count. Throws
 * NODE_FIELD_MISSING(_IN_SOME) when a selected field is missing.
 */
export function withoutDuplicates(items: readonly Item[], rule: DedupeRule): Item[] {
  if (rule.compare === 'selectedFields') checkFields(items, rule);
  const seen = new Set<string>();
  const kept: Item[] = [];
  items.forEach((item, index) => {
    const key = JSON.stringify(comparedOf(item.json, rule));
    if (seen.has(key)) return;
    seen.add(key);
    if (rule.removeOthers && rule.compare === 'selectedFields') {
      // These items are new, so n8n links them by their place in the output.
      kept.push({ json: onlyFields(item.json, rule), pairedItem: { item: kept.length } });
    } else kept.push(linked(item, index));
  });
  return kept;
}

function checkFields(items: readonly Item[], rule: DedupeRule): void {
  for (const field of rule.fields) {
    const missing = items.filter((item) => getPath(item.json, field, rule.dotNotation) === undefined).length;
    if (missing > 0 && missing === items.length) throw errors.NODE_FIELD_MISSING({ field });
    if (missing > 0) throw errors.NODE_FIELD_MISSING_IN_SOME({ field });
  }
}

function comparedOf(json: JsonObject, rule: DedupeRule): JsonValue {
  if (rule.compare === 'selectedFields') {
    return rule.fields.map((field) => inOrder(getPath(json, field, rule.dotNotation) ?? null));
  }
  if (rule.compare === 'allFields') return inOrder(json);
  const left = new Set(rule.fields);
  return inOrder(Object.fromEntries(Object.entries(json).filter(([key]) => !left.has(key))));
}

/** The value with all members in alphabetic order, so that equal values have equal text. */
export function inOrder(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}

function onlyFields(json: JsonObject, rule: DedupeRule): JsonObject {
  const kept: JsonObject = {};
  for (const field of rule.fields) {
    placePath(kept, field, getPath(json, field, rule.dotNotation) ?? null, rule.dotNotation);
  }
  return kept;
}
