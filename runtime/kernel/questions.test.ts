import { deepEqual, equal, rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Behavior, Exit } from '../actor.ts';
import { same, stop } from '../next.ts';
import { quiet } from '../testing.ts';
import { act, note, puppet, run, scene } from './testkit.ts';
import type { Puppet } from './testkit.ts';

type Question = { type: 'question'; reply: (answer: number) => void };

/** Keeps the replies, so that tests answer when they like. */
function oracle(replies: ((answer: number) => void)[]): Behavior<Question, undefined> {
  return {
    kind: 'oracle',
    init: () => undefined,
    receive(_state, { reply }) {
      replies.push(reply);
      return same;
    },
  };
}

const ask = (reply: (answer: number) => void): Question => ({ type: 'question', reply });

describe('asking', () => {
  test('resolves with the reply, also among many questions answered in any order', async () => {
    const { system, clock } = scene();
    const replies: ((answer: number) => void)[] = [];
    const ref = system.spawn('oracle', oracle(replies));
    const answers = Promise.all([1, 2, 3].map(() => system.ask(ref, ask, 1000)));
    await quiet();
    for (const index of [2, 0, 1]) replies[index]?.(index * 10);
    deepEqual(await answers, [0, 10, 20]);
    equal(clock.pending, 0);
  });

  test('rejects with ASK_TIMEOUT at its deadline; the late reply is a dead letter', async () => {
    const { system, clock, seen } = scene();
    const replies: ((answer: number) => void)[] = [];
    const answer = system.ask(system.spawn('oracle', oracle(replies)), ask, 100);
    const outcome = rejects(answer, { code: 'ASK_TIMEOUT' });
    await clock.advance(100);
    await outcome;
    replies[0]?.(1);
    deepEqual(seen('deadLetter'), [
      { type: 'deadLetter', to: '/oracle', kind: 'oracle', messageType: 'reply', reason: 'lateReply' },
    ]);
  });

  test('rejects with ASK_TARGET_GONE as soon as the target ends, and at once when it has ended', async () => {
    const { system, clock } = scene();
    const ref = system.spawn('oracle', oracle([]));
    const outcome = rejects(system.ask(ref, ask, 1000), { code: 'ASK_TARGET_GONE' });
    await quiet();
    await system.stop(ref);
    await outcome;
    await rejects(system.ask(ref, ask, 1000), { code: 'ASK_TARGET_GONE' });
    equal(clock.pending, 0);
  });

  test('a second reply is a dead letter; the first one counts', async () => {
    const { system, seen } = scene();
    const replies: ((answer: number) => void)[] = [];
    const answer = system.ask(system.spawn('oracle', oracle(replies)), ask, 100);
    await quiet();
    replies[0]?.(1);
    replies[0]?.(2);
    equal(await answer, 1);
    equal(seen('deadLetter').length, 1);
  });

  test('a full mailbox rejects with MAILBOX_FULL', async () => {
    const { system } = scene();
    const ref = system.spawn('oracle', oracle([]), { mailboxMessages: 0 });
    await rejects(system.ask(ref, ask, 100), { code: 'MAILBOX_FULL' });
  });

  test('a throw while the question is made rejects with it', async () => {
    const { system, clock } = scene();
    const ref = system.spawn('oracle', oracle([]));
    const broken = (): Question => {
      throw new RangeError('no question');
    };
    await rejects(system.ask(ref, broken, 100), { name: 'RangeError' });
    equal(clock.pending, 0);
  });

  test('open questions are bounded by ASKS_TOO_MANY; closed ones do not count', async () => {
    const { system, clock } = scene({ asksOpen: 2 });
    const ref = system.spawn('oracle', oracle([]));
    for (let round = 0; round < 2; round += 1) {
      const open = [system.ask(ref, ask, 10), system.ask(ref, ask, 10)].map((each) =>
        rejects(each, { code: 'ASK_TIMEOUT' }),
      );
      await rejects(system.ask(ref, ask, 10), { code: 'ASKS_TOO_MANY' });
      await clock.advance(10);
      await Promise.all(open);
    }
  });
});

describe('watching', () => {
  const exited = ({ name, reason }: Exit): Puppet => note(`${name}:${reason.kind}`);

  test('any actor hears of the end of any other, once per watch, with its reason', async () => {
    const { system } = scene();
    const log: string[] = [];
    const [watcher, target] = [system.spawn('watcher', puppet(log)), system.spawn('target', puppet())];
    system.tell(
      watcher,
      run((context) => context.watch(target, exited)),
    );
    system.tell(
      watcher,
      run((context) => context.watch(target, ({ ref }) => note(ref.path))),
    );
    await quiet();
    system.tell(
      target,
      act(() => stop),
    );
    await quiet();
    deepEqual(log, ['target:normal', '/target']);
  });

  test('one that is gone already fires at once', async () => {
    const { system } = scene();
    const log: string[] = [];
    const [watcher, target] = [system.spawn('watcher', puppet(log)), system.spawn('target', puppet())];
    await system.stop(target);
    system.tell(
      watcher,
      run((context) => context.watch(target, exited)),
    );
    await quiet();
    deepEqual(log, ['target:stopped']);
  });

  test('a watcher that ended first hears nothing and leaves nothing behind', async () => {
    const { system, seen } = scene();
    const [watcher, target] = [system.spawn('watcher', puppet()), system.spawn('target', puppet())];
    system.tell(
      watcher,
      run((context) => context.watch(target, exited)),
    );
    await quiet();
    await system.stop(watcher);
    await system.stop(target);
    await quiet();
    equal(seen('deadLetter').length, 0);
  });

  test('two may watch each other', async () => {
    const { system } = scene();
    const logs: string[][] = [[], []];
    const a = system.spawn('a', puppet(logs[0]));
    const b = system.spawn('b', puppet(logs[1]));
    system.tell(
      a,
      run((context) => context.watch(b, exited)),
    );
    system.tell(
      b,
      run((context) => context.watch(a, exited)),
    );
    await quiet();
    await system.stop(a);
    await system.stop(b);
    deepEqual(logs, [['stopping:stopped'], ['stopping:stopped']]);
    const log: string[] = [];
    const [c, d] = [system.spawn('c', puppet(log)), system.spawn('d', puppet())];
    system.tell(
      c,
      run((context) => context.watch(d, exited)),
    );
    system.tell(
      d,
      run((context) => context.watch(c, exited)),
    );
    await quiet();
    await system.stop(d);
    await quiet();
    deepEqual(log, ['d:stopped']);
  });

  test('a throw while the notice is made is a crash of the watcher', async () => {
    const { system, seen } = scene();
    const [watcher, target] = [system.spawn('watcher', puppet()), system.spawn('target', puppet())];
    const broken = (): Puppet => {
      throw new Error('no notice');
    };
    system.tell(
      watcher,
      run((context) => context.watch(target, broken)),
    );
    await quiet();
    await system.stop(target);
    await quiet();
    deepEqual(
      seen('actor.stopped').map(({ path, reason }) => [path, reason]),
      [
        ['/target', 'stopped'],
        ['/watcher', 'crashed'],
      ],
    );
  });
});

describe('the live tree', () => {
  test('has parents before children, with mailbox and age of the oldest message', async () => {
    const { system, clock } = scene();
    const top = system.spawn('top', puppet([], { inspect: () => ({ role: 'lead' }) }));
    system.tell(
      top,
      run((context) => context.spawn('child', puppet())),
    );
    await quiet();
    system.tell(top, note('1'));
    clock.advanceSync(40);
    system.tell(top, note('2'));
    clock.advanceSync(2);
    equal(system.mailboxLength(top), 2);
    const rows = system.tree().map(({ uid: _uid, ...row }) => row);
    const idle = { kind: 'puppet', state: 'running', mailboxLength: 0, oldestMessageMs: 0 };
    deepEqual(rows, [
      { ...idle, path: '/top', mailboxLength: 2, oldestMessageMs: 42, detail: { role: 'lead' } },
      { ...idle, path: '/top/child' },
    ]);
  });

  test('an actor that has ended has no mailbox', async () => {
    const { system } = scene();
    const ref = system.spawn('a', puppet());
    await system.stop(ref);
    equal(system.mailboxLength(ref), 0);
  });

  test('shows what is stopping', () => {
    const { system } = scene();
    const ref = system.spawn('a', puppet([], { stopping: () => new Promise(() => undefined) }));
    void system.stop(ref);
    deepEqual(
      system.tree().map(({ state }) => state),
      ['stopping'],
    );
  });

  test('carries notes on children: budgets on the living, a row of their own for the absent', async () => {
    const { system } = scene();
    const ref = system.spawn('boss', puppet());
    const budget = { restartsUsed: 1, restartsAllowed: 3, restartWindowMs: 60_000 };
    system.tell(
      ref,
      run((context) => {
        context.spawn('living', puppet());
        context.annotateChild('living', { kind: 'puppet', ...budget });
        context.annotateChild('absent', { kind: 'ghost', state: 'quarantined', ...budget });
        context.annotateChild('never', { kind: 'ghost', ...budget });
      }),
    );
    await quiet();
    const row = { state: 'running', mailboxLength: 0, oldestMessageMs: 0 };
    deepEqual(
      system.tree().map(({ uid, ...rest }) => ({ ...rest, living: uid !== 0 })),
      [
        { ...row, path: '/boss', kind: 'puppet', living: true },
        { ...row, ...budget, path: '/boss/living', kind: 'puppet', living: true },
        { ...row, ...budget, path: '/boss/absent', kind: 'ghost', state: 'quarantined', living: false },
      ],
    );
  });

  test('forgets a note when the child ends, and when told so', async () => {
    const { system } = scene();
    const ref = system.spawn('boss', puppet());
    const note3 = { kind: 'puppet', restartsUsed: 3 };
    system.tell(
      ref,
      act(async (context) => {
        const child = context.spawn('child', puppet());
        context.annotateChild('child', note3);
        context.annotateChild('other', { ...note3, state: 'restarting' });
        await context.stop(child);
        context.spawn('child', puppet());
        context.annotateChild('other', undefined);
        return same;
      }),
    );
    await quiet();
    deepEqual(
      system.tree().map(({ path, restartsUsed }) => [path, restartsUsed]),
      [
        ['/boss', undefined],
        ['/boss/child', undefined],
      ],
    );
  });

  test('keeps a bounded number of notes; the oldest goes', async () => {
    const { system } = scene({ childrenPerActor: 2 });
    const ref = system.spawn('boss', puppet());
    const absent = { kind: 'ghost', state: 'quarantined' } as const;
    system.tell(
      ref,
      run((context) => ['a', 'b', 'c'].forEach((name) => context.annotateChild(name, absent))),
    );
    await quiet();
    deepEqual(
      system.tree().map(({ path }) => path),
      ['/boss', '/boss/b', '/boss/c'],
    );
  });

  test('an inspect that throws is reported and leaves the row without detail', () => {
    const { system, bugs } = scene();
    const inspect = (): Record<string, unknown> => {
      throw new Error('no view');
    };
    system.spawn('a', puppet([], { inspect }));
    equal(system.tree()[0]?.detail, undefined);
    deepEqual(
      bugs.map(({ where }) => where),
      ['inspect of /a'],
    );
  });
});

describe('observing', () => {
  test('every start and end is seen, with path, uid and kind', async () => {
    const { system, events } = scene();
    const ref = system.spawn('a', puppet());
    await system.stop(ref);
    const who = { path: '/a', uid: ref.uid, kind: 'puppet' };
    deepEqual(events, [
      { type: 'actor.started', ...who },
      { type: 'actor.stopped', ...who, reason: 'stopped' },
    ]);
  });

  test('what layers above report reaches the observers, until they unsubscribe', () => {
    const { system } = scene();
    const seen: string[] = [];
    const unsubscribe = system.observe(({ type }) => seen.push(type));
    system.report({ type: 'breaker.opened', breaker: 'b', failures: 5 });
    unsubscribe();
    system.report({ type: 'breaker.closed', breaker: 'b', failures: 0 });
    deepEqual(seen, ['breaker.opened']);
  });

  test('an observer that throws disturbs neither the others nor the actors', async () => {
    const { system, bugs } = scene();
    const seen: string[] = [];
    system.observe(() => {
      throw new Error('bad observer');
    });
    system.observe(({ type }) => seen.push(type));
    await system.stop(system.spawn('a', puppet()));
    deepEqual(seen, ['actor.started', 'actor.stopped']);
    deepEqual(
      bugs.map(({ where }) => where),
      ['observer of actor.started', 'observer of actor.stopped'],
    );
  });

  test('a long error text is cut in events', async () => {
    const { system, seen } = scene();
    const behavior = puppet([], {
      init: () => {
        throw new Error('x'.repeat(5000));
      },
    });
    system.spawn('a', behavior);
    await quiet();
    equal(seen('actor.stopped')[0]?.cause?.length, 500);
  });
});
