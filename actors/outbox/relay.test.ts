import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  createSystem,
  seededRandom,
  SimulatedClock,
  type InspectionEvent,
  type OutboxEvent,
  type OutboxRow,
  type OutboxStore,
} from '#runtime';
import { createEventGate } from './gate.ts';
import { RELAY_LIMITS } from './limits.ts';
import type { RelayReport } from './relay.ts';
import { startRelay } from './start.ts';

const AWAY = new TypeError('the bus is away');

function event(id: number): OutboxEvent {
  const body = { type: 'test.event', aggregateType: 'test', timestamp: 1, version: 1, payload: {}, metadata: {} };
  return { id: String(id), aggregateId: 'a', ...body };
}

/** An outbox and a bus that a test can break, and the relay between them. */
function rig(shards: readonly number[] = []) {
  const clock = new SimulatedClock();
  const system = createSystem({ name: 'test', clock, random: seededRandom(1) });
  const inspections: InspectionEvent[] = [];
  system.observe((each) => inspections.push(each));
  const world = {
    rows: [] as OutboxRow[],
    taken: [] as string[],
    reports: [] as RelayReport[],
    owned: [1] as readonly number[],
    /** What happens at the next publications. */
    broken: undefined as 'away' | 'half' | undefined,
    storeAway: false,
    reads: 0,
    waiting: undefined as number | undefined,
    /** A bug inside the actor. */
    explode: false,
  };
  const store: OutboxStore = {
    async pending(shards, limit) {
      world.reads += 1;
      if (world.storeAway) throw AWAY;
      return world.rows.filter(({ shard }) => shards.includes(shard)).slice(0, limit);
    },
    async published(ns) {
      if (world.storeAway) throw AWAY;
      world.rows = world.rows.filter(({ n }) => !ns.includes(n));
    },
    waiting: async (atMost) => Math.min(atMost, world.waiting ?? world.rows.length),
  };
  const bus = {
    async publish(events: readonly OutboxEvent[]) {
      if (world.broken === 'away') throw AWAY;
      const some = world.broken === 'half' ? events.slice(0, Math.ceil(events.length / 2)) : events;
      world.taken.push(...some.map(({ id }) => id));
      if (world.broken === 'half') throw AWAY;
    },
  };
  const skipped: string[] = [];
  const gate = createEventGate(
    () => true,
    (type) => skipped.push(type),
  );
  const owned = (): readonly number[] => {
    if (world.explode) throw new TypeError('a bug');
    return world.owned;
  };
  const report = (each: RelayReport): void => void world.reports.push(each);
  let next = 0;
  const leave = (count = 1, shard = 1): void => {
    for (let made = 0; made < count; made += 1) {
      next += 1;
      world.rows.push({ n: next, shard, events: [event(next)] });
    }
  };
  for (const shard of shards) leave(1, shard);
  const relay = startRelay(system, { clock, random: seededRandom(2), store, bus, gate, owned, report });
  return { clock, system, inspections, world, gate, skipped, relay, leave };
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('the relay', () => {
  test('what waits at the start goes out, in order, and is forgotten', async () => {
    const { clock, world } = rig([1, 1, 1]);
    await clock.advance(0);
    deepEqual([world.taken, world.rows], [ids(1, 3), []]);
  });

  test('a doorbell carries at once, without waiting for the sweep', async () => {
    const { clock, world, relay, leave } = rig();
    await clock.advance(0);
    leave(2);
    relay.ring();
    await clock.advance(0);
    deepEqual(world.taken, ids(1, 2));
  });

  test('doorbells that ring together cost one look, or one more while it looks', async () => {
    const { clock, world, relay, leave } = rig();
    await clock.advance(0);
    const before = world.reads;
    leave();
    for (let count = 0; count < 100; count += 1) relay.ring();
    await clock.advance(0);
    ok(world.reads - before <= 2);
  });

  test('what nobody rang for goes out with the next sweep', async () => {
    const { clock, world, leave } = rig();
    await clock.advance(0);
    leave();
    await clock.advance(RELAY_LIMITS.RELAY_SWEEP_MS);
    deepEqual(world.taken, ['1']);
  });

  test('more than one batch goes out batch by batch, without a pause', async () => {
    const { clock, world, relay, leave } = rig();
    await clock.advance(0);
    leave(RELAY_LIMITS.RELAY_ROWS * 2 + 1);
    relay.ring();
    await clock.advance(0);
    equal(world.taken.length, RELAY_LIMITS.RELAY_ROWS * 2 + 1);
  });

  test('under load commits gather: a batch, a rest, and what came meanwhile as the next batch', async () => {
    const { clock, world, relay, leave } = rig();
    await clock.advance(1_000);
    const before = world.reads;
    for (let ms = 0; ms < 1_000; ms += 1) {
      leave();
      relay.ring();
      await clock.advance(1);
    }
    ok(world.reads - before <= 1_000 / RELAY_LIMITS.RELAY_REST_MS + 2, `${world.reads - before} reads`);
    await clock.advance(RELAY_LIMITS.RELAY_REST_MS);
    deepEqual(world.taken, ids(1, 1_000));
  });

  test("only the member's own shards are its business, as they are at that moment", async () => {
    const { clock, world, relay } = rig([1, 2]);
    await clock.advance(0);
    deepEqual(world.taken, ['1']);
    world.owned = [2];
    relay.ring();
    await clock.advance(RELAY_LIMITS.RELAY_REST_MS);
    deepEqual(world.taken, ['1', '2']);
    world.owned = [];
    const before = world.reads;
    relay.ring();
    await clock.advance(1_000);
    equal(world.reads, before);
  });

  test('while the bus is away nothing is forgotten, tries come ever more seldom, and doorbells change nothing', async () => {
    const { clock, world, relay, leave } = rig();
    world.broken = 'away';
    leave(2);
    await clock.advance(0);
    const before = world.reads;
    for (let second = 0; second < 120; second += 1) {
      relay.ring();
      await clock.advance(1_000);
    }
    ok(world.reads - before <= 32, `${world.reads - before} tries in two minutes`);
    equal(world.rows.length, 2);
    world.broken = undefined;
    await clock.advance(RELAY_LIMITS.RELAY_MOST_PAUSE_MS);
    deepEqual([world.taken, world.rows], [ids(1, 2), []]);
  });

  test('people hear that the bus is away, now and then how many events wait, and that it is back', async () => {
    const { clock, world, relay, leave } = rig();
    world.broken = 'away';
    leave(2);
    await clock.advance(100_000);
    const away = world.reports.filter((each) => each.type === 'busAway');
    equal(away.length, 4);
    deepEqual([away[0]?.error, away.at(-1)?.rows, relay.waiting()], [AWAY, 2, 2]);
    world.broken = undefined;
    await clock.advance(RELAY_LIMITS.RELAY_MOST_PAUSE_MS);
    deepEqual([world.reports.at(-1)?.type, relay.waiting()], ['busBack', 0]);
  });

  test('a bus that took some of a batch gets all of it again: at least once', async () => {
    const { clock, world, relay, leave } = rig();
    await clock.advance(0);
    world.broken = 'half';
    leave(4);
    relay.ring();
    await clock.advance(0);
    world.broken = undefined;
    await clock.advance(RELAY_LIMITS.RELAY_MOST_PAUSE_MS);
    deepEqual(world.taken, ['1', '2', ...ids(1, 4)]);
  });

  test('an outbox that is full closes the gate, and opens it when there is room', async () => {
    const { clock, world, gate, skipped, leave } = rig();
    world.broken = 'away';
    world.waiting = RELAY_LIMITS.OUTBOX_ROWS;
    leave(1);
    await clock.advance(RELAY_LIMITS.RELAY_BACKLOG_MS * 2);
    deepEqual([gate.full, gate.wants('execution.completed'), skipped], [true, false, ['execution.completed']]);
    world.broken = undefined;
    await clock.advance(RELAY_LIMITS.RELAY_MOST_PAUSE_MS);
    deepEqual([gate.full, gate.wants('execution.completed')], [false, true]);
    const seen = world.reports.map(({ type }) => type).filter((type) => type.startsWith('outbox'));
    deepEqual(seen, ['outboxFull', 'outboxHasRoom']);
  });

  test('a relay that crashes begins anew with what waits', async () => {
    const { clock, world, inspections, relay, leave, system } = rig();
    await clock.advance(0);
    world.explode = true;
    leave();
    relay.ring();
    await clock.advance(0);
    world.explode = false;
    await clock.advance(60_000);
    deepEqual(world.taken, ['1']);
    equal(
      inspections.some(({ type }) => type === 'actor.quarantined'),
      false,
    );
    ok(system.tree().some(({ path }) => path === '/outbox/relay'));
  });

  test('whatever fails and whenever, every event goes out, first times in order, and nothing is left', async () => {
    const happening = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('leave' as const), count: fc.integer({ min: 1, max: 30 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom({ kind: 'away' as const }, { kind: 'half' as const }, { kind: 'well' as const }),
      },
      { weight: 1, arbitrary: fc.constantFrom({ kind: 'storeAway' as const }, { kind: 'explode' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 15 }), async (happenings) => {
        const { clock, world, relay, leave, system } = rig();
        let left = 0;
        for (const each of happenings) {
          if (each.kind === 'leave') {
            leave(each.count);
            left += each.count;
            relay.ring();
          } else if (each.kind === 'storeAway') world.storeAway = !world.storeAway;
          else if (each.kind === 'explode') world.explode = !world.explode;
          else world.broken = each.kind === 'well' ? undefined : each.kind;
          await clock.advance(700);
        }
        Object.assign(world, { broken: undefined, storeAway: false, explode: false });
        await clock.advance(2 * RELAY_LIMITS.RELAY_MOST_PAUSE_MS);
        deepEqual([...new Set(world.taken)], left === 0 ? [] : ids(1, left));
        deepEqual(world.rows, []);
        await system.shutdown();
      }),
      { numRuns: 40 },
    );
  });
});
