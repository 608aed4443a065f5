import type { RunEvent } from '#workflow';
import type { ExecutionCreate, Journal, JournalEvent, LeaseStore, Step } from '../ports/index.ts';

/**
 * What a store gives to be held to the journal's contract: made afresh for each case. `dispose` is called after the
 * case, also after a failed one.
 */
export interface JournalFixture {
  journal: Journal;
  /** Over the same state as the journal. */
  leases: LeaseStore;
  /** Two shards that nobody has claimed. */
  shards: readonly [number, number];
  /** Workflows that exist, two different ones. */
  workflowIds: readonly [string, string];
  dispose?: () => Promise<void>;
}

/** Long enough that no lease of a suite runs out by itself. */
const LEASE_MS = 600_000;

/** Writes steps as the owner of the fixture's shards does, and numbers them. */
export class Writer {
  readonly fixture: JournalFixture;
  readonly bootId: string;
  readonly #epochs = new Map<number, number>();
  readonly #ids: string[] = [];

  private constructor(fixture: JournalFixture, bootId: string) {
    this.fixture = fixture;
    this.bootId = bootId;
  }

  /** A member that owns both shards. */
  static async owning(fixture: JournalFixture, bootId: string = unique('boot')): Promise<Writer> {
    const writer = new Writer(fixture, bootId);
    await fixture.leases.renew({ bootId, name: bootId, tags: [] }, LEASE_MS);
    for (const { shard, epoch } of await fixture.leases.claim(bootId, fixture.shards)) writer.#epochs.set(shard, epoch);
    return writer;
  }

  /** Another member takes both shards over; this writer's epochs are old from then on. */
  async loseShards(): Promise<Writer> {
    await this.fixture.leases.release(this.bootId, this.fixture.shards);
    return Writer.owning(this.fixture);
  }

  async id(): Promise<string> {
    if (this.#ids.length === 0) {
      const { first, size } = await this.fixture.journal.idBlock();
      for (let offset = 0; offset < Math.min(size, 50); offset += 1) this.#ids.push(String(first + offset));
    }
    return this.#ids.shift() ?? this.id();
  }

  create(more: Partial<ExecutionCreate> = {}): ExecutionCreate {
    return { workflowId: this.fixture.workflowIds[0], workflowVersion: 1, mode: 'manual', startedAt: 1000, ...more };
  }

  step(executionId: string, events: readonly JournalEvent[], more: Partial<Step> = {}): Step {
    const shard = more.shard ?? this.fixture.shards[0];
    return { executionId, shard, epoch: this.#epochs.get(shard) ?? -1, events, status: 'running', ...more };
  }

  /** The first step of an execution, with one event. */
  first(executionId: string, more: Partial<Step> = {}): Step {
    return this.step(executionId, [started(1)], { create: this.create(), ...more });
  }

  /** A step that ends the execution with its event `seq`. */
  last(executionId: string, seq: number, more: Partial<Step> = {}): Step {
    const events = [{ seq, event: { type: 'execution.finished', at: 2000 } as const }];
    return this.step(executionId, events, { status: 'success', stoppedAt: 2000, ...more });
  }
}

export function started(seq: number): JournalEvent {
  return { seq, event: { type: 'execution.started', at: 1000, mode: 'manual', trigger: 'Start', items: [] } };
}

/** An event without further meaning, with a payload. */
export function noted(seq: number, note: string = `note ${seq}`): JournalEvent {
  const event: RunEvent = {
    type: 'node.finished',
    at: 1000 + seq,
    node: 'Set',
    run: 0,
    outputs: [[{ json: { note } }], null],
  };
  return { seq, event };
}

let counter = 0;

/** A text that no other fixture of this process or another one uses. */
export function unique(prefix: string): string {
  counter += 1;
  return `${prefix}-${process.pid}-${performance.timeOrigin.toString(36)}-${counter}`;
}
