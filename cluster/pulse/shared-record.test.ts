import { equal, ok } from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { realClock } from '#runtime';
import { LEASE_MS } from '../limits.ts';
import { SharedCells, sharedRecord } from './shared-record.ts';

const MS = 1_000_000n;
const LEASE_NS = BigInt(LEASE_MS) * MS;

test('before the first renewal nothing was ever sent', () => {
  const record = sharedRecord(new SharedCells(), realClock);
  equal(record.sent(), -Infinity);
  equal(record.lapses(), 0);
});

test('a renewal of one thread is read by the other at its moment, by the clock of the reader', () => {
  const cells = new SharedCells();
  const sent = process.hrtime.bigint() - 100n * MS;
  new SharedCells(cells.memory).renewed(sent, sent + MS);
  const age = realClock.monotonic() - sharedRecord(cells, realClock).sent();
  ok(age >= 100 && age < 1_000, `${age}`);
});

test('what the main thread notes comes back as it was noted', () => {
  const record = sharedRecord(new SharedCells(), realClock);
  const sent = realClock.monotonic() - 50;
  record.renewed(sent, realClock.monotonic());
  ok(Math.abs(record.sent() - sent) < 20);
});

test('a renewal that is older than the last one changes nothing', () => {
  const cells = new SharedCells();
  const now = process.hrtime.bigint();
  cells.renewed(now, now);
  cells.renewed(now - MS, now);
  equal(cells.sent(), now);
  equal(cells.lapses(), 1);
});

test('the first renewal is a lapse, one in time is none, one answered after the lease is one', () => {
  const cells = new SharedCells();
  const start = 10n * LEASE_NS;
  cells.renewed(start, start + MS);
  equal(cells.lapses(), 1);
  cells.renewed(start + LEASE_NS - 2n * MS, start + LEASE_NS - MS);
  equal(cells.lapses(), 1);
  const last = start + LEASE_NS - 2n * MS;
  // Sent in time, answered too late to know when it arrived.
  cells.renewed(last + LEASE_NS - MS, last + LEASE_NS);
  equal(cells.lapses(), 2);
});

test('a main loop that never turned has been silent for long; one turn ends the silence', () => {
  const cells = new SharedCells();
  ok(cells.sinceTickMs() > 0);
  cells.tick();
  ok(cells.sinceTickMs() < 1_000);
});
