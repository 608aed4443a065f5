import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Next } from '../actor.ts';
import { become, same, stash, stop, unhandled } from '../next.ts';
import { quiet } from '../testing.ts';
import { act, deferred, note, puppet, run, scene } from './testkit.ts';

describe('telling', () => {
  test('messages arrive in the order told, one at a time, never while being told', async () => {
    const { system } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log));
    for (const text of ['1', '2', '3']) equal(system.tell(ref, note(text)), true);
    deepEqual(log, []);
    await quiet();
    deepEqual(log, ['1', '2', '3']);
  });

  test('a promise of receive holds up the messages behind it', async () => {
    const { system } = scene();
    const log: string[] = [];
    const gate = deferred<Next<string[]>>();
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      act(() => gate.promise),
    );
    system.tell(ref, note('behind'));
    await quiet();
    deepEqual(log, []);
    gate.resolve(same);
    await quiet();
    deepEqual(log, ['behind']);
  });

  test('the control lane goes first, in its own order', async () => {
    const { system } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log));
    system.tell(ref, note('normal 1'));
    system.tell(ref, note('normal 2'));
    system.tell(ref, note('control 1'), 'control');
    system.tell(ref, note('control 2'), 'control');
    await quiet();
    deepEqual(log, ['control 1', 'control 2', 'normal 1', 'normal 2']);
  });

  test('become changes the state that the next message meets; same keeps it', async () => {
    const { system } = scene();
    const seen: number[] = [];
    const ref = system.spawn('counter', {
      kind: 'counter',
      init: () => 0,
      receive(state: number, message: { type: 'add' | 'look' }) {
        if (message.type === 'add') return become(state + 1);
        seen.push(state);
        return same;
      },
    });
    for (const type of ['look', 'add', 'add', 'look', 'look'] as const) system.tell(ref, { type });
    await quiet();
    deepEqual(seen, [0, 2, 2]);
  });

  test('unhandled makes a dead letter and is survived', async () => {
    const { system, seen } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      act(() => unhandled),
    );
    system.tell(ref, note('alive'));
    await quiet();
    deepEqual(log, ['alive']);
    deepEqual(seen('deadLetter'), [
      { type: 'deadLetter', to: '/a', kind: 'puppet', messageType: 'act', reason: 'unhandled' },
    ]);
  });

  test('an answer that is no Next is a crash', async () => {
    const { system, seen } = scene();
    // Deliberately wrong: what a behavior without types might answer.
    system.tell(
      system.spawn('a', puppet()),
      act(() => undefined as unknown as Next<string[]>),
    );
    await quiet();
    equal(seen('actor.stopped')[0]?.reason, 'crashed');
    equal(seen('actor.stopped')[0]?.cause, 'TroupeError: /a answered undefined, which is not a Next.');
  });

  test('an actor with much to do lets others have their turn', async () => {
    const { system } = scene({ turnMessages: 10 });
    const log: string[] = [];
    const busy = system.spawn('busy', puppet(log));
    const other = system.spawn('other', puppet(log));
    for (let count = 0; count < 25; count += 1) system.tell(busy, note('busy'));
    system.tell(other, note('other'));
    await quiet();
    equal(log.indexOf('other'), 10);
    equal(log.length, 26);
  });

  test('a turn also ends when its time is over', async () => {
    const { system, clock } = scene({ turnMs: 5 });
    const log: string[] = [];
    const slow = system.spawn('slow', puppet(log));
    const other = system.spawn('other', puppet(log));
    const work = run(() => {
      clock.advanceSync(3);
      log.push('slow');
    });
    for (let count = 0; count < 4; count += 1) system.tell(slow, work);
    system.tell(other, note('other'));
    await quiet();
    deepEqual(log, ['slow', 'slow', 'other', 'slow', 'slow']);
  });
});

describe('a bounded mailbox', () => {
  test('refuses over its bound, with a dead letter and false', async () => {
    const { system, seen } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log), { mailboxMessages: 2 });
    deepEqual(
      ['1', '2', '3'].map((text) => system.tell(ref, note(text))),
      [true, true, false],
    );
    await quiet();
    deepEqual(log, ['1', '2']);
    equal(seen('deadLetter')[0]?.reason, 'mailboxFull');
    equal(system.tell(ref, note('4')), true);
  });

  test('takes control messages although the normal lane is full, up to a bound of their own', () => {
    const { system } = scene({ controlMessages: 1 });
    const ref = system.spawn('a', puppet(), { mailboxMessages: 1 });
    equal(system.tell(ref, note('normal')), true);
    equal(system.tell(ref, note('normal')), false);
    equal(system.tell(ref, note('control'), 'control'), true);
    equal(system.tell(ref, note('control'), 'control'), false);
  });

  test('always takes what the actor asked for itself: results, timers, exits', async () => {
    const { system, clock } = scene();
    const log: string[] = [];
    const ref = system.spawn('a', puppet(log), { mailboxMessages: 1 });
    const setUp = run((context) => {
      equal(system.tell(ref, note('fills it')), true);
      context.pipeToSelf(Promise.resolve('piped'), note, () => note('failed'));
      context.tellSelfAfter(10, note('timer'));
      context.spawn('child', puppet([], { init: () => crash('at once') }));
    });
    system.tell(ref, setUp);
    await clock.advance(10);
    deepEqual(log.toSorted(), ['child:crashed', 'fills it', 'piped', 'timer']);
  });
});

describe('a stash', () => {
  test('keeps messages until unstashAll puts them before all others, in their order', async () => {
    const { system } = scene();
    const log: string[] = [];
    let open = false;
    const behavior = puppet(log, {
      receive(state, message, context) {
        if (message.type === 'act') {
          open = true;
          context.unstashAll();
          return same;
        }
        if (!open) return stash;
        state.push(message.text);
        return same;
      },
    });
    const ref = system.spawn('a', behavior);
    for (const text of ['1', '2', '3']) system.tell(ref, note(text));
    await quiet();
    deepEqual(log, []);
    system.tell(
      ref,
      run(() => undefined),
    );
    system.tell(ref, note('4'));
    await quiet();
    deepEqual(log, ['1', '2', '3', '4']);
  });

  test('is bounded: over the bound a message is a dead letter', async () => {
    const { system, seen } = scene({ stashMessages: 2 });
    const ref = system.spawn('a', puppet([], { receive: () => stash }));
    for (const text of ['1', '2', '3']) system.tell(ref, note(text));
    await quiet();
    deepEqual(
      seen('deadLetter').map(({ reason }) => reason),
      ['stashFull'],
    );
  });

  test('is dead letters when its actor ends', async () => {
    const { system, seen } = scene();
    const ref = system.spawn('a', puppet([], { receive: () => stash }));
    system.tell(ref, note('1'));
    await quiet();
    await system.stop(ref);
    deepEqual(
      seen('deadLetter').map(({ reason }) => reason),
      ['gone'],
    );
  });
});

describe('dead letters', () => {
  test('telling a dead actor is one, and tells false', async () => {
    const { system, seen } = scene();
    const ref = system.spawn('a', puppet());
    await system.stop(ref);
    equal(system.tell(ref, note('late')), false);
    deepEqual(seen('deadLetter'), [
      { type: 'deadLetter', to: '/a', kind: 'puppet', messageType: 'note', reason: 'gone' },
    ]);
  });

  test('a reference to a predecessor never reaches the successor of the same name', async () => {
    const { system } = scene();
    const log: string[] = [];
    const before = system.spawn('a', puppet(log));
    await system.stop(before);
    const after = system.spawn('a', puppet(log));
    equal(before.path, after.path);
    equal(system.tell(before, note('for the dead')), false);
    system.tell(after, note('for the living'));
    await quiet();
    deepEqual(log, ['stopping:stopped', 'for the living']);
  });

  test('what waits in the mailbox when the actor ends is all of them', async () => {
    const { system, seen } = scene();
    const ref = system.spawn('a', puppet());
    system.tell(
      ref,
      act(() => stop),
    );
    system.tell(ref, note('1'));
    system.tell(ref, note('2'));
    await quiet();
    equal(seen('deadLetter').length, 2);
  });

  test('are reported at a bounded rate, and the rest is counted with the next report', async () => {
    const { system, seen, clock } = scene({ deadLettersPerSecond: 3 });
    const ref = system.spawn('a', puppet());
    await system.stop(ref);
    for (let count = 0; count < 10; count += 1) system.tell(ref, note('late'));
    equal(seen('deadLetter').length, 3);
    await clock.advance(1000);
    system.tell(ref, note('late'));
    deepEqual(
      seen('deadLetter').map(({ suppressed }) => suppressed),
      [undefined, undefined, undefined, 7],
    );
  });
});

describe('own work', () => {
  test('pipeToSelf sends the result of a promise, good or bad, without holding up messages', async () => {
    const { system } = scene();
    const log: string[] = [];
    const [good, bad] = [deferred<string>(), deferred<string>()];
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      run((context) => {
        for (const work of [good, bad])
          context.pipeToSelf(work.promise, note, (error) => note(`failed: ${String(error)}`));
      }),
    );
    system.tell(ref, note('meanwhile'));
    await quiet();
    bad.reject('no');
    good.resolve('yes');
    await quiet();
    deepEqual(log, ['meanwhile', 'failed: no', 'yes']);
  });

  test('a result that comes after the end is dropped without a dead letter', async () => {
    const { system, seen, bugs } = scene();
    const work = deferred<string>();
    const ref = system.spawn('a', puppet());
    system.tell(
      ref,
      run((context) => context.pipeToSelf(work.promise, note, () => crash('never'))),
    );
    await quiet();
    await system.stop(ref);
    work.resolve('late');
    await quiet();
    deepEqual([seen('deadLetter'), bugs], [[], []]);
  });

  test('a throw while a result is turned into a message is a crash', async () => {
    const { system, seen } = scene();
    const ref = system.spawn('a', puppet());
    system.tell(
      ref,
      run((context) =>
        context.pipeToSelf(
          Promise.resolve(1),
          () => crash('bad mapping'),
          () => note('no'),
        ),
      ),
    );
    await quiet();
    equal(seen('actor.stopped')[0]?.cause, 'Error: bad mapping');
  });

  test('tellSelfAfter sends once at its time, unless canceled', async () => {
    const { system, clock } = scene();
    const log: string[] = [];
    let cancel: () => void = () => undefined;
    const ref = system.spawn('a', puppet(log));
    system.tell(
      ref,
      run((context) => {
        context.tellSelfAfter(100, note('kept'));
        cancel = context.tellSelfAfter(100, note('canceled'));
      }),
    );
    await clock.advance(99);
    deepEqual(log, []);
    cancel();
    await clock.advance(1000);
    deepEqual(log, ['kept']);
  });

  test('timers end with their actor', async () => {
    const { system, clock } = scene();
    const ref = system.spawn('a', puppet());
    system.tell(
      ref,
      run((context) => context.tellSelfAfter(100, note('never'))),
    );
    await quiet();
    equal(clock.pending, 1);
    await system.stop(ref);
    equal(clock.pending, 0);
  });

  test('is bounded: too much of it at once is a crash with ACTOR_WORK_TOO_MUCH; what is done does not count', async () => {
    const { system, seen, clock } = scene({ pendingWorkPerActor: 2 });
    const ref = system.spawn('a', puppet());
    const two = run((context) => {
      context.tellSelfAfter(1, note('timer'));
      context.pipeToSelf(Promise.resolve('piped'), note, () => note('failed'));
    });
    for (let round = 0; round < 3; round += 1) {
      system.tell(ref, two);
      await clock.advance(1);
    }
    equal(seen('actor.stopped').length, 0);
    system.tell(ref, two);
    system.tell(ref, two);
    await quiet();
    equal(seen('actor.stopped')[0]?.cause, 'TroupeError: /a waits for 2 timers and results and takes no more.');
  });
});

function crash(why: string): never {
  throw new Error(why);
}
