import type { Item, PairedItem, Ports } from './items.ts';

function isStamped(link: Item['pairedItem'], index: number, input: number): boolean {
  if (typeof link !== 'object' || Array.isArray(link)) return false;
  return link.item === index && (link.input ?? 0) === input && link.sourceOverwrite === undefined;
}

function linkTo(index: number, input: number): PairedItem {
  return input === 0 ? { item: index } : { item: index, input };
}

/**
 * Items as they enter an input: each linked to its own index and input, so that a node which passes items on keeps
 * their links. Returns the same array when every item has that link already.
 */
export function stampItems(items: readonly Item[], input: number): readonly Item[] {
  if (items.every((item, index) => isStamped(item.pairedItem, index, input))) return items;
  return items.map((item, index) =>
    isStamped(item.pairedItem, index, input) ? item : { ...item, pairedItem: linkTo(index, input) },
  );
}

type LinkRule = (index: number) => number;

/** n8n's rule for items that a node returned without a link; undefined = they stay without. */
function linkRule(outputs: Ports, inputs: Ports): LinkRule | undefined {
  const [input] = inputs;
  if (inputs.length !== 1 || input === null || input === undefined) return undefined;
  if (input.length === 1) return () => 0;
  const [output] = outputs;
  if (outputs.length !== 1 || output === null || output === undefined) return undefined;
  if (output.length === 1 && input.length > 0) return () => 0;
  return output.length === input.length ? (index) => index : undefined;
}

function linkOutput(output: readonly Item[] | null, rule: LinkRule): readonly Item[] | null {
  if (output === null || output.every((item) => item.pairedItem !== undefined)) return output;
  return output.map((item, index) =>
    item.pairedItem === undefined ? { ...item, pairedItem: { item: rule(index) } } : item,
  );
}

/**
 * Gives output items without a link the one that n8n infers: a single input item is the origin of everything, a
 * single output item comes from item 0, equal counts go by position; else there is none. Only with one input.
 */
export function linkItems(outputs: Ports, inputs: Ports): Ports {
  const rule = linkRule(outputs, inputs);
  return rule === undefined ? outputs : outputs.map((output) => linkOutput(output, rule));
}

/** Links to every item of every input, as the item that `alwaysOutputData` makes up has them. */
export function linksToAll(inputs: Ports): PairedItem[] {
  return inputs.flatMap((items, input) => (items ?? []).map((_, item) => ({ item, input })));
}
