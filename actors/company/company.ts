import { canonicalNodeType, type ExecutionMode, type RunEvent, type WorkflowDefinition } from '#workflow';
import type { ActorSystem, Clock, ExecutionRecord, InboxMessage, Ref, Step } from '#runtime';
import { shardOf } from '#cluster';
import { errors } from '../errors.ts';
import type { RunHandle, StartRequest } from '../engine.ts';
import type { ExecutionMessage } from '../execution/protocol.ts';
import type { Backstage, ErrorWorkflow, Services } from '../services.ts';
import { shardActor } from '../shard/actor.ts';
import { shardsActor, type ShardsMessage } from '../shard/shards.ts';
import type { ShardMessage } from '../shard/protocol.ts';
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
  readonly #owned: () => readonly number[];
  readonly #shards = new Map<number, Ref<ShardMessage>>();
  readonly #live = new Set<string>();
  readonly #supervisor: Ref<ShardsMessage>;
  readonly #timers: Timers;
  readonly #later = new Set<() => void>();
  #sweeping = false;
  #draining = false;
  #stopped = false;

  constructor({ system, services, owned }: CompanyParts) {
    this.system = system;
    this.services = services;
    this.#owned = owned;
    const { clock, random, journal, limits } = services;
    const revive = (shard: number): void => this.#revive(shard);
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
  }

  /** No new executions from here on; those that run are left to the journal. */
  drain(): void {
    this.#draining = true;
  }

  async stop(): Promise<void> {
    this.#draining = true;
    // What is under way may come back later and must not begin anything anew: a timer would keep the process alive.
    this.#stopped = true;
    for (const cancel of this.#later) cancel();
    this.#later.clear();
    this.#timers.stop();
    await Promise.all([...this.#shards.values()].map((ref) => this.system.stop(ref)));
    this.#shards.clear();
  }

  /** These shards are another member's now, or nobody's for certain: their work stops here, unwritten. */
  async lost(shards: readonly number[]): Promise<void> {
    const refs = shards.flatMap((shard) => this.#shards.get(shard) ?? []);
    for (const shard of shards) this.#shards.delete(shard);
    await Promise.all(refs.map((ref) => this.system.stop(ref)));
    const gone = new Set(shards);
    for (const executionId of this.#live) if (gone.has(shardOf(executionId))) this.gone(executionId, 'moved');
  }

  /** Shards became ours: their unfinished work is taken up now and not at the next sweep. */
  async gained(): Promise<void> {
    await this.#sweep();
  }

  start(request: StartRequest): RunHandle {
    const { services } = this;
    if (this.#draining) throw errors.ENGINE_DRAINING({});
    const limit = services.limits.liveExecutions;
    if (this.#live.size >= limit) throw errors.ENGINE_OVERLOADED({ live: this.#live.size, limit });
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
    const handle = this.handles.open(executionId);
    this.#live.add(executionId);
    this.#tell(shard, {
      type: 'start',
      args: { origin: 'start', executionId, shard, epoch, workflow, create, started, acceptEarly },
    });
    return handle;
  }

  /** Hands a message to an execution wherever it is in its life; loads it if need be. */
  deliver(executionId: string, message: ExecutionMessage): void {
    this.#tell(shardOf(executionId), { type: 'deliver', executionId, message });
  }

  // What executions say; see Backstage.

  accepted(executionId: string, duplicateOf?: string): void {
    this.handles.accepted(executionId, duplicateOf);
    if (duplicateOf !== undefined) this.#live.delete(executionId);
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
    this.handles.gone(executionId, why);
  }

  endedEarlier(executionId: string, shownSeq?: number): void {
    this.#live.delete(executionId);
    if (shownSeq !== undefined) void this.#showRest(executionId, shownSeq);
    if (!this.handles.has(executionId)) return;
    foldReport(executionId, this.services).then(
      (report) => (report ? this.handles.ended(report) : this.handles.gone(executionId, 'notAccepted')),
      () => this.later(this.services.limits.sweepMs, () => this.endedEarlier(executionId)),
    );
  }

  doorbell(message: InboxMessage): void {
    if (this.services.owner.epochOf(shardOf(message.executionId)) === undefined) return;
    this.deliver(message.executionId, { type: 'inbox', messages: [message] });
  }

  adopt(children: readonly { step: Step; workflow: WorkflowDefinition }[]): void {
    for (const { step, workflow } of children) {
      this.#live.add(step.executionId);
      this.#tell(step.shard, { type: 'adopt', step, workflow });
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

  #tell(shard: number, message: ShardMessage): void {
    this.system.tell(this.#shard(shard), message);
  }

  #shard(shard: number): Ref<ShardMessage> {
    const known = this.#shards.get(shard);
    if (known) return known;
    const behavior = shardActor(shard, this.services, this);
    const ref = this.system.spawn(`shard-${shard}`, behavior, { mailboxMessages: SHARD_MAILBOX_MESSAGES });
    this.#shards.set(shard, ref);
    this.system.tell(this.#supervisor, { type: 'watch', shard, ref });
    return ref;
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
    if (this.#sweeping || this.#draining) return;
    this.#sweeping = true;
    try {
      await this.#takeUp();
      for (const id of await this.services.journal.inboxPending(this.#owned(), UNFINISHED_PER_READ))
        await this.#knock(id);
    } catch {
      // Whoever writes to the journal reports that it is away; the sweep only comes back later.
    } finally {
      this.#sweeping = false;
    }
  }

  async #knock(executionId: string): Promise<void> {
    const messages = await this.services.journal.inbox(executionId);
    if (messages.length > 0) this.deliver(executionId, { type: 'inbox', messages });
  }

  async #takeUp(): Promise<void> {
    const shards = this.#owned();
    await this.#timers.look(shards);
    for (let afterId: string | undefined; ;) {
      const rows = await this.services.journal.unfinished(shards, {
        limit: UNFINISHED_PER_READ,
        ...(afterId !== undefined && { afterId }),
      });
      await this.#recover(rows);
      afterId = rows.at(-1)?.id;
      if (rows.length < UNFINISHED_PER_READ) return;
    }
  }

  /** Loads so many at a time, so that a takeover of many executions does not drown the running ones. */
  async #recover(rows: readonly ExecutionRecord[]): Promise<void> {
    const { clock, limits } = this.services;
    const idle = rows.filter((row) => row.status === 'running' && !this.#live.has(row.id));
    for (const [index, row] of idle.entries()) {
      if (this.#draining) return;
      if (index > 0 && index % limits.recoveringAtOnce === 0) await pause(clock, RECOVERY_PAUSE_MS);
      this.#live.add(row.id);
      this.#tell(row.shard, { type: 'recover', executionId: row.id });
    }
  }
}

/** Between two batches of loads after a start or takeover. */
const RECOVERY_PAUSE_MS = 10;

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

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
