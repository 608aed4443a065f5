import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseWorkflow, type JsonObject } from '#workflow';
import { memoryStore, seededRandom, SimulatedClock, TestNetwork, type Slots, type Step } from '#runtime';
import { chain, makeStage, type Stage } from '../testing.ts';

const MEMBERS = 3;
const LIMIT = 2;
const KEYS = ['a', 'b'];
const JSON_OF_WORKFLOW: JsonObject = {
  ...chain('w', ['start', 'wait', 'effect'], { 1: { ms: 400 } }),
  settings: { executionOrder: 'v1', concurrency: { limit: LIMIT, key: '={{ $json.key }}' } },
};
const WORKFLOW = parseWorkflow(JSON_OF_WORKFLOW, { id: 'w' });

type Move =
  | { kind: 'start'; member: number; key: string }
  | { kind: 'pass'; ms: number }
  | { kind: 'kill'; member: number }
  | { kind: 'move'; from: number; to: number };

const member = fc.nat(MEMBERS - 1);
const moves = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('start' as const), member, key: fc.constantFrom(...KEYS) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 700 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), member }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), from: member, to: member }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Three members over one database and a network that may lose what it carries; a witness reads every commit. */
class World {
  readonly clock = new SimulatedClock();
  readonly store = memoryStore(this.clock);
  readonly network = new TestNetwork(this.clock, seededRandom(5));
  readonly workflows = new Map<string, JsonObject>([['w', JSON_OF_WORKFLOW]]);
  readonly stages: Stage[] = [];
  readonly keyOf = new Map<string, string>();
  readonly arrived: string[] = [];
  readonly granted: string[] = [];
  readonly under = new Map<string, Set<string>>(KEYS.map((key) => [key, new Set()]));
  readonly ended = new Set<string>();

  constructor(lose: number) {
    this.network.weather = { lose, repeat: 0.2, delayMs: 50 };
    this.#witness();
  }

  async open(): Promise<this> {
    for (let index = 0; index < MEMBERS; index += 1) this.stages.push(await this.#member(index, shardsOf(index)));
    return this;
  }

  #member(index: number, shards: readonly number[]): Promise<Stage> {
    const name = `m${index}`;
    const { clock, store, workflows } = this;
    this.network.own(shards, name);
    const seed = this.stages.length + this.arrived.length + 10 * index;
    return makeStage({ clock, store, workflows, shards, seed, bootId: name, peers: this.network.join(name) });
  }

  /** Every commit as the database took it, and every turn as it was given. */
  #witness(): void {
    const { journal, slots } = this.store;
    const commit = journal.commit.bind(journal);
    journal.commit = async (steps) => {
      const outcomes = await commit(steps);
      for (const [index, step] of steps.entries()) if (outcomes[index]?.kind === 'committed') this.#seen(step);
      return outcomes;
    };
    const grant: Slots['grant'] = slots.grant.bind(slots);
    slots.grant = async (...args) => {
      const grants = await grant(...args);
      this.granted.push(...grants.granted);
      return grants;
    };
  }

  #seen({ executionId, slot, events, stoppedAt }: Step): void {
    const key = slot?.concurrency?.key ?? this.keyOf.get(executionId) ?? '';
    if (slot) {
      this.keyOf.set(executionId, key);
      this.arrived.push(executionId);
    }
    const under = this.under.get(key);
    if (events.some(({ seq, event }) => seq === 3 && event.type === 'execution.resumed')) under?.add(executionId);
    if (stoppedAt !== undefined) {
      under?.delete(executionId);
      this.ended.add(executionId);
    }
    assert.ok((under?.size ?? 0) <= LIMIT, `${under?.size} of key ${key} at once`);
  }

  start(which: number, key: string): void {
    const trigger = WORKFLOW.nodes[0]?.name ?? '';
    const request = { workflow: WORKFLOW, workflowVersion: 1, mode: 'webhook', trigger, acceptEarly: true } as const;
    this.stages[which]?.company.start({ ...request, items: [{ json: { key } }] });
  }

  /** As kill -9, and the member comes back under its name on the same shards. */
  async kill(which: number): Promise<void> {
    const dead = this.stages[which];
    if (!dead) return;
    dead.kill();
    this.network.leave(`m${which}`);
    const mine = shardsOwned(dead);
    this.stages[which] = await this.#member(which, mine);
  }

  async move(from: number, to: number): Promise<void> {
    const [giver, taker] = [this.stages[from], this.stages[to]];
    if (from === to || !giver || !taker) return;
    const some = shardsOwned(giver).filter((_, index) => index % 2 === 0);
    await giver.lose(some);
    this.network.own(some, `m${to}`);
    await taker.take(some);
  }

  async pass(ms: number): Promise<void> {
    await this.stages[0]?.run(ms);
  }

  verdict(): void {
    assert.deepEqual(
      this.arrived.filter((id) => !this.ended.has(id)),
      [],
      'somebody waits for ever',
    );
    assert.equal(new Set(this.granted).size, this.granted.length, 'a turn was given twice');
    for (const key of KEYS) {
      const of = (ids: readonly string[]): string[] => ids.filter((id) => this.keyOf.get(id) === key);
      assert.deepEqual(of(this.granted), of(this.arrived), `not first come, first served: ${key}`);
    }
  }
}

function shardsOf(index: number): number[] {
  return Array.from({ length: 512 }, (_, shard) => shard).filter((shard) => shard % MEMBERS === index);
}

function shardsOwned({ services }: Stage): number[] {
  return Array.from({ length: 512 }, (_, shard) => shard).filter(
    (shard) => services.owner.epochOf(shard) !== undefined,
  );
}

async function live(list: readonly Move[], lose: number): Promise<World> {
  const world = await new World(lose).open();
  for (const move of list) {
    if (move.kind === 'start') world.start(move.member, move.key);
    else if (move.kind === 'pass') await world.pass(move.ms);
    else if (move.kind === 'kill') await world.kill(move.member);
    else await world.move(move.from, move.to);
  }
  await world.pass(60_000);
  return world;
}

for (const lose of [0, 0.5, 1]) {
  test(`three members, deaths and moves, ${lose * 100} % of the hints lost: never over a limit, in order, nobody for ever`, async () => {
    const property = fc.asyncProperty(moves, async (list: Move[]) => (await live(list, lose)).verdict());
    await fc.assert(property, { numRuns: 25, seed: 4830 + lose * 10 });
  });
}

test('the turn of an execution of another member is rung there, and not left to the sweep', async () => {
  const world = await new World(0).open();
  world.network.weather = {};
  for (let index = 0; index < 12; index += 1) world.start(index % MEMBERS, 'a');
  await world.pass(2_900);
  // Six rounds of two, each 400 ms long: with the sweep alone each would take up to a second.
  assert.equal(world.ended.size, 12);
  assert.ok(world.network.delivered.some(({ kind }) => kind === 'slot.granted'));
});

test('a member that drains says that places are free, and others give the turns', async () => {
  const world = await new World(0).open();
  world.network.weather = {};
  for (let index = 0; index < 3; index += 1) world.start(0, 'a');
  await world.pass(300);
  world.start(1, 'a');
  await world.pass(50);
  world.stages[0]?.company.drain();
  await world.pass(400);
  assert.ok(world.network.delivered.some(({ kind }) => kind === 'slot.freed'));
  await world.pass(5_000);
  assert.ok(world.granted.length >= 3);
});
