import type { NodeContext } from '#runtime';
import type { Item, NodeRun, Source } from '#workflow';

/** What a loop has been given so far. */
export interface Rounds {
  /** The input of the run that began the loop. */
  items: readonly Item[];
  /** Where that input came from. */
  source: Source | null;
  /** The inputs of all later runs, this one included. */
  results: { items: Item[]; source: Source | null }[];
}

/**
 * The rounds read back from the runs of the execution, so that the loop remembers a position and not its items:
 * memory is committed with every run, and a thousand rounds of a thousand items would be a million items.
 * Undefined where the engine shows no history.
 */
export function roundsFromHistory(context: NodeContext): Rounds | undefined {
  const { runs, memory } = context;
  const first = memory['firstRun'];
  const own = runs?.get(context.node.name);
  if (!runs || !own || typeof first !== 'number') return undefined;
  const inputOf = (run: NodeRun | undefined): { items: Item[]; source: Source | null } => {
    const source = run?.source.find((entry) => entry !== null) ?? null;
    const from = source ? runs.get(source.previousNode)?.[source.previousNodeRun ?? 0] : undefined;
    const items = from?.outputs?.[source?.previousNodeOutput ?? 0] ?? [];
    return { items: context.node.executeOnce ? items.slice(0, 1) : [...items], source };
  };
  const begun = inputOf(own[first]);
  const results = own.slice(first + 1, context.run).map(inputOf);
  const now = { items: [...context.items()], source: context.sources?.[0] ?? null };
  return { items: begun.items, source: begun.source, results: [...results, now] };
}
