import type { Item, ItemError, JsonValue, Ports } from './items.ts';

/** The error an item carries, if the item is nothing but that error; `undefined` for a regular item. */
function errorOf(item: Item): JsonValue | ItemError | undefined {
  if (item.error !== undefined) return item.error;
  const { error } = item.json;
  // `"error": null` and the like are data.
  if (!error) return undefined;
  const keys = Object.keys(item.json);
  if (keys.length === 1) return error;
  return keys.length === 2 && 'message' in item.json ? error : undefined;
}

function originOf(item: Item, inputs: Ports): Item | undefined {
  const link = Array.isArray(item.pairedItem) ? item.pairedItem[0] : item.pairedItem;
  if (link === undefined) return undefined;
  if (typeof link === 'number') return inputs[0]?.[link];
  return inputs[link.input ?? 0]?.[link.item];
}

/** The failed item as it leaves through the error output: the fields of its input item, plus the error. */
function failedItem(item: Item, inputs: Ports): Item {
  const { error, ...rest } = item;
  const own = error === undefined || 'error' in item.json ? item.json : { ...item.json, error: error.message };
  return { ...rest, json: { ...originOf(item, inputs)?.json, ...own } };
}

/** An only input item is the origin of everything, so that a failed item without a link still gets its fields. */
function linked(item: Item, inputs: Ports): Item {
  if (item.pairedItem !== undefined) return item;
  return inputs.length === 1 && inputs[0]?.length === 1 ? { ...item, pairedItem: { item: 0 } } : item;
}

/**
 * `continueErrorOutput`: moves the items that carry a handled failure to one more output behind the node's `outputs`.
 * Such are items with a top-level `error`, or whose `json` is only `error`, or only `error` and `message`; an error
 * among other fields stays where it is. Outputs that the node did not return are filled with [].
 */
export function routeErrors(returned: Ports, inputs: Ports, outputs: number): Ports {
  const failed: Item[] = [];
  const routed: (readonly Item[] | null)[] = [];
  for (let output = 0; output < outputs; output++) {
    const items = returned[output] ?? [];
    const regular = items.filter((item) => errorOf(item) === undefined);
    routed.push(regular.length === items.length ? items : regular);
    for (const item of items) if (errorOf(item) !== undefined) failed.push(failedItem(linked(item, inputs), inputs));
  }
  return [...routed, [...(returned[outputs] ?? []), ...failed]];
}
