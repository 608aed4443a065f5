import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ActorContext, Next } from '../actor.ts';
import { become, same, stop } from '../next.ts';
import { quiet } from '../testing.ts';
import { act, deferred, note, puppet, run, scene } from './testkit.ts';
import type { Puppet, PuppetRef } from './testkit.ts';

describe('spawning', () => {
  test('init runs at once, so that the first message meets a state', () => {
    const { system } = scene();
    let made = false;
    system.spawn('a', puppet([], { init: () => ((made = true), []) }));
    equal(made, true);
  });

  test('a path is made of the names from the top; uids never repeat', async () => {
    const { system } = scene();
    const refs: PuppetRef[] = [];
    const top = system.spawn('top', puppet());
    system.tell(
      top,
      run((context) => refs.push(context.spawn('child', puppet()))),
    );
    await quiet();
    deepEqual(
      refs.map(({ path, kind }) => [path, kind]),
      [['/top/child', 'puppet']],
    );
    equal(refs[0]?.uid === top.uid, false);
  });

  for (const name of ['', 'a/b', 'x'.repeat(201)]) {
    test(`refuses the name ${JSON.stringify(name.slice(0, 5))} with ACTOR_NAME_INVALID`, () => {
      throws(() => scene().system.spawn(name, puppet()), { code: 'ACTOR_NAME_INVALID' });
    });
  }

  test('a name is free again as soon as its actor is gone, and not before', async () => {
    const { system } = scene();
    const gate = deferred<void>();
    const ref = system.spawn('a', puppet([], { stopping: () => gate.promise }));
    throws(() => system.spawn('a', puppet()), { code: 'ACTOR_NAME_TAKEN' });
    const stopped = system.stop(ref);
    throws(() => system.spawn('a', puppet()), { code: 'ACTOR_NAME_TAKEN' });
    gate.resolve();
    await stopped;
    system.spawn('a', puppet());
  });

  test('the number of children is bounded by ACTOR_CHILDREN_TOO_MANY', () => {
    const { system } = scene({ childrenPerActor: 2 });
    system.spawn('a', puppet());
    system.spawn('b', puppet());
    throws(() => system.spawn('c', puppet()), { code: 'ACTOR_CHILDREN_TOO_MANY' });
  });

  test('an actor that is ending has no more children: ACTOR_ENDING', async () => {
    const { system } = scene();
    let context: ActorContext<Puppet> | undefined;
    const ref = system.spawn('a', puppet([], { init: (own) => ((context = own), []) }));
    await system.stop(ref);
    throws(() => context?.spawn('late', puppet()), { code: 'ACTOR_ENDING' });
  });

  test('child and childCount tell of the living children', async () => {
    const { system } = scene();
    const seen: unknown[] = [];
    const ref = system.spawn('a', puppet());
    system.tell(
      ref,
      act(async (context) => {
        const child = context.spawn('child', puppet());
        seen.push(context.child('child') === child, context.childCount);
        await context.stop(child);
        seen.push(context.child('child'), context.childCount);
        return same;
      }),
    );
    await quiet();
    deepEqual(seen, [true, 1, undefined, 0]);
  });
});

describe('a crash', () => {
  const crashes: Record<string, () => Next<string[]> | Promise<Next<string[]>>> = {
    'a throw of receive': () => fail(),
    'a rejected promise of receive': () => Promise.reject(new Error('boom')),
  };
  for (const [how, receive] of Object.entries(crashes)) {
    test(`${how} ends the actor, and its parent hears the reason`, async () => {
      const { system, seen } = scene();
      const log: string[] = [];
      const [parentLog, childLog]: string[][] = [[], []];
      const parent = system.spawn('parent', puppet(parentLog));
      system.tell(
        parent,
        run((context) => tellChild(context, puppet(childLog), act(receive))),
      );
      await quiet();
      deepEqual(parentLog, ['child:crashed']);
      deepEqual(childLog, ['stopping:crashed']);
      deepEqual(
        seen('actor.stopped').map(({ path, reason, cause }) => [path, reason, cause]),
        [['/parent/child', 'crashed', 'Error: boom']],
      );
      deepEqual(log, []);
    });
  }

  test('the parent gets the very error that was thrown', async () => {
    const { system } = scene();
    const error = new TypeError('this one');
    const reasons: unknown[] = [];
    const behavior = puppet([], {
      childExited(_state, exit) {
        reasons.push(exit.reason);
        return same;
      },
    });
    system.tell(
      system.spawn('parent', behavior),
      run((context) =>
        tellChild(
          context,
          puppet(),
          act(() => fail(error)),
        ),
      ),
    );
    await quiet();
    deepEqual(reasons, [{ kind: 'crashed', error }]);
  });

  test('in init ends the actor without last words; the reference is good for nothing', async () => {
    const { system } = scene();
    const [parentLog, childLog]: string[][] = [[], []];
    const parent = system.spawn('parent', puppet(parentLog));
    system.tell(
      parent,
      run((context) => context.spawn('child', puppet(childLog, { init: () => fail() }))),
    );
    await quiet();
    deepEqual([parentLog, childLog], [['child:crashed'], []]);
  });

  test('in childExited is a crash of the parent', async () => {
    const { system, seen } = scene();
    const parent = system.spawn('parent', puppet([], { childExited: () => fail() }));
    system.tell(
      parent,
      run((context) =>
        tellChild(
          context,
          puppet(),
          act(() => stop),
        ),
      ),
    );
    await quiet();
    deepEqual(
      seen('actor.stopped').map(({ path, reason }) => [path, reason]),
      [
        ['/parent/child', 'normal'],
        ['/parent', 'crashed'],
      ],
    );
  });

  test('takes its children along, from the bottom up, before the parent hears of it', async () => {
    const { system, seen } = scene();
    const log: string[] = [];
    const top = system.spawn('top', puppet(log));
    system.tell(
      top,
      run((context) => {
        const middle = context.spawn(
          'middle',
          puppet(log, { stopping: (_s, { kind }) => void log.push(`middle:${kind}`) }),
        );
        system.tell(
          middle,
          run((own) => own.spawn('leaf', puppet(log, { stopping: () => void log.push('leaf') }))),
        );
        system.tell(
          middle,
          act(() => fail()),
        );
      }),
    );
    await quiet();
    deepEqual(log, ['leaf', 'middle:crashed', 'middle:crashed']);
    deepEqual(
      seen('actor.stopped').map(({ path }) => path),
      ['/top/middle/leaf', '/top/middle'],
    );
  });

  test('of one actor leaves its siblings alone', async () => {
    const { system } = scene();
    const log: string[] = [];
    const [bad, good] = [system.spawn('bad', puppet()), system.spawn('good', puppet(log))];
    system.tell(
      bad,
      act(() => fail()),
    );
    system.tell(good, note('alive'));
    await quiet();
    deepEqual(log, ['alive']);
  });

  test('keeps the state from before the failed message for the last words', async () => {
    const { system } = scene();
    const last: number[] = [];
    const ref = system.spawn('a', {
      kind: 'counter',
      init: () => 0,
      receive: (state: number, { type }: { type: 'add' | 'crash' }) => (type === 'add' ? become(state + 1) : fail()),
      stopping: (state) => void last.push(state),
    });
    for (const type of ['add', 'add', 'crash'] as const) system.tell(ref, { type });
    await quiet();
    deepEqual(last, [2]);
  });

  test('an actor without childExited is not concerned by the ends of its children', async () => {
    const { system, seen } = scene();
    const { childExited: _none, ...deaf } = puppet();
    const log: string[] = [];
    const parent = system.spawn('parent', { ...deaf, init: () => log });
    system.tell(
      parent,
      run((context) =>
        tellChild(
          context,
          puppet(),
          act(() => fail()),
        ),
      ),
    );
    system.tell(parent, note('alive'));
    await quiet();
    system.tell(parent, note('still alive'));
    await quiet();
    deepEqual(log, ['alive', 'still alive']);
    equal(seen('actor.stopped').length, 1);
  });
});

describe('childExited', () => {
  for (const [kind, end] of [
    [
      'normal',
      (_: ActorContext<Puppet>, child: PuppetRef, tell: (message: Puppet) => void) => tell(act(() => stop)) ?? child,
    ],
    [
      'crashed',
      (_: ActorContext<Puppet>, child: PuppetRef, tell: (message: Puppet) => void) => tell(act(() => fail())) ?? child,
    ],
    ['stopped', (context: ActorContext<Puppet>, child: PuppetRef) => void context.stop(child)],
  ] as const) {
    test(`comes for a child that ended: ${kind}`, async () => {
      const { system } = scene();
      const log: string[] = [];
      const parent = system.spawn('parent', puppet(log));
      system.tell(
        parent,
        run((context) => {
          const child = context.spawn('child', puppet());
          end(context, child, (message) => void system.tell(child, message));
        }),
      );
      await quiet();
      deepEqual(log, [`child:${kind}`]);
    });
  }

  test('comes after everything that the child had told before', async () => {
    const { system } = scene();
    const log: string[] = [];
    const parent = system.spawn('parent', puppet(log));
    const lastWords = act((context) => {
      for (const text of ['1', '2', '3']) context.system.tell(parent, note(text));
      return stop;
    });
    system.tell(
      parent,
      run((context) => tellChild(context, puppet(), lastWords)),
    );
    await quiet();
    deepEqual(log, ['1', '2', '3', 'child:normal']);
  });
});

describe('stopping', () => {
  test('goes from the bottom up; last spawned children are asked first', async () => {
    const { system } = scene();
    const log: string[] = [];
    const named = (name: string) => puppet(log, { stopping: () => void log.push(name) });
    const top = system.spawn('top', named('top'));
    system.tell(
      top,
      run((context) => {
        for (const name of ['a', 'b']) {
          const child = context.spawn(name, named(name));
          system.tell(
            child,
            run((own) => own.spawn('leaf', named(`${name}/leaf`))),
          );
        }
      }),
    );
    await quiet();
    await system.stop(top);
    deepEqual(log, ['b/leaf', 'b', 'a/leaf', 'a', 'top']);
  });

  test('together: no child waits for another; lastFirst: each waits for the one spawned after it', async () => {
    for (const [childStopOrder, expected] of [
      ['together', ['asked b', 'asked a', 'gone b', 'gone a']],
      ['lastFirst', ['asked b', 'gone b', 'asked a', 'gone a']],
    ] as const) {
      const { system } = scene();
      const log: string[] = [];
      const slow = (name: string) =>
        puppet([], {
          stopping: async () => {
            log.push(`asked ${name}`);
            await quiet(2);
            log.push(`gone ${name}`);
          },
        });
      const top = system.spawn('top', puppet([], { childStopOrder }));
      system.tell(
        top,
        run((context) => void ['a', 'b'].map((name) => context.spawn(name, slow(name)))),
      );
      await quiet();
      await system.stop(top);
      deepEqual(log, expected);
    }
  });

  test('goes before messages that wait, and the parent hears it too', async () => {
    const { system } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log));
    system.tell(ref, note('waits'));
    await system.stop(ref);
    deepEqual(log, ['stopping:stopped']);
  });

  test('waits for the promise of receive that is open, and drops what it answers', async () => {
    const { system } = scene();
    const log: string[] = [];
    const gate = deferred<Next<string[]>>();
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      act(() => gate.promise),
    );
    await quiet();
    const stopped = system.stop(ref).then(() => log.push('stopped'));
    await quiet();
    deepEqual(log, []);
    gate.resolve(same);
    await stopped;
    deepEqual(log, ['stopping:stopped', 'stopped']);
  });

  test('oneself from inside receive works', async () => {
    const { system } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      run((context) => void context.system.stop(context.self)),
    );
    await quiet();
    deepEqual(log, ['stopping:stopped']);
    equal(system.tree().length, 0);
  });

  test('what is gone is no error, twice is once', async () => {
    const { system, seen } = scene();
    const ref = system.spawn('a', puppet());
    await Promise.all([system.stop(ref), system.stop(ref)]);
    await system.stop(ref);
    equal(seen('actor.stopped').length, 1);
  });

  test('somebody else’s child through the context is refused with ACTOR_NOT_A_CHILD', async () => {
    const { system } = scene();
    const [a, b] = [system.spawn('a', puppet()), system.spawn('b', puppet())];
    let refused: unknown;
    system.tell(
      a,
      run((context) => {
        try {
          void context.stop(b);
        } catch (error) {
          refused = error;
        }
      }),
    );
    await quiet();
    await rejects(Promise.reject(refused), { code: 'ACTOR_NOT_A_CHILD' });
    equal(system.tree().length, 2);
  });

  test('errors of last words are reported and change nothing', async () => {
    for (const stopping of [() => fail(), () => Promise.reject(new Error('boom'))]) {
      const { system, bugs, seen } = scene();
      await system.stop(system.spawn('a', puppet([], { stopping })));
      deepEqual(
        bugs.map(({ where }) => where),
        ['last words of /a'],
      );
      equal(seen('actor.stopped')[0]?.reason, 'stopped');
    }
  });
});

describe('the deadline of a stop', () => {
  test('over it the overrun is reported and the actor is gone', async () => {
    const { system, clock, seen } = scene();
    const ref = system.spawn('a', puppet([], { stopping: () => new Promise(() => undefined) }), {
      stopDeadlineMs: 300,
    });
    const stopped = system.stop(ref);
    await clock.advance(299);
    equal(seen('actor.stopOverran').length, 0);
    await clock.advance(1);
    await stopped;
    deepEqual(seen('actor.stopOverran'), [{ type: 'actor.stopOverran', path: '/a', kind: 'puppet', deadlineMs: 300 }]);
    equal(seen('actor.stopped').length, 1);
    equal(system.tree().length, 0);
  });

  test('covers an open promise of receive and the children; all below goes too', async () => {
    const { system, clock, seen } = scene();
    const log: string[] = [];
    const top = system.spawn('top', puppet(log), { stopDeadlineMs: 100 });
    system.tell(
      top,
      run((context) => {
        const child = context.spawn('child', puppet(log), { stopDeadlineMs: 1_000 });
        system.tell(
          child,
          act(() => new Promise(() => undefined)),
        );
      }),
    );
    await quiet();
    const stopped = system.stop(top);
    await clock.advance(100);
    await stopped;
    deepEqual(
      seen('actor.stopped').map(({ path }) => path),
      ['/top/child', '/top'],
    );
    deepEqual(
      seen('actor.stopOverran').map(({ path }) => path),
      ['/top'],
    );
    deepEqual(log, []);
  });

  test('kept in time leaves no timer behind', async () => {
    const { system, clock } = scene();
    await system.stop(system.spawn('a', puppet([], { stopping: () => quiet(3) })));
    equal(clock.pending, 0);
  });

  test('an open handler that fails after its actor was given up is reported, not raised', async () => {
    const { system, clock, bugs } = scene();
    const gate = deferred<Next<string[]>>();
    const ref = system.spawn('a', puppet(), { stopDeadlineMs: 10 });
    system.tell(
      ref,
      act(() => gate.promise),
    );
    await quiet();
    void system.stop(ref);
    await clock.advance(10);
    gate.reject(new Error('late'));
    await quiet();
    deepEqual(
      bugs.map(({ where }) => where),
      ['late failure of /a in act'],
    );
  });
});

describe('the deadline of a handler', () => {
  test('over it the actor crashes with HANDLER_OVERRAN, and the late answer is dropped', async () => {
    const { system, clock, seen } = scene();
    const gate = deferred<Next<string[]>>();
    const ref = system.spawn('a', puppet(), { handlerDeadlineMs: 50 });
    system.tell(
      ref,
      act(() => gate.promise),
    );
    await clock.advance(49);
    equal(system.tree().length, 1);
    await clock.advance(1);
    equal(seen('actor.stopped')[0]?.cause, 'TroupeError: /a was still handling act after 50 ms.');
    gate.resolve(same);
    await quiet();
    equal(seen('actor.stopped').length, 1);
  });

  test('kept in time leaves no timer behind', async () => {
    const { system, clock } = scene();
    system.tell(
      system.spawn('a', puppet()),
      act(async () => same),
    );
    await quiet();
    equal(clock.pending, 0);
  });
});

describe('shutdown', () => {
  test('stops top-level actors one by one, last spawned first, and closes the system', async () => {
    const { system } = scene();
    const log: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      const stopping = async (): Promise<void> => {
        await quiet(2);
        log.push(name);
      };
      system.spawn(name, puppet([], { stopping }));
    }
    await Promise.all([system.shutdown(), system.shutdown()]);
    deepEqual(log, ['c', 'b', 'a']);
    throws(() => system.spawn('late', puppet()), { code: 'SYSTEM_STOPPED' });
  });

  test('each top-level actor has its own deadline, one after the other', async () => {
    const { system, clock, seen } = scene();
    const hanging = puppet([], { stopping: () => new Promise(() => undefined) });
    for (const name of ['a', 'b', 'c']) system.spawn(name, hanging, { stopDeadlineMs: 10_000 });
    let done = false;
    void system.shutdown().then(() => (done = true));
    await clock.advance(29_999);
    equal(done, false);
    await clock.advance(1);
    equal(done, true);
    deepEqual(
      seen('actor.stopOverran').map(({ path }) => path),
      ['/c', '/b', '/a'],
    );
  });

  test('of one system leaves another of the same name alone', async () => {
    const [one, two] = [scene().system, scene().system];
    const log: string[] = [];
    const ref = two.spawn('a', puppet(log));
    await one.shutdown();
    two.tell(ref, note('alive'));
    await quiet();
    deepEqual(log, ['alive']);
  });
});

function fail(error: Error = new Error('boom')): never {
  throw error;
}

function tellChild(context: ActorContext<Puppet>, behavior: ReturnType<typeof puppet>, message: Puppet): void {
  context.system.tell(context.spawn('child', behavior), message);
}
