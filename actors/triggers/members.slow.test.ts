import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseWorkflow } from '#workflow';
import {
  createSystem,
  memoryStore,
  quiet,
  seededRandom,
  SimulatedClock,
  type ActorSystem,
  type NodeCatalog,
  type Random,
  type ScheduleSpec,
} from '#runtime';
import { errors } from '../errors.ts';
import type { RunHandle, StartRequest } from '../engine.ts';
import { createEngine } from '../company/engine.ts';
import { chain, makeStage, type Stage } from '../testing.ts';
import type { ScheduledNode } from './due.ts';
import { scheduleActor } from './schedule.ts';

const EACH_SECOND: ScheduleSpec = { cron: '* * * * * *', zone: 'UTC' };
const catalog = {
  find: () => ({ schedule: { specs: () => [EACH_SECOND], items: (at: number) => [{ json: { at } }] } }),
} as unknown as NodeCatalog; // only `find` is used

const workflow = parseWorkflow(chain('w', ['start', 'effect']), { id: 'w' });
const SHARDS_USED = 6;

function lines(activeSince: number): ScheduledNode[] {
  return Array.from({ length: SHARDS_USED }, (_, shard) => {
    return { workflow, version: 1, node: 'start 0', spec: EACH_SECOND, id: `w/n0/${shard}`, shard, activeSince };
  });
}

interface Member {
  readonly name: string;
  readonly system: ActorSystem;
  /** What it believes to own; a stalled one believes it for a while after it is not so. */
  readonly believes: Map<number, number>;
  alive: boolean;
}

/**
 * Members that fire one timetable over one database: shards with owner and epoch, starts that are taken once per key.
 * A start commits after a while, is lost with its member (before or after the commit), or is refused.
 */
class World {
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly started = new Map<string, number>();
  readonly missed: string[] = [];
  readonly shards = new Map<number, { epoch: number; owner: Member | undefined }>();
  readonly since: number;
  members: Member[] = [];
  away = false;
  attempts = 0;
  #count = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.since = this.clock.monotonic();
    for (let shard = 0; shard < SHARDS_USED; shard += 1) this.shards.set(shard, { epoch: 0, owner: undefined });
    for (let n = 0; n < 3; n += 1) this.join();
  }

  join(): void {
    const believes = new Map<number, number>();
    this.#count += 1;
    const name = `m${this.#count}`;
    const system = createSystem({ name, clock: this.clock, random: this.random });
    const member: Member = { name, system, believes, alive: true };
    const ref = system.spawn(
      'schedules',
      scheduleActor({
        engine: { start: (request) => this.#start(member, request) },
        owner: { epochOf: (shard) => believes.get(shard) },
        time: { now: () => this.clock.monotonic() },
        catalog,
        report: () => {},
        missed: ({ id, first }) => void this.missed.push(`${id}@${first}`),
      }),
    );
    system.tell(ref, { type: 'set', workflowId: 'w', nodes: lines(this.since) });
    this.members.push(member);
  }

  /** Free shards go to the living in turn, each with a new epoch; nobody claims while the database is away. */
  claim(): void {
    const living = this.members.filter(({ alive }) => alive);
    if (this.away || living.length === 0) return;
    for (const [shard, row] of this.shards) {
      if (row.owner?.alive) continue;
      row.owner = living[Math.floor(this.random.next() * living.length)];
      row.epoch += 1;
      row.owner?.believes.set(shard, row.epoch);
    }
  }

  kill(index: number): void {
    const member = this.members[index % this.members.length];
    if (!member) return;
    member.alive = false;
    member.believes.clear();
    this.members = this.members.filter((each) => each !== member);
    void member.system.shutdown();
  }

  /** Its shards go to others at once while it goes on believing in them for up to three seconds. */
  stall(index: number): void {
    const member = this.members[index % this.members.length];
    if (!member || this.away) return;
    for (const [shard, row] of this.shards) {
      if (row.owner !== member) continue;
      const others = this.members.filter((each) => each !== member);
      const next = others[Math.floor(this.random.next() * others.length)];
      if (!next) continue;
      const stale = row.epoch;
      row.owner = next;
      row.epoch += 1;
      next.believes.set(shard, row.epoch);
      this.clock.after(this.random.next() * 3_000, () => {
        if (member.believes.get(shard) === stale) member.believes.delete(shard);
      });
    }
  }

  #start(member: Member, { idempotencyKey = '' }: StartRequest): RunHandle {
    this.attempts += 1;
    const due = Number(idempotencyKey.split(':').at(-1));
    assert.ok(due <= this.clock.monotonic(), 'never early');
    if (this.away) throw errors.ENGINE_NO_SHARD({});
    const accepted = new Promise<{ executionId: string; duplicate: boolean }>((resolve, reject) => {
      this.clock.after(this.random.next() * 400, () => {
        if (this.away || (!member.alive && this.random.next() < 0.5)) {
          return reject(errors.EXECUTION_NOT_ACCEPTED({ executionId: '1' }));
        }
        const duplicate = this.started.has(idempotencyKey);
        if (!duplicate) this.started.set(idempotencyKey, this.clock.monotonic());
        return resolve({ executionId: '1', duplicate });
      });
    });
    const never = new Promise<never>(() => {});
    return { executionId: '1', accepted, responded: never, ended: never };
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      await this.clock.advance(Math.min(100, left));
      await quiet(2);
    }
  }

  /** Holds what was started against the timetable, up to ten seconds ago. */
  check(): void {
    const until = this.clock.monotonic() - 10_000;
    const expected: string[] = [];
    for (const { id } of lines(this.since)) {
      for (let at = (Math.floor(this.since / 1_000) + 1) * 1_000; at <= until; at += 1_000) {
        expected.push(`schedule:${id}:${at}`);
      }
    }
    for (const key of expected) assert.ok(this.started.has(key), `${key} was never started`);
    for (const key of this.started.keys()) {
      const [, id, at] = /^schedule:(.+):(\d+)$/.exec(key) ?? [];
      assert.ok(id && Number(at) % 1_000 === 0 && Number(at) > this.since, key);
    }
    assert.deepEqual(this.missed, []);
  }

  async end(): Promise<void> {
    for (const { system } of this.members) await system.shutdown();
  }
}

test('three members, one killed every 5 s: every due time of every schedule is started exactly once', async () => {
  const world = new World(1);
  world.claim();
  for (let round = 0; round < 8; round += 1) {
    await world.pass(5_000);
    world.kill(round);
    await world.pass(3_000);
    world.claim();
    world.join();
  }
  await world.pass(12_000);
  world.check();
  await world.end();
});

test('a member that stalls fires beside its successor; each due time is still one execution', async () => {
  const world = new World(2);
  world.claim();
  for (let round = 0; round < 8; round += 1) {
    await world.pass(4_000);
    world.stall(round);
  }
  await world.pass(12_000);
  assert.ok(world.attempts > world.started.size, 'both have tried');
  world.check();
  await world.end();
});

test('all members die at once; the next one makes up for all that was missed within CATCH_UP_MS', async () => {
  const world = new World(3);
  world.claim();
  await world.pass(5_000);
  for (let n = 0; n < 3; n += 1) world.kill(0);
  await world.pass(50_000);
  world.join();
  world.claim();
  await world.pass(12_000);
  world.check();
  await world.end();
});

test('a database that is away for half a minute delays due times and loses none', async () => {
  const world = new World(4);
  world.claim();
  await world.pass(5_000);
  world.away = true;
  await world.pass(30_000);
  world.away = false;
  await world.pass(12_000);
  world.check();
  await world.end();
});

const move = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 4_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'stall' as const), who: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('claim' as const, 'join' as const, 'away' as const) }) },
);

test('whatever happens within CATCH_UP_MS, every due time is started exactly once and none early', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(move, { maxLength: 25 }), async (seed, moves) => {
      const world = new World(seed);
      world.claim();
      let idleMs = 0;
      for (const each of moves) {
        if (each.kind === 'pass') {
          // Nobody owns the shards or the database is away for at most 45 s in a row: that is what is promised.
          if (idleMs > 40_000) {
            world.away = false;
            if (world.members.length === 0) world.join();
            world.claim();
            await world.pass(3_000);
            idleMs = 0;
          }
          await world.pass(each.ms);
          const idle = world.away || [...world.shards.values()].some(({ owner }) => !owner?.alive);
          idleMs = idle ? idleMs + each.ms : 0;
        } else if (each.kind === 'kill') world.kill(each.who);
        else if (each.kind === 'stall') world.stall(each.who);
        else if (each.kind === 'away') world.away = !world.away;
        else if (each.kind === 'join' && world.members.length < 4) world.join();
        else if (each.kind === 'claim') world.claim();
      }
      world.away = false;
      if (world.members.length === 0) world.join();
      world.claim();
      await world.pass(14_000);
      world.check();
      await world.end();
    }),
    { numRuns: 40 },
  );
});

test('over the real engine and journal: members die in turn, and each due time is one execution', async () => {
  const clock = new SimulatedClock();
  const store = memoryStore(clock);
  const calls: Stage['calls'] = [];
  const workflows = new Map([['w', chain('w', ['start', 'effect'])]]);
  const since = clock.monotonic();
  for (let n = 0; n < 4; n += 1) {
    const stage = await makeStage({ clock, store, calls, workflows, seed: n + 1, bootId: `boot-${n}` });
    const ref = stage.system.spawn(
      'schedules',
      scheduleActor({
        engine: createEngine(stage.company, () => []),
        owner: stage.services.owner,
        time: { now: () => clock.monotonic() },
        catalog,
        report: () => {},
        missed: (each) => assert.fail(JSON.stringify(each)),
      }),
    );
    stage.system.tell(ref, { type: 'set', workflowId: 'w', nodes: lines(since).slice(0, 1) });
    await stage.run(5_300 + n * 130);
    if (n === 3) {
      await stage.run(5_000);
      await stage.company.stop();
    } else stage.kill();
    await stage.system.stop(ref);
    // The dead member's lease runs out.
    if (n < 3) clock.advanceSync(6_000);
  }
  const executionsOf = new Map<number, Set<string>>();
  for (const { key, input } of calls) {
    const { at } = JSON.parse(input) as { at: number }; // the items of this schedule
    executionsOf.set(at, (executionsOf.get(at) ?? new Set()).add(key.split('/')[0] ?? ''));
  }
  for (let at = (Math.floor(since / 1_000) + 1) * 1_000; at <= clock.monotonic() - 6_000; at += 1_000) {
    assert.equal(executionsOf.get(at)?.size, 1, `due ${at - since} ms after the activation`);
  }
});
