import { equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ActorSystem, Exit, Message, Ref } from '../actor.ts';
import { SimulatedClock } from '../testing.ts';
import { Asks } from './asks.ts';
import type { Cell, Kernel } from './parts.ts';
import { Watches } from './watch.ts';

/** What long-lived actors must not gather from short-lived ones; seen from inside, since nobody else can see it. */

const exit: Exit = { ref: { path: '/x', uid: 1, kind: 'x' }, name: 'x', reason: { kind: 'normal' } };

/** Only what `Watches` touches; the rest of a cell plays no part here. */
function watchedCell(): { cell: Cell; watches: Watches; heard: number } {
  const made = { heard: 0 } as { cell: Cell; watches: Watches; heard: number };
  const parts: Partial<Cell> = {
    addWatcher: (watcher, notice) => made.watches.addWatcher(watcher, notice),
    removeWatcher: (watcher) => made.watches.removeWatcher(watcher),
    forgetWatched: (target) => made.watches.forgetWatched(target),
    acceptOwn: (make) => {
      make();
      made.heard += 1;
    },
  };
  made.cell = parts as Cell;
  made.watches = new Watches(made.cell);
  return made;
}

describe('watching leaves nothing behind', () => {
  const notice = (): Message => ({ type: 'gone' });

  test('a watcher that ends first is taken off the list of the one it watched', () => {
    const [watcher, target] = [watchedCell(), watchedCell()];
    watcher.watches.watch(target.cell, notice);
    watcher.watches.end(exit);
    target.watches.end(exit);
    equal(watcher.heard, 0);
  });

  test('a target that ends is taken off the list of its watcher, who hears of it once', () => {
    const [watcher, target] = [watchedCell(), watchedCell()];
    watcher.watches.watch(target.cell, notice);
    target.watches.end(exit);
    target.watches.end(exit);
    equal(watcher.heard, 1);
    let removals = 0;
    target.cell.removeWatcher = () => (removals += 1);
    watcher.watches.end(exit);
    equal(removals, 0);
  });
});

describe('asking leaves nothing behind', () => {
  type Question = { type: 'question'; reply: (value: number) => void };
  const to: Ref<Question> = { path: '/target', uid: 7, kind: 'target' };

  /** Only what `Asks` touches. */
  function setUp(tell: ActorSystem['tell']): { asks: Asks; cell: Partial<Cell>; clock: SimulatedClock } {
    const clock = new SimulatedClock();
    const cell: Partial<Cell> = { phase: 'running', afterlife: undefined };
    const kernel: Partial<Kernel> = {
      clock,
      limits: { asksOpen: 10, mailboxMessages: 1 } as Kernel['limits'],
      cells: new Map([[to.uid, cell as Cell]]),
      system: { tell } as ActorSystem,
    };
    return { asks: new Asks(kernel as Kernel), cell, clock };
  }

  const ask = (reply: (value: number) => void): Question => ({ type: 'question', reply });

  test('an answered question is no longer kept with its target, nor its deadline', async () => {
    const { asks, cell, clock } = setUp((_to, message) => {
      (message as unknown as Question).reply(5);
      return true;
    });
    equal(await asks.ask(to, ask, 100), 5);
    equal(cell.afterlife?.size ?? 0, 0);
    equal(clock.pending, 0);
  });

  test('a question over its deadline is no longer kept with its target', async () => {
    const { asks, cell, clock } = setUp(() => true);
    const failed = asks.ask(to, ask, 100).catch((error: { code: string }) => error.code);
    equal(cell.afterlife?.size, 1);
    await clock.advance(100);
    equal(await failed, 'ASK_TIMEOUT');
    equal(cell.afterlife?.size, 0);
  });

  test('a refused question is no longer kept with its target, nor its deadline', async () => {
    const { asks, cell, clock } = setUp(() => false);
    const code = await asks.ask(to, ask, 100).catch((error: { code: string }) => error.code);
    equal(code, 'MAILBOX_FULL');
    equal(cell.afterlife?.size ?? 0, 0);
    equal(clock.pending, 0);
  });
});
