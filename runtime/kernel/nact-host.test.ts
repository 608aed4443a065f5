import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quiet } from '../testing.ts';
import { createHost } from './nact-host.ts';
import type { Host, Seated } from './nact-host.ts';
import { act, deferred, note, puppet, scene } from './testkit.ts';

function host(): { host: Host; bugs: string[] } {
  const bugs: string[] = [];
  return { host: createHost('host', (error, where) => bugs.push(`${where}: ${String(error)}`)), bugs };
}

function counter(turn: () => Promise<void> | undefined = () => undefined): Seated & { turns: number } {
  const actor = {
    turns: 0,
    turn: () => {
      actor.turns += 1;
      return turn();
    },
  };
  return actor;
}

describe('a seat', () => {
  test('gives one turn for a wake, later and not at once', async () => {
    const actor = counter();
    const seat = host().host.admit(actor);
    seat.wake();
    equal(actor.turns, 0);
    await quiet();
    equal(actor.turns, 1);
  });

  test('gives another turn when woken during one', async () => {
    let left = 3;
    const actor = counter(() => {
      left -= 1;
      if (left > 0) seat.wake();
      return undefined;
    });
    const seat = host().host.admit(actor);
    seat.wake();
    await quiet();
    equal(actor.turns, 3);
  });

  test('holds the next turn up while one is open as a promise', async () => {
    const gate = deferred<void>();
    const actor = counter(() => gate.promise);
    const seat = host().host.admit(actor);
    seat.wake();
    seat.wake();
    await quiet();
    equal(actor.turns, 1);
    gate.resolve();
    await quiet();
    equal(actor.turns, 2);
  });

  test('gives turns to many in the order of their wakes, each in a pass of its own', async () => {
    const order: string[] = [];
    const { host: one } = host();
    const seats = ['a', 'b', 'c'].map((name) => one.admit(counter(() => void order.push(name))));
    for (const index of [1, 0, 2]) seats[index]?.wake();
    await quiet();
    deepEqual(order, ['b', 'a', 'c']);
  });

  test('is given to the next actor once free, and the one before has no more say on it', async () => {
    const { host: one } = host();
    const [first, second] = [counter(), counter()];
    const left = one.admit(first);
    left.leave();
    const seat = one.admit(second);
    equal(one.seats, 1);
    left.wake();
    left.leave();
    seat.wake();
    await quiet();
    deepEqual([first.turns, second.turns], [0, 1]);
  });

  test('left with a wake still to come gives the predecessor no turn', async () => {
    const actor = counter();
    const seat = host().host.admit(actor);
    seat.wake();
    seat.leave();
    await quiet();
    equal(actor.turns, 0);
  });

  test('whose turn hangs is never given to another', async () => {
    const { host: one } = host();
    const seat = one.admit(counter(() => new Promise(() => undefined)));
    seat.wake();
    await quiet();
    seat.leave();
    equal(one.seats, 0);
    const next = counter();
    one.admit(next).wake();
    await quiet();
    equal(next.turns, 1);
  });

  test('with a turn that throws or rejects is a bug report, and no other seat suffers', async () => {
    const { host: one, bugs } = host();
    const thrown = counter(() => {
      throw new Error('thrown');
    });
    const healthy = counter();
    for (const actor of [thrown, counter(() => Promise.reject(new Error('rejected'))), healthy])
      one.admit(actor).wake();
    await quiet();
    deepEqual(bugs.toSorted(), ['turn: Error: rejected', 'turn: Error: thrown']);
    equal(healthy.turns, 1);
  });

  test('of a closed host gives no more turns', async () => {
    const { host: one } = host();
    const actor = counter();
    const seat = one.admit(actor);
    one.close();
    seat.wake();
    seat.leave();
    await quiet();
    deepEqual([actor.turns, one.seats], [0, 0]);
  });
});

describe('actors on seats that had others before', () => {
  test('a message for the predecessor, its timers and its open work never reach the successor', async () => {
    const { system, clock } = scene();
    const [before, after]: string[][] = [[], []];
    const work = deferred<string>();
    const first = system.spawn('first', puppet(before));
    const busy = act((context) => {
      context.pipeToSelf(work.promise, note, () => note('failed'));
      context.tellSelfAfter(10, note('timer'));
      return { kind: 'same' };
    });
    system.tell(first, busy);
    await quiet();
    system.tell(first, note('unread'));
    await system.stop(first);
    const second = system.spawn('second', puppet(after));
    work.resolve('work');
    await clock.advance(100);
    system.tell(second, note('own'));
    await quiet();
    deepEqual([before, after], [['stopping:stopped'], ['own']]);
  });

  test('an actor that stops itself in its turn makes room for one spawned in the same turn', async () => {
    const { system } = scene();
    const log: string[] = [];
    const first = system.spawn('first', puppet([]));
    const hand = act((context) => {
      void context.system.stop(context.self);
      return { kind: 'same' };
    });
    system.tell(first, hand);
    await quiet();
    const second = system.spawn('second', puppet(log));
    for (const text of ['1', '2']) system.tell(second, note(text));
    await quiet();
    deepEqual(log, ['1', '2']);
  });

  test('a thousand generations on few seats: each hears exactly its own messages', async () => {
    const { system } = scene();
    const heard: string[][] = [];
    for (let generation = 0; generation < 1000; generation += 1) {
      const log: string[] = [];
      heard.push(log);
      const ref = system.spawn('actor', puppet(log, { stopping: () => undefined }));
      system.tell(ref, note(`${generation}`));
      if (generation % 2 === 0) await quiet(2);
      await system.stop(ref);
    }
    await quiet();
    deepEqual(
      heard,
      heard.map((_, generation) => (generation % 2 === 0 ? [`${generation}`] : [])),
    );
  });
});
