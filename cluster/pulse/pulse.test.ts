import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { quiet, SimulatedClock } from '#runtime';
import { WORKER_RESTART_FIRST_MS, WORKER_RESTART_LAST_MS, WORKER_STOP_MS, MAIN_TICK_MS } from '../limits.ts';
import type { PulseOrders } from './messages.ts';
import { Pulse, type PulseThreadEvents } from './pulse.ts';
import { SharedCells } from './shared-record.ts';

interface FakeThread {
  orders: PulseOrders;
  events: PulseThreadEvents;
  stopped: boolean;
  killed: boolean;
}

function scene() {
  const clock = new SimulatedClock();
  const threads: FakeThread[] = [];
  const said: string[] = [];
  const pulse = new Pulse({ source: { module: 'm', connection: 'c' }, clock }, (orders, events) => {
    const thread: FakeThread = { orders, events, stopped: false, killed: false };
    threads.push(thread);
    return { stop: () => (thread.stopped = true), kill: () => (thread.killed = true) };
  });
  const main = { alive: true };
  pulse.start({
    bootId: 'boot',
    alive: () => main.alive,
    events: {
      renewed: (seconds) => said.push(`renewed ${seconds}`),
      failed: (error) => said.push(`failed ${error instanceof Error ? error.message : ''}`),
    },
  });
  return { clock, threads, said, pulse, main };
}

test('the thread is told where to find its connection and whose lease it renews', () => {
  const { threads } = scene();
  const orders = threads[0]?.orders;
  deepEqual([orders?.source, orders?.bootId], [{ module: 'm', connection: 'c' }, 'boot']);
});

test('the main loop gives a sign of life at its start and from then on', async () => {
  const { clock, threads } = scene();
  const memory = threads[0]?.orders.memory;
  ok(memory);
  const cells = new SharedCells(memory);
  ok(cells.sinceTickMs() < 1_000);
  const ticks = new BigInt64Array(memory);
  ticks.fill(0n);
  await clock.advance(MAIN_TICK_MS);
  ok(cells.sinceTickMs() < 1_000);
});

test('a main loop that is of no use gives no sign of life until it is again', async () => {
  const { clock, threads, main } = scene();
  const memory = threads[0]?.orders.memory;
  ok(memory);
  main.alive = false;
  new BigInt64Array(memory).fill(0n);
  await clock.advance(10 * MAIN_TICK_MS);
  deepEqual([...new BigInt64Array(memory)], [0n, 0n, 0n]);
  main.alive = true;
  await clock.advance(MAIN_TICK_MS);
  ok(new SharedCells(memory).sinceTickMs() < 1_000);
});

test('what the thread tells is passed on', () => {
  const { threads, said } = scene();
  threads[0]?.events.told({ type: 'renewed', seconds: 0.25 });
  threads[0]?.events.told({ type: 'failed', reason: 'away' });
  equal(said[0], 'renewed 0.25');
  match(said[1] ?? '', /away/);
});

test('a thread that dies is started again, each time after a longer pause, until one renews', async () => {
  const { clock, threads, said } = scene();
  threads[0]?.events.ended('out of memory');
  match(said[0] ?? '', /out of memory/);
  equal(threads.length, 1);
  await clock.advance(WORKER_RESTART_FIRST_MS);
  equal(threads.length, 2);
  threads[1]?.events.ended('again');
  await clock.advance(WORKER_RESTART_FIRST_MS);
  equal(threads.length, 2);
  await clock.advance(WORKER_RESTART_FIRST_MS);
  equal(threads.length, 3);
  threads[2]?.events.told({ type: 'renewed', seconds: 0 });
  threads[2]?.events.ended('once more');
  await clock.advance(WORKER_RESTART_FIRST_MS);
  equal(threads.length, 4);
});

test('the pause before a restart has a limit', async () => {
  const { clock, threads } = scene();
  for (let death = 0; death < 40; death += 1) {
    threads.at(-1)?.events.ended('dead');
    await clock.advance(WORKER_RESTART_LAST_MS);
  }
  equal(threads.length, 41);
});

test('a stop waits for the end of the thread, and starts none again', async () => {
  const { clock, threads, pulse } = scene();
  let stopped = false;
  void pulse.stop().then(() => (stopped = true));
  await quiet();
  deepEqual([threads[0]?.stopped, stopped], [true, false]);
  threads[0]?.events.ended('asked to');
  await quiet();
  equal(stopped, true);
  equal(clock.pending, 0, 'no timer is left');
  await pulse.stop();
});

test('a thread that does not end when it is asked to is ended', async () => {
  const { clock, threads, pulse } = scene();
  const stopping = pulse.stop();
  await clock.advance(WORKER_STOP_MS);
  equal(threads[0]?.killed, true);
  threads[0]?.events.ended('killed');
  await stopping;
});

test('a stop while the thread is away only ends the waiting for a new one', async () => {
  const { clock, threads, pulse } = scene();
  threads[0]?.events.ended('dead');
  await pulse.stop();
  await clock.advance(WORKER_RESTART_LAST_MS);
  equal(threads.length, 1);
});
