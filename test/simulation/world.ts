import { parseWorkflow, type JsonObject } from '#workflow';
import {
  memoryStore,
  seededRandom,
  SimulatedClock,
  type CommitFault,
  type JournalEvent,
  type Random,
  type Step,
} from '#runtime';
import { makeStage, type Stage } from '../../actors/testing.ts';
import type { Services } from '#actors';
import { audit, remember, type History } from './auditor.ts';
import { mutate, type Mutant } from './mutants.ts';
import { WORKLOADS } from './workloads.ts';

export interface Verdict {
  seed: number;
  faults: string[];
  executions: number;
  boots: number;
}

/** Boots of the member in one world, executions started during each, and steps of time between them. */
const BOOTS = 4;
const STARTS_PER_BOOT = 6;
const STEPS_PER_BOOT = 10;
/** Simulated time in which everything must have come to an end once the faults have stopped. */
const QUIET_MS = 600_000;

/**
 * One world: a member is started, given work, disturbed and killed, several times over one database; a killed member
 * may go on as a zombie. In the end nothing disturbs any more, and the auditor reads the history. The seed decides
 * everything.
 */
export async function simulate(seed: number, mutant?: Mutant): Promise<Verdict> {
  const world = new World(seed, mutant);
  for (let boot = 0; boot < BOOTS; boot += 1) await world.boot(boot);
  await world.quieten();
  return { seed, faults: await world.verdict(), executions: world.journalled.size, boots: BOOTS + 1 };
}

class World {
  readonly #seed: number;
  readonly #mutant: Mutant | undefined;
  readonly #random: Random;
  readonly #clock = new SimulatedClock();
  readonly #store = memoryStore(this.#clock);
  readonly #workflows = new Map<string, JsonObject>(WORKLOADS.map((json) => [String(json['id']), json]));
  readonly #epochs = new Map<number, number>();
  readonly #history: History = { accepted: new Set(), told: [], written: [], effects: [], live: [] };
  readonly journalled = new Set<string>();
  /** The next commits happen at once, and their answers come this many milliseconds later. */
  readonly #slowAnswers: number[] = [];

  constructor(seed: number, mutant: Mutant | undefined) {
    this.#seed = seed;
    this.#mutant = mutant;
    this.#random = seededRandom(seed);
    this.#recordCommits();
  }

  /** One life of the member: work comes, things go wrong, and it is killed (or left as a zombie). */
  async boot(number: number): Promise<void> {
    const stage = await this.#open(number);
    let started = 0;
    for (let step = 0; step < STEPS_PER_BOOT; step += 1) {
      while (started < STARTS_PER_BOOT && this.#random.next() < 0.5) {
        this.#start(stage);
        started += 1;
      }
      this.#disturb();
      if (this.#random.next() < 0.5) await turns(Math.floor(this.#random.next() * 12));
      else await stage.run(this.#random.next() * 3_000);
    }
    if (this.#random.next() < 0.7) stage.kill();
  }

  /** No more faults: a last boot takes everything up, and all must come to rest. */
  async quieten(): Promise<void> {
    const stage = await this.#open(BOOTS);
    await stage.run(QUIET_MS);
  }

  async verdict(): Promise<string[]> {
    const journal = new Map<string, JournalEvent[]>();
    for (const id of this.journalled) journal.set(id, await this.#store.journal.read(id));
    return audit(this.#history, journal);
  }

  /** A start that fails because the database does not answer is tried again, as an operator (or Kubernetes) does. */
  async #open(number: number): Promise<Stage> {
    for (;;) {
      const stage = await this.#tryOpen(number).catch(() => undefined);
      if (stage) return stage;
    }
  }

  #tryOpen(number: number): Promise<Stage> {
    return makeStage({
      store: this.#store,
      clock: this.#clock,
      seed: this.#seed * 100 + number,
      workflows: this.#workflows,
      calls: this.#history.effects,
      alter: (services) => this.#alter(services, number),
      behaviours: {
        bad: () => {
          throw new Error('always');
        },
        flaky: (context) => {
          if (context.attempt < 3) throw new Error('not yet');
          return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
        },
      },
    });
  }

  #alter(services: Services, boot: number): Services {
    const live: Services['live'] = {
      published: (executionId, _, events) => {
        for (const { seq } of events) this.#history.live.push({ boot, executionId, seq });
      },
    };
    return mutate({ ...services, live }, this.#mutant, (shard) => this.#epochs.get(shard) ?? 1);
  }

  #start(stage: Stage): void {
    const json = WORKLOADS[Math.floor(this.#random.next() * WORKLOADS.length)];
    if (!json) return;
    const workflow = parseWorkflow(json, { id: String(json['id']) });
    const items = [{ json: { n: Math.floor(this.#random.next() * 1_000) } }];
    const acceptEarly = this.#random.next() < 0.5;
    const trigger = workflow.nodes[0]?.name ?? '';
    const handle = stage.company.start({ workflow, workflowVersion: 1, mode: 'webhook', trigger, items, acceptEarly });
    handle.accepted.then(({ executionId }) => this.#history.accepted.add(executionId), ignore);
    handle.ended.then(({ executionId, status }) => this.#history.told.push({ executionId, status }), ignore);
    if (this.#random.next() < 0.1) stage.company.deliver(handle.executionId, { type: 'cancel', reason: 'chance' });
  }

  #disturb(): void {
    const faults: readonly (() => void)[] = [
      () => this.#nextCommit({ kind: 'failBefore' }),
      () => this.#nextCommit({ kind: 'unknown', applied: true }),
      () => this.#nextCommit({ kind: 'unknown', applied: false }),
      () => this.#slowAnswers.push(200 + this.#random.next() * 2_000),
      () => this.#nextCommit({ kind: 'slowCommit', ms: 200 + this.#random.next() * 2_000 }),
      () => this.#store.journal.faults.nextReads(1 + Math.floor(this.#random.next() * 3)),
    ];
    if (this.#random.next() < 0.4) faults[Math.floor(this.#random.next() * faults.length)]?.();
  }

  #nextCommit(fault: CommitFault): void {
    this.#store.journal.faults.nextCommits(fault);
  }

  /** Notes what the journal really took, whoever wrote it and whether or not the writer heard of it. */
  #recordCommits(): void {
    const { journal } = this.#store;
    const commit = journal.commit.bind(journal);
    journal.commit = async (steps) => {
      try {
        const outcomes = await commit(steps);
        steps.forEach((step, index) => outcomes[index]?.kind === 'committed' && this.#note(step));
        // Noted in the order in which the journal took them, so the delay of the answer comes after.
        const late = this.#slowAnswers.shift();
        if (late !== undefined) await new Promise<void>((resolve) => void this.#clock.after(late, resolve));
        return outcomes;
      } catch (error) {
        for (const step of steps) await this.#noteIfTaken(step);
        throw error;
      }
    };
  }

  /** The writer was not told whether its step was taken; the history must know. */
  async #noteIfTaken(step: Step): Promise<void> {
    const last = step.events.at(-1)?.seq ?? Infinity;
    const held = await this.#store.journal.read(step.executionId).catch(() => this.#noteIfTaken(step));
    if (held && (held.at(-1)?.seq ?? 0) >= last) this.#note(step);
  }

  #note(step: Step): void {
    remember(this.#history, step);
    this.#epochs.set(step.shard, Math.max(step.epoch, this.#epochs.get(step.shard) ?? 0));
    for (const one of [step, ...(step.children ?? [])]) this.journalled.add(one.executionId);
  }
}

function ignore(): void {}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
