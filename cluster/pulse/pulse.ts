import { Worker } from 'node:worker_threads';
import type { Clock, LeaseBeatSource } from '#runtime';
import { errors } from '../errors.ts';
import type { LeasePulse, PulseStart } from '../lease-keeper.ts';
import * as limits from '../limits.ts';
import type { PulseNews, PulseOrders } from './messages.ts';
import { SharedCells, sharedRecord } from './shared-record.ts';

/** What `createLeasePulse` takes. */
export interface LeasePulseOptions {
  /** `Storage.leaseBeat`. */
  readonly source: LeaseBeatSource;
  /** The clock of the process: this cannot be simulated. */
  readonly clock: Clock;
  /** Default MAIN_TICK_MS_MAX. */
  readonly mainTickMsMax?: number;
}

/** A part of a thread as this file uses it, so that tests can stand in for it. */
export interface PulseThread {
  /** Asks it to end. */
  stop(): void;
  /** Ends it, whatever it does. */
  kill(): void;
}

/** What a thread tells its maker. `ended` comes once, last. */
export interface PulseThreadEvents {
  told(news: PulseNews): void;
  ended(reason: string): void;
}

/**
 * Renews the lease from a thread of its own with a connection of its own, so that a main loop that is busy for some
 * seconds loses nothing, and one that hangs for good does. A thread that dies is started again; while it is away the
 * keeper's beats renew.
 */
export function createLeasePulse(options: LeasePulseOptions): LeasePulse {
  return new Pulse(options, startThread);
}

/** The same over a given way to start threads. */
export class Pulse implements LeasePulse {
  readonly record;
  readonly #options: LeasePulseOptions;
  readonly #startThread: (orders: PulseOrders, events: PulseThreadEvents) => PulseThread;
  readonly #cells = new SharedCells();
  #thread: PulseThread | undefined;
  #restarts = 0;
  #stopped = false;
  #cancelTick: () => void = () => {};
  #cancelRestart: () => void = () => {};
  #allEnded: () => void = () => {};

  constructor(options: LeasePulseOptions, start: (orders: PulseOrders, events: PulseThreadEvents) => PulseThread) {
    this.#options = options;
    this.#startThread = start;
    this.record = sharedRecord(this.#cells, options.clock);
  }

  start(orders: PulseStart): void {
    this.#tick(orders.alive);
    this.#run(orders);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTick();
    this.#cancelRestart();
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise<void>((resolve) => (this.#allEnded = resolve));
    const cancel = this.#options.clock.after(limits.WORKER_STOP_MS, () => thread.kill());
    thread.stop();
    await ended;
    cancel();
  }

  #tick(alive: () => boolean): void {
    if (alive()) this.#cells.tick();
    this.#cancelTick = this.#options.clock.after(limits.MAIN_TICK_MS, () => this.#tick(alive));
  }

  #run(orders: PulseStart): void {
    const { bootId, events } = orders;
    const { source, mainTickMsMax = limits.MAIN_TICK_MS_MAX } = this.#options;
    this.#thread = this.#startThread(
      { source, bootId, mainTickMsMax, memory: this.#cells.memory },
      {
        told: (news) => {
          if (news.type === 'failed') events.failed?.(errors.LEASE_THREAD_FAILED({ reason: news.reason }), 'renew');
          else {
            this.#restarts = 0;
            events.renewed?.(news.seconds);
          }
        },
        ended: (reason) => this.#ended(reason, orders),
      },
    );
  }

  #ended(reason: string, orders: PulseStart): void {
    this.#thread = undefined;
    this.#allEnded();
    if (this.#stopped) return;
    orders.events.failed?.(errors.LEASE_THREAD_FAILED({ reason }), 'renew');
    const { WORKER_RESTART_FIRST_MS, WORKER_RESTART_LAST_MS } = limits;
    const wait = Math.min(WORKER_RESTART_LAST_MS, WORKER_RESTART_FIRST_MS * 2 ** this.#restarts);
    this.#restarts = Math.min(this.#restarts + 1, 10);
    this.#cancelRestart = this.#options.clock.after(wait, () => this.#run(orders));
  }
}

function startThread(orders: PulseOrders, events: PulseThreadEvents): PulseThread {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    name: 'lease',
    workerData: orders,
    resourceLimits: { maxOldGenerationSizeMb: limits.WORKER_HEAP_MB },
  });
  let reason: string | undefined;
  // The worker's own module is the only one who posts here.
  worker.on('message', (news: PulseNews) => events.told(news));
  worker.on('error', (error: unknown) => (reason = error instanceof Error ? error.message : String(error)));
  worker.once('exit', (code) => events.ended(reason ?? `it ended with code ${code}`));
  return {
    stop: () => worker.postMessage('stop'),
    kill: () => void worker.terminate(),
  };
}
