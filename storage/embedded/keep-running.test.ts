import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SILENT } from '../log.ts';
import { keepRunning, type KeptServer } from './keep-running.ts';
import type { Postmaster } from './postmaster.ts';

/** A server that ends when it is told to, or when `die` is called. */
class TwinServer implements Postmaster {
  readonly pid: number;
  readonly adopted = false;
  readonly exited: Promise<string>;
  readonly die: (reason: string) => void;
  stops = 0;

  constructor(pid: number) {
    this.pid = pid;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.exited = promise;
    this.die = resolve;
  }

  stop(): Promise<void> {
    this.stops += 1;
    this.die('stopped');
    return Promise.resolve();
  }
}

/** Restarts are under way until the test lets them end. */
class Starts {
  readonly #open: ((next: Postmaster | undefined) => void)[] = [];
  readonly #stopped: (() => boolean)[] = [];

  readonly again = (stopped: () => boolean): Promise<Postmaster | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Postmaster | undefined>();
    this.#open.push(resolve);
    this.#stopped.push(stopped);
    return promise;
  };

  end(next: Postmaster | undefined): void {
    this.#open.shift()?.(next);
  }

  get begun(): number {
    return this.#open.length;
  }

  get told(): boolean {
    return this.#stopped.at(-1)?.() ?? false;
  }
}

/** Lets everything that can go on without time go on. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** True when the stop ends without anything else happening. */
async function ends(kept: KeptServer): Promise<boolean> {
  let ended = false;
  void kept.stop().then(() => (ended = true));
  for (let turns = 0; turns < 10 && !ended; turns += 1) await settle();
  return ended;
}

describe('a server that is kept running', () => {
  test('is started again when it ends by itself, and says both', async () => {
    const [first, second, starts] = [new TwinServer(1), new TwinServer(2), new Starts()];
    const kept = keepRunning(first, starts.again, SILENT);
    const said: string[] = [];
    kept.onExit((reason) => said.push(reason));
    kept.onRestart(() => said.push('back'));
    first.die('killed');
    await settle();
    starts.end(second);
    await settle();
    deepEqual(said, ['killed', 'back']);
    equal(kept.current(), second);
  });

  test('is not started again after a stop', async () => {
    const [first, starts] = [new TwinServer(1), new Starts()];
    const kept = keepRunning(first, starts.again, SILENT);
    equal(await ends(kept), true);
    deepEqual([first.stops > 0, starts.begun], [true, 0]);
  });

  test('a stop in the middle of a restart stops the server that comes of it, and ends', async () => {
    const [first, second, starts] = [new TwinServer(1), new TwinServer(2), new Starts()];
    const kept = keepRunning(first, starts.again, SILENT);
    first.die('killed');
    await settle();
    equal(await ends(kept), false);
    equal(starts.told, true);
    starts.end(second);
    equal(await ends(kept), true);
    equal(second.stops > 0, true);
  });

  test('a stop in the middle of a restart that is given up ends too', async () => {
    const [first, starts] = [new TwinServer(1), new Starts()];
    const kept = keepRunning(first, starts.again, SILENT);
    first.die('killed');
    await settle();
    equal(await ends(kept), false);
    starts.end(undefined);
    equal(await ends(kept), true);
  });

  test('a stop does not wait for news of an end that it knows of already', async () => {
    const starts = new Starts();
    const adopted: Postmaster = { pid: 1, adopted: true, exited: new Promise(() => {}), stop: async () => {} };
    equal(await ends(keepRunning(adopted, starts.again, SILENT)), true);
  });
});
