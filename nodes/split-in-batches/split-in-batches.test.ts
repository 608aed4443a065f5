import assert from 'node:assert/strict';
import test from 'node:test';

import type { Item, JsonObject, NodeRun, Source } from '#workflow';

import { contextFor, items } from '../testing.ts';
import { splitInBatches } from './node.ts';

const data: Source = { previousNode: 'Data', previousNodeOutput: 0, previousNodeRun: 0 };
const body = (run: number): Source => ({ previousNode: 'Body', previousNodeOutput: 0, previousNodeRun: run });

interface Played {
  outputs: Item[][];
  memory: JsonObject;
}

/** Plays a loop: each round's batch comes back through `work`. */
function play(
  input: Item[],
  options: { version?: number; size?: number; history?: boolean; work?: (batch: Item[]) => Item[] },
): Played[] {
  const { version = 3, size = 1, work = (batch) => batch } = options;
  const played: Played[] = [];
  const runs = new Map<string, NodeRun[]>([
    ['Data', [runOf([input], [])]],
    ['Body', []],
    ['Loop Over Items (Split in Batches)', []],
  ]);
  let incoming = input;
  let source = data;
  let memory: JsonObject = {};
  for (let run = 0; run < 50; run++) {
    const context = contextFor(splitInBatches, {
      version,
      parameters: { batchSize: size },
      inputs: [incoming],
      context: { run, memory, sources: [source], ...(options.history ? { runs } : {}) },
    });
    const result = splitInBatches.execute(context);
    if (result instanceof Promise || result.kind !== 'outputs') throw new Error('a loop answers at once');
    const outputs = result.outputs.map((list) => [...(list ?? [])]);
    memory = result.memory ?? {};
    played.push({ outputs, memory });
    runs.get('Loop Over Items (Split in Batches)')?.push(runOf(outputs, [source]));
    const batch = outputs[version === 3 ? 1 : 0] ?? [];
    if (batch.length === 0) return played;
    incoming = work(batch);
    runs.get('Body')?.push(runOf([incoming], []));
    source = body(run);
  }
  throw new Error('the loop does not end');
}

const runOf = (outputs: Item[][], source: (Source | null)[]): NodeRun => ({
  startTime: 0,
  executionTime: 0,
  executionIndex: 0,
  status: 'success',
  source,
  outputs,
});

for (const history of [false, true]) {
  const how = history ? 'from the history' : 'from its memory';

  test(`each round puts out the next batch, ${how}`, () => {
    const played = play(items({ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }, { n: 5 }), { size: 2, history });
    assert.deepEqual(
      played.map(({ outputs }) => outputs[1]?.map((item) => item.json['n'])),
      [[1, 2], [3, 4], [5], []],
    );
  });

  test(`done gives all that came back, each with the run it came from, ${how}`, () => {
    const played = play(items({ n: 1 }, { n: 2 }), {
      history,
      work: ([item]) => items({ out: item?.json['n'] ?? null }, { out: 0 }),
    });
    assert.deepEqual(played.at(-1)?.outputs[0], [
      { json: { out: 1 }, pairedItem: { sourceOverwrite: body(0), item: 0 } },
      { json: { out: 0 }, pairedItem: { sourceOverwrite: body(0), item: 1 } },
      { json: { out: 2 }, pairedItem: { sourceOverwrite: body(1), item: 0 } },
      { json: { out: 0 }, pairedItem: { sourceOverwrite: body(1), item: 1 } },
    ]);
  });

  test(`later batches name the run that they came from, ${how}`, () => {
    const played = play(items({ n: 1 }, { n: 2 }), { history });
    assert.deepEqual(played[0]?.outputs[1]?.[0]?.pairedItem, { item: 0 });
    assert.deepEqual(played[1]?.outputs[1]?.[0]?.pairedItem, { item: 1, sourceOverwrite: data });
  });

  test(`what people can read of a loop counts on, ${how}`, () => {
    const played = play(items({ n: 1 }, { n: 2 }, { n: 3 }), { size: 2, history });
    const seen = played.map(({ memory }) => [
      memory['currentRunIndex'],
      memory['maxRunIndex'],
      memory['noItemsLeft'],
      memory['done'],
    ]);
    assert.deepEqual(seen, [
      [0, 2, false, false],
      [1, 2, true, false],
      [2, 2, true, true],
    ]);
  });
}

test('with a history the memory holds no items', () => {
  const played = play(items({ secret: 1 }, { secret: 2 }), { history: true });
  for (const { memory } of played) assert.doesNotMatch(JSON.stringify(memory), /secret/);
});

for (const [version, outputs] of [
  [1, [['n1'], ['n2'], []]],
  [2, [['n1'], ['n2'], []]],
] as const) {
  test(`version ${version} puts the loop first`, () => {
    const played = play(items({ n: 'n1' }, { n: 'n2' }), { version });
    assert.deepEqual(
      played.map((round) => round.outputs[0]?.map((item) => item.json['n'])),
      outputs,
    );
    assert.equal(played[0]?.outputs.length, version);
  });
}

test('reset starts over with the input of this run', () => {
  const memory = { maxRunIndex: 1, position: 1, currentRunIndex: 0, firstRun: 0, items: [], results: [] };
  const parameters = { batchSize: 1, options: { reset: true } };
  const context = contextFor(splitInBatches, {
    parameters,
    inputs: [[{ n: 7 }, { n: 8 }]],
    context: { run: 5, memory },
  });
  const result = splitInBatches.execute(context);
  assert.ok(!(result instanceof Promise) && result.kind === 'outputs');
  assert.equal(result.outputs[1]?.[0]?.json['n'], 7);
  assert.equal(result.memory?.['currentRunIndex'], 0);
});

test('a batch size below one is one', () => {
  assert.equal(play(items({ n: 1 }, { n: 2 }), { size: 0 }).length, 3);
});
