import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroupeError } from './errors.ts';
import type { RunEvent } from './run-events.ts';
import type { RunState } from './run-state.ts';
import {
  currentRun,
  hasEnded,
  newRun,
  pendingChildren,
  resumedFor,
  runDataWithCurrent,
  wakeAtOf,
} from './run-state.ts';
import { factsOf, flow, fold, items, perform, plan, started } from './test-kit.ts';
import { outstanding, transition } from './transition.ts';

const line = flow({ nodes: { Start: {}, A: {}, B: {} }, edges: ['Start>A', 'A>B'] });

const nodeStarted = (node: string, over: object = {}): RunEvent => ({
  type: 'node.started',
  at: 2_000,
  node,
  run: 0,
  attempt: 1,
  ...over,
});
const nodeFinished = (node: string, over: object = {}): RunEvent => ({
  type: 'node.finished',
  at: 2_500,
  node,
  run: 0,
  outputs: [items(1)],
  ...over,
});
const error = { message: 'no way' };
const nodeFailed = (node: string): RunEvent => ({ type: 'node.failed', at: 2_500, node, run: 0, error });
const nodeRetrying = (node: string, over: object = {}): RunEvent => ({
  type: 'node.retrying',
  at: 2_500,
  node,
  run: 0,
  attempt: 1,
  error,
  wakeAt: 3_500,
  ...over,
});
const waiting = (over: object = {}): RunEvent => ({
  type: 'execution.waiting',
  at: 2_500,
  node: 'A',
  run: 0,
  reason: 'timer',
  until: 90_000,
  ...over,
});
const resumed = (over: object = {}): RunEvent => ({
  type: 'execution.resumed',
  at: 90_000,
  node: 'A',
  run: 0,
  ...over,
});
const finished: RunEvent = { type: 'execution.finished', at: 5_000 };
const failed: RunEvent = { type: 'execution.failed', at: 5_000, error };
const canceled: RunEvent = { type: 'execution.canceled', at: 5_000, reason: 'asked' };

/** The journal up to each state of a run of `line` in which A is the node at work. */
const journals = {
  new: [],
  ready: [started(), nodeStarted('Start'), nodeFinished('Start')],
  running: [started(), nodeStarted('Start'), nodeFinished('Start'), nodeStarted('A')],
  retrying: [started(), nodeStarted('Start'), nodeFinished('Start'), nodeStarted('A'), nodeRetrying('A')],
  waiting: [started(), nodeStarted('Start'), nodeFinished('Start'), nodeStarted('A'), waiting()],
  finishing: [started({ items: [] }), nodeStarted('Start'), nodeFinished('Start', { outputs: [[]] })],
  failing: [started(), nodeStarted('Start'), nodeFinished('Start'), nodeStarted('A'), nodeFailed('A')],
} satisfies Record<string, RunEvent[]>;
type Phase = keyof typeof journals;

const at = (phase: Phase): RunState => fold(line, journals[phase]);

const events = {
  started: started(),
  nodeStarted: nodeStarted('A'),
  secondTry: nodeStarted('A', { attempt: 2 }),
  nodeFinished: nodeFinished('A'),
  nodeFailed: nodeFailed('A'),
  nodeRetrying: nodeRetrying('A'),
  waiting: waiting(),
  resumed: resumed(),
  finished,
  failed,
  canceled,
  otherNode: nodeFinished('B'),
  otherRun: nodeFinished('A', { run: 1 }),
} satisfies Record<string, RunEvent>;
type EventName = keyof typeof events;

/** Per state the events it takes, with the types of the effects that follow; all others are refused. */
const accepted: Record<Phase, Partial<Record<EventName, string>>> = {
  new: { started: 'runNode' },
  ready: { nodeStarted: '', waiting: 'wakeAt', failed: '', canceled: '' },
  running: {
    nodeStarted: '',
    nodeFinished: 'runNode',
    nodeFailed: 'fail',
    nodeRetrying: 'retryAt',
    waiting: 'wakeAt',
    failed: '',
    canceled: '',
  },
  retrying: { secondTry: '', waiting: 'wakeAt', failed: '', canceled: '' },
  waiting: { resumed: 'runNode', failed: '', canceled: '' },
  finishing: { finished: '', failed: '', canceled: '' },
  failing: { failed: '', canceled: '' },
};

describe('grid of states and events', () => {
  for (const phase of Object.keys(journals) as Phase[]) {
    for (const name of Object.keys(events) as EventName[]) {
      const expected = accepted[phase][name];
      const rule = expected === undefined ? 'refuses' : `takes, then ${expected || 'nothing to do'}:`;
      it(`${phase} ${rule} ${name}`, () => {
        const state = at(phase);
        const before = outstanding(state);
        if (expected === undefined) {
          assert.throws(
            () => transition(state, events[name]),
            (thrown) => thrown instanceof TroupeError && thrown.code === 'RUN_EVENT_UNEXPECTED',
          );
          assert.deepEqual(outstanding(state), before, 'a refused event changes nothing');
        } else {
          const [, effects] = transition(state, events[name]);
          assert.equal(effects.map((effect) => effect.type).join(' '), expected);
        }
      });
    }
  }
});

describe('outstanding effects, from which a recovery goes on', () => {
  const run = { node: 'A', run: 0, sources: [{ previousNode: 'Start', previousNodeOutput: 0, previousNodeRun: 0 }] };
  const inputs = [[{ json: { n: 1 }, pairedItem: { item: 0 } }]];

  it('a new run has none: its first event is still missing', () => assert.deepEqual(outstanding(at('new')), []));

  it('a node that was not started is run', () => {
    assert.deepEqual(outstanding(at('ready')), [{ type: 'runNode', attempt: 1, inputs, ...run }]);
  });

  it('a node that was started and not finished is run again, same run and attempt', () => {
    assert.deepEqual(outstanding(at('running')), [{ type: 'runNode', attempt: 1, inputs, ...run }]);
  });

  it('a pending retry waits for its moment, with the attempt to come', () => {
    assert.deepEqual(outstanding(at('retrying')), [{ type: 'retryAt', node: 'A', run: 0, attempt: 2, at: 3_500 }]);
    assert.equal(wakeAtOf(at('retrying')), 3_500);
    assert.equal(currentRun(at('retrying'))?.attempt, 2);
  });

  it('a wait with an end wakes by the clock', () => {
    assert.deepEqual(outstanding(at('waiting')), [{ type: 'wakeAt', node: 'A', run: 0, at: 90_000 }]);
    assert.equal(wakeAtOf(at('waiting')), 90_000);
  });

  it('a wait without an end waits for a message', () => {
    const state = fold(line, [...journals.running, waiting({ reason: 'webhook', until: undefined })]);
    assert.deepEqual(outstanding(state), [{ type: 'await', node: 'A', run: 0 }]);
    assert.equal(wakeAtOf(state), undefined);
  });

  it('a run with nothing left finishes', () => assert.deepEqual(outstanding(at('finishing')), [{ type: 'finish' }]));

  it('a failed node fails the run', () => {
    assert.deepEqual(outstanding(at('failing')), [{ type: 'fail', error, node: 'A' }]);
  });

  it('an ended run has none', () => {
    for (const event of [failed, canceled]) assert.deepEqual(outstanding(transition(at('running'), event)[0]), []);
  });

  it('a started again event of a recovery keeps the first start time', () => {
    const state = fold(line, [...journals.running, nodeStarted('A', { at: 9_000 }), nodeFinished('A', { at: 9_100 })]);
    const [recorded] = state.runData.get('A') ?? [];
    assert.equal(recorded?.startTime, 2_000);
    assert.equal(recorded?.executionTime, 7_100);
    assert.equal(recorded?.executionIndex, 1);
  });
});

describe('terminal states never change', () => {
  const ends: [string, RunState['status'], RunEvent[]][] = [
    ['finished', 'success', [...journals.finishing, finished]],
    ['failed', 'error', [...journals.failing, failed]],
    ['canceled', 'canceled', [...journals.waiting, canceled]],
  ];
  for (const [name, status, journal] of ends) {
    for (const [eventName, event] of Object.entries(events)) {
      it(`${name} refuses ${eventName}`, () => {
        const state = fold(line, journal);
        assert.equal(state.status, status);
        assert.ok(hasEnded(state));
        assert.throws(
          () => transition(state, event),
          (thrown) => thrown instanceof TroupeError && thrown.code === 'RUN_ENDED',
        );
        assert.equal(state.status, status);
        assert.equal(state.stoppedAt, 5_000);
      });
    }
  }
});

describe('what a state shows', () => {
  it('takes mode, trigger, parent and start time from the first event', () => {
    const parent = { executionId: '7', node: 'Call', run: 0, call: 1, depth: 1 };
    const state = fold(line, [started({ mode: 'integrated', parent, at: 77 })]);
    assert.deepEqual(
      [state.executionId, state.mode, state.trigger, state.parent, state.startedAt, state.status],
      ['1', 'integrated', 'Start', parent, 77, 'running'],
    );
  });

  it('names the last node executed, also while it runs', () => {
    assert.equal(at('ready').lastNodeExecuted, 'Start');
    assert.equal(at('running').lastNodeExecuted, 'A');
  });

  it('records a failed run without outputs and the error with its node', () => {
    const state = fold(line, [...journals.failing, { ...failed, node: 'A' } as RunEvent]);
    const [recorded] = state.runData.get('A') ?? [];
    assert.equal(recorded?.status, 'error');
    assert.deepEqual(recorded?.error, error);
    assert.equal(recorded?.outputs, undefined);
    assert.deepEqual(state.error, { message: 'no way', node: 'A' });
  });

  it('a run that failed outside any node has no node', () => {
    assert.deepEqual(fold(line, [started(), failed]).error, { message: 'no way' });
  });

  it('only the last try is recorded', () => {
    const journal = [...journals.retrying, nodeStarted('A', { attempt: 2, at: 3_500 }), nodeFinished('A')];
    const state = fold(line, journal);
    assert.equal(state.runData.get('A')?.length, 1);
    assert.equal(state.runData.get('A')?.[0]?.status, 'success');
  });

  it('keeps memory and static data by name, the latest winning', () => {
    const over = { memory: { at: 3 }, staticData: { global: { n: 1 }, 'node:A': { seen: true } } };
    const state = fold(line, [...journals.running, nodeFinished('A', over)]);
    assert.deepEqual(state.memory.get('A'), { at: 3 });
    assert.deepEqual(
      [...state.staticData],
      [
        ['global', { n: 1 }],
        ['node:A', { seen: true }],
      ],
    );
  });

  it('a handled error is recorded beside the outputs, and the run goes on', () => {
    const state = fold(line, [...journals.running, nodeFinished('A', { error, hints: ['x'] })]);
    const [recorded] = state.runData.get('A') ?? [];
    assert.deepEqual([recorded?.status, recorded?.error, recorded?.hints], ['error', error, ['x']]);
    assert.equal(outstanding(state)[0]?.type, 'runNode');
  });

  it('the reason of a cancel is kept', () => {
    assert.equal(fold(line, [...journals.running, canceled]).cancelReason, 'asked');
  });

  it('run data holds ended runs; the run at work is appended for those who watch', () => {
    assert.deepEqual([...at('running').runData.keys()], ['Start']);
    const watched = runDataWithCurrent(at('running')).get('A');
    assert.deepEqual(
      watched?.map((run) => run.status),
      ['running'],
    );
    assert.deepEqual(
      runDataWithCurrent(at('waiting'))
        .get('A')
        ?.map((run) => run.status),
      ['waiting'],
    );
    assert.equal(runDataWithCurrent(at('ready')).get('A'), undefined);
  });
});

describe('waits', () => {
  const grid: [string, object, RunState['status']][] = [
    ['a timer under 65 s keeps the status running', { until: 2_500 + 64_999 }, 'running'],
    ['a timer of 65 s is waiting', { until: 2_500 + 65_000 }, 'waiting'],
    ['a short webhook wait is waiting', { reason: 'webhook', until: 2_600 }, 'waiting'],
    ['a form is waiting', { reason: 'form', until: undefined }, 'waiting'],
    ['whoever runs sub-workflows is at work', { reason: 'children', until: undefined, children: ['8'] }, 'running'],
    ['an uncertain effect waits for a person', { reason: 'uncertain', until: undefined }, 'waiting'],
  ];
  for (const [rule, over, status] of grid) {
    it(rule, () => assert.equal(fold(line, [...journals.running, waiting(over)]).status, status));
  }

  it('the waiting run is dropped; on resume the node hands its input on, as the same run', () => {
    const state = fold(line, [...journals.waiting, resumed()]);
    const effect = currentRun(state);
    assert.equal(state.status, 'running');
    assert.deepEqual([effect?.run, effect?.attempt, state.current?.wait], [0, 1, undefined]);
    assert.deepEqual(effect?.given, effect?.inputs);
    assert.deepEqual(resumedFor(state, 'A', 0)?.items, undefined);
    const done = fold(line, [...journals.waiting, resumed(), nodeStarted('A'), nodeFinished('A')]);
    assert.equal(done.runData.get('A')?.length, 1);
  });

  it('a resume with items hands these on', () => {
    const state = fold(line, [...journals.waiting, resumed({ items: items(7, 8) })]);
    assert.deepEqual(currentRun(state)?.given, [items(7, 8)]);
    assert.deepEqual(resumedFor(state, 'A', 0)?.items, items(7, 8));
    assert.equal(resumedFor(state, 'A', 1), undefined);
    assert.equal(resumedFor(state, 'B', 0), undefined);
  });

  it('a caller of sub-workflows is executed with the results of its children', () => {
    const wait = waiting({ reason: 'children', until: undefined, children: ['8', '9'] });
    assert.deepEqual(pendingChildren(fold(line, [...journals.running, wait])), ['8', '9']);
    const results = [{ status: 'success', items: items(5) }];
    const state = fold(line, [...journals.running, wait, resumed({ results })]);
    assert.equal(currentRun(state)?.given, undefined);
    assert.deepEqual(resumedFor(state, 'A', 0)?.results, results);
    assert.deepEqual(pendingChildren(state), []);
  });

  it('a node may wait again after a resume', () => {
    const again = [...journals.waiting, resumed(), nodeStarted('A'), waiting({ at: 90_001, until: 900_000 })];
    assert.deepEqual(outstanding(fold(line, again)), [{ type: 'wakeAt', node: 'A', run: 0, at: 900_000 }]);
  });
});

describe('nodes that do not execute', () => {
  const given = (workflow: ReturnType<typeof flow>, over = {}) => {
    const journal = [started(over), nodeStarted('Start'), nodeFinished('Start', { outputs: [items(1, 2)] })];
    return currentRun(fold(workflow, journal));
  };
  const single = (settings: object, pinned?: number[]) =>
    flow({
      nodes: { Start: {}, A: settings },
      edges: ['Start>A'],
      ...(pinned === undefined ? {} : { pinData: { A: items(...pinned) } }),
    });

  it('a disabled node hands its first input to output 0', () => {
    const effect = given(single({ disabled: true, is: 'fail' }));
    assert.deepEqual(
      effect?.given?.map((output) => output?.map((item) => item.json)),
      [[{ n: 1 }, { n: 2 }]],
    );
  });

  it('a disabled merge passes its first input only', () => {
    const nodes = { Start: {}, A: {}, B: {}, M: { is: 'merge', disabled: true }, End: {} };
    const { state } = perform(flow({ nodes, edges: ['Start>A', 'Start>B', 'A>M.0', 'B>M.1', 'M>End'] }));
    assert.equal(state.runData.get('End')?.[0]?.outputs?.[0]?.length, 1);
  });

  it('a disabled node needs no known type', () => {
    const { state } = perform(single({ disabled: true, is: 'nobodyKnows' }));
    assert.equal(state.status, 'success');
  });

  it('pinned data stand in for the node in manual runs', () => {
    assert.deepEqual(given(single({}, [9]), { mode: 'manual' })?.given, [items(9)]);
  });

  it('production ignores pinned data', () => {
    for (const mode of ['webhook', 'trigger', 'integrated', 'error', 'cli', 'retry'] as const) {
      assert.equal(given(single({}, [9]), { mode })?.given, undefined, mode);
    }
  });

  it('a disabled node is not pinned', () => {
    const effect = given(single({ disabled: true }, [9]), { mode: 'manual' });
    assert.equal(effect?.given?.[0]?.length, 2);
  });

  it('executeOnce cuts each input to its first item', () => {
    assert.deepEqual(given(single({ executeOnce: true }))?.inputs, [[{ json: { n: 1 }, pairedItem: { item: 0 } }]]);
  });

  it('a trigger runs with its start items as input 0, and even without any', () => {
    const [effect] = outstanding(fold(line, [started({ items: items(1, 2) })]));
    assert.ok(effect?.type === 'runNode' && effect.given === undefined);
    assert.deepEqual(effect.inputs, [[1, 2].map((n, item) => ({ json: { n }, pairedItem: { item } }))]);
    assert.deepEqual(effect.sources, []);
    const [bare] = outstanding(fold(line, [started({ items: [] })]));
    assert.ok(bare?.type === 'runNode' && bare.given === undefined);
  });

  it('any node that a run begins at is executed, even without items', () => {
    const [effect] = outstanding(fold(line, [started({ trigger: 'A', items: [] })]));
    assert.ok(effect?.type === 'runNode' && effect.node === 'A' && effect.given === undefined);
  });

  it('a node of an unknown type fails the run when its turn comes, naming type and version', () => {
    const { state } = perform(single({ is: 'nobodyKnows' }));
    assert.equal(state.status, 'error');
    assert.equal(state.error?.['code'], 'NODE_TYPE_UNKNOWN');
    assert.match(state.error?.message ?? '', /"A".*test\.nobodyKnows.*version 1/);
    assert.equal(state.error?.node, 'A');
  });
});

describe('partial runs', () => {
  const wide = flow({
    nodes: { Start: {}, A: { at: [0, 0] }, B: { at: [0, 9] }, A2: {}, B2: {} },
    edges: ['Start>A', 'Start>B', 'A>A2', 'B>B2'],
  });

  it('run the destination and what leads to it, nothing else', () => {
    assert.deepEqual(perform(wide, { start: { destination: 'B' } }).order, ['Start', 'B']);
    assert.deepEqual(perform(wide, { start: { destination: 'A2' } }).order, ['Start', 'A', 'A2']);
  });

  it('end at the destination even within a loop', () => {
    const nodes = { Start: {}, L: { is: 'loop' }, Body: {} };
    const looped = flow({ nodes, edges: ['Start>L', 'L.1>Body', 'Body>L'] });
    assert.deepEqual(perform(looped, { start: { destination: 'Body', items: items(1, 2) } }).order, [
      'Start',
      'L',
      'Body',
    ]);
  });

  it('to or from a node that does not exist fail with its name', () => {
    for (const [over, code] of [
      [{ destination: 'Nowhere' }, 'DESTINATION_UNKNOWN'],
      [{ trigger: 'Nowhere' }, 'TRIGGER_UNKNOWN'],
    ] as const) {
      const { state } = perform(wide, { start: over });
      assert.equal(state.error?.['code'], code);
      assert.match(state.error?.message ?? '', /Nowhere/);
    }
  });
});

describe('facts of nodes', () => {
  it('are asked once per node and run', () => {
    let asked = 0;
    let [state, effects] = transition(
      newRun({
        ...plan(flow({ nodes: { Start: {}, A: {} }, edges: ['Start>A', 'A>A'] })),
        factsOf: (node) => {
          asked += 1;
          return factsOf(node);
        },
      }),
      started(),
    );
    for (let run = 0; run < 5; run++) {
      const [effect] = effects;
      assert.ok(effect?.type === 'runNode');
      const { node, attempt } = effect;
      [state] = transition(state, { type: 'node.started', at: 1, node, run: effect.run, attempt });
      [state, effects] = transition(state, {
        type: 'node.finished',
        at: 1,
        node,
        run: effect.run,
        outputs: [items(1)],
      });
    }
    assert.equal(asked, 2);
  });
});
