import { parseWorkflow, type JsonObject } from '#workflow';
import {
  memoryStore,
  seededRandom,
  SimulatedClock,
  type Journal,
  type JournalEvent,
  type Random,
  type Step,
} from '#runtime';
import type { Services } from '#actors';
import { shardOf } from '#cluster';
import { createMemoryNetwork, type MemoryNetwork } from '#transport';
import { audit, remember, type History } from '../auditor.ts';
import type { Verdict } from '../world.ts';
import { CLUSTER_WORKLOADS } from '../workloads.ts';
import { mutateJournal, mutatePulse, mutateServices, writtenUnder, type ClusterMutant } from './mutants.ts';
import { MemberClock } from './member-clock.ts';
import { SimulatedMember, type Reach } from './member.ts';

const NAMES = ['m0', 'm1', 'm2'];
/** Shards of a member at the least when all is quiet: the lot is not exact. */
const FAIR_SHARDS = 100;
/** Rounds of work and faults, each followed by up to ROUND_MS of simulated time. */
const ROUNDS = 14;
const ROUND_MS = 4_000;
const STARTS_PER_ROUND = 2;
/** Simulated time in which everything must have come to an end once the faults have stopped. */
const QUIET_MS = 180_000;
/** Wall clocks of members are off by up to this much. */
const CLOCK_OFF_MS = 3_600_000;
/** Passes of the event loop between two timers. */
const TURNS = 10;

/**
 * One world of three members over one database and one network: work comes to any of them, they are killed, stopped,
 * cut off, replaced, and lied to. In the end nothing disturbs any more, and the auditor reads the history. The seed
 * decides everything.
 */
export async function simulateCluster(seed: number, mutant?: ClusterMutant): Promise<Verdict> {
  const world = new ClusterWorld(seed, mutant);
  await world.open();
  for (let round = 0; round < ROUNDS; round += 1) await world.round();
  await world.quieten();
  return { seed, faults: await world.verdict(), executions: world.journalled.size, boots: world.boots };
}

class ClusterWorld {
  readonly #mutant: ClusterMutant | undefined;
  readonly #random: Random;
  readonly #clock = new SimulatedClock();
  readonly #store = memoryStore(this.#clock);
  readonly #journal: Journal;
  readonly #network: MemoryNetwork;
  readonly #workflows = new Map<string, JsonObject>(CLUSTER_WORKLOADS.map((json) => [String(json['id']), json]));
  readonly #history: History = { accepted: new Set(), told: [], written: [], effects: [], live: [] };
  /** What was seen to go wrong while it happened. */
  readonly #wrongs: string[] = [];
  readonly #shown = new Map<string, number>();
  /** Answers that callers wait for, by execution, and the member they called. */
  readonly #open = new Map<string, SimulatedMember>();
  #members: SimulatedMember[] = [];
  /** Names of members that are about to start. */
  readonly #coming = new Set<string>();
  /** The next commits happen at once, and their answers come this many milliseconds later. */
  readonly #slowAnswers: number[] = [];
  /** The answers of the next commits are lost; whether they happened. */
  readonly #lostAnswers: ('done' | 'not done')[] = [];
  readonly journalled = new Set<string>();
  boots = 0;

  constructor(seed: number, mutant: ClusterMutant | undefined) {
    this.#mutant = mutant;
    this.#random = seededRandom(seed);
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    this.#network = createMemoryNetwork({ clock: this.#clock, random: this.#random, log });
    this.#journal = mutateJournal(this.#recorded(), mutant, this.#clock, this.#random, (shard) => this.#epoch(shard));
  }

  async open(): Promise<void> {
    for (const name of NAMES) this.#boot(name);
    await this.#run(3_000);
  }

  async round(): Promise<void> {
    const starts = Math.floor(this.#random.next() * (STARTS_PER_ROUND + 1));
    for (let count = 0; count < starts; count += 1) this.#start();
    if (this.#random.next() < 0.3) this.#cancelSome();
    if (this.#random.next() < 0.6) this.#disturb();
    await this.#run(this.#random.next() * ROUND_MS);
  }

  /** Everything is well again; the members that are there take up what is left. */
  async quieten(): Promise<void> {
    this.#network.faults({});
    this.#network.heal();
    for (const member of this.#members) {
      member.reach = 'well';
      member.clock.continue();
      this.#network.join(member.bootId);
    }
    for (const name of NAMES) {
      const there = this.#coming.has(name) || this.#alive().some((member) => member.name === name);
      if (!there) this.#boot(name);
    }
    await this.#run(QUIET_MS);
  }

  async verdict(): Promise<string[]> {
    const journal = new Map<string, JournalEvent[]>();
    for (const id of this.journalled) journal.set(id, await this.#store.journal.read(id));
    return [...audit(this.#history, journal), ...this.#wrongs, ...this.#unanswered(), ...this.#sharedOut()];
  }

  /** Whoever called a member that still lives has got an answer, wherever the execution went. */
  #unanswered(): string[] {
    return [...this.#open]
      .filter(([, member]) => !member.gone)
      .map(([executionId, member]) => `the caller of ${executionId} at ${member.name} still waits`);
  }

  #sharedOut(): string[] {
    const owned = this.#alive().map((member) => member.keeper.owned().length);
    const sum = owned.reduce((total, count) => total + count, 0);
    if (sum !== 512) return [`the members own ${owned.join(' + ')} shards`];
    return Math.min(...owned) < FAIR_SHARDS ? [`the shards are not shared out: ${owned.join(', ')}`] : [];
  }

  #alive(): SimulatedMember[] {
    return this.#members.filter(({ gone }) => !gone);
  }

  #boot(name: string): void {
    this.#coming.delete(name);
    this.boots += 1;
    const boot = this.boots;
    const bootId = `${name}-${this.boots}`;
    const clock = new MemberClock(this.#clock, (this.#random.next() - 0.5) * 2 * CLOCK_OFF_MS);
    const link = this.#network.link(bootId);
    const member = new SimulatedMember({
      bootId,
      name,
      clock,
      seed: Math.floor(this.#random.next() * 2 ** 31),
      store: this.#store,
      pulse: mutatePulse(this.#mutant, clock),
      databaseNow: () => this.#clock.now(),
      link,
      workflows: this.#workflows,
      behaviours: BEHAVIOURS,
      calls: this.#history.effects,
      journal: this.#journal,
      live: {
        published: (executionId, _, events) => {
          for (const { seq } of events) this.#show(boot, executionId, seq);
        },
      },
      alter: (services, self) => mutateServices(this.#watched(services, self), this.#mutant, (s) => this.#epoch(s)),
    });
    this.#members.push(member);
    member.start().catch(() => this.#end(member));
  }

  /** A process that cannot start ends, and is started again as an operator (or Kubernetes) does. */
  #end(member: SimulatedMember): void {
    if (member.gone) return;
    this.#kill(member);
    this.#bootAfter(500, member.name);
  }

  /** Notes every effect of a member that the judge has replaced already: a zombie acts. */
  #watched(services: Services, member: SimulatedMember): Services {
    const faults: Services['faults'] = {
      at: (point, executionId) => {
        if (point !== 'effect.before' || executionId === undefined || member.clock.dead) return;
        const shard = shardOf(executionId);
        const [owner, epoch] = [this.#owner(shard), this.#epoch(shard)];
        if (owner !== member.bootId) this.#wrongs.push(`${member.name} acts for ${executionId} at epoch ${epoch}`);
      },
    };
    return { ...services, faults };
  }

  /** An execution may leave a member and come back; a member never shows an event twice, or an older one. */
  #show(boot: number, executionId: string, seq: number): void {
    const key = `${boot}/${executionId}`;
    if (seq <= (this.#shown.get(key) ?? 0)) this.#wrongs.push(`boot ${boot} showed ${executionId} seq ${seq} again`);
    this.#shown.set(key, seq);
  }

  #start(): void {
    const member = this.#anyOf(this.#alive().filter(({ clock }) => !clock.stopped));
    const json = CLUSTER_WORKLOADS[Math.floor(this.#random.next() * CLUSTER_WORKLOADS.length)];
    if (!member || !json) return;
    const workflow = parseWorkflow(json, { id: String(json['id']) });
    const items = [{ json: { n: Math.floor(this.#random.next() * 1_000) } }];
    const acceptEarly = this.#random.next() < 0.5;
    const trigger = workflow.nodes[0]?.name ?? '';
    try {
      const request = { workflow, workflowVersion: 1, mode: 'webhook', trigger, items, acceptEarly } as const;
      const handle = member.company.start(request);
      const { executionId } = handle;
      this.#open.set(executionId, member);
      handle.accepted.then(
        () => this.#history.accepted.add(executionId),
        () => this.#open.delete(executionId),
      );
      handle.ended
        .then(({ status }) => this.#history.told.push({ executionId, status }), ignore)
        .finally(() => this.#open.delete(executionId));
    } catch {
      // Refused before anything was written: the caller knows.
    }
  }

  /** Through any member, whoever performs it. */
  #cancelSome(): void {
    const member = this.#anyOf(this.#alive().filter(({ clock }) => !clock.stopped));
    const executionId = this.#anyOf([...this.#history.accepted]);
    if (member && executionId !== undefined) member.engine.cancel(executionId, 'chance').catch(ignore);
  }

  #disturb(): void {
    const member = this.#anyOf(this.#alive());
    const other = this.#anyOf(this.#alive());
    if (!member || !other) return;
    const faults: readonly (() => void)[] = [
      () => this.#restart(member),
      () => this.#stopFor(member, this.#random.next() * 20_000),
      () => this.#cutOff(member, 'refused'),
      () => this.#cutOff(member, 'silent'),
      () => this.#cutOff(member, 'deaf'),
      () => this.#roll(member),
      () => this.#network.partition(member.bootId, other.bootId),
      () => this.#network.cut(member.bootId),
      () => this.#network.block(member.bootId),
      () => this.#network.join(member.bootId),
      () => this.#network.heal(),
      () => this.#network.faults({ drop: 0.3, duplicate: 0.3, reorder: 0.5, delayMs: 2_000 }),
      () => this.#lostAnswers.push(this.#random.next() < 0.5 ? 'done' : 'not done'),
      () => this.#store.journal.faults.nextCommits({ kind: 'slowCommit', ms: this.#random.next() * 8_000 }),
      () => this.#slowAnswers.push(this.#random.next() * 8_000),
      () => this.#store.journal.faults.nextReads(1 + Math.floor(this.#random.next() * 3)),
    ];
    this.#anyOf(faults)?.();
  }

  #bootAfter(ms: number, name: string): void {
    this.#coming.add(name);
    this.#clock.after(ms, () => this.#boot(name));
  }

  #kill(member: SimulatedMember): void {
    member.kill();
    this.#network.kill(member.bootId);
  }

  #restart(member: SimulatedMember): void {
    this.#kill(member);
    this.#bootAfter(500 + this.#random.next() * 10_000, member.name);
  }

  #stopFor(member: SimulatedMember, ms: number): void {
    member.clock.stop();
    this.#clock.after(ms, () => member.clock.continue());
  }

  #cutOff(member: SimulatedMember, reach: Reach): void {
    member.reach = reach;
    this.#clock.after(this.#random.next() * 12_000, () => (member.reach = 'well'));
  }

  /** One member of a rolling restart. */
  #roll(member: SimulatedMember): void {
    if (member.clock.stopped) return;
    const over = (): void => {
      this.#kill(member);
      this.#boot(member.name);
    };
    this.#coming.add(member.name);
    let done = false;
    const once = (): void => {
      if (!done) over();
      done = true;
    };
    // As Kubernetes: a member that does not end within its grace is killed.
    this.#clock.after(30_000, once);
    member.leave().then(once, once);
  }

  #anyOf<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random.next() * list.length)];
  }

  #owners = new Map<number, { epoch: number; owner?: string }>();

  #owner(shard: number): string | undefined {
    return this.#owners.get(shard)?.owner;
  }

  #epoch(shard: number): number {
    return this.#owners.get(shard)?.epoch ?? 0;
  }

  /** The journal, with a note of what it really took, whoever wrote it and whether or not the writer heard of it. */
  #recorded(): Journal {
    const { journal, leases } = this.#store;
    const claim = leases.claim.bind(leases);
    leases.claim = async (bootId, shards) => {
      const claims = await claim(bootId, shards);
      for (const { shard, epoch } of claims) this.#owners.set(shard, { epoch, owner: bootId });
      return claims;
    };
    const commit = journal.commit.bind(journal);
    journal.commit = async (steps) => {
      const lost = this.#lostAnswers.shift();
      if (lost === 'not done') throw new Error('the connection was lost before the commit');
      const outcomes = await commit(steps);
      steps.forEach((step, index) => outcomes[index]?.kind === 'committed' && this.#note(step));
      if (lost === 'done') throw new Error('the connection was lost after the commit');
      // Noted in the order in which the journal took them, so the delay of the answer comes after.
      const late = this.#slowAnswers.shift();
      if (late !== undefined) await new Promise<void>((resolve) => void this.#clock.after(late, resolve));
      return outcomes;
    };
    return journal;
  }

  #note(step: Step): void {
    remember(this.#history, { ...step, epoch: writtenUnder.get(step) ?? step.epoch });
    for (const one of [step, ...(step.children ?? [])]) this.journalled.add(one.executionId);
  }

  /** Lets `ms` pass, from timer to timer. */
  async #run(ms: number): Promise<void> {
    const until = this.#clock.monotonic() + ms;
    for (;;) {
      for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const next = this.#clock.nextIn;
      if (next === undefined || this.#clock.monotonic() + next > until) break;
      this.#clock.advanceSync(next);
    }
    this.#clock.advanceSync(Math.max(0, until - this.#clock.monotonic()));
  }
}

const BEHAVIOURS: ConstructorParameters<typeof SimulatedMember>[0]['behaviours'] = {
  bad: () => {
    throw new Error('always');
  },
  flaky: (context) => {
    if (context.attempt < 3) throw new Error('not yet');
    return { kind: 'outputs', outputs: [context.inputs[0] ?? []] };
  },
};

function ignore(): void {}
