import type { NodeContext } from '#runtime';
import type { Item } from '#workflow';

import { CODE_MEMORY_MB, CODE_TIMEOUT_MS } from '../code/limits.ts';
import { errors } from '../errors.ts';
import { textParam } from '../read.ts';

/**
 * Orders items by the author's comparison of `a` and `b`, performed in a contained process like all user code. What
 * comes back is an order of places and nothing else, so that code can move items but not change them.
 */
export async function sortedByCode(context: NodeContext, items: readonly Item[]): Promise<Item[]> {
  const code = textParam(context, 'code', 0);
  const source = [
    `const compare = (a, b) => {\n${code}\n};`,
    'const places = $input.all().map((item, place) => ({ item, place }));',
    'return places.sort((x, y) => compare(x.item, y.item)).map(({ place }) => place);',
  ].join('\n');
  const outcome = await context.code.run({
    source,
    mode: 'runOnceForAllItems',
    items,
    scene: { ...context.scene(), dialect: 'code', continueOnFail: false },
    timeoutMs: CODE_TIMEOUT_MS,
    memoryMb: CODE_MEMORY_MB,
    signal: context.signal,
  });
  if (outcome.kind === 'threw') throw errors.NODE_STOPPED({ message: outcome.error.message, wholeNode: true });
  const places = Array.isArray(outcome.value) ? outcome.value : [];
  const ordered = places.flatMap((place) => items[Number(place)] ?? []);
  if (places.length !== items.length || new Set(ordered).size !== items.length) {
    throw errors.NODE_STOPPED({ message: 'The code to sort by did not give an order of the items', wholeNode: true });
  }
  return ordered;
}
