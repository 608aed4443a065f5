import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseWorkflow } from '#workflow';
import { createSystem, quiet, seededRandom, SimulatedClock, type NodeCatalog, type ScheduleSpec } from '#runtime';
import { errors } from '../errors.ts';
import type { RunHandle, StartRequest } from '../engine.ts';
import { chain } from '../testing.ts';
import type { ScheduledNode } from './due.ts';
import { scheduleActor } from './schedule.ts';
import type { MissedDue } from './timetable.ts';

const SECONDS: ScheduleSpec = { cron: '*/10 * * * * *', zone: 'UTC' };
const workflow = parseWorkflow(chain('w', ['start', 'data']), { id: 'w' });

function theatre() {
  const clock = new SimulatedClock();
  const starts: StartRequest[] = [];
  const missed: MissedDue[] = [];
  const reports: unknown[] = [];
  const world = { refuse: 0, lose: 0, epoch: 1 as number | undefined, ahead: 0 as number | undefined };
  const engine = {
    start(request: StartRequest): RunHandle {
      if (world.refuse > 0) {
        world.refuse -= 1;
        throw errors.ENGINE_NO_SHARD({});
      }
      starts.push(request);
      const never = new Promise<never>(() => {});
      const lost = world.lose > 0;
      if (lost) world.lose -= 1;
      const accepted = lost
        ? Promise.reject(errors.EXECUTION_NOT_ACCEPTED({ executionId: '1' }))
        : Promise.resolve({ executionId: '1', duplicate: false });
      return { executionId: '1', accepted, responded: never, ended: never };
    },
  };
  const catalog = {
    find: () => ({ schedule: { specs: () => [SECONDS], items: (at: number) => [{ json: { at } }] } }),
  } as unknown as NodeCatalog; // only `find` is used
  const system = createSystem({ name: 'test', clock, random: seededRandom(1) });
  const behavior = scheduleActor({
    engine,
    owner: { epochOf: () => world.epoch },
    time: { now: () => (world.ahead === undefined ? undefined : clock.monotonic() + world.ahead) },
    catalog,
    report: (error) => void reports.push(error),
    missed: (each) => void missed.push(each),
  });
  const ref = system.spawn('schedules', behavior);
  const pass = async (ms: number): Promise<void> => {
    await quiet();
    for (let left = ms; left > 0; left -= 500) {
      await clock.advance(Math.min(500, left));
      await quiet();
    }
  };
  const now = () => clock.monotonic() + (world.ahead ?? 0);
  const set = (nodes: ScheduledNode[]) => system.tell(ref, { type: 'set', workflowId: 'w', nodes });
  const dues = () => starts.map(({ idempotencyKey }) => Number(idempotencyKey?.split(':').at(-1)));
  const row = () => system.tree().find(({ path }) => path === '/schedules')?.detail;
  return { clock, system, starts, missed, reports, world, set, pass, now, dues, row };
}

function line(now: number, over: Partial<ScheduledNode> = {}): ScheduledNode {
  return { workflow, version: 1, node: 'start 0', spec: SECONDS, id: 'w/n0/0', shard: 7, activeSince: now, ...over };
}

test('each due time starts one run under its own key, with the due time in its items', async () => {
  const { starts, set, pass, now } = theatre();
  set([line(now())]);
  await pass(35_000);
  assert.ok(starts.length >= 3 && starts.length <= 4);
  assert.equal(new Set(starts.map(({ idempotencyKey }) => idempotencyKey)).size, starts.length);
  for (const { acceptEarly, mode, idempotencyKey, items } of starts) {
    assert.deepEqual([acceptEarly, mode], [true, 'trigger']);
    assert.equal(idempotencyKey, `schedule:w/n0/0:${Number(items[0]?.json['at'])}`);
  }
});

for (const [fault, how] of [
  ['refuse', 'the engine could not take'],
  ['lose', 'did not become durable'],
] as const) {
  test(`a due time that ${how} is tried again under the same key`, async () => {
    const { starts, world, set, pass, now, reports, dues } = theatre();
    set([line(now())]);
    world[fault] = 3;
    await pass(20_000);
    assert.equal(reports.length, 3);
    assert.ok(starts.length >= 1 && starts.length <= 5);
    assert.ok(new Set(dues()).size >= 1);
    assert.match(starts[0]?.idempotencyKey ?? '', /^schedule:w\/n0\/0:\d+$/);
  });
}

test('while the engine takes nothing for longer than CATCH_UP_MS the due times are counted as missed, the young ones run', async () => {
  const { starts, world, set, pass, now, missed, dues } = theatre();
  set([line(now())]);
  world.refuse = 10_000;
  await pass(100_000);
  assert.deepEqual(starts, []);
  const end = now();
  world.refuse = 0;
  await pass(5_000);
  assert.ok(missed.length > 0);
  const tried = [...missed.flatMap(({ first }) => first), ...dues()].toSorted((a, b) => a - b);
  assert.equal(new Set(tried).size, tried.length, 'either missed or started');
  assert.ok(dues().every((at) => at >= end - 61_000));
  for (let n = 1; n < tried.length; n += 1) assert.equal((tried[n] ?? 0) - (tried[n - 1] ?? 0), 10_000);
});

test('due times of the last minute are made up for after a restart, older ones are not', async () => {
  const { starts, set, pass, now } = theatre();
  set([line(now() - 3_600_000)]);
  await pass(1_000);
  assert.ok(starts.length >= 5 && starts.length <= 7, `${starts.length} made up for`);
});

test('nothing before the activation is made up for', async () => {
  const { starts, set, pass, now } = theatre();
  set([line(now())]);
  await pass(10);
  assert.deepEqual(starts, []);
});

test('a workflow that is switched off fires no more, also not what is tried again', async () => {
  const { starts, world, set, pass, now } = theatre();
  set([line(now())]);
  await pass(11_000);
  world.refuse = 1;
  await pass(10_000);
  set([]);
  const before = starts.length;
  await pass(60_000);
  assert.equal(starts.length, before);
});

test('a member that loses the shard fires nothing from that moment on', async () => {
  const { starts, world, set, pass, now } = theatre();
  set([line(now())]);
  await pass(20_000);
  const before = starts.length;
  world.epoch = undefined;
  await pass(60_000);
  assert.equal(starts.length, before);
});

test('a gained shard is taken up within a second, with what was missed in between', async () => {
  const { world, set, pass, now, dues } = theatre();
  world.epoch = undefined;
  set([line(now())]);
  await pass(30_000);
  assert.deepEqual(dues(), []);
  world.epoch = 5;
  await pass(1_500);
  assert.ok(dues().length >= 3);
});

test('what failed under an older epoch is left to the look back of the new one', async () => {
  const { world, set, pass, now, dues } = theatre();
  set([line(now())]);
  world.lose = 1;
  await pass(10_500);
  world.epoch = 2;
  await pass(3_000);
  assert.deepEqual(dues().toSorted(), dues(), 'in order');
  assert.equal(dues().filter((at) => at === dues()[0]).length, 2, 'the failed one again, once');
});

for (const ahead of [-3_600_000, 3_600_000]) {
  test(`the clock of the database decides, also when this machine is off by ${ahead / 3_600_000} h`, async () => {
    const { world, set, pass, now, dues } = theatre();
    world.ahead = ahead;
    set([line(now())]);
    await pass(25_000);
    assert.ok(dues().length >= 2);
    for (const at of dues()) assert.ok(at <= now() && at > now() - 26_000);
  });
}

test('nothing fires before it is known what time it is', async () => {
  const { starts, world, set, pass } = theatre();
  world.ahead = undefined;
  set([line(0)]);
  await pass(30_000);
  assert.deepEqual(starts, []);
  world.ahead = 0;
  await pass(2_000);
  assert.ok(starts.length > 0);
});

test('more than STARTS_OPEN starts are never open; the others follow', async () => {
  const { starts, set, pass, now, row } = theatre();
  const since = now() - 60_000;
  set(
    Array.from({ length: 400 }, (_, n) =>
      line(since, { id: `w/n0/${n}`, spec: { cron: '*/15 * * * * *', zone: 'UTC' } }),
    ),
  );
  await pass(2_000);
  assert.ok(starts.length >= 1_600, `${starts.length}`);
  assert.deepEqual(row(), { schedules: 400, starting: 0, retrying: 0 });
});

test('a stop leaves no timer behind', async () => {
  const { clock, system, set, now } = theatre();
  set([line(now())]);
  await quiet();
  await system.shutdown();
  assert.equal(clock.nextIn, undefined);
});
