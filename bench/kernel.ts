/**
 * How fast the kernel turns trees over: one parent spawns ten children, three messages each, all end.
 * Run: node bench/kernel.ts [trees]. Beside it nact alone, doing only the same spawns and dispatches. Both per second
 * of processor time, so that other work on the machine does not count.
 */
import nact from 'nact';
import { createSystem, realClock, realRandom, same, stop } from '#runtime';
import type { Behavior, Ref } from '#runtime';

const CHILDREN = 10;
const MESSAGES = 3;
const IN_FLIGHT = 64;

type ParentMessage = { type: 'done' };
type ChildMessage = { type: 'work' };

function child(parent: Ref<ParentMessage>): Behavior<ChildMessage, { left: number }> {
  return {
    kind: 'node',
    init: () => ({ left: MESSAGES }),
    receive(state, _message, context) {
      state.left -= 1;
      if (state.left > 0) return same;
      context.system.tell(parent, { type: 'done' });
      return stop;
    },
  };
}

function parent(ended: () => void): Behavior<ParentMessage, { left: number }> {
  return {
    kind: 'execution',
    init(context) {
      for (let index = 0; index < CHILDREN; index += 1) {
        const ref = context.spawn(`node-${index}`, child(context.self));
        for (let count = 0; count < MESSAGES; count += 1) context.system.tell(ref, { type: 'work' });
      }
      return { left: CHILDREN };
    },
    receive: () => same,
    childExited(state) {
      state.left -= 1;
      return state.left === 0 ? stop : same;
    },
    stopping: ended,
  };
}

async function ours(trees: number): Promise<number> {
  const system = createSystem({ name: 'bench', clock: realClock, random: realRandom });
  const shard = system.spawn('shard', idle);
  void shard;
  const before = process.cpuUsage();
  await inFlight(trees, (index, ended) => void system.spawn(`execution-${index}`, parent(ended)));
  const perSecond = trees / secondsSince(before);
  await system.shutdown();
  return perSecond;
}

const idle: Behavior<{ type: 'never' }, undefined> = { kind: 'shard', init: () => undefined, receive: () => same };

async function bare(trees: number): Promise<number> {
  const system = nact.start({ name: 'bare' });
  const onCrash = (_m: unknown, _e: unknown, context: { stop: symbol }): Promise<symbol> =>
    Promise.resolve(context.stop);
  const before = process.cpuUsage();
  await inFlight(trees, (index, ended) => {
    let left = CHILDREN;
    const top = nact.spawn(
      system,
      (state: number) => {
        left -= 1;
        if (left === 0) {
          nact.stop(top);
          ended();
        }
        return state;
      },
      `e${index}`,
      { initialState: 0, onCrash },
    );
    for (let number = 0; number < CHILDREN; number += 1) {
      const node = nact.spawn(
        system,
        (count: number) => {
          if (count + 1 === MESSAGES) {
            nact.dispatch(top, 'done');
            nact.stop(node);
          }
          return count + 1;
        },
        `e${index}n${number}`,
        { initialState: 0, onCrash },
      );
      for (let count = 0; count < MESSAGES; count += 1) nact.dispatch(node, 'work');
    }
  });
  const perSecond = trees / secondsSince(before);
  nact.stop(system);
  return perSecond;
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000_000;
}

/** Keeps `IN_FLIGHT` trees alive until `total` have ended. */
function inFlight(total: number, start: (index: number, ended: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let started = 0;
    let done = 0;
    const ended = (): void => {
      done += 1;
      if (done === total) resolve();
      else if (started < total) setImmediate(next);
    };
    const next = (): void => {
      started += 1;
      start(started, ended);
    };
    for (let count = 0; count < Math.min(IN_FLIGHT, total); count += 1) next();
  });
}

const trees = Number(process.argv[2] ?? 20_000);
await ours(Math.min(trees, 5000));
await bare(Math.min(trees, 5000));
for (let round = 0; round < 3; round += 1) {
  console.log(`kernel ${Math.round(await ours(trees))} trees/s, nact alone ${Math.round(await bare(trees))} trees/s`);
}
