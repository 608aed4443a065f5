import { deepEqual, equal, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createSystem, quiet, seededRandom, SimulatedClock, stop } from '#runtime';
import type { Behavior, InspectionEvent, Ref } from '#runtime';
import { child } from './child-spec.ts';
import type { AnyChild, ChildSpec, SupervisorSpec } from './child-spec.ts';
import type { Started, SupervisorMessage } from './protocol.ts';
import type { Strategy } from './strategy.ts';
import { supervisor } from './supervisor.ts';

type Order = { type: 'crash' | 'finish' };

/** Pauses as long as they can be, so that tests know them: 100, 200, 400, 400 … */
const BACKOFF = { firstMs: 100, capMs: 400 };
const BUDGET = { restarts: 3, windowMs: 10_000 };

/** A supervisor with children that write `+name` and `-name` as they start and stop. */
class Stage {
  readonly clock = new SimulatedClock();
  readonly log: string[] = [];
  readonly events: InspectionEvent[] = [];
  readonly refs = new Map<string, Ref<Order>>();
  readonly system = createSystem({ name: 'stage', clock: this.clock, random: seededRandom(1) });
  readonly chances = { clock: this.clock, random: { next: () => 1 - Number.EPSILON, hex: () => '' } };

  constructor() {
    this.system.observe((event) => this.events.push(event));
  }

  actor(name: string, more: Partial<Behavior<Order, undefined>> = {}): Behavior<Order, undefined> {
    return {
      kind: 'player',
      init: () => void this.log.push(`+${name}`),
      receive: (_state, { type }) => (type === 'crash' ? fail() : stop),
      stopping: (_state, { kind }) => void (kind === 'stopped' && this.log.push(`-${name}`)),
      ...more,
    };
  }

  child(name: string, more: Partial<ChildSpec<Order>> = {}): AnyChild {
    const onStarted = (ref: Ref<Order>): void => void this.refs.set(name, ref);
    return child<Order>({
      name,
      kind: 'player',
      behavior: () => this.actor(name),
      backoff: BACKOFF,
      onStarted,
      ...more,
    });
  }

  start(spec: Partial<SupervisorSpec> & Pick<SupervisorSpec, 'children'>): Ref<SupervisorMessage> {
    return this.system.spawn('boss', supervisor({ kind: 'supervisor', budget: BUDGET, ...spec }, this.chances));
  }

  tell(name: string, type: Order['type']): void {
    const ref = this.refs.get(name);
    if (ref !== undefined) this.system.tell(ref, { type });
  }

  /** Clears the log and gives what was in it. */
  taken(): string[] {
    return this.log.splice(0);
  }

  /** Rows of the live tree under the supervisor: name, state, restarts used. */
  rows(): [string, string, number | undefined][] {
    return this.system
      .tree()
      .filter(({ path }) => path.startsWith('/boss/'))
      .map(({ path, state, restartsUsed }) => [path.slice('/boss/'.length), state, restartsUsed]);
  }

  of<T extends InspectionEvent['type']>(type: T): Extract<InspectionEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<InspectionEvent, { type: T }> => event.type === type);
  }
}

function fail(): never {
  throw new Error('boom');
}

describe('a supervisor', () => {
  test('starts its children left to right and stops them right to left, each after the one before is gone', async () => {
    const stage = new Stage();
    const slow = (name: string): AnyChild =>
      stage.child(name, {
        behavior: () =>
          stage.actor(name, {
            stopping: async () => {
              stage.log.push(`-${name}`);
              await quiet(2);
              stage.log.push(`gone ${name}`);
            },
          }),
      });
    const boss = stage.start({ children: ['a', 'b', 'c'].map(slow) });
    deepEqual(stage.taken(), ['+a', '+b', '+c']);
    await stage.system.stop(boss);
    deepEqual(stage.taken(), ['-c', 'gone c', '-b', 'gone b', '-a', 'gone a']);
  });

  for (const [strategy, expected] of [
    ['one_for_one', ['+b']],
    ['rest_for_one', ['-d', '-c', '+b', '+c', '+d']],
    ['one_for_all', ['-d', '-c', '-a', '+a', '+b', '+c', '+d']],
  ] as const) {
    test(`${strategy}: after a crash of b ${expected.join(' ')}`, async () => {
      const stage = new Stage();
      stage.start({ strategy, children: ['a', 'b', 'c', 'd'].map((name) => stage.child(name)) });
      stage.taken();
      stage.tell('b', 'crash');
      await stage.clock.advance(100);
      deepEqual(stage.taken(), expected);
    });
  }

  for (const restart of ['permanent', 'transient', 'temporary'] as const) {
    for (const end of ['finish', 'crash'] as const) {
      const comesBack = restart === 'permanent' || (restart === 'transient' && end === 'crash');
      test(`${restart} × ${end}: ${comesBack ? 'comes back' : 'is forgotten'}`, async () => {
        const stage = new Stage();
        stage.start({ children: [stage.child('a', { restart })] });
        stage.taken();
        stage.tell('a', end);
        await stage.clock.advance(1000);
        deepEqual(stage.taken(), comesBack ? ['+a'] : []);
        equal(stage.rows().length, comesBack ? 1 : 0);
      });
    }
  }

  test('a permanent child that somebody else stopped comes back', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a')] });
    const ref = stage.refs.get('a');
    if (ref !== undefined) await stage.system.stop(ref);
    await stage.clock.advance(100);
    deepEqual(stage.taken(), ['+a', '-a', '+a']);
    equal(stage.of('actor.restarted')[0]?.cause, 'ended (stopped)');
  });

  test('waits longer with every restart in the window', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a')] });
    for (const pauseMs of [100, 200, 400]) {
      stage.taken();
      stage.tell('a', 'crash');
      await stage.clock.advance(pauseMs - 1);
      deepEqual(stage.taken(), []);
      await stage.clock.advance(1);
      deepEqual(stage.taken(), ['+a']);
    }
  });

  test('reports each restart with its cause, the new uid, the budget and the pause', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a')] });
    stage.tell('a', 'crash');
    await stage.clock.advance(100);
    deepEqual(stage.of('actor.restarted'), [
      {
        type: 'actor.restarted',
        path: '/boss/a',
        kind: 'player',
        uid: stage.refs.get('a')?.uid,
        cause: 'Error: boom',
        restartsUsed: 1,
        restartsAllowed: 3,
        windowMs: 10_000,
        backoffMs: 100,
      },
    ]);
  });

  test('a crash in init counts like any other', async () => {
    const stage = new Stage();
    let starts = 0;
    const behavior = (): Behavior<Order, undefined> =>
      stage.actor('a', { init: () => (++starts <= 2 ? fail() : undefined) });
    stage.start({ children: [stage.child('a', { behavior })] });
    await stage.clock.advance(300);
    equal(starts, 3);
    deepEqual(stage.rows(), [['a', 'running', 2]]);
  });
});

describe('the budget', () => {
  async function crashes(stage: Stage, name: string, times: number): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      stage.tell(name, 'crash');
      await stage.clock.advance(400);
    }
  }

  test('over it the supervisor crashes with RESTARTS_EXCEEDED, after stopping the others', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a'), stage.child('b')] });
    await crashes(stage, 'a', 3);
    stage.taken();
    await crashes(stage, 'a', 1);
    deepEqual(stage.taken(), ['-b']);
    const end = stage.of('actor.stopped').at(-1);
    deepEqual(
      [end?.path, end?.cause],
      ['/boss', 'TroupeError: a under /boss needed restart 4; 3 are allowed in 10000 ms.'],
    );
  });

  test('is shared by all children that escalate', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a'), stage.child('b')] });
    await crashes(stage, 'a', 2);
    await crashes(stage, 'b', 2);
    equal(stage.of('actor.stopped').at(-1)?.path, '/boss');
  });

  test('is free again when the window has passed', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a')] });
    await crashes(stage, 'a', 3);
    await stage.clock.advance(10_000);
    await crashes(stage, 'a', 3);
    deepEqual(stage.rows(), [['a', 'running', 3]]);
  });

  test('of a child with quarantine is its own: over it that child stays down, and all others go on', async () => {
    const stage = new Stage();
    const overBudget = 'quarantine';
    stage.start({ children: [stage.child('a', { overBudget }), stage.child('b', { overBudget })] });
    await crashes(stage, 'a', 4);
    await crashes(stage, 'b', 1);
    deepEqual(stage.of('actor.quarantined'), [
      {
        type: 'actor.quarantined',
        path: '/boss/a',
        kind: 'player',
        cause: 'Error: boom',
        restartsUsed: 4,
        restartsAllowed: 3,
      },
    ]);
    deepEqual(stage.rows(), [
      ['b', 'running', 1],
      ['a', 'quarantined', 4],
    ]);
    deepEqual(stage.system.tree()[0]?.detail, {
      strategy: 'one_for_one',
      restartsUsed: 0,
      restartsAllowed: 3,
      windowMs: 10_000,
      quarantined: ['a'],
    });
  });

  test('is shown in the live tree: during the pause, after the restart, and until the window has passed', async () => {
    const stage = new Stage();
    stage.start({ children: [stage.child('a')] });
    deepEqual(stage.rows(), [['a', 'running', 0]]);
    stage.tell('a', 'crash');
    await stage.clock.advance(50);
    deepEqual(stage.rows(), [['a', 'restarting', 1]]);
    await stage.clock.advance(50);
    deepEqual(stage.rows(), [['a', 'running', 1]]);
    await stage.clock.advance(20_000);
    deepEqual(stage.rows(), [['a', 'running', 0]]);
  });
});

describe('restarts of groups', () => {
  test('a second crash during the pause widens the round; nobody is started twice', async () => {
    const stage = new Stage();
    stage.start({ strategy: 'rest_for_one', children: ['a', 'b', 'c'].map((name) => stage.child(name)) });
    stage.taken();
    stage.tell('b', 'crash');
    await stage.clock.advance(50);
    deepEqual(stage.taken(), ['-c']);
    stage.tell('a', 'crash');
    await stage.clock.advance(1000);
    deepEqual(stage.taken(), ['+a', '+b', '+c']);
  });

  test('a sibling that hangs while it is stopped is given up on after its deadline, and the group starts', async () => {
    const stage = new Stage();
    const behavior = (): Behavior<Order, undefined> =>
      stage.actor('b', { stopping: () => new Promise(() => undefined) });
    const hanging = stage.child('b', { behavior, spawn: { stopDeadlineMs: 300 } });
    stage.start({ strategy: 'one_for_all', children: [stage.child('a'), hanging] });
    stage.taken();
    stage.tell('a', 'crash');
    await stage.clock.advance(399);
    deepEqual(stage.taken(), []);
    await stage.clock.advance(1);
    deepEqual(stage.taken(), ['+a', '+b']);
    equal(stage.of('actor.stopOverran')[0]?.path, '/boss/b');
  });

  test('temporary siblings go with the group and do not come back', async () => {
    const stage = new Stage();
    const children = [stage.child('a'), stage.child('b', { restart: 'temporary' })];
    stage.start({ strategy: 'one_for_all', children });
    stage.taken();
    stage.tell('a', 'crash');
    await stage.clock.advance(1000);
    deepEqual(stage.taken(), ['-b', '+a']);
    deepEqual(stage.rows(), [['a', 'running', 1]]);
  });
});

describe('children by message', () => {
  const add = (stage: Stage, boss: Ref<SupervisorMessage>, each: AnyChild): Promise<Started> =>
    stage.system.ask(boss, (reply): SupervisorMessage => ({ type: 'supervisor.start', child: each, reply }), 1000);
  const remove = (stage: Stage, boss: Ref<SupervisorMessage>, name: string): Promise<void> =>
    stage.system.ask(
      boss,
      (reply): SupervisorMessage => ({ type: 'supervisor.stop', name, reply: () => reply(undefined) }),
      1000,
    );

  test('one more starts after the others, is restarted like them and stopped first', async () => {
    const stage = new Stage();
    const boss = stage.start({ children: [stage.child('a')] });
    equal((await add(stage, boss, stage.child('b'))).ok, true);
    stage.tell('b', 'crash');
    await stage.clock.advance(100);
    await stage.system.stop(boss);
    deepEqual(stage.taken(), ['+a', '+b', '+b', '-b', '-a']);
  });

  test('a name that is taken is refused to the asker, and the supervisor lives on', async () => {
    const stage = new Stage();
    const boss = stage.start({ children: [stage.child('a')] });
    const answer = await add(stage, boss, stage.child('a'));
    equal(answer.ok ? undefined : (answer.error as { code?: string }).code, 'SUPERVISION_INVALID');
    equal(stage.rows().length, 1);
  });

  test('one that is stopped for good does not come back, and its name is free', async () => {
    const stage = new Stage();
    const boss = stage.start({ children: [stage.child('a')] });
    await remove(stage, boss, 'a');
    deepEqual(stage.rows(), []);
    equal((await add(stage, boss, stage.child('a'))).ok, true);
    deepEqual(stage.taken(), ['+a', '-a', '+a']);
  });

  test('stopping what is not there is answered at once', async () => {
    const stage = new Stage();
    await remove(stage, stage.start({ children: [] }), 'nobody');
  });

  test('one that waits for its restart, or is quarantined, is forgotten when stopped', async () => {
    const stage = new Stage();
    const children = [stage.child('a'), stage.child('b', { overBudget: 'quarantine' })];
    const boss = stage.start({ budget: { restarts: 1, windowMs: 10_000 }, children });
    for (let count = 0; count < 2; count += 1) {
      stage.tell('b', 'crash');
      await stage.clock.advance(400);
    }
    stage.tell('a', 'crash');
    await quiet();
    deepEqual(stage.rows(), [
      ['b', 'quarantined', 2],
      ['a', 'restarting', 1],
    ]);
    await remove(stage, boss, 'a');
    await remove(stage, boss, 'b');
    stage.taken();
    await stage.clock.advance(1000);
    deepEqual([stage.rows(), stage.taken()], [[], []]);
  });

  test('one that is being stopped for its group and then told to go stays away', async () => {
    const stage = new Stage();
    const slow = (): Behavior<Order, undefined> => stage.actor('b', { stopping: () => quiet(5) });
    const boss = stage.start({
      strategy: 'one_for_all',
      children: [stage.child('a'), stage.child('b', { behavior: slow })],
    });
    stage.taken();
    stage.tell('a', 'crash');
    await quiet(3);
    await remove(stage, boss, 'b');
    await stage.clock.advance(1000);
    deepEqual(stage.taken(), ['+a']);
  });
});

describe('a spec is checked before anything starts', () => {
  const stage = new Stage();
  const bad: Record<string, [code: string, make: () => unknown]> = {
    'an unknown restart type': ['SUPERVISION_INVALID', () => stage.child('a', { restart: 'sometimes' as 'permanent' })],
    'an unknown answer to a spent budget': [
      'SUPERVISION_INVALID',
      () => stage.child('a', { overBudget: 'shrug' as 'escalate' }),
    ],
    'a name with a slash': ['SUPERVISION_INVALID', () => stage.child('a/b')],
    'an empty name': ['SUPERVISION_INVALID', () => stage.child('')],
    'a backoff whose cap is below its first pause': [
      'SUPERVISION_INVALID',
      () => stage.child('a', { backoff: { firstMs: 2, capMs: 1 } }),
    ],
    'a stop deadline of nothing': ['SUPERVISION_INVALID', () => stage.child('a', { spawn: { stopDeadlineMs: 0 } })],
    'a temporary child with quarantine': [
      'SUPERVISION_CONTRADICTORY',
      () => stage.child('a', { restart: 'temporary', overBudget: 'quarantine' }),
    ],
    'an unknown strategy': [
      'SUPERVISION_INVALID',
      () => stage.start({ strategy: 'all_for_one' as Strategy, children: [] }),
    ],
    'a negative budget': [
      'SUPERVISION_INVALID',
      () => stage.start({ budget: { restarts: -1, windowMs: 1 }, children: [] }),
    ],
    'two children of one name': [
      'SUPERVISION_INVALID',
      () => stage.start({ children: [stage.child('a'), stage.child('a')] }),
    ],
    'too many children': [
      'SUPERVISION_INVALID',
      () => stage.start({ children: Array.from({ length: 1001 }, (_, index) => stage.child(`c${index}`)) }),
    ],
    'quarantine under one_for_all': [
      'SUPERVISION_CONTRADICTORY',
      () => stage.start({ strategy: 'one_for_all', children: [stage.child('a', { overBudget: 'quarantine' })] }),
    ],
    'quarantine under rest_for_one': [
      'SUPERVISION_CONTRADICTORY',
      () => stage.start({ strategy: 'rest_for_one', children: [stage.child('a', { overBudget: 'quarantine' })] }),
    ],
  };
  for (const [what, [code, make]] of Object.entries(bad)) {
    test(`${what}: ${code}`, () => {
      throws(make, { code });
      deepEqual(stage.log, []);
    });
  }
});

test('for any crashes and ends: permanent children are all up in the end, in order, or the supervisor gave up', async () => {
  const happening = fc.record({
    who: fc.nat(3),
    what: fc.constantFrom('crash', 'finish' as const),
    pauseMs: fc.nat(300),
  });
  const strategies = fc.constantFrom<Strategy>('one_for_one', 'rest_for_one', 'one_for_all');
  const property = fc.asyncProperty(strategies, fc.array(happening, { maxLength: 8 }), async (strategy, happenings) => {
    const stage = new Stage();
    const names = ['a', 'b', 'c', 'd'];
    stage.start({
      strategy,
      budget: { restarts: 6, windowMs: 10_000 },
      children: names.map((name) => stage.child(name)),
    });
    for (const { who, what, pauseMs } of happenings) {
      stage.tell(names[who] ?? 'a', what);
      await stage.clock.advance(pauseMs);
    }
    await stage.clock.advance(5000);
    const gaveUp = stage.of('actor.stopped').some(({ path }) => path === '/boss');
    const up = stage.rows().map(([name, state]) => `${name} ${state}`);
    if (gaveUp) deepEqual(stage.system.tree(), []);
    else
      deepEqual(
        up.toSorted(),
        names.map((name) => `${name} running`),
      );
    const starts = stage.of('actor.started').length - 1;
    const stops = stage.of('actor.stopped').filter(({ path }) => path !== '/boss').length;
    equal(starts - stops, gaveUp ? 0 : names.length);
  });
  await fc.assert(property, { numRuns: 60, seed: 912 });
});

test('a supervisor under a supervisor is restarted with its children when it gives up', async () => {
  const stage = new Stage();
  const inner: SupervisorSpec = {
    kind: 'supervisor',
    budget: { restarts: 0, windowMs: 1000 },
    children: [stage.child('leaf')],
  };
  const middle = child<SupervisorMessage>({
    name: 'middle',
    kind: 'supervisor',
    behavior: () => supervisor(inner, stage.chances),
    backoff: BACKOFF,
  });
  stage.start({ children: [middle] });
  stage.tell('leaf', 'crash');
  await stage.clock.advance(100);
  deepEqual(stage.taken(), ['+leaf', '+leaf']);
  deepEqual(
    stage.system.tree().map(({ path }) => path),
    ['/boss', '/boss/middle', '/boss/middle/leaf'],
  );
  deepEqual(
    stage.of('actor.restarted').map(({ path }) => path),
    ['/boss/middle'],
  );
});
