import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroupeError } from './errors.ts';
import type { Item, Ports } from './items.ts';
import type { RunEvent } from './run-events.ts';
import type { RunState } from './run-state.ts';
import { settle } from './settle.ts';
import { flow, fold, items, outputs, perform, started } from './test-kit.ts';
import { transition } from './transition.ts';

const NOW = 50_000;

/** A run whose node A (with these settings) has just been started on these items. */
function atA(settings: object, input: Item[] = items(1, 2), start = {}): RunState {
  const workflow = flow({ nodes: { Start: {}, A: settings }, edges: ['Start>A'] });
  return fold(workflow, [
    started(start),
    { type: 'node.started', at: 1, node: 'Start', run: 0, attempt: 1 },
    { type: 'node.finished', at: 2, node: 'Start', run: 0, outputs: [input] },
    { type: 'node.started', at: 3, node: 'A', run: 0, attempt: 1 },
  ]);
}

type Outcome = Parameters<typeof settle>[2];

function settled(settings: object, outcome: Outcome, options: { input?: Item[]; start?: object } = {}): RunEvent {
  const state = atA(settings, options.input, options.start);
  return settle(state, { node: 'A', run: 0, attempt: 1 }, outcome, NOW);
}

function finished(settings: object, outcome: Outcome, options: { input?: Item[]; start?: object } = {}) {
  const event = settled(settings, outcome, options);
  assert.ok(event.type === 'node.finished', event.type);
  return event;
}

const jsons = (ports: Ports) => ports.map((port) => port?.map((item) => item.json) ?? null);
const links = (ports: Ports) => ports.map((port) => port?.map((item) => item.pairedItem) ?? null);

const thrown: Outcome = { failure: { message: 'boom', name: 'Error' } };
const softly = outputs([{ json: { error: 'soft' } }]);

describe('failure × onError × retry', () => {
  const failures: Record<string, Outcome> = { thrown, softly };
  const retries = { none: {}, left: { retryOnFail: true, maxTries: 2 } };
  const modes = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;
  const expected: Record<string, string> = {
    'thrown stopWorkflow none': 'node.failed',
    'thrown continueRegularOutput none': 'node.finished [{"n":1},{"n":2}] with error',
    'thrown continueErrorOutput none': 'node.finished [{"n":1},{"n":2}] with error',
    'softly stopWorkflow none': 'node.finished [{"error":"soft"}]',
    'softly continueRegularOutput none': 'node.finished [{"error":"soft"}]',
    'softly continueErrorOutput none': 'node.finished [],[{"error":"soft"}]',
  };
  const told = (event: RunEvent): string => {
    if (event.type !== 'node.finished') return event.type;
    const ports = jsons(event.outputs).map((port) => JSON.stringify(port));
    return `${event.type} ${ports.join(',')}${event.error === undefined ? '' : ' with error'}`;
  };
  for (const [failure, outcome] of Object.entries(failures)) {
    for (const onError of modes) {
      for (const [retry, settings] of Object.entries(retries)) {
        const want = retry === 'left' ? 'node.retrying' : expected[`${failure} ${onError} none`];
        it(`${failure}, ${onError}, retries ${retry}: ${want}`, () => {
          assert.equal(told(settled({ onError, ...settings }, outcome)), want);
        });
        it(`${failure}, ${onError}, retries ${retry}, last attempt: as without retries`, () => {
          const state = atA({ onError, retryOnFail: retry === 'left', maxTries: 2 });
          transition(state, {
            type: 'node.retrying',
            at: 4,
            node: 'A',
            run: 0,
            attempt: 1,
            error: { message: 'x' },
            wakeAt: 5,
          });
          transition(state, { type: 'node.started', at: 5, node: 'A', run: 0, attempt: 2 });
          const event = settle(state, { node: 'A', run: 0, attempt: 2 }, outcome, NOW);
          assert.equal(told(event), expected[`${failure} ${onError} none`]);
        });
      }
    }
  }
});

describe('retries', () => {
  it('come after the pause of the node, with the attempt that failed', () => {
    const event = settled({ retryOnFail: true, waitBetweenTries: 1_500 }, thrown);
    assert.deepEqual(event, {
      type: 'node.retrying',
      at: NOW,
      node: 'A',
      run: 0,
      attempt: 1,
      error: { message: 'boom', name: 'Error' },
      wakeAt: NOW + 1_500,
    });
  });

  it('end with success when a later try succeeds', () => {
    const nodes = { Start: {}, A: { is: 'failOnce', retryOnFail: true } };
    const { state, events } = perform(flow({ nodes, edges: ['Start>A'] }));
    assert.equal(state.status, 'success');
    assert.equal(events.filter((event) => event.type === 'node.retrying').length, 1);
    assert.equal(state.runData.get('A')?.[0]?.status, 'success');
  });

  it('stop after maxTries in all', () => {
    const nodes = { Start: {}, A: { is: 'fail', retryOnFail: true, maxTries: 4 } };
    const { state, order } = perform(flow({ nodes, edges: ['Start>A'] }));
    assert.equal(state.status, 'error');
    assert.equal(order.filter((name) => name === 'A').length, 4);
  });

  const soft: [string, unknown, string][] = [
    ['text', 'bad', 'bad'],
    ['an object with a message', { message: 'worse', code: 3 }, 'worse'],
    ['another object', { code: 3 }, 'The first item carries an error'],
    ['a number', 5, '5'],
    ['null', null, 'null'],
  ];
  for (const [kind, error, message] of soft) {
    it(`a first item whose json.error is ${kind} counts as a failure: ${message}`, () => {
      const item = { json: { error, other: 1 } } as unknown as Item;
      const event = settled({ retryOnFail: true }, outputs([item]));
      assert.ok(event.type === 'node.retrying');
      assert.equal(event.error.message, message);
    });
  }

  it('look at the first item of the first output only', () => {
    for (const ports of [[items(1), softly.result.outputs[0] ?? []], [[...items(1), { json: { error: 'x' } }]]]) {
      assert.equal(settled({ retryOnFail: true }, outputs(...ports)).type, 'node.finished');
    }
  });

  it('behind an open breaker use up no try, for an hour', () => {
    const refused: Outcome = { failure: { message: 'open', code: 'BREAKER_OPEN' } };
    const state = atA({ retryOnFail: true, maxTries: 2 });
    for (let refusals = 0; refusals < 5; refusals += 1) {
      const event = settle(state, { node: 'A', run: 0, attempt: 1 }, refused, NOW);
      assert.ok(event.type === 'node.retrying' && event.refused === true);
      transition(state, event);
      transition(state, { type: 'node.started', at: NOW, node: 'A', run: 0, attempt: 1 });
    }
    const tooLate = 3 + 3_600_000;
    const counted = settle(state, { node: 'A', run: 0, attempt: 1 }, refused, tooLate);
    assert.ok(counted.type === 'node.retrying' && counted.refused === undefined);
    assert.equal(settled({}, refused).type, 'node.failed');
  });

  it('are not made for given outputs, such as those of a disabled node', () => {
    const state = atA({ retryOnFail: true, disabled: true });
    assert.equal(settle(state, { node: 'A', run: 0, attempt: 1 }, softly, NOW).type, 'node.finished');
  });
});

describe('continueErrorOutput', () => {
  const settings = { onError: 'continueErrorOutput' };
  const input = [{ json: { v: 'a' } }, { json: { v: 'b' } }];
  const route = (...returned: Item[]) => finished(settings, outputs(returned), { input }).outputs;
  const grid: [string, Item, unknown[][]][] = [
    ['a regular item stays', { json: { ok: 1 } }, [[{ ok: 1 }], []]],
    ['only error: moved, with the fields of its input item', { json: { error: 'x' } }, [[], [{ v: 'b', error: 'x' }]]],
    ['error and message: moved', { json: { error: 'x', message: 'y' } }, [[], [{ v: 'b', error: 'x', message: 'y' }]]],
    ['error among other fields: stays', { json: { error: 'x', other: 1 } }, [[{ error: 'x', other: 1 }], []]],
    [
      'a top-level error: moved, its message as error',
      { json: { part: 1 }, error: { message: 'top' } },
      [[], [{ v: 'b', part: 1, error: 'top' }]],
    ],
    ['error null is data', { json: { error: null } }, [[{ error: null }], []]],
  ];
  for (const [rule, item, expected] of grid) {
    it(rule, () => assert.deepEqual(jsons(route({ ...item, pairedItem: { item: 1 } })), expected));
  }

  it('keeps the link of a moved item and drops its top-level error', () => {
    const [, failed] = route({ json: {}, error: { message: 'top' }, pairedItem: [{ item: 1 }] });
    assert.deepEqual(failed, [{ json: { v: 'b', error: 'top' }, pairedItem: [{ item: 1 }] }]);
  });

  it('takes a number as link, too', () => {
    assert.deepEqual(jsons(route({ json: { error: 'x' }, pairedItem: 0 })), [[], [{ v: 'a', error: 'x' }]]);
  });

  it('an item without link gets the fields of an only input item', () => {
    const event = finished(settings, outputs([{ json: { error: 'x' } }]), { input: [{ json: { v: 'a' } }] });
    assert.deepEqual(jsons(event.outputs), [[], [{ v: 'a', error: 'x' }]]);
  });

  it('the error output is the last one, behind all outputs of the type', () => {
    const event = finished({ ...settings, is: 'yes' }, outputs([{ json: { error: 'x' }, pairedItem: { item: 0 } }]));
    assert.deepEqual(jsons(event.outputs), [[], [], [{ n: 1, error: 'x' }]]);
  });

  it('failed items of every output are moved', () => {
    const bad = { json: { error: 'x' }, pairedItem: { item: 0 } };
    const event = finished({ ...settings, is: 'both' }, outputs([bad], [bad, ...items(3)]));
    assert.deepEqual(jsons(event.outputs), [
      [],
      [{ n: 3 }],
      [
        { n: 1, error: 'x' },
        { n: 1, error: 'x' },
      ],
    ]);
  });

  it('other modes move nothing', () => {
    for (const onError of ['stopWorkflow', 'continueRegularOutput']) {
      assert.deepEqual(jsons(finished({ onError }, softly).outputs), [[{ error: 'soft' }]]);
    }
  });
});

describe('item links', () => {
  const linksFor = (input: Item[], ...ports: Item[][]) => links(finished({}, outputs(...ports), { input }).outputs);
  const grid: [string, Item[], Item[][], unknown[][]][] = [
    ['one input item: all link to it', items(1), [items(1, 2)], [[{ item: 0 }, { item: 0 }]]],
    ['one input item: on every output', items(1), [items(1), items(2)], [[{ item: 0 }], [{ item: 0 }]]],
    ['one output item: it links to item 0', items(1, 2, 3), [items(1)], [[{ item: 0 }]]],
    ['equal counts: by position', items(1, 2), [items(5, 6)], [[{ item: 0 }, { item: 1 }]]],
    ['unequal counts: none', items(1, 2), [items(1, 2, 3)], [[undefined, undefined, undefined]]],
    [
      'several outputs from several items: none',
      items(1, 2),
      [items(1, 2), items(3)],
      [[undefined, undefined], [undefined]],
    ],
  ];
  for (const [rule, input, ports, expected] of grid) {
    it(rule, () => assert.deepEqual(linksFor(input, ...ports), expected));
  }

  it('a link that the node gave stays', () => {
    const item = { json: {}, pairedItem: { item: 4, input: 2 } };
    assert.deepEqual(linksFor(items(1), [item]), [[{ item: 4, input: 2 }]]);
  });

  it('items that a node passes on keep the link they came in with', () => {
    const state = atA({}, items(1, 2));
    const passed = state.current?.inputs[0] ?? [];
    const event = settle(state, { node: 'A', run: 0, attempt: 1 }, outputs([passed[1] as Item]), NOW);
    assert.ok(event.type === 'node.finished');
    assert.deepEqual(links(event.outputs), [[{ item: 1 }]]);
  });

  it('a node with two inputs gets no link made up', () => {
    const nodes = { Start: {}, M: { is: 'merge' } };
    const { state } = perform(flow({ nodes, edges: ['Start>M.0', 'Start>M.1'] }), {
      outcome: (_, effect) => outputs(effect.node === 'M' ? items(9) : (effect.inputs[0] ?? [])),
    });
    assert.deepEqual(links(state.runData.get('M')?.[0]?.outputs ?? []), [[undefined]]);
  });
});

describe('alwaysOutputData', () => {
  const settings = { alwaysOutputData: true };

  it('gives one empty item linked to all input items', () => {
    const event = finished(settings, outputs([]));
    const pairedItem = [
      { item: 0, input: 0 },
      { item: 1, input: 0 },
    ];
    assert.deepEqual(event.outputs, [[{ json: {}, pairedItem }]]);
  });

  it('does so when the node returned no output at all', () => {
    assert.deepEqual(jsons(finished(settings, outputs()).outputs), [[{}]]);
    assert.deepEqual(jsons(finished(settings, outputs(null)).outputs), [[{}]]);
  });

  it('looks at output 0 only and keeps the others', () => {
    assert.deepEqual(jsons(finished({ ...settings, is: 'no' }, outputs([], items(5))).outputs), [[{}], [{ n: 5 }]]);
  });

  it('does nothing where output 0 has an item', () => {
    assert.deepEqual(jsons(finished(settings, outputs(items(3), [])).outputs), [[{ n: 3 }], []]);
  });

  it('works together with the error output', () => {
    const both = { ...settings, onError: 'continueErrorOutput' };
    const event = finished(both, outputs([{ json: { error: 'x' }, pairedItem: { item: 0 } }]));
    assert.deepEqual(jsons(event.outputs), [[{}], [{ n: 1, error: 'x' }]]);
  });
});

describe('waits', () => {
  const wait = (over: object): Outcome => ({ result: { kind: 'wait', reason: 'timer', ...over } });

  it('become a waiting run with reason, end and resume data', () => {
    const resume = { method: 'POST' };
    const event = settled({}, wait({ reason: 'webhook', until: NOW + 5, resume }));
    assert.deepEqual(event, {
      type: 'execution.waiting',
      at: NOW,
      node: 'A',
      run: 0,
      reason: 'webhook',
      until: NOW + 5,
      resume,
    });
  });

  it('without an end have no `until`', () => {
    const event = settled({}, wait({ reason: 'form' }));
    assert.ok(event.type === 'execution.waiting' && !('until' in event));
  });

  it('until a moment that has passed hand the input on at once', () => {
    for (const until of [0, NOW]) {
      assert.deepEqual(jsons(finished({}, wait({ until })).outputs), [[{ n: 1 }, { n: 2 }]]);
    }
  });

  it('go through and hand the input on', () => {
    const nodes = { Start: {}, W: { is: 'wait' }, After: {} };
    const { state, order } = perform(flow({ nodes, edges: ['Start>W', 'W>After'] }));
    assert.deepEqual(order, ['Start', 'W', 'W', 'After']);
    assert.equal(state.runData.get('W')?.length, 1);
    assert.deepEqual(jsons(state.runData.get('After')?.[0]?.outputs ?? []), [[{ n: 1 }]]);
  });
});

describe('what a result carries along', () => {
  const result = (over: object): Outcome => ({ result: { kind: 'outputs', outputs: [items(1)], ...over } });

  it('memory, response, hints and a handled error', () => {
    const response = { status: 200, headers: {}, body: { kind: 'empty' as const } };
    const event = finished({}, result({ memory: { a: 1 }, response, hints: ['h'], error: { message: 'e' } }));
    assert.deepEqual(
      [event.memory, event.response, event.hints, event.error],
      [{ a: 1 }, response, ['h'], { message: 'e' }],
    );
  });

  it('at most 100 hints', () => {
    const hints = Array.from({ length: 150 }, (_, index) => `hint ${index}`);
    assert.equal(finished({}, result({ hints })).hints?.length, 100);
  });

  it('static data of production runs, never of manual ones', () => {
    const staticData = { global: { n: 1 } };
    assert.deepEqual(finished({}, result({ staticData })).staticData, staticData);
    assert.equal(finished({}, result({ staticData }), { start: { mode: 'manual' } }).staticData, undefined);
  });
});

describe('limits of an output', () => {
  const limits = { itemsPerNodeRun: 3, outputBytesPerNodeRun: 20_000, nodeRunsPerExecution: 10 };
  const over = (ports: Item[][], settings: object = {}) =>
    settle(atA(settings), { node: 'A', run: 0, attempt: 1 }, outputs(...ports), NOW, limits);
  let deep: Item = { json: {} };
  // Over 1,000 levels, within the bytes.
  for (let level = 0; level < 1_100; level++) deep = { json: { down: deep.json } };
  const binary = { data: { mimeType: 'text/plain', data: 'x'.repeat(30_000) } };
  const grid: [string, Item[][], string][] = [
    ['items of all outputs together', [items(1, 2), items(3, 4)], 'NODE_OUTPUT_TOO_MANY_ITEMS'],
    ['bytes of text', [[{ json: { text: 'x'.repeat(30_000) } }]], 'NODE_OUTPUT_TOO_LARGE'],
    ['bytes of many small values', [[{ json: { list: Array(5_000).fill(1) } }]], 'NODE_OUTPUT_TOO_LARGE'],
    ['bytes of keys', [[{ json: { ['k'.repeat(30_000)]: 1 } }]], 'NODE_OUTPUT_TOO_LARGE'],
    ['bytes of binary data', [[{ json: {}, binary }]], 'NODE_OUTPUT_TOO_LARGE'],
    ['nesting', [[deep]], 'NODE_OUTPUT_TOO_DEEP'],
  ];
  for (const [rule, ports, code] of grid) {
    it(`${rule}: ${code}, naming node and limit`, () => {
      const event = over(ports);
      assert.ok(event.type === 'node.failed');
      assert.equal(event.error['code'], code);
      assert.match(event.error.message, /"A"/);
      assert.ok(String(event.error['hint']).length > 10);
    });
  }

  it('within the limits all is well', () => assert.equal(over([items(1, 2), items(3)]).type, 'node.finished'));

  it('over a limit is not retried, but onError holds', () => {
    const event = over([items(1, 2, 3, 4)], { retryOnFail: true, onError: 'continueRegularOutput' });
    assert.ok(event.type === 'node.finished');
    assert.equal(event.error?.['code'], 'NODE_OUTPUT_TOO_MANY_ITEMS');
  });
});

describe('late outcomes', () => {
  const grid: [string, { node: string; run: number; attempt: number }][] = [
    ['of another node', { node: 'Start', run: 0, attempt: 1 }],
    ['of another run', { node: 'A', run: 1, attempt: 1 }],
    ['of another attempt', { node: 'A', run: 0, attempt: 2 }],
    ['of a node that does not exist', { node: 'Z', run: 0, attempt: 1 }],
  ];
  for (const [rule, key] of grid) {
    it(`${rule} are refused`, () => {
      assert.throws(
        () => settle(atA({}), key, outputs([]), NOW),
        (error) => error instanceof TroupeError && error.code === 'RUN_EVENT_UNEXPECTED',
      );
    });
  }
});
