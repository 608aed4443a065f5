/**
 * The renewal thread: extends the lease each second over a connection of its own, as long as the main loop turns. It
 * owns nothing and decides nothing; the deadline is the keeper's.
 */
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import type { LeaseBeatModule } from '#runtime';
import { LEASE_MS, RENEW_MS } from '../limits.ts';
import type { PulseNews, PulseOrders } from './messages.ts';
import { SharedCells } from './shared-record.ts';

// Handed over by `createLeasePulse`, of the same release.
const orders = workerData as PulseOrders;
const cells = new SharedCells(orders.memory);
// The module is named by the composition root; the port says what it exports.
const { openLeaseBeat } = (await import(orders.source.module)) as LeaseBeatModule;
const beat = openLeaseBeat(orders.source.connection);
let stopping = false;
let wake: () => void = () => {};

parentPort?.once('message', () => {
  stopping = true;
  wake();
});

while (!stopping) {
  const started = performance.now();
  if (cells.sinceTickMs() <= orders.mainTickMsMax) await renew();
  await pause(RENEW_MS - (performance.now() - started));
}
await beat.close();
parentPort?.close();

async function renew(): Promise<void> {
  const sent = process.hrtime.bigint();
  try {
    // Without a row there is nothing to extend: the main loop sees that its renewals age, and writes it.
    if (!(await beat.extend(orders.bootId, LEASE_MS))) return;
    const answered = process.hrtime.bigint();
    cells.renewed(sent, answered);
    say({ type: 'renewed', seconds: Number(answered - sent) / 1e9 });
  } catch (error) {
    say({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

function say(news: PulseNews): void {
  parentPort?.postMessage(news);
}

function pause(ms: number): Promise<void> {
  if (stopping) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
