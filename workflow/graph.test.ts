import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { graphOf } from './graph.ts';
import { flow } from './test-kit.ts';

const of = (names: string, edges: string[]) => {
  const nodes = Object.fromEntries(names.split(' ').map((name) => [name, {}]));
  return graphOf(flow({ nodes, edges }));
};

const diamond = of('S A B M X', ['S>A', 'S.1>B', 'A>M.0', 'B>M.2']);

describe('graph', () => {
  it('is built once per definition', () => {
    const definition = flow({ nodes: { S: {} }, edges: [] });
    assert.equal(graphOf(definition), graphOf(definition));
  });

  it('knows parents by input and children by output, each once', () => {
    assert.deepEqual(diamond.parents('M'), ['A', 'B']);
    assert.deepEqual(diamond.children('S'), ['A', 'B']);
    assert.deepEqual(of('S A', ['S>A', 'S.1>A', 'S>A.1']).parents('A'), ['S']);
    assert.deepEqual(of('S A', ['S>A', 'S.1>A']).children('S'), ['A']);
  });

  it('counts connected inputs up to the highest one', () => {
    assert.equal(diamond.inputsConnected('M'), 3);
    assert.equal(diamond.inputsConnected('S'), 0);
  });

  it('keeps feeds per input with their output', () => {
    assert.deepEqual(diamond.feeds('M'), [[{ node: 'A', output: 0 }], [], [{ node: 'B', output: 0 }]]);
    assert.deepEqual(diamond.feeds('B'), [[{ node: 'S', output: 1 }]]);
  });

  it('a node without connections has nothing around it', () => {
    assert.deepEqual(
      [diamond.parents('X'), diamond.children('X'), diamond.targets('X'), diamond.feeds('X')],
      [[], [], [], []],
    );
    assert.equal(diamond.ancestors('X').size, 0);
  });

  it('finds all ancestors', () => {
    assert.deepEqual([...diamond.ancestors('M')].toSorted(), ['A', 'B', 'S']);
    assert.deepEqual([...diamond.ancestors('A')], ['S']);
  });

  it('within a cycle a node is its own ancestor', () => {
    const cycle = of('S A B', ['S>A', 'A>B', 'B>A']);
    assert.deepEqual([...cycle.ancestors('A')].toSorted(), ['A', 'B', 'S']);
    assert.deepEqual([...cycle.ancestors('S')], []);
  });

  it('a chain of 2,000 nodes does not overflow', () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `N${index}`);
    const chain = of(
      names.join(' '),
      names.slice(1).map((name, index) => `N${index}>${name}`),
    );
    assert.equal(chain.ancestors('N1999').size, 1_999);
  });
});

describe('the output by which a node leads to another', () => {
  const grid: [string, string, string, string[], number | undefined][] = [
    ['the direct connection', 'S', 'A', ['S.1>A'], 1],
    ['over several nodes', 'S', 'M', ['S.2>A', 'A>B', 'B>M'], 2],
    ['the shortest way wins', 'S', 'M', ['S.0>A', 'A>M', 'S.1>M'], 1],
    ['equally short: the lower input of the target', 'S', 'M', ['S.1>A', 'S.0>B', 'A>M.0', 'B>M.1'], 1],
    ['none', 'A', 'S', ['S>A'], undefined],
    ['itself, in a cycle', 'A', 'A', ['A.1>B', 'B>A'], 1],
    ['cycles on the way do not hold it up', 'S', 'M', ['S.3>A', 'A>B', 'B>A', 'B>M'], 3],
  ];
  for (const [rule, from, to, edges, expected] of grid) {
    it(rule, () => assert.equal(of('S A B M', edges).outputTowards(from, to), expected));
  }
});
