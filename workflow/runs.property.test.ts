import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WorkflowDefinition } from './definition.ts';
import type { RunEvent } from './run-events.ts';
import type { RunEffect, RunState } from './run-state.ts';
import { currentRun, hasEnded, newRun } from './run-state.ts';
import { eventFor, flow, fold, items, perform, plan, started } from './test-kit.ts';
import { outstanding, transition } from './transition.ts';

/** Merges within cycles double their items each round; the limit of items keeps that small. */
const LIMITS = { nodeRunsPerExecution: 40, itemsPerNodeRun: 100 };
const RUNS = 120;

interface Journaled {
  readonly events: readonly RunEvent[];
  /** After each event: what was still to be done. */
  readonly outstanding: readonly (readonly RunEffect[])[];
  readonly state: RunState;
}

/** Random workflows: every tiny type, cycles, several arrivals, settings, both orders. */
const workflows: fc.Arbitrary<WorkflowDefinition> = fc
  .record({
    order: fc.constantFrom('v0' as const, 'v1' as const),
    nodes: fc.array(
      fc.record({
        is: fc.constantFrom(
          'pass',
          'pass',
          'fresh',
          'none',
          'yes',
          'no',
          'both',
          'merge',
          'merge',
          'mergeAll',
          'mergeSecond',
          'loop',
          'fail',
          'failOnce',
          'wait',
        ),
        at: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
        onError: fc.constantFrom('stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'),
        executeOnce: fc.boolean(),
        alwaysOutputData: fc.boolean(),
        retryOnFail: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    ),
    disabled: fc.nat({ max: 14 }),
    edges: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.nat(), fc.nat({ max: 1 })), { maxLength: 14 }),
  })
  .map(({ order, nodes, disabled, edges }) => {
    const names = nodes.map((_, index) => `N${index}`);
    const all = ['Start', ...names];
    const pick = (list: string[], index: number): string => list[index % list.length] ?? 'Start';
    return flow({
      order,
      nodes: {
        Start: {},
        ...Object.fromEntries(nodes.map((node, index) => [`N${index}`, { ...node, disabled: index === disabled }])),
      },
      edges: [
        'Start>N0',
        ...edges.map(([from, output, to, input]) => `${pick(all, from)}.${output}>${pick(names, to)}.${input}`),
      ],
      pinData: { N1: items(41, 42) },
    });
  });

const starts = fc.record({
  mode: fc.constantFrom('manual' as const, 'webhook' as const),
  items: fc.nat({ max: 3 }).map((count) => items(...Array.from({ length: count }, (_, n) => n))),
});

/** A round through the journal: what is stored is JSON. */
function stored(events: readonly RunEvent[]): RunEvent[] {
  return JSON.parse(JSON.stringify(events)) as RunEvent[];
}

function snapshot(effects: readonly RunEffect[]): RunEffect[] {
  return JSON.parse(JSON.stringify(effects)) as RunEffect[];
}

/** Performs the run from this state on and notes after each event what is outstanding. */
function goOn(begin: RunState, at: number): Journaled {
  const events: RunEvent[] = [];
  const noted: RunEffect[][] = [];
  let state = begin;
  for (let [effect] = outstanding(state); effect !== undefined; [effect] = outstanding(state)) {
    const event = eventFor(state, effect, at + events.length);
    const [next, effects] = transition(state, event);
    state = next;
    if (effects.length > 0) assert.deepEqual(effects, outstanding(state), 'outstanding is what transition asked for');
    events.push(event);
    noted.push(snapshot(outstanding(state)));
  }
  return { events, outstanding: noted, state };
}

function journalOf(workflow: WorkflowDefinition, start: object): Journaled {
  const begin = started(start);
  const [state] = transition(newRun(plan(workflow, LIMITS)), begin);
  const noted = snapshot(outstanding(state));
  const rest = goOn(state, begin.at + 1);
  return { events: [begin, ...rest.events], outstanding: [noted, ...rest.outstanding], state: rest.state };
}

/** Without times, which a recovery may change. */
function essence(state: RunState): unknown {
  const runs = [...state.runData].map(([name, all]) => [
    name,
    all.map((run) => ({ ...run, startTime: 0, executionTime: 0 })),
  ]);
  return JSON.parse(JSON.stringify([state.status, state.error ?? null, state.lastNodeExecuted ?? null, runs]));
}

const property = (check: (run: Journaled, workflow: WorkflowDefinition, seed: number) => void): void => {
  fc.assert(
    fc.property(workflows, starts, fc.nat(), (workflow, start, seed) =>
      check(journalOf(workflow, start), workflow, seed),
    ),
    { numRuns: RUNS },
  );
};

describe('random runs', () => {
  it('end, in a terminal state', () => {
    property(({ state }) => assert.ok(hasEnded(state)));
  });

  it('folded from any prefix of their journal have the same effects outstanding', () => {
    property(({ events, outstanding: noted }, workflow) => {
      const journal = stored(events);
      let state = newRun(plan(workflow, LIMITS));
      journal.forEach((event, index) => {
        [state] = transition(state, event);
        assert.deepEqual(snapshot(outstanding(state)), noted[index], `after event ${index} (${event.type})`);
      });
    });
  });

  it('that crash anywhere and go on from the journal end as if they had not', () => {
    property(({ events, state: uncrashed }, workflow, seed) => {
      const kept = stored(events).slice(0, 1 + (seed % events.length));
      const recovered = goOn(fold(workflow, kept, LIMITS), 9_000_000).state;
      assert.deepEqual(essence(recovered), essence(uncrashed));
    });
  });

  it('number their node runs once each, in the order of their start', () => {
    property(({ events, state }) => {
      const indices = [...state.runData.values()].flat().map((run) => run.executionIndex);
      assert.deepEqual(
        indices.toSorted((a, b) => a - b),
        [...indices.keys()],
      );
      const order = events.flatMap((event) =>
        event.type === 'node.finished' || event.type === 'node.failed' ? [`${event.node}.${event.run}`] : [],
      );
      const byIndex = [...state.runData]
        .flatMap(([name, runs]) => runs.map((run, index) => ({ key: `${name}.${index}`, at: run.executionIndex })))
        .toSorted((a, b) => a.at - b.at);
      assert.deepEqual(
        byIndex.map(({ key }) => key),
        order,
      );
    });
  });

  it('give every node run sources that ended before it', () => {
    property(({ state }) => {
      for (const run of [...state.runData.values()].flat()) {
        for (const source of run.source) {
          if (source?.previousNodeRun === undefined) continue;
          const from = state.runData.get(source.previousNode)?.[source.previousNodeRun];
          assert.ok(from !== undefined && from.executionIndex < run.executionIndex);
        }
      }
    });
  });

  it('hand each node items that are linked to their own place', () => {
    property(({ outstanding: noted }) => {
      for (const effect of noted.flat()) {
        if (effect.type !== 'runNode') continue;
        effect.inputs.forEach((ports, input) => {
          ports?.forEach((item, index) => {
            assert.deepEqual(item.pairedItem, input === 0 ? { item: index } : { item: index, input });
          });
        });
      }
    });
  });

  it('never change after their end', () => {
    property(({ events, state }, _, seed) => {
      const before = essence(state);
      const event = events[seed % events.length];
      assert.ok(event !== undefined);
      assert.throws(() => transition(state, event), { code: 'RUN_ENDED' });
      assert.deepEqual(essence(state), before);
    });
  });

  it('can be canceled after any event', () => {
    property(({ events }, workflow, seed) => {
      const state = fold(workflow, events.slice(0, 1 + (seed % (events.length - 1))), LIMITS);
      const [canceled, effects] = transition(state, { type: 'execution.canceled', at: 7, reason: 'test' });
      assert.deepEqual([canceled.status, effects, outstanding(canceled)], ['canceled', [], []]);
    });
  });

  it('with a destination run nothing that does not lead to it', () => {
    property((_, workflow, seed) => {
      const destination = workflow.nodes[seed % workflow.nodes.length]?.name ?? 'Start';
      const { state } = perform(workflow, { start: { destination }, limits: LIMITS });
      for (const name of state.runData.keys()) {
        const leads = name === destination || state.graph.ancestors(destination).has(name);
        assert.ok(leads || name === 'Start', `${name} ran on the way to ${destination}`);
      }
    });
  });

  it('refuse foreign events without harm', () => {
    property(({ events, outstanding: noted }, workflow, seed) => {
      const at = seed % (events.length - 1);
      const state = fold(workflow, events.slice(0, at + 1), LIMITS);
      const foreign: RunEvent = { type: 'node.finished', at: 1, node: 'Nobody', run: 0, outputs: [] };
      assert.throws(() => transition(state, foreign), { code: 'RUN_EVENT_UNEXPECTED' });
      assert.deepEqual(snapshot(outstanding(state)), noted[at]);
      assert.equal(currentRun(state)?.node, state.current?.node);
    });
  });
});
