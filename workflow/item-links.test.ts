import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { graphOf } from './graph.ts';
import type { LinkOrigin } from './item-links.ts';
import { contextOutput, pairedItemOf } from './item-links.ts';
import { stampItems } from './item-stamp.ts';
import type { Item, Source } from './items.ts';
import type { NodeRun, RunData } from './run-events.ts';
import { flow, items, outputs, perform } from './test-kit.ts';

const from = (previousNode: string, previousNodeOutput = 0, previousNodeRun = 0): Source => ({
  previousNode,
  previousNodeOutput,
  previousNodeRun,
});

const linked = (n: number, pairedItem?: Item['pairedItem']): Item =>
  pairedItem === undefined ? { json: { n } } : { json: { n }, pairedItem };

function run(source: (Source | null)[], ...ports: Item[][]): NodeRun {
  return { startTime: 0, executionTime: 0, executionIndex: 0, status: 'success', source, outputs: ports };
}

const chain = graphOf(
  flow({
    nodes: { Start: {}, X: {}, Y: {}, Z: {}, Other: {}, E: {}, Later: {} },
    edges: ['Start>X', 'X>Y', 'X.1>Y', 'Y>Z', 'Z>E', 'Other>E.1', 'E>Later', 'X>Other'],
  }),
);

/** E asks: its items came from Z (input 0) and, if given, from Other (input 1). */
const origin = (count: number, sources: (Source | null)[] = [from('Z')]): LinkOrigin => ({
  node: 'E',
  sources,
  items: stampItems(items(...Array.from({ length: count }, (_, n) => n)), 0),
});

const data = (runs: Record<string, NodeRun[]>): RunData => new Map(Object.entries(runs));

describe('the item of an earlier node', () => {
  const straight = data({
    X: [run([], [linked(1), linked(2), linked(3)])],
    Y: [run([from('X')], [linked(1, { item: 2 }), linked(2, { item: 0 })])],
    Z: [run([from('Y')], [linked(1, { item: 1 }), linked(2, { item: 0 })])],
  });

  it('is found over links and recorded sources', () => {
    assert.deepEqual(pairedItemOf(straight, chain, origin(2), 0, 'X'), { ok: linked(1), run: 0, output: 0, index: 0 });
    assert.deepEqual(pairedItemOf(straight, chain, origin(2), 1, 'X'), { ok: linked(3), run: 0, output: 0, index: 2 });
  });

  it('of the direct predecessor stands at the same place', () => {
    const found = pairedItemOf(straight, chain, origin(2), 1, 'Z');
    assert.deepEqual(found, { ok: linked(2, { item: 0 }), run: 0, output: 0, index: 1 });
  });

  it('is looked for in the run and output that really fed the node', () => {
    const runs = data({
      X: [run([], [linked(1)]), run([], [linked(2)], [linked(3)])],
      Y: [run([from('X')], []), run([from('X', 1, 1)], [linked(4, { item: 0 })])],
      Z: [run([from('Y', 0, 1)], [linked(5, { item: 0 })])],
    });
    const found = pairedItemOf(runs, chain, origin(1), 0, 'X');
    assert.deepEqual(found, { ok: linked(3), run: 1, output: 1, index: 0 });
  });

  it('is followed through the input that the link names', () => {
    const runs = data({
      X: [run([], [linked(1), linked(2)])],
      Other: [run([from('X')], [linked(9, { item: 1 })])],
      Z: [run([from('Y')], [linked(5)])],
    });
    const start: LinkOrigin = {
      node: 'E',
      sources: [from('Z'), from('Other')],
      items: [linked(9, { item: 0, input: 1 })],
    };
    assert.deepEqual(pairedItemOf(runs, chain, start, 0, 'X'), { ok: linked(2), run: 0, output: 0, index: 1 });
  });

  it('is followed to the place a loop wrote down', () => {
    const overwritten = { item: 1, sourceOverwrite: from('X') };
    const runs = data({
      X: [run([], [linked(1), linked(2)])],
      Y: [run([from('Z', 0, 0)], [linked(7, overwritten)])],
      Z: [run([from('Y')], [linked(7, { item: 0 })])],
    });
    assert.deepEqual(pairedItemOf(runs, chain, origin(1), 0, 'X'), { ok: linked(2), run: 0, output: 0, index: 1 });
  });

  it('takes a number for a link and 0 for what a source leaves out', () => {
    const runs = data({
      X: [run([], [linked(1), linked(2)])],
      Y: [run([{ previousNode: 'X' }], [linked(3, 1)])],
      Z: [run([{ previousNode: 'Y' }], [linked(4, { item: 0 })])],
    });
    const found = pairedItemOf(runs, chain, origin(1, [{ previousNode: 'Z' }]), 0, 'X');
    assert.ok('ok' in found && found.index === 1);
  });
});

describe('a list of links', () => {
  const listed = (links: Item['pairedItem'], other: Item = linked(8, { item: 0 })) =>
    data({
      X: [run([], [linked(1), linked(2)])],
      Other: [run([from('X')], [other])],
      Y: [run([from('X')], [linked(3, { item: 0 }), linked(4, { item: 1 }), linked(5, { item: 0 })])],
      Z: [run([from('Y'), from('Other')], [links === undefined ? linked(6) : linked(6, links)])],
    });
  const ask = (runs: RunData, target = 'X') => pairedItemOf(runs, chain, origin(1), 0, target);

  it('whose ends agree is fine', () => {
    const found = ask(listed([{ item: 0 }, { item: 2 }, { item: 0, input: 1 }]));
    assert.ok('ok' in found && found.index === 0);
  });

  it('whose ends differ is ambiguous, where the ways part', () => {
    assert.deepEqual(ask(listed([{ item: 0 }, { item: 1 }])), { error: 'ambiguous', target: 'X', at: 'Z' });
  });

  it('leaves out ends that lead elsewhere', () => {
    const found = ask(listed([{ item: 1 }, { item: 0, input: 1 }]), 'Y');
    assert.ok('ok' in found && found.index === 1);
  });

  it('leaves out links that lead to nothing', () => {
    const found = ask(listed([{ item: 99 }, { item: 1 }, { item: 0, input: 7 }]));
    assert.ok('ok' in found && found.index === 1);
  });

  it('that is empty is a missing link', () => {
    assert.deepEqual(ask(listed([])), { error: 'linkMissing', target: 'X', at: 'Z' });
  });

  it('of 300 links over 12 levels is walked once per place', () => {
    const names = Array.from({ length: 12 }, (_, level) => `L${level}`);
    const graph = graphOf(
      flow({
        nodes: { Start: {}, ...Object.fromEntries(names.map((name) => [name, {}])), E: {} },
        edges: ['Start>L0', ...names.slice(1).map((name, level) => `L${level}>${name}`), 'L11>E'],
      }),
    );
    const all = Array.from({ length: 300 }, (_, item) => ({ item }));
    const runs: Record<string, NodeRun[]> = { Start: [run([], [linked(1)])] };
    names.forEach((name, level) => {
      const links = level === 0 ? { item: 0 } : all;
      runs[name] = [
        run(
          [from(level === 0 ? 'Start' : `L${level - 1}`)],
          all.map(({ item }) => linked(item, links)),
        ),
      ];
    });
    const start = { node: 'E', sources: [from('L11')], items: stampItems(items(1), 0) };
    let looks = 0;
    class Counted extends Map<string, readonly NodeRun[]> {
      override get(name: string): readonly NodeRun[] | undefined {
        looks += 1;
        return super.get(name);
      }
    }
    const found = pairedItemOf(new Counted(Object.entries(runs)), graph, start, 0, 'Start');
    assert.ok('ok' in found && found.index === 0);
    assert.ok(looks < 3 * 12 * 300, `looked ${looks} times`);
  });
});

describe('no item', () => {
  const runs = data({
    X: [run([], [linked(1)])],
    Y: [run([from('X')], [linked(2)])],
    Z: [run([from('Y')], [linked(3, { item: 0 })])],
    Later: [run([], [linked(1)])],
  });
  const grid: [string, RunData, string, number, object][] = [
    ['the node has not run', runs, 'Other', 0, { error: 'notRun', target: 'Other' }],
    ['the node does not exist', runs, 'Nowhere', 0, { error: 'notRun', target: 'Nowhere' }],
    ['the node is not upstream', runs, 'Later', 0, { error: 'notUpstream', target: 'Later' }],
    ['an item on the way has no link', runs, 'X', 0, { error: 'linkMissing', target: 'X', at: 'Y' }],
    ['the asking node has no such item', runs, 'X', 5, { error: 'linkMissing', target: 'X', at: 'E' }],
  ];
  for (const [rule, runData, target, index, expected] of grid) {
    it(`when ${rule}`, () => assert.deepEqual(pairedItemOf(runData, chain, origin(1), index, target), expected));
  }

  it('when a link points past the end of an output', () => {
    const broken = data({
      X: [run([], [linked(1)])],
      Y: [run([from('X')], [])],
      Z: [run([from('Y')], [linked(3, { item: 4 })])],
    });
    assert.deepEqual(pairedItemOf(broken, chain, origin(1), 0, 'X'), { error: 'linkMissing', target: 'X', at: 'Y' });
  });

  it('when links form a circle', () => {
    const circle = data({
      X: [run([], [linked(1)])],
      Y: [run([from('Z'), from('Z')], [linked(2, [{ item: 0 }, { item: 0, input: 1 }])])],
      Z: [run([from('Y')], [linked(3, { item: 0 })])],
    });
    assert.equal('error' in pairedItemOf(circle, chain, origin(1), 0, 'X'), true);
  });
});

describe('in real runs', () => {
  const ask = (
    edges: string[],
    nodes: Parameters<typeof flow>[0]['nodes'],
    node: string,
    target: string,
    index = 0,
  ) => {
    const workflow = flow({ nodes: { Start: {}, ...nodes }, edges });
    let answer: unknown;
    perform(workflow, {
      start: { items: items(1, 2) },
      outcome: (state, effect) => {
        const [input = []] = effect.inputs;
        if (effect.node === node) {
          const asked = { node, sources: effect.sources, items: input ?? [] };
          const found = pairedItemOf(state.runData, graphOf(workflow), asked, index, target);
          answer = 'ok' in found ? found.ok.json : found.error;
        }
        if (effect.node === 'Agg') return outputs([{ json: { all: 1 }, pairedItem: [{ item: 0 }, { item: 1 }] }]);
        if (effect.node !== 'M') return outputs(input ?? []);
        const pairs = (input ?? []).map((item, n) => ({
          json: item.json,
          pairedItem: [{ item: n }, { item: n, input: 1 }],
        }));
        return outputs(pairs);
      },
    });
    return answer;
  };

  it('behind a merge by position both sides are found', () => {
    const nodes = { L: {}, R: { is: 'pass' }, M: { is: 'merge' }, E: {} };
    const edges = ['Start>L', 'Start>R', 'L>M.0', 'R>M.1', 'M>E'];
    for (const side of ['L', 'R', 'Start']) assert.deepEqual(ask(edges, nodes, 'E', side, 1), { n: 2 });
  });

  it('behind an aggregate of several items the link is ambiguous', () => {
    assert.equal(ask(['Start>Mid', 'Mid>Agg', 'Agg>E'], { Mid: {}, Agg: {}, E: {} }, 'E', 'Mid'), 'ambiguous');
  });

  it('a node on another branch is not upstream', () => {
    const nodes = {
      A: { at: [0, 0] as [number, number] },
      B: { at: [0, 9] as [number, number] },
      E: { at: [0, 9] as [number, number] },
    };
    assert.equal(ask(['Start>A', 'Start>B', 'B>E'], nodes, 'E', 'A'), 'notUpstream');
  });
});

describe('the output that first, last and all read', () => {
  const runs = data({ X: [run([], [linked(1)]), run([], [linked(2)])], Z: [run([], [linked(1)])] });

  it('is the one through which the node leads here, of the latest run', () => {
    const sides = graphOf(flow({ nodes: { X: {}, T: {}, F: {} }, edges: ['X.0>T', 'X.1>F'] }));
    assert.deepEqual(contextOutput(runs, sides, 'T', 'X'), { output: 0, run: 1 });
    assert.deepEqual(contextOutput(runs, sides, 'F', 'X'), { output: 1, run: 1 });
  });

  it('is 0 when the node does not lead here', () => {
    assert.deepEqual(contextOutput(runs, chain, 'Start', 'Z'), { output: 0, run: 0 });
  });

  it('needs a run', () => {
    assert.deepEqual(contextOutput(runs, chain, 'E', 'Y'), { error: 'notRun', target: 'Y' });
  });
});
