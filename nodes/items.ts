import { TroupeError } from '#workflow';
import type { Item, JsonObject, PairedItem } from '#workflow';
import type { NodeContext } from '#runtime';

/** The link to an input item as n8n writes it: the input is left out where it is the first. */
export function linkTo(index: number, input = 0): PairedItem {
  return input === 0 ? { item: index } : { item: index, input };
}

/** An item handed on unchanged, linked to its place in the input. The item itself where it is linked so already. */
export function linked(item: Item, index: number, input = 0): Item {
  const link = item.pairedItem;
  if (typeof link === 'object' && !Array.isArray(link) && link.item === index && !link.sourceOverwrite) {
    if (link.input === (input === 0 ? undefined : input)) return item;
  }
  return { ...item, pairedItem: linkTo(index, input) };
}

/** All items of an input, handed on unchanged. */
export function passOn(items: readonly Item[], input = 0): Item[] {
  return items.map((item, index) => linked(item, index, input));
}

/** The message that a failure shows to people. */
export function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** The item that stands for a failed one when the node carries on after errors. */
export function errorItem(failure: unknown, index: number): Item {
  return { json: { error: messageOf(failure) }, pairedItem: { item: index } };
}

/** Links to every item of an input, for an output that all of them went into. */
export function linksTo(items: readonly unknown[], input = 0): PairedItem[] {
  return items.map((_, index) => linkTo(index, input));
}

/** A new item with these fields, linked to input item `index`. */
export function made(json: JsonObject, index: number): Item {
  return { json, pairedItem: { item: index } };
}

/**
 * Runs `make` for each item of the first input. A failure stops the node, or becomes an error item in its place
 * where the node carries on after errors.
 */
export function eachItem(context: NodeContext, make: (item: Item, index: number) => Item | Item[]): Item[] {
  const output: Item[] = [];
  const items = context.items();
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (!item) continue;
    try {
      const result = make(item, index);
      if (Array.isArray(result)) for (const one of result) output.push(one);
      else output.push(result);
    } catch (failure) {
      if (!context.continuesOnFail || mustStop(failure)) throw failure;
      output.push(errorItem(failure, index));
    }
  }
  return output;
}

/** Failures that no item stands for: the whole run is off. */
export function mustStop(failure: unknown): boolean {
  return failure instanceof TroupeError && failure.details['wholeNode'] === true;
}
