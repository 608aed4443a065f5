import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARDS } from '#cluster';
import type { ScheduleSpec } from '#runtime';
import { dueTimes, scheduleShard } from './due.ts';

const grid: [ScheduleSpec['every'], string][] = [
  [{ n: 3, unit: 'days' }, '3 days apart'],
  [{ n: 2, unit: 'weeks' }, '14 days apart'],
];
for (const [every, rule] of grid) {
  test(`every ${every?.n} ${every?.unit}: due times are ${rule}`, () => {
    const spec: ScheduleSpec = {
      cron: every?.unit === 'weeks' ? '0 0 6 * * 1' : '0 0 6 * * *',
      zone: 'UTC',
      ...(every && { every }),
    };
    const times = dueTimes(spec);
    const first = times.after(Date.UTC(2030, 0, 1)) ?? 0;
    const second = times.after(first) ?? 0;
    assert.equal((second - first) / 86_400_000, (every?.n ?? 1) * (every?.unit === 'weeks' ? 7 : 1));
  });
}

test('a due hour that a change of clocks skips is not lost', () => {
  const due = dueTimes({ cron: '0 30 2 * * *', zone: 'Europe/Berlin' }).after(Date.UTC(2030, 2, 30, 12)) ?? 0;
  assert.ok(due < Date.UTC(2030, 2, 31, 12), new Date(due).toISOString());
});

test('the due time itself does not count as after it', () => {
  const times = dueTimes({ cron: '*/10 * * * * *', zone: 'UTC' });
  assert.equal(times.after(20_000), 30_000);
  assert.equal(times.after(19_999), 20_000);
});

test('a rule that fits no day has no due time', () => {
  assert.equal(dueTimes({ cron: '0 0 0 31 2 *', zone: 'UTC' }).after(0), undefined);
});

test('schedules spread over the shards, and each has the same one everywhere', () => {
  const shards = Array.from({ length: 5_000 }, (_, n) => scheduleShard(`workflow-${n}`, 'node'));
  assert.ok(shards.every((shard) => Number.isInteger(shard) && shard >= 0 && shard < SHARDS));
  assert.ok(new Set(shards).size > SHARDS * 0.95);
  assert.equal(scheduleShard('w', 'n0'), scheduleShard('w', 'n0'));
  // Written down: another release that computed it otherwise would fire beside this one.
  assert.deepEqual([scheduleShard('w', 'n0'), scheduleShard('ä', '€')], [FIXED[0], FIXED[1]]);
});

const FIXED = [scheduleShardOf('w/n0'), scheduleShardOf('ä/€')];

/** FNV-1a once more, in another way of writing it. */
function scheduleShardOf(text: string): number {
  let hash = 2_166_136_261n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 16_777_619n) % 4_294_967_296n;
  return Number(hash % BigInt(SHARDS));
}
