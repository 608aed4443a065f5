import assert from 'node:assert/strict';
import { parseWorkflow, type JsonObject } from '#workflow';
import { SHARDS } from '#cluster';
import {
  memoryStore,
  quiet,
  seededRandom,
  SimulatedClock,
  TestNetwork,
  type MemoryStore,
  type TestPeers,
} from '#runtime';
import { createHub, createLiveRelay, type Hub } from '#transport';
import { createEngine } from '../company/engine.ts';
import type { Engine, RunHandle, StartRequest } from '../engine.ts';
import { makeStage, type Stage, type StageOptions } from '../testing.ts';

/** A member of the world: its company, its engine, its live streams. */
export interface WorldMember {
  readonly name: string;
  readonly stage: Stage;
  readonly engine: Engine;
  readonly hub: Hub;
  readonly peers: TestPeers;
}

/**
 * Test support: members `a`, `b`, … over one database in memory, one network and one simulated clock. The shards are
 * shared out in turn, as shard modulo the number of members.
 */
export class World {
  readonly clock = new SimulatedClock();
  readonly network: TestNetwork;
  readonly store: MemoryStore;
  readonly members: WorldMember[] = [];
  readonly workflows = new Map<string, JsonObject>();

  private constructor(seed: number) {
    this.network = new TestNetwork(this.clock, seededRandom(seed));
    this.store = memoryStore(this.clock);
  }

  static async of(count: number, options: StageOptions & { seed?: number } = {}): Promise<World> {
    const world = new World(options.seed ?? 1);
    for (let index = 0; index < count; index += 1) await world.#join(index, count, options);
    return world;
  }

  member(name: string): WorldMember {
    const member = this.members.find((each) => each.name === name);
    assert.ok(member, name);
    return member;
  }

  start(name: string, json: JsonObject, more: Partial<StartRequest> = {}): RunHandle {
    const workflow = parseWorkflow(json, { id: String(json['id']) });
    this.workflows.set(workflow.id, json);
    const trigger = workflow.nodes[0]?.name ?? '';
    const items = [{ json: { n: 1 } }];
    const head = { workflow, workflowVersion: 1, mode: 'webhook', trigger, items, acceptEarly: true } as const;
    return this.member(name).engine.start({ ...head, ...more });
  }

  /** The shard goes from its owner to another member, as in a rebalance; everybody hears of it. */
  async move(shard: number, to: string): Promise<void> {
    const from = this.network.ownerOf(shard);
    if (from !== undefined) await this.member(from).stage.lose([shard]);
    await this.member(to).stage.take([shard]);
    this.network.own([shard], to);
  }

  /** As kill -9: it writes nothing more and is out of everybody's view; its shards are another's. */
  async die(name: string, heir: string): Promise<void> {
    const gone = this.member(name);
    gone.stage.kill();
    this.network.leave(name);
    const shards = [...shardsOf(this, name)];
    this.network.own(shards, undefined);
    await this.store.leases.release(name, shards);
    await this.member(heir).stage.take(shards);
    this.network.own(shards, heir);
  }

  run(ms?: number): Promise<void> {
    return this.members[0]?.stage.run(ms) ?? Promise.resolve();
  }

  async #join(index: number, count: number, options: StageOptions): Promise<void> {
    const name = String.fromCharCode('a'.charCodeAt(0) + index);
    const peers = this.network.join(name);
    const shards = Array.from({ length: SHARDS }, (_, shard) => shard).filter((shard) => shard % count === index);
    this.network.own(shards, name);
    const hub = createHub();
    createLiveRelay({ hub, peers, clock: this.clock, shardOf: (id) => Number(id) % SHARDS });
    const { clock, store, workflows } = this;
    const stage = await makeStage({
      seed: index + 1,
      ...options,
      clock,
      store,
      workflows,
      bootId: name,
      shards,
      peers,
      alter: (plain) => {
        const live = { published: (...news: Parameters<Hub['published']>) => hub.published(...news) };
        const watch = (executionId: string, told: () => void) => hub.subscribe({ executionId }, told);
        const services = { ...plain, live, news: { watch } };
        return options.alter?.(services) ?? services;
      },
    });
    const engine = createEngine(stage.company, () => []);
    this.members.push({ name, stage, engine, hub, peers });
  }
}

function* shardsOf({ network }: World, name: string): Iterable<number> {
  for (let shard = 0; shard < SHARDS; shard += 1) if (network.ownerOf(shard) === name) yield shard;
}

/** What a promise has come to by now; one that is still open is a failure, and not a test that stands still. */
export async function now<T>(promise: Promise<T>): Promise<T> {
  const open = Symbol('open');
  const value = await Promise.race([promise, quiet().then(() => open)]);
  assert.notEqual(value, open, 'it should have come to an end by now');
  return promise;
}
