import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flow, items, perform } from './test-kit.ts';

const orderOf = (...args: Parameters<typeof perform>) => perform(...args).order.join(' ');

/** Three branches of two nodes at the given heights (or columns) in connection order A, B, C. */
function branches(order: 'v0' | 'v1', at: [number, number][]) {
  const [a = [0, 0], b = [0, 0], c = [0, 0]] = at;
  const nodes = {
    Start: {},
    A: { at: a },
    A2: { at: a },
    B: { at: b },
    B2: { at: b },
    C: { at: c },
    C2: { at: c },
  };
  return flow({ order, nodes, edges: ['Start>A', 'Start>B', 'Start>C', 'A>A2', 'B>B2', 'C>C2'] });
}

describe('order of branches', () => {
  const grid: [string, 'v0' | 'v1', [number, number][], string][] = [
    [
      'v1 runs the topmost branch to its end first',
      'v1',
      [
        [0, 0],
        [0, 50],
        [0, 99],
      ],
      'A A2 B B2 C C2',
    ],
    [
      'v1 goes by position, not by connection order',
      'v1',
      [
        [0, 99],
        [0, 50],
        [0, 0],
      ],
      'C C2 B B2 A A2',
    ],
    [
      'v1 takes the leftmost of equal heights',
      'v1',
      [
        [9, 0],
        [5, 0],
        [1, 0],
      ],
      'C C2 B B2 A A2',
    ],
    [
      'v1 sorts negative positions too',
      'v1',
      [
        [-4, 5],
        [9, 5],
        [1, -9],
      ],
      'C C2 A A2 B B2',
    ],
    [
      'v1 runs equal positions in reverse order of connection',
      'v1',
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      'C C2 B B2 A A2',
    ],
    [
      'v0 goes breadth first in connection order',
      'v0',
      [
        [0, 0],
        [0, 50],
        [0, 99],
      ],
      'A B C A2 B2 C2',
    ],
    [
      'v0 does not look at positions',
      'v0',
      [
        [0, 99],
        [0, 50],
        [0, 0],
      ],
      'A B C A2 B2 C2',
    ],
  ];
  for (const [rule, order, at, expected] of grid) {
    it(rule, () => assert.equal(orderOf(branches(order, at)), `Start ${expected}`));
  }
});

describe('several arrivals', () => {
  const diamond = (order: 'v0' | 'v1') =>
    flow({
      order,
      nodes: { Start: {}, A: { at: [1, 0] }, B: { at: [1, 9] }, D: { at: [2, 5] }, E: { at: [3, 5] } },
      edges: ['Start>A', 'Start>B', 'A>D', 'B>D', 'D>E'],
    });

  it('v1: a node runs once per connection that delivers, each branch to its end', () => {
    assert.equal(orderOf(diamond('v1')), 'Start A D E B D E');
  });

  it('v0: a node runs once per connection that delivers, breadth first', () => {
    assert.equal(orderOf(diamond('v0')), 'Start A B D D E E');
  });

  it('both sides of an If into one node: two runs', () => {
    const nodes = { Start: {}, If: { is: 'both' }, Join: {} };
    const { state } = perform(flow({ nodes, edges: ['Start>If', 'If.0>Join', 'If.1>Join'] }));
    const sources = state.runData.get('Join')?.map((run) => run.source[0]?.previousNodeOutput);
    // Both arrivals are for the same node, so positions are equal and the later connection goes first.
    assert.deepEqual(sources, [1, 0]);
  });

  it('two nodes wired into the same merge input: two runs of the merge', () => {
    const nodes = { Start: {}, A: { at: [1, 0] as [number, number] }, B: {}, C: {}, M: { is: 'merge' } };
    const edges = ['Start>A', 'Start>B', 'Start>C', 'A>M.0', 'B>M.0', 'C>M.1'];
    const { state } = perform(flow({ nodes, edges }));
    assert.equal(state.runData.get('M')?.length, 2);
  });

  it('a shared successor of a chain runs for its own arrival and for the chain', () => {
    const nodes = { Start: {}, A: { at: [3, 0] as [number, number] }, B: { at: [5, 9] as [number, number] } };
    const edges = ['Start>A', 'Start>B', 'A>B'];
    assert.equal(orderOf(flow({ order: 'v1', nodes, edges })), 'Start A B B');
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start A B B');
  });
});

describe('outputs without items', () => {
  it('do not start what hangs on them, in both orders', () => {
    for (const order of ['v0', 'v1'] as const) {
      const nodes = { Start: {}, If: { is: 'yes' }, T: {}, F: {} };
      assert.equal(orderOf(flow({ order, nodes, edges: ['Start>If', 'If.0>T', 'If.1>F'] })), 'Start If T');
    }
  });

  it('end the run when nothing else waits', () => {
    const nodes = { Start: {}, None: { is: 'none' }, After: {} };
    const { state, order } = perform(flow({ nodes, edges: ['Start>None', 'None>After'] }));
    assert.deepEqual(order, ['Start', 'None']);
    assert.equal(state.status, 'success');
    assert.equal(state.lastNodeExecuted, 'None');
  });

  it('a node that returned fewer outputs than are connected starts nothing there', () => {
    const nodes = { Start: {}, A: {}, T: {}, F: {} };
    assert.equal(orderOf(flow({ nodes, edges: ['Start>A', 'A.0>T', 'A.1>F'] })), 'Start A T');
  });
});

describe('several inputs', () => {
  const merged = (order: 'v0' | 'v1', is = 'merge') =>
    flow({
      order,
      nodes: { Start: {}, A: { at: [1, 0] }, B: { at: [1, 9] }, C: { at: [2, 9] }, M: { is, at: [3, 5] }, End: {} },
      edges: ['Start>A', 'Start>B', 'B>C', 'A>M.0', 'C>M.1', 'M>End'],
    });

  for (const order of ['v0', 'v1'] as const) {
    it(`${order}: the node is queued when all connected inputs have data`, () => {
      const { order: ran, state } = perform(merged(order));
      assert.deepEqual(ran, ['Start', 'A', 'B', 'C', 'M', 'End']);
      assert.deepEqual(state.runData.get('M')?.[0]?.source, [
        { previousNode: 'A', previousNodeOutput: 0, previousNodeRun: 0 },
        { previousNode: 'C', previousNodeOutput: 0, previousNodeRun: 0 },
      ]);
    });
  }

  it('v1: nested merges run from the inside out', () => {
    const nodes = {
      Start: {},
      If: { is: 'both', at: [1, 0] as [number, number] },
      A: { at: [2, 0] as [number, number] },
      B: { at: [2, 5] as [number, number] },
      M1: { is: 'merge' },
      C: { at: [1, 9] as [number, number] },
      M2: { is: 'merge' },
    };
    const edges = ['Start>If', 'Start>C', 'If.0>A', 'If.1>B', 'A>M1.0', 'B>M1.1', 'M1>M2.0', 'C>M2.1'];
    assert.equal(orderOf(flow({ order: 'v1', nodes, edges })), 'Start If A B M1 C M2');
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start If C A B M1 M2');
  });

  it('an input already filled opens a new waiting entry; entries complete in order', () => {
    const nodes = { Start: {}, L: { is: 'loop' }, A: {}, M: { is: 'merge' }, Out: {} };
    const twice = flow({ nodes, edges: ['Start>L', 'L.1>A', 'A>M.0', 'A>L', 'L.0>Out'] });
    const { state } = perform(twice, { start: { items: items(1, 2, 3) } });
    // Only input 0 is connected: no waiting at all, one run per arrival.
    assert.equal(state.runData.get('M')?.length, 3);
  });

  it('waits for connected inputs only, counted up to the highest one', () => {
    const nodes = { Start: {}, A: {}, M: { is: 'merge' } };
    const { state } = perform(flow({ nodes, edges: ['Start>A', 'A>M.1'] }));
    const [run] = state.runData.get('M') ?? [];
    assert.deepEqual(run?.source.length, 2);
    assert.deepEqual(run?.outputs?.[0]?.length, 1);
  });
});

describe('missing inputs', () => {
  const halfDead = (order: 'v0' | 'v1', is: string, side: 'yes' | 'no') =>
    flow({
      order,
      nodes: { Start: {}, If: { is: side }, T: {}, F: {}, M: { is, at: [9, 9] }, End: {} },
      edges: ['Start>If', 'If.0>T', 'If.1>F', 'T>M.0', 'F>M.1', 'M>End'],
    });

  const grid: [string, 'v0' | 'v1', string, 'yes' | 'no', string][] = [
    ['v1: a merge whose second branch died still runs', 'v1', 'merge', 'yes', 'Start If T M End'],
    ['v1: a merge whose first branch died still runs', 'v1', 'merge', 'no', 'Start If F M End'],
    ['v1: a type that requires all inputs does not run without one', 'v1', 'mergeAll', 'yes', 'Start If T'],
    ['v1: a type that requires input 1 does not run without it', 'v1', 'mergeSecond', 'yes', 'Start If T'],
    ['v1: a type that requires input 1 runs with just it', 'v1', 'mergeSecond', 'no', 'Start If F M End'],
    ['v0: the dead branch is started with one empty item', 'v0', 'merge', 'yes', 'Start If T F M End'],
    ['v0: the dead first branch is started, too', 'v0', 'merge', 'no', 'Start If F T M End'],
    ['v0: forced branches make a merge complete whatever it requires', 'v0', 'mergeAll', 'yes', 'Start If T F M End'],
  ];
  for (const [rule, order, is, side, expected] of grid) {
    it(rule, () => assert.equal(orderOf(halfDead(order, is, side)), expected));
  }

  it('v1: what never came is [], for every input of the type', () => {
    const seen: unknown[] = [];
    perform(halfDead('v1', 'merge', 'yes'), {
      outcome: (state, effect) => {
        if (effect.node === 'M') seen.push(effect.inputs.map((ports) => ports?.length));
        const side = effect.node === 'If' ? [effect.inputs[0] ?? [], []] : [effect.inputs[0] ?? []];
        return { result: { kind: 'outputs', outputs: side } };
      },
    });
    assert.deepEqual(seen, [[1, 0]]);
  });

  it('v1: a waiting node lets its waiting ancestors go first', () => {
    const nodes = {
      Start: {},
      If: { is: 'yes', at: [1, 9] as [number, number] },
      C: { at: [1, 0] as [number, number] },
      M2: { is: 'merge' },
      M1: { is: 'merge' },
      End: {},
    };
    // M2 gets C first and so waits before M1 does; M1 still runs first and completes M2.
    const edges = ['Start>C', 'Start>If', 'C>M2.1', 'If.0>M1.0', 'If.1>M1.1', 'M1>M2.0', 'M2>End'];
    const { order, state } = perform(flow({ nodes, edges }));
    assert.deepEqual(order, ['Start', 'C', 'If', 'M1', 'M2', 'End']);
    assert.equal(state.runData.get('M2')?.length, 1);
  });

  it('v1: a merge within a loop runs in each round, though it is its own ancestor', () => {
    const nodes = { Start: {}, L: { is: 'loop' }, If: { is: 'yes' }, M: { is: 'merge' }, Done: {} };
    const edges = ['Start>L', 'L.1>If', 'If.0>M.0', 'If.1>M.1', 'M>L', 'L.0>Done'];
    const { order } = perform(flow({ nodes, edges }), { start: { items: items(1, 2) } });
    assert.equal(order.join(' '), 'Start L If M L If M L Done');
  });

  it('v0: an unconnected root that feeds the other input is started', () => {
    const nodes = { Start: {}, A: {}, Root: {}, B: {}, M: { is: 'merge' } };
    const { order, state } = perform(flow({ order: 'v0', nodes, edges: ['Start>A', 'A>M.0', 'Root>B', 'B>M.1'] }));
    assert.equal(order.join(' '), 'Start A Root B M');
    assert.deepEqual(state.runData.get('Root')?.[0]?.outputs?.[0]?.[0]?.json, {});
  });

  it('v0: what is on its way already is not started a second time', () => {
    const nodes = { Start: {}, B: {}, C: {}, M: { is: 'merge' } };
    const edges = ['Start>M.0', 'Start>B', 'B>C', 'C>M.1'];
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start B C M');
  });

  it('v0: a node on input 2 or later hears of an empty result, and runs', () => {
    const nodes = { Start: {}, A: {}, None: { is: 'none' }, M: { is: 'merge' } };
    const edges = ['Start>A', 'Start>None', 'A>M.0', 'None>M.1'];
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start A None M');
  });

  it('v0: the empty result completes a merge at once, not only when all else is done', () => {
    const nodes = { Start: {}, A: {}, None: { is: 'none' }, Late: {}, Later: {}, M: { is: 'merge' } };
    const edges = ['Start>A', 'Start>None', 'Start>Late', 'Late>Later', 'A>M.0', 'None>M.1'];
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start A None Late M Later');
  });

  it('v0: nothing is forced while any ancestor of the missing input is on its way', () => {
    const nodes = { Start: {}, A: {}, Q: {}, Root: {}, F: {}, M: { is: 'merge' } };
    const edges = ['Root>F', 'Start>A', 'Start>Q', 'A>M.0', 'Q>F', 'F>M.1'];
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start A Q F M');
  });

  it('v0: an entry without any item is dropped, which frees those who waited for it', () => {
    const nodes = { Start: {}, C: {}, None: { is: 'empty2' }, M1: { is: 'merge' }, M2: { is: 'merge' } };
    const edges = ['Start>C', 'Start>None', 'C>M2.1', 'None.0>M1.0', 'None.1>M1.1', 'M1>M2.0'];
    assert.equal(orderOf(flow({ order: 'v0', nodes, edges })), 'Start C None M2');
  });

  it('inputs of the type that are not connected are [] too', () => {
    const nodes = { Start: {}, If: { is: 'yes' }, M: { is: 'merge3' } };
    const { state } = perform(flow({ nodes, edges: ['Start>If', 'If.0>M.0', 'If.1>M.1'] }));
    assert.equal(state.runData.get('M')?.[0]?.outputs?.[0]?.length, 3);
  });

  it('v0: with nothing on the first input a node hands on nothing', () => {
    const nodes = { Start: {}, If: { is: 'no' }, B: {}, M: { is: 'merge' }, End: {} };
    const edges = ['Start>If', 'If.0>M.0', 'If.1>B', 'B>M.1', 'M>End'];
    const { order, state } = perform(flow({ order: 'v0', nodes, edges }));
    assert.equal(order.join(' '), 'Start If B M');
    assert.deepEqual(state.runData.get('M')?.[0]?.outputs, [[]]);
  });
});

describe('loops', () => {
  const loopFlow = (order: 'v0' | 'v1', body = 'pass') =>
    flow({
      order,
      nodes: { Start: {}, L: { is: 'loop' }, Body: { is: body }, Done: {} },
      edges: ['Start>L', 'L.1>Body', 'Body>L', 'L.0>Done'],
    });

  for (const order of ['v0', 'v1'] as const) {
    it(`${order}: run until their condition ends, each run with its own index`, () => {
      const { order: ran, state } = perform(loopFlow(order), { start: { items: items(1, 2) } });
      assert.equal(ran.join(' '), 'Start L Body L Body L Done');
      assert.equal(state.runData.get('L')?.length, 3);
      assert.deepEqual(state.memory.get('L'), { left: -1, run: 2 });
    });
  }

  it('a body that returns nothing ends the loop without its done side', () => {
    assert.equal(orderOf(loopFlow('v1', 'none'), { start: { items: items(1, 2) } }), 'Start L Body');
  });

  it('a loop without an end is stopped at the limit of node runs, naming the node', () => {
    const endless = flow({ nodes: { Start: {}, A: {}, B: {} }, edges: ['Start>A', 'A>B', 'B>A'] });
    const { state } = perform(endless, { limits: { nodeRunsPerExecution: 50 } });
    assert.equal(state.status, 'error');
    assert.equal(state.error?.['code'], 'RUN_ENDLESS_LOOP');
    assert.match(state.error?.message ?? '', /"B".*50 node runs/);
  });

  it('cost per round does not grow: 20,000 rounds with a merge that never completes', () => {
    const nodes = { Start: {}, L: { is: 'loop' }, M: { is: 'mergeAll', at: [9, 9] as [number, number] }, X: {} };
    const endless = flow({ nodes, edges: ['Start>L', 'L.1>L', 'L.1>M.0', 'X>M.1', 'L.0>X'] });
    const { state } = perform(endless, {
      mostEvents: 100_000,
      outcome: (_, effect) => {
        if (effect.node !== 'L') return { result: { kind: 'outputs', outputs: [effect.inputs[0] ?? []] } };
        const again = effect.run < 20_000 ? [[], effect.inputs[0] ?? []] : [[], []];
        return { result: { kind: 'outputs', outputs: again } };
      },
    });
    assert.equal(state.status, 'success');
    assert.equal(state.waitingInputs.get('M')?.length, 20_000);
  });
});
