/**
 * A rival member in a thread of its own, for the test of the renewal thread: it waits, then claims what it can get,
 * whatever the main loop is doing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { openStorage } from '#storage';

/** What the rival is started with. */
export interface RivalOrders {
  readonly connection: ClientConfig;
  readonly bootId: string;
  readonly waitMs: number;
  readonly shards: readonly number[];
}

// Handed over by the test.
const { connection, bootId, waitMs, shards } = workerData as RivalOrders;
const storage = await openStorage({ connection });
await storage.leases.renew({ bootId, name: bootId, tags: [] }, 60_000);
parentPort?.postMessage('ready');
await pause(waitMs);
parentPort?.postMessage(await storage.leases.claim(bootId, shards));
await storage.close();
