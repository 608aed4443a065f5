import type { NodeContext, NodeType } from '#runtime';
import type { Item, JsonObject, NodeDefinition, NodeResult, PairedItem, Source } from '#workflow';

import { flagParam, numberParam } from '../read.ts';
import { collection, facts, flag, number } from '../schema.ts';
import { roundsFromHistory, type Rounds } from './rounds.ts';

const type = 'n8n-nodes-base.splitInBatches';

/**
 * The loop. The first run (or one with `reset`) takes its input as the work to do; every later run collects its
 * input as results and puts out the next batch; when nothing is left it puts out all results on `done`. Its state
 * is what `$node["…"].context` shows: `currentRunIndex`, `maxRunIndex`, `noItemsLeft`, `done`.
 */
function loop(context: NodeContext): NodeResult {
  const size = Math.max(1, Math.floor(numberParam(context, 'batchSize', 0, 1)));
  const begins = context.memory['maxRunIndex'] === undefined || flagParam(context, 'options.reset', 0);
  const rounds = begins ? undefined : roundsFromHistory(context);
  const step = begins ? firstStep(context, size) : nextStep(context, size, rounds);
  const ended = step.batch.length === 0;
  return {
    kind: 'outputs',
    outputs: outputsFor(context.node.typeVersion, step.batch, ended ? step.results() : []),
    memory: { ...step.memory, noItemsLeft: step.left === 0, done: ended },
  };
}

interface Step {
  batch: Item[];
  left: number;
  results: () => Item[];
  memory: JsonObject;
}

function firstStep(context: NodeContext, size: number): Step {
  const items = context.items();
  const batch = items.slice(0, size).map((item, index) => withLink(item, { item: index }));
  const memory: JsonObject = {
    currentRunIndex: 0,
    maxRunIndex: Math.ceil(items.length / size),
    firstRun: context.run,
    position: batch.length,
  };
  // Where the engine shows no history, the items themselves have to be remembered.
  if (!context.runs) Object.assign(memory, { items, results: [], source: context.sources?.[0] ?? null });
  return { batch, left: items.length - batch.length, results: () => [], memory };
}

function nextStep(context: NodeContext, size: number, history: Rounds | undefined): Step {
  const memory = context.memory;
  const rounds = history ?? remembered(context);
  const from = Number(memory['position'] ?? 0);
  const batch = rounds.items.slice(from, from + size).map((item, offset) => {
    return withLink(item, overwritten(from + offset, rounds.source, false));
  });
  const results = (): Item[] =>
    rounds.results.flatMap(({ items, source }) =>
      items.map((item, index) => withLink(item, overwritten(index, source, true))),
    );
  const kept = history ? {} : { results: asMemory(rounds.results) };
  return {
    batch,
    left: Math.max(0, rounds.items.length - from - batch.length),
    results,
    memory: {
      ...memory,
      ...kept,
      currentRunIndex: Number(memory['currentRunIndex'] ?? 0) + 1,
      position: from + batch.length,
    },
  };
}

/** The rounds out of the node's own memory, with this run's input as the newest result. */
function remembered(context: NodeContext): Rounds {
  const { items, results, source } = context.memory;
  // The memory is what `firstStep` and `asMemory` wrote; nobody else writes it.
  const before = (results ?? []) as unknown as Rounds['results'];
  return {
    items: (items ?? []) as unknown as Item[],
    source: (source ?? null) as Source | null,
    results: [...before, { items: [...context.items()], source: context.sources?.[0] ?? null }],
  };
}

const asMemory = (results: Rounds['results']): JsonObject[] => results as unknown as JsonObject[];

const withLink = (item: Item, pairedItem: PairedItem): Item => ({ ...item, pairedItem });

/** The link of an item that left its own run behind: it names the run it came from itself. */
function overwritten(index: number, source: Source | null, sourceFirst: boolean): PairedItem {
  if (!source) return { item: index };
  const sourceOverwrite = { previousNodeOutput: 0, previousNodeRun: 0, ...source };
  return sourceFirst ? { sourceOverwrite, item: index } : { item: index, sourceOverwrite };
}

/** Version 1 has one output; 2 has loop then done; 3 has done then loop. */
function outputsFor(version: number, batch: Item[], done: Item[]): Item[][] {
  if (version === 1) return [batch];
  return version === 2 ? [batch, done] : [done, batch];
}

const outputsOf = (node: NodeDefinition): number => (node.typeVersion === 1 ? 1 : 2);

export const splitInBatches: NodeType = {
  type,
  displayName: 'Loop Over Items (Split in Batches)',
  description: 'Hands its items on in batches, and all results when none is left.',
  group: 'flow',
  versions: [1, 2, 3],
  properties: [
    number('batchSize', 10, { show: { '@version': [1, 2] } }),
    number('batchSize', 1, { show: { '@version': [3] } }),
    collection('options', [flag('reset')]),
  ],
  facts: (node) => ({ ...facts(type)(), outputs: outputsOf(node) }),
  execute: loop,
};
