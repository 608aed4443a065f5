import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cron } from 'croner';
import { parseWorkflow } from '#workflow';
import { createSystem, quiet, seededRandom, SimulatedClock, type NodeCatalog, type ScheduleSpec } from '#runtime';
import { errors } from '../errors.ts';
import type { Engine, StartRequest } from '../engine.ts';
import { chain } from '../testing.ts';
import { nextDue, scheduleActor, type ScheduledNode } from './schedule.ts';

const SECONDS: ScheduleSpec = { cron: '*/10 * * * * *', zone: 'UTC' };
const workflow = parseWorkflow(chain('w', ['start', 'data']), { id: 'w' });

interface Theatre {
  clock: SimulatedClock;
  starts: StartRequest[];
  refuse: { next: number };
  set(nodes: ScheduledNode[]): void;
  pass(ms: number): Promise<void>;
}

function theatre(): Theatre {
  const clock = new SimulatedClock();
  const starts: StartRequest[] = [];
  const refuse = { next: 0 };
  const engine = {
    start(request: StartRequest) {
      if (refuse.next > 0) {
        refuse.next -= 1;
        throw errors.ENGINE_NO_SHARD({});
      }
      starts.push(request);
      return { accepted: Promise.resolve({ executionId: '1', duplicate: false }) };
    },
  } as unknown as Engine; // only `start` is used
  const catalog = {
    find: () => ({ schedule: { specs: () => [SECONDS], items: (at: number) => [{ json: { at } }] } }),
  } as unknown as NodeCatalog; // only `find` is used
  const system = createSystem({ name: 'test', clock, random: seededRandom(1) });
  const ref = system.spawn('schedules', scheduleActor({ engine, clock, catalog, report: () => {} }));
  return {
    clock,
    starts,
    refuse,
    set: (nodes) => system.tell(ref, { type: 'set', workflowId: 'w', nodes }),
    async pass(ms) {
      await quiet();
      for (let left = ms; left > 0; left -= 1_000) {
        await clock.advance(Math.min(1_000, left));
        await quiet();
      }
    },
  };
}

function line(clock: SimulatedClock, over: Partial<ScheduledNode> = {}): ScheduledNode {
  return { workflow, version: 1, node: 'start 0', spec: SECONDS, id: 'w/n0/0', activeSince: clock.now(), ...over };
}

test('each due time starts one run under its own key', async () => {
  const { clock, starts, set, pass } = theatre();
  set([line(clock)]);
  await pass(35_000);
  assert.equal(starts.length, 3);
  assert.equal(new Set(starts.map(({ idempotencyKey }) => idempotencyKey)).size, 3);
  assert.ok(starts.every(({ acceptEarly, mode }) => acceptEarly && mode === 'trigger'));
});

test('a due time that the engine could not take is tried again under the same key', async () => {
  const { clock, starts, refuse, set, pass } = theatre();
  set([line(clock)]);
  refuse.next = 2;
  await pass(15_000);
  assert.equal(starts.length, 1);
  assert.match(starts[0]?.idempotencyKey ?? '', /^schedule:w\/n0\/0:\d+$/);
});

test('due times of the last minute are made up for after a restart, older ones are not', async () => {
  const { clock, starts, set, pass } = theatre();
  set([line(clock, { activeSince: clock.now() - 3_600_000 })]);
  await pass(1_000);
  assert.ok(starts.length >= 5 && starts.length <= 7, `${starts.length} made up for`);
});

test('nothing before the activation is made up for', async () => {
  const { clock, starts, set, pass } = theatre();
  set([line(clock)]);
  await pass(1_000);
  assert.deepEqual(starts, []);
});

test('a workflow that is switched off fires no more', async () => {
  const { clock, starts, set, pass } = theatre();
  set([line(clock)]);
  await pass(10_000);
  set([]);
  const before = starts.length;
  await pass(60_000);
  assert.equal(starts.length, before);
});

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
    const cron = new Cron(spec.cron, { timezone: 'UTC', paused: true });
    const first = nextDue({ cron, node: { spec } }, Date.UTC(2030, 0, 1)) ?? 0;
    const second = nextDue({ cron, node: { spec } }, first) ?? 0;
    assert.equal((second - first) / 86_400_000, (every?.n ?? 1) * (every?.unit === 'weeks' ? 7 : 1));
  });
}

test('a due hour that a change of clocks skips is not lost', () => {
  const spec: ScheduleSpec = { cron: '0 30 2 * * *', zone: 'Europe/Berlin' };
  const cron = new Cron(spec.cron, { timezone: spec.zone, paused: true });
  const due = nextDue({ cron, node: { spec } }, Date.UTC(2030, 2, 30, 12)) ?? 0;
  assert.ok(due < Date.UTC(2030, 2, 31, 12), new Date(due).toISOString());
});
