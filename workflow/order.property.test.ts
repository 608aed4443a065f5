import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WorkflowDefinition } from './definition.ts';
import { flow, perform } from './test-kit.ts';

interface Edge {
  readonly from: string;
  readonly output: number;
  readonly to: string;
}

interface Drawn {
  readonly at: ReadonlyMap<string, readonly [number, number]>;
  readonly kinds: ReadonlyMap<string, string>;
  readonly edges: readonly Edge[];
}

const KINDS = ['pass', 'pass', 'none', 'yes', 'no', 'both'];

/** Workflows without cycles and without merges: small enough for the rules of n8n to be written down plainly. */
const drawings: fc.Arbitrary<Drawn> = fc
  .record({
    nodes: fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat({ max: 2 }), fc.nat({ max: 2 })), {
      minLength: 1,
      maxLength: 6,
    }),
    edges: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 1 }), fc.nat({ max: 5 })), { maxLength: 9 }),
  })
  .map(({ nodes, edges }) => {
    const name = (index: number) => `N${index}`;
    const forward = edges
      .filter(([from, , to]) => from < to && to < nodes.length)
      .map(([from, output, to]) => ({ from: name(from), output, to: name(to) }));
    return {
      at: new Map(nodes.map(([, x, y], index) => [name(index), [x, y] as const])),
      kinds: new Map(nodes.map(([kind], index) => [name(index), kind])),
      edges: [{ from: 'Start', output: 0, to: 'N0' }, ...forward],
    };
  });

function workflowOf(drawn: Drawn, order: 'v0' | 'v1'): WorkflowDefinition {
  const nodes = [...drawn.kinds].map(([name, is]) => [name, { is, at: drawn.at.get(name) ?? [0, 0] }]);
  return flow({
    order,
    nodes: { Start: {}, ...Object.fromEntries(nodes) },
    edges: drawn.edges.map(({ from, output, to }) => `${from}.${output}>${to}`),
  });
}

/** Which outputs of a node have items. */
function full(drawn: Drawn, node: string): readonly number[] {
  switch (drawn.kinds.get(node)) {
    case 'none':
      return [];
    case 'no':
      return [1];
    case 'both':
      return [0, 1];
    default:
      return [0];
  }
}

/** Where a node leads, by output and then in order of connection. */
function targets(drawn: Drawn, node: string): string[] {
  return full(drawn, node).flatMap((output) =>
    drawn.edges.filter((edge) => edge.from === node && edge.output === output).map((edge) => edge.to),
  );
}

/** v1, said plainly: a node, then each of its branches to the end; topmost, leftmost, last connected first. */
function depthFirst(drawn: Drawn, node: string): string[] {
  const position = (name: string) => drawn.at.get(name) ?? [0, 0];
  const branches = targets(drawn, node)
    .map((name, index) => ({ name, index, x: position(name)[0], y: position(name)[1] }))
    .toSorted((a, b) => a.y - b.y || a.x - b.x || b.index - a.index);
  return [node, ...branches.flatMap(({ name }) => depthFirst(drawn, name))];
}

/** v0, said plainly: first come, first run. */
function breadthFirst(drawn: Drawn): string[] {
  const order: string[] = [];
  const queue = ['Start'];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    order.push(node);
    queue.push(...targets(drawn, node));
  }
  return order;
}

describe('order against the plain rule, for any workflow without cycles and merges', () => {
  it('v1 is depth first by canvas position', () => {
    fc.assert(
      fc.property(drawings, (drawn) => {
        assert.deepEqual(perform(workflowOf(drawn, 'v1')).order, depthFirst(drawn, 'Start'));
      }),
      { numRuns: 300 },
    );
  });

  it('v0 is breadth first by connection', () => {
    fc.assert(
      fc.property(drawings, (drawn) => {
        assert.deepEqual(perform(workflowOf(drawn, 'v0')).order, breadthFirst(drawn));
      }),
      { numRuns: 300 },
    );
  });

  it('both orders run the same nodes equally often', () => {
    fc.assert(
      fc.property(drawings, (drawn) => {
        const [v0, v1] = (['v0', 'v1'] as const).map((order) => perform(workflowOf(drawn, order)).order.toSorted());
        assert.deepEqual(v0, v1);
      }),
      { numRuns: 100 },
    );
  });

  it('swapping two connections of different targets changes nothing in v1 unless they share a place', () => {
    fc.assert(
      fc.property(drawings, (drawn) => {
        const places = [...drawn.at.values()].map(String);
        fc.pre(new Set(places).size === places.length);
        const swapped = { ...drawn, edges: drawn.edges.toReversed() };
        assert.deepEqual(perform(workflowOf(swapped, 'v1')).order, perform(workflowOf(drawn, 'v1')).order);
      }),
      { numRuns: 100 },
    );
  });
});
