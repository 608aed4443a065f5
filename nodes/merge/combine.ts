import type { Item, JsonObject, JsonValue, PairedItem } from '#workflow';

import { linked, linkTo } from '../items.ts';
import { isRecord } from '../values.ts';

/** How fields that several inputs have are settled. */
export interface Clash {
  /** `addSuffix`, `preferLast`, `preferInput1` …; absent = the mode's own default. */
  resolveClash?: string;
  mergeMode?: string;
  /** Empty values (null, undefined, "") of the preferred input do not win over others. */
  overrideEmpty?: boolean;
}

export type MergeFields = (first: JsonObject, ...others: readonly JsonObject[]) => JsonObject;

/** The merge of fields that a clash rule asks for: deep unless `shallowMerge`, later ones win. */
export function mergerFor(clash: Clash): MergeFields {
  const keepsFilled = clash.overrideEmpty === true;
  const deep = clash.mergeMode !== 'shallowMerge';
  return (first, ...others) => others.reduce((own, other) => mergeTwo(own, other, deep, keepsFilled), first);
}

function mergeTwo(own: JsonObject, other: JsonObject, deep: boolean, keepsFilled: boolean): JsonObject {
  // Entries, not assignment: a field named `__proto__` stays data.
  const merged = new Map<string, JsonValue>(Object.entries(own));
  for (const [key, value] of Object.entries(other)) {
    const there = merged.get(key);
    if (keepsFilled && merged.has(key) && (value === null || value === '')) continue;
    merged.set(key, deep ? mergeDeep(there, value, keepsFilled) : value);
  }
  return Object.fromEntries(merged);
}

/** Objects by member, lists by index, anything else: the later one. */
function mergeDeep(there: JsonValue | undefined, value: JsonValue, keepsFilled: boolean): JsonValue {
  if (isRecord(there) && isRecord(value)) return mergeTwo(there, value, true, keepsFilled);
  if (Array.isArray(there) && Array.isArray(value)) {
    const longer = Math.max(there.length, value.length);
    return Array.from({ length: longer }, (_, i) => {
      const right = value[i];
      return right === undefined ? (there[i] ?? null) : mergeDeep(there[i], right, keepsFilled);
    });
  }
  return value;
}

/** The fields with `_suffix` at every name. */
export function suffixed(json: JsonObject, suffix: string | number): JsonObject {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [`${key}_${suffix}`, value]));
}

/** The files of several items in one object; later ones win. */
export function binariesOf(items: readonly Item[]): Pick<Item, 'binary'> {
  const found = items.flatMap((item) => Object.entries(item.binary ?? {}));
  return found.length === 0 ? {} : { binary: Object.fromEntries(found) };
}

export function combined(json: JsonObject, items: readonly Item[], pairedItem: PairedItem[]): Item {
  return { json, ...binariesOf(items), pairedItem };
}

/** The inputs one after another. */
export function append(inputs: readonly (readonly Item[])[]): Item[] {
  return inputs.flatMap((items, input) => items.map((item, index) => linked(item, index, input)));
}

/**
 * The nth items of all inputs in one. From version 3 the preferred input is merged once more at the end and linked
 * twice, as n8n 2.41.1 does.
 */
export function byPosition(
  inputs: readonly (readonly Item[])[],
  clash: Clash,
  unpaired: boolean,
  twice: boolean,
): Item[] {
  const lengths = inputs.map((items) => items.length);
  const count = unpaired ? Math.max(0, ...lengths) : Math.min(...lengths);
  const preferred = preferredInput(clash, inputs.length);
  const merge = mergerFor(clash);
  const suffix = clash.resolveClash === 'addSuffix';
  return Array.from({ length: count }, (_, index) => {
    const there = inputs.flatMap((items, input) => {
      const item = items[index];
      return item ? [{ item, input }] : [];
    });
    const favourite = there.find((entry) => entry.input === preferred) ?? there[there.length - 1];
    const ordered = twice || !favourite ? there : [...there.filter((entry) => entry !== favourite), favourite];
    const parts = ordered.map(({ item, input }) => (suffix ? suffixed(item.json, input + 1) : item.json));
    const again = twice && favourite ? [favourite] : [];
    const links = [...there, ...again].map(({ input }) => linkTo(index, input));
    return combined(
      merge({}, ...parts, ...again.map(({ item }) => item.json)),
      there.map(({ item }) => item),
      links,
    );
  });
}

function preferredInput(clash: Clash, inputs: number): number {
  const chosen = /^preferInput(\d+)$/.exec(clash.resolveClash ?? '')?.[1];
  return chosen === undefined ? inputs - 1 : Math.min(Number(chosen), inputs) - 1;
}

/** Every item of the first input with every item of the second. */
export function allPairs(first: readonly Item[], second: readonly Item[], clash: Clash): Item[] {
  const merge = mergerFor(clash);
  return first.flatMap((left, i) =>
    second.map((right, j) => {
      const links = [linkTo(i), linkTo(j, 1)];
      if (clash.resolveClash === 'addSuffix') {
        return combined(merge(suffixed(left.json, 1), suffixed(right.json, 2)), [left, right], links);
      }
      const [low, high] = clash.resolveClash === 'preferInput1' ? [right, left] : [left, right];
      return combined(merge(low.json, high.json), [low, high], links);
    }),
  );
}
