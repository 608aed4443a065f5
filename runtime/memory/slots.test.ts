import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { slotConformance } from '../conformance/slots.ts';
import type { SlotClaim, Step } from '../ports/index.ts';
import { SimulatedClock } from '../testing.ts';
import { memoryStore, type MemoryStore } from './store.ts';

describe('the memory slots keep the contract of turns', () => {
  const make = async () => {
    const clock = new SimulatedClock();
    const store = memoryStore(clock);
    const elapse = async (ms: number): Promise<void> => clock.advanceSync(ms);
    return { ...store, others: store.slots, shards: [3, 4] as const, workflowIds: ['w1', 'w2'] as const, elapse };
  };
  for (const { rule, check } of slotConformance(make)) test(rule, check);
});

const queuedStep = (id: number, slot: SlotClaim): Step => ({
  executionId: String(id),
  shard: 1,
  epoch: 0,
  create: { workflowId: 'w', workflowVersion: 1, mode: 'webhook', startedAt: 1 },
  events: [{ seq: 1, event: { type: 'execution.started', at: 1, mode: 'webhook', trigger: 'S', items: [] } }],
  status: 'waiting',
  slot,
});

const endStep = (id: number): Step => ({
  executionId: String(id),
  shard: 1,
  epoch: 0,
  events: [{ seq: 2, event: { type: 'execution.finished', at: 2 } }],
  status: 'success',
  stoppedAt: 2,
});

test('a step claims a turn only as a waiting start', async () => {
  const { journal } = memoryStore(new SimulatedClock());
  const claim = { concurrency: { key: '', limit: 1 } };
  const { create: _, ...later } = queuedStep(1, claim);
  for (const step of [{ ...queuedStep(1, claim), status: 'running' as const }, later]) {
    let code: unknown;
    await journal.commit([step]).catch((error: { code: string }) => (code = error.code));
    equal(code, 'JOURNAL_STEP_INVALID');
  }
});

type Move =
  | { kind: 'arrive'; key: string }
  | { kind: 'end'; which: number }
  | { kind: 'grant'; atMost: number }
  | { kind: 'elapse'; ms: number };

const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('arrive' as const), key: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(50) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('grant' as const), atMost: fc.integer({ min: 1, max: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('elapse' as const), ms: fc.integer({ min: 1, max: 900 }) }) },
  ),
  { maxLength: 80 },
);

const LIMIT = 2;
const RATE = { limit: 3, perMs: 1_000 };

/** A world of one workflow with both limits, and what the outside saw of it. */
class World {
  readonly clock = new SimulatedClock();
  readonly store: MemoryStore = memoryStore(this.clock);
  readonly keys = new Map<string, string>();
  readonly begun: { id: string; at: number }[] = [];
  readonly ended = new Set<string>();

  async arrive(key: string): Promise<void> {
    const id = this.keys.size + 1;
    this.keys.set(String(id), key);
    const slot = { concurrency: { key, limit: LIMIT }, rate: { key: '', ...RATE } };
    await this.store.journal.commit([queuedStep(id, slot)]);
  }

  async end(which: number): Promise<void> {
    const open = this.begun.filter(({ id }) => !this.ended.has(id));
    const chosen = open[which % Math.max(1, open.length)];
    if (!chosen) return;
    this.ended.add(chosen.id);
    await this.store.journal.commit([endStep(Number(chosen.id))]);
  }

  async grant(atMost: number): Promise<void> {
    const { granted } = await this.store.slots.grant('w', atMost);
    for (const id of granted) this.begun.push({ id, at: this.clock.monotonic() });
    this.hold();
  }

  hold(): void {
    for (const key of ['a', 'b', 'c']) {
      const mine = this.begun.filter(({ id }) => this.keys.get(id) === key);
      equal(mine.filter(({ id }) => !this.ended.has(id)).length <= LIMIT, true, `over the limit of ${key}`);
      const numbers = mine.map(({ id }) => Number(id));
      deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        `not first come, first served: ${key}`,
      );
    }
    for (const { at } of this.begun) {
      const within = this.begun.filter((other) => other.at >= at && other.at < at + RATE.perMs).length;
      equal(within <= 2 * RATE.limit, true, 'more than a bucket and its refill within a period');
    }
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 500 && this.ended.size < this.keys.size; round += 1) {
      await this.grant(5);
      for (const { id } of this.begun) if (!this.ended.has(id)) await this.end(0);
      this.clock.advanceSync(400);
    }
    equal(this.ended.size, this.keys.size, 'somebody waits for ever');
  }
}

test('for any arrivals and ends: never over a limit, first come first served per key, and everybody gets a turn', async () => {
  const property = fc.asyncProperty(moves, async (list: Move[]) => {
    const world = new World();
    for (const move of list) {
      if (move.kind === 'arrive') await world.arrive(move.key);
      else if (move.kind === 'end') await world.end(move.which);
      else if (move.kind === 'grant') await world.grant(move.atMost);
      else world.clock.advanceSync(move.ms);
    }
    await world.settle();
    deepEqual(await world.store.slots.queued({ limit: 10 }), []);
  });
  await fc.assert(property, { numRuns: 150, seed: 4801 });
});
