import { canonicalNodeType, type ExecutionMode, type RunEvent, type WorkflowDefinition } from '#workflow';
import type { ActorSystem, ExecutionRecord, InboxMessage, Ref, Step, StepOutcome } from '#runtime';
import { shardOf } from '#cluster';
import { Admission } from '../admission/admission.ts';
import { LiveRuns } from '../admission/live-runs.ts';
import { Turns } from '../admission/turns.ts';
import { errors } from '../errors.ts';
import type { RunHandle, StartRequest } from '../engine.ts';
import type { ExecutionMessage } from '../execution/protocol.ts';
import { Places } from '../guests/places.ts';
import type { Backstage, ErrorWorkflow, Services } from '../services.ts';
import { shardActor } from '../shard/actor.ts';
import { LoadGate } from '../shard/load-gate.ts';
import { shardsActor, type ShardsMessage } from '../shard/shards.ts';
import type { ShardMessage } from '../shard/protocol.ts';
import { Elsewhere } from './elsewhere.ts';
import { Handles } from './handles.ts';
import { foldReport } from './inspect.ts';
import { Timers } from './timers.ts';

/** Executions read at once when a shard is taken over. */
const UNFINISHED_PER_READ = 500;

/** What a company is made of. `owned` is asked again at every sweep and must answer from memory. */
export interface CompanyParts {
  system: ActorSystem;
  services: Services;
  /** Shards this member owns at this moment. */
  owned(): readonly number[];
}

/**
 * The member's executions: shard actors with their work, the waiters of HTTP calls, durable timers and the sweep that
 * finds what nobody performs. Gateways reach it through the engine.
 */
export class Company implements Backstage {
  readonly system: ActorSystem;
  readonly services: Services;
  readonly handles = new Handles();
  readonly places: Places;
  readonly loads: LoadGate;
  readonly elsewhere: Elsewhere;
  readonly #owned: () => readonly number[];
  readonly #shards = new Map<number, Ref<ShardMessage>>();
  readonly #live = new LiveRuns();
  readonly #admission: Admission;
  readonly #turns: Turns;
  /** Shards whose actor is still stopping, and how many of it there were. */
  readonly #leaving = new Map<number, number>();
  readonly #commitsLeft = new Map<string, { commit: Promise<StepOutcome>; until: number }>();
  readonly #supervisor: Ref<ShardsMessage>;
  readonly #timers: Timers;
  readonly #later = new Set<() => void>();
  #sweeping = false;
  #sweepAgain = false;
  #draining = false;
  #stopped = false;

  constructor({ system, services, owned }: CompanyParts) {
    this.system = system;
    this.services = services;
    this.#owned = owned;
    const { clock, random, journal, limits } = services;
    this.loads = new LoadGate(limits.recoveringAtOnce);
    const deliver = (executionId: string, messages: readonly InboxMessage[]): void =>
      this.deliver(executionId, { type: 'inbox', messages });
    const later = this.later.bind(this);
    this.elsewhere = new Elsewhere({ services, handles: this.handles, owned, later, deliver });
    this.#admission = new Admission({ services, live: this.#live, deepestMailbox: () => this.#deepestMailbox() });
    this.#turns = new Turns({ services, owned, later, begin: (id, workflowId) => this.#beginTurn(id, workflowId) });
    const revive = (shard: number): void => this.#revive(shard);
    this.places = new Places(system, services);
    this.#supervisor = system.spawn('shards', shardsActor({ clock, random, revive }));
    this.#timers = new Timers(clock, journal, limits.timerHorizonMs, (timer) => {
      const [, node, run] = parseTimerId(timer.id);
      this.deliver(timer.executionId, { type: 'wake', node, run: Number(run), timerId: timer.id });
    });
  }

  /** Executions this member performs or waits for an answer of. */
  get live(): number {
    return this.#live.size;
  }

  performs(executionId: string): boolean {
    return this.#live.has(executionId);
  }

  /** Takes up what the journal says is unfinished, and begins to sweep. */
  async begin(): Promise<void> {
    await this.#takeUp();
    this.#sweepLater();
    this.elsewhere.begin();
    this.#turns.begin();
  }

  /** No new executions from here on; those that run are left to the journal. */
  drain(): void {
    this.#draining = true;
    this.places.drain();
    this.#turns.stop();
  }

  async stop(): Promise<void> {
    this.#draining = true;
    // What is under way may come back later and must not begin anything anew: a timer would keep the process alive.
    this.#stopped = true;
    this.#turns.stop();
    for (const cancel of this.#later) cancel();
    this.#later.clear();
    this.#timers.stop();
    await this.places.stop();
    await Promise.all([...this.#shards.values()].map((ref) => this.system.stop(ref)));
    this.#shards.clear();
  }

  /** These shards are another member's now, or nobody's for certain: their work stops here, unwritten. */
  async lost(shards: readonly number[]): Promise<void> {
    this.#timers.forget();
    const left = Promise.all(shards.map((shard) => this.#leave(shard)));
    const gone = new Set(shards);
    for (const executionId of this.#live) {
      if (!gone.has(shardOf(executionId))) continue;
      this.#live.delete(executionId);
      this.#turns.settled(executionId, false);
    }
    // Callers wait on: whoever performs the execution next, its journal answers them.
    for (const executionId of this.handles.ids()) {
      if (!gone.has(shardOf(executionId))) continue;
      this.elsewhere.follow(
        executionId,
        left.then(() => this.commitLeft(executionId)),
      );
    }
    await left;
  }

  /** Shards became ours: their unfinished work is taken up now and not at the next sweep. */
  async gained(): Promise<void> {
    this.#turns.look();
    await this.#sweep();
  }

  start(request: StartRequest): RunHandle {
    const { services } = this;
    if (this.#draining) throw errors.ENGINE_DRAINING({});
    this.#admission.check(request.workflow.id);
    const { executionId, shard } = services.owner.nextId();
    const epoch = services.owner.epochOf(shard);
    if (epoch === undefined) throw errors.ENGINE_NO_SHARD({});
    const { workflow, workflowVersion, mode, trigger, items, destination, idempotencyKey, retryOf, acceptEarly } =
      request;
    const at = services.clock.now();
    const started: Extract<RunEvent, { type: 'execution.started' }> = {
      type: 'execution.started',
      at,
      mode,
      trigger,
      items,
    };
    if (destination !== undefined) started.destination = destination;
    if (retryOf !== undefined) started.retryOf = retryOf;
    const create = {
      workflowId: workflow.id,
      workflowVersion,
      mode,
      startedAt: at,
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(retryOf !== undefined && { retryOf }),
    };
    const slot = this.#turns.claim(request, { executionId, now: at });
    const handle = this.handles.open(executionId);
    this.#live.add(executionId, workflow.id);
    this.#tell(shard, {
      type: 'start',
      args: {
        origin: 'start',
        executionId,
        shard,
        epoch,
        workflow,
        create,
        started,
        acceptEarly,
        ...(slot && { slot }),
      },
    });
    return handle;
  }

  /** Hands a message to an execution wherever it is in its life; loads it if need be. */
  deliver(executionId: string, message: ExecutionMessage): void {
    this.#tell(shardOf(executionId), { type: 'deliver', executionId, message });
  }

  /** Callers here wait for an execution that is not performed here: its journal answers them. */
  followIfAway(executionId: string): void {
    if (!this.elsewhere.isHere(executionId)) this.elsewhere.follow(executionId);
  }

  // What executions say; see Backstage.

  accepted(executionId: string, duplicateOf?: string): void {
    this.handles.accepted(executionId, duplicateOf);
    if (duplicateOf !== undefined) this.#live.delete(executionId);
    this.#turns.settled(executionId, duplicateOf === undefined);
  }

  committed(executionId: string, events: readonly RunEvent[]): void {
    this.handles.committed(executionId, events);
  }

  ended: Backstage['ended'] = (executionId, report) => {
    this.#live.delete(executionId);
    this.handles.ended(report);
  };

  gone(executionId: string, why: 'moved' | 'notAccepted'): void {
    this.#live.delete(executionId);
    this.#turns.settled(executionId, false);
    if (why === 'moved') this.elsewhere.follow(executionId, this.commitLeft(executionId));
    else this.handles.gone(executionId, why);
  }

  leftBehind(executionId: string, commit: Promise<StepOutcome>): void {
    const until = this.services.clock.monotonic() + COMMITS_LEFT_MS;
    this.#commitsLeft.set(executionId, { commit, until });
  }

  commitLeft(executionId: string): Promise<StepOutcome> | undefined {
    return this.#commitsLeft.get(executionId)?.commit;
  }

  endedEarlier(executionId: string, shownSeq?: number): void {
    this.#live.delete(executionId);
    this.#turns.settled(executionId, true);
    if (shownSeq !== undefined) void this.#showRest(executionId, shownSeq);
    if (!this.handles.has(executionId)) return;
    foldReport(executionId, this.services).then(
      (report) => (report ? this.handles.ended(report) : this.handles.gone(executionId, 'notAccepted')),
      () => this.later(this.services.limits.sweepMs, () => this.endedEarlier(executionId)),
    );
  }

  doorbell(message: InboxMessage): void {
    if (this.elsewhere.isHere(message.executionId)) {
      this.deliver(message.executionId, { type: 'inbox', messages: [message] });
    } else this.elsewhere.ring(message);
  }

  adopt(children: readonly { step: Step; workflow: WorkflowDefinition }[]): void {
    for (const { step, workflow } of children) {
      if (this.#tell(step.shard, { type: 'adopt', step, workflow })) this.#live.add(step.executionId, workflow.id);
    }
  }

  later(ms: number, act: () => void): void {
    if (this.#stopped) return;
    const cancel = this.services.clock.after(ms, () => {
      this.#later.delete(cancel);
      act();
    });
    this.#later.add(cancel);
  }

  freed(workflowId: string): void {
    this.#turns.freed(workflowId);
  }

  timersSet(step: Step): void {
    this.#timers.set(step.timersSet ?? []);
  }

  errorWorkflow(workflow: WorkflowDefinition, mode: ExecutionMode): Promise<ErrorWorkflow | undefined> | undefined {
    const own = findErrorTrigger(workflow);
    const named = workflow.settings.errorWorkflow;
    // A workflow never handles the failure of its own error run.
    if (named !== undefined && !(mode === 'error' && named === workflow.id)) return this.#namedErrorWorkflow(named);
    if (own === undefined || mode === 'error') return undefined;
    return this.services.workflows
      .load(workflow.id)
      .then((stored) => (stored ? { ...stored, trigger: own } : undefined));
  }

  // The inner workings.

  async #leave(shard: number): Promise<void> {
    const ref = this.#shards.get(shard);
    this.#shards.delete(shard);
    if (!ref) return;
    const count = (this.#leaving.get(shard) ?? 1) + 1;
    this.#leaving.set(shard, count);
    await this.system.stop(ref);
    if (this.#leaving.get(shard) === count) this.#leaving.delete(shard);
  }

  /** The last events of a run whose end was committed without its actor being told. */
  async #showRest(executionId: string, shownSeq: number): Promise<void> {
    const { journal, live } = this.services;
    try {
      const row = await journal.execution(executionId);
      const events = await journal.read(executionId, { afterSeq: shownSeq });
      if (row && events.length > 0) live.published(executionId, row.workflowId, events);
    } catch {
      // Watchers read the journal themselves when they come back; the live stream is only the faster way.
    }
  }

  async #namedErrorWorkflow(id: string): Promise<ErrorWorkflow | undefined> {
    const stored = await this.services.workflows.load(id);
    const trigger = stored && findErrorTrigger(stored.definition);
    return stored && trigger !== undefined ? { ...stored, trigger } : undefined;
  }

  /** False where the shard is not ours: whoever owns it finds in the database what there is to do. */
  #tell(shard: number, message: ShardMessage): boolean {
    const ref = this.#shards.get(shard) ?? this.#open(shard);
    return ref !== undefined && this.system.tell(ref, message);
  }

  #open(shard: number): Ref<ShardMessage> | undefined {
    if (this.#stopped || this.services.owner.epochOf(shard) === undefined) return undefined;
    const behavior = shardActor(shard, this.services, this);
    // Where it was lost and came back, the actor of then may still be stopping.
    const name = this.#leaving.has(shard) ? `shard-${shard}.${this.#leaving.get(shard)}` : `shard-${shard}`;
    const ref = this.system.spawn(name, behavior, { mailboxMessages: SHARD_MAILBOX_MESSAGES });
    this.#shards.set(shard, ref);
    this.system.tell(this.#supervisor, { type: 'watch', shard, ref });
    return ref;
  }

  #beginTurn(executionId: string, workflowId: string): void {
    const deliver = { type: 'deliver', executionId, message: { type: 'granted' } } as const;
    if (this.#tell(shardOf(executionId), deliver)) this.#live.add(executionId, workflowId);
  }

  #deepestMailbox(): number {
    let deepest = 0;
    for (const ref of this.#shards.values()) deepest = Math.max(deepest, this.system.mailboxLength(ref));
    return deepest;
  }

  /** A shard that crashed starts anew: what it performed is taken up from the journal, whoever waits goes on waiting. */
  #revive(shard: number): void {
    this.#shards.delete(shard);
    for (const executionId of this.#live) {
      if (shardOf(executionId) === shard) this.#tell(shard, { type: 'recover', executionId });
    }
    void this.#sweep();
  }

  #sweepLater(): void {
    this.later(this.services.limits.sweepMs, () => {
      void this.#sweep().finally(() => this.#sweepLater());
    });
  }

  /** Near timers, lost doorbells, and running executions that nobody performs. The database away: next time. */
  async #sweep(): Promise<void> {
    if (this.#draining) return;
    // What came to this member since the sweep under way began may be unknown to it.
    this.#sweepAgain = this.#sweeping;
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#forgetCommits();
    try {
      await this.#takeUp();
      await this.elsewhere.knockAll();
    } catch {
      // Whoever writes to the journal reports that it is away; the sweep only comes back later.
    } finally {
      this.#sweeping = false;
    }
    if (this.#sweepAgain) await this.#sweep();
  }

  #pause(ms: number): Promise<void> | undefined {
    return ms === 0 ? undefined : new Promise((resolve) => this.later(ms, resolve));
  }

  #forgetCommits(): void {
    const now = this.services.clock.monotonic();
    for (const [executionId, { until }] of this.#commitsLeft) if (until < now) this.#commitsLeft.delete(executionId);
  }

  async #takeUp(): Promise<void> {
    const shards = this.#owned();
    await this.#timers.look(shards);
    for (let afterId: string | undefined; ;) {
      const rows = await this.services.journal.unfinished(shards, {
        limit: UNFINISHED_PER_READ,
        // Those that wait are woken by timers and letters: thousands of them cost a sweep nothing.
        status: 'running',
        ...(afterId !== undefined && { afterId }),
      });
      await this.#recover(rows);
      afterId = rows.at(-1)?.id;
      if (rows.length < UNFINISHED_PER_READ) return;
    }
  }

  /** Loads so many at a time, so that a takeover of many executions does not drown the running ones. */
  async #recover(rows: readonly ExecutionRecord[]): Promise<void> {
    for (const row of rows) {
      if (this.#live.has(row.id)) continue;
      await this.loads.room();
      if (this.#draining) return;
      if (this.#tell(row.shard, { type: 'recover', executionId: row.id })) this.#live.add(row.id, row.workflowId);
      await this.#pause(this.#admission.recoveryPauseMs());
    }
  }
}

/** How long the last commits of shard actors that have ended are remembered; longer than any of them takes. */
const COMMITS_LEFT_MS = 30_000;

/** Messages waiting at a shard; a shard only hands on, so this many never gather unless the process is stalled. */
const SHARD_MAILBOX_MESSAGES = 100_000;

/** `executionId:node:run`; the node's name may hold colons. */
function parseTimerId(id: string): [string, string, string] {
  const first = id.indexOf(':');
  const last = id.lastIndexOf(':');
  return [id.slice(0, first), id.slice(first + 1, last), id.slice(last + 1)];
}

const ERROR_TRIGGER = canonicalNodeType('errorTrigger');

function findErrorTrigger(workflow: WorkflowDefinition): string | undefined {
  return workflow.nodes.find((node) => node.type === ERROR_TRIGGER && !node.disabled)?.name;
}
