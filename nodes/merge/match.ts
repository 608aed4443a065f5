import type { Item, JsonObject, JsonValue, PairedItem } from '#workflow';

import { linked, linkTo, passOn } from '../items.ts';
import { getPath } from '../paths.ts';
import { isRecord, sameJson } from '../values.ts';
import { combined, mergerFor, suffixed, type Clash } from './combine.ts';

export const JOIN_MODES = ['keepMatches', 'keepNonMatches', 'keepEverything', 'enrichInput1', 'enrichInput2'] as const;
export type JoinMode = (typeof JOIN_MODES)[number];

/** A pair of fields that have to agree. */
export interface FieldPair {
  field1: string;
  field2: string;
}

export interface MatchRule {
  fields: readonly FieldPair[];
  join: JoinMode;
  /** Which side is put out by keepMatches and keepNonMatches. */
  from: 'both' | 'input1' | 'input2';
  clash: Clash;
  /** `first`: only the first match of each item. */
  matches: 'all' | 'first';
  fuzzy: boolean;
  dotNotation: boolean;
  /** The name of the rule "later input wins": `preferLast` from version 3, `preferInput2` before. */
  lastWins: string;
}

interface Found {
  pairs: [number, number][];
  alone1: number[];
  alone2: number[];
}

/** Combines two inputs by fields that agree. */
export function byFields(first: readonly Item[], second: readonly Item[], rule: MatchRule): Item[] {
  // Beside an empty input there is nothing to compare: items go on as they are, without marks.
  if (rule.join === 'keepNonMatches' && rule.from === 'both' && (first.length === 0 || second.length === 0)) {
    return [...passOn(first), ...passOn(second, 1)];
  }
  const found = findPairs(first, second, rule);
  const keep = (items: readonly Item[], indexes: Iterable<number>, input: number): Item[] =>
    [...indexes].flatMap((index) => (items[index] ? [linked(items[index], index, input)] : []));
  if (rule.join === 'keepMatches' && rule.from === 'input1') return keep(first, sorted(found.pairs.map(([i]) => i)), 0);
  if (rule.join === 'keepMatches' && rule.from === 'input2')
    return keep(second, sorted(found.pairs.map(([, j]) => j)), 1);
  if (rule.join === 'keepNonMatches')
    return nonMatches(keep(first, found.alone1, 0), keep(second, found.alone2, 1), rule);
  const rest1 = rule.join === 'keepEverything' || rule.join === 'enrichInput1' ? keep(first, found.alone1, 0) : [];
  const rest2 = rule.join === 'keepEverything' || rule.join === 'enrichInput2' ? keep(second, found.alone2, 1) : [];
  const suffix = rule.clash.resolveClash === 'addSuffix';
  const named = (items: Item[], input: number): Item[] =>
    suffix ? items.map((item) => ({ ...item, json: suffixed(item.json, input) })) : items;
  return [...mergedPairs(first, second, found.pairs, rule), ...named(rest1, 1), ...named(rest2, 2)];
}

const sorted = (indexes: number[]): number[] => [...new Set(indexes)].sort((a, b) => a - b);

/** Items without a partner; with both sides put out each one says where it comes from. */
function nonMatches(rest1: Item[], rest2: Item[], rule: MatchRule): Item[] {
  if (rule.from === 'input1') return rest1;
  if (rule.from === 'input2') return rest2;
  const signed = (items: Item[], source: string): Item[] =>
    items.map((item) => ({ ...item, json: { ...item.json, _source: source } }));
  return [...signed(rest1, 'input1'), ...signed(rest2, 'input2')];
}

function mergedPairs(
  first: readonly Item[],
  second: readonly Item[],
  pairs: [number, number][],
  rule: MatchRule,
): Item[] {
  const merge = mergerFor(rule.clash);
  const wins = rule.clash.resolveClash ?? (rule.join === 'enrichInput2' ? 'preferInput1' : rule.lastWins);
  return pairs.flatMap(([i, j]) => {
    const left = first[i];
    const right = second[j];
    if (!left || !right) return [];
    const links: PairedItem[] = [linkTo(i), linkTo(j, 1)];
    if (wins === 'addSuffix') {
      return [combined(merge(suffixed(left.json, 1), suffixed(right.json, 2)), [left, right], links)];
    }
    if (wins === 'preferInput1') return [combined(merge(right.json, left.json), [right, left], links.reverse())];
    if (wins === rule.lastWins) return [combined(merge(left.json, right.json), [left, right], links)];
    // A rule the version does not know gives an empty item in n8n 2.41.1; workflows rely on the count.
    return [{ json: {}, pairedItem: [] }];
  });
}

function findPairs(first: readonly Item[], second: readonly Item[], rule: MatchRule): Found {
  const lookup = rule.fuzzy ? slowLookup(second, rule) : fastLookup(second, rule);
  const pairs: [number, number][] = [];
  const alone1: number[] = [];
  const taken = new Set<number>();
  first.forEach((item, i) => {
    const key = keyOf(item.json, rule, 'field1');
    const partners = key === undefined ? [] : lookup(key);
    if (partners.length === 0) alone1.push(i);
    // Every partner counts as matched, even those that "first match only" leaves out.
    for (const j of partners) taken.add(j);
    for (const j of rule.matches === 'first' ? partners.slice(0, 1) : partners) pairs.push([i, j]);
  });
  const alone2 = second.map((_, j) => j).filter((j) => !taken.has(j));
  return { pairs, alone1, alone2 };
}

/** The values of the compared fields, or undefined where one is missing (unless compared loosely). */
function keyOf(json: JsonObject, rule: MatchRule, side: 'field1' | 'field2'): JsonValue[] | undefined {
  const values = rule.fields.map((pair) => getPath(json, pair[side], rule.dotNotation));
  if (values.some((value) => value === undefined) && !rule.fuzzy) return undefined;
  return values.map((value) => value ?? null);
}

type Lookup = (key: JsonValue[]) => readonly number[];

/** Equal values have equal text, so that n × m comparisons become n + m. */
function fastLookup(items: readonly Item[], rule: MatchRule): Lookup {
  const index = new Map<string, number[]>();
  items.forEach((item, j) => {
    const key = keyOf(item.json, rule, 'field2');
    if (key === undefined) return;
    const text = JSON.stringify(key.map(sortedJson));
    const list = index.get(text);
    if (list) list.push(j);
    else index.set(text, [j]);
  });
  return (key) => index.get(JSON.stringify(key.map(sortedJson))) ?? [];
}

function slowLookup(items: readonly Item[], rule: MatchRule): Lookup {
  const keys = items.map((item) => keyOf(item.json, rule, 'field2') ?? []);
  return (key) => keys.flatMap((other, j) => (key.every((value, n) => alike(value, other[n] ?? null)) ? [j] : []));
}

function sortedJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sortedJson(v)]),
  );
}

const isBlank = (value: JsonValue): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Loose comparison: blanks are alike; a number or boolean and the text of it are alike. */
export function alike(a: JsonValue, b: JsonValue): boolean {
  if (isBlank(a) && isBlank(b)) return true;
  if (typeof a === typeof b) return sameJson(a, b);
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    const [yes, other] = typeof a === 'boolean' ? [a, b] : [b, a];
    if (typeof other === 'string') return other.toLowerCase() === String(yes);
    return typeof other === 'number' && other === Number(yes);
  }
  if (isRecord(a) || isRecord(b) || Array.isArray(a) || Array.isArray(b)) return false;
  return String(a) === String(b);
}
