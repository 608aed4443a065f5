import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '#runtime';
import type { LeaseState } from '#runtime';
import { LEASE_MS, RENEW_MS } from './limits.ts';
import { leaseRecord, OwnLease } from './own-lease.ts';

function scene(record = leaseRecord()) {
  const clock = new SimulatedClock();
  const told: LeaseState[] = [];
  const lease = new OwnLease(clock, record, (state) => told.push(state));
  return { clock, told, lease, record };
}

test('before the first renewal the lease is lost, and nobody is told of it', () => {
  const { lease, told } = scene();
  equal(lease.state(), 'lost');
  lease.check();
  deepEqual(told, []);
});

test('each state is told at its moment, without anybody asking', () => {
  const { clock, told, lease } = scene();
  lease.renewed(0);
  clock.advanceSync(LEASE_MS - RENEW_MS - 1);
  deepEqual(told, ['held']);
  clock.advanceSync(1);
  deepEqual(told, ['held', 'unknown']);
  clock.advanceSync(RENEW_MS);
  deepEqual(told, ['held', 'unknown', 'lost']);
  equal(clock.pending, 0);
});

test('the deadline counts from the sending of a renewal, not from its answer', () => {
  const { clock, lease } = scene();
  clock.advanceSync(1_000);
  lease.renewed(0);
  clock.advanceSync(LEASE_MS - 1_000 - 1);
  equal(lease.state(), 'unknown');
  clock.advanceSync(1);
  equal(lease.state(), 'lost');
});

test('a renewal from elsewhere carries the lease over the deadline that was known here', () => {
  const { clock, told, lease, record } = scene();
  lease.renewed(0);
  clock.advanceSync(LEASE_MS - RENEW_MS - 1);
  record.renewed(clock.monotonic(), clock.monotonic());
  clock.advanceSync(RENEW_MS + 1);
  equal(lease.state(), 'held');
  deepEqual(told, ['held']);
});

test('a lapse between two renewals from elsewhere is a loss, though both are long past when we look', () => {
  const { clock, told, lease, record } = scene();
  lease.renewed(0);
  const late = clock.monotonic() + 2 * LEASE_MS;
  record.renewed(late, late + 1);
  equal(lease.state(), 'lost', 'somebody may have claimed in between');
  lease.check();
  deepEqual(told, ['held', 'lost', 'held']);
  equal(lease.state(), 'held');
});

test('a renewal answered after the lease had run out tells of the loss first', () => {
  const { told, lease, record } = scene();
  lease.renewed(0);
  record.renewed(3 * LEASE_MS, 3 * LEASE_MS);
  lease.check();
  deepEqual(told, ['held', 'lost', 'held']);
});

test('a lease that was given up stays lost, whatever is renewed', () => {
  const { clock, told, lease } = scene();
  lease.renewed(0);
  lease.end();
  lease.renewed(1);
  equal(lease.state(), 'lost');
  deepEqual(told, ['held', 'lost']);
  equal(clock.pending, 0);
});
