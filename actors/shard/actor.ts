import { forgetChild, newRestartTracker, onChildCrash, type RestartTracker } from '#supervisors';
import {
  causeOf,
  type ActorContext,
  type Behavior,
  type Exit,
  type Next,
  type Ref,
  type Step,
  type StepOutcome,
} from '#runtime';
import { executionActor } from '../execution/actor.ts';
import type { ExecutionArgs, ExecutionMessage } from '../execution/protocol.ts';
import type { Backstage, Services, ShardLine } from '../services.ts';
import { loadExecution, type LoadResult } from './load.ts';
import { quarantine } from './quarantine.ts';
import type { ShardMessage } from './protocol.ts';

/** An execution as its shard sees it. What comes while it is not live is kept for it, in order. */
interface Entry {
  state: 'live' | 'loading' | 'restarting' | 'pausing';
  ref: Ref<ExecutionMessage> | undefined;
  /** Of the newest incarnation. */
  uid: number;
  waiting: ExecutionMessage[];
  /** Loads that failed in a row. */
  loads: number;
  restartsUsed: number;
  /** Newest seq that an incarnation of this process showed; undefined when none was started here. */
  shownSeq: number | undefined;
  /** The newest commit; settled or not. */
  commit: Promise<StepOutcome> | undefined;
}

function newEntry(): Entry {
  return {
    state: 'loading',
    ref: undefined,
    uid: 0,
    waiting: [],
    loads: 0,
    restartsUsed: 0,
    shownSeq: undefined,
    commit: undefined,
  };
}

/** Messages kept for one execution that is not live; what goes over it is dropped, its durable twin stays in the inbox. */
const WAITING_MESSAGES = 1_000;
/** Pause before a load that failed is tried again: doubles from the first to the last. */
const LOAD_RETRY_FIRST_MS = 100;
const LOAD_RETRY_LAST_MS = 5_000;

const SAME: Next<Shard> = { kind: 'same' };

/**
 * Supervisor of the executions of one shard, one_for_one: an execution that crashes is taken up again from its journal
 * after a backoff; over its restart budget it is quarantined with its cause, and all others go on.
 */
export function shardActor(shard: number, services: Services, backstage: Backstage): Behavior<ShardMessage, Shard> {
  return {
    kind: 'shard',
    init: (context) => new Shard(shard, services, backstage, context),
    receive: (state, message) => state.receive(message),
    childExited: (state, exit) => state.exited(exit),
    stopping: (state) => state.leave(),
    inspect: (state) => ({ shard, executions: state.size }),
  };
}

class Shard {
  readonly #shard: number;
  readonly #services: Services;
  readonly #backstage: Backstage;
  readonly #context: ActorContext<ShardMessage>;
  readonly #entries = new Map<string, Entry>();
  readonly #tracker: RestartTracker;
  #left = false;

  constructor(shard: number, services: Services, backstage: Backstage, context: ActorContext<ShardMessage>) {
    this.#shard = shard;
    this.#services = services;
    this.#backstage = backstage;
    this.#context = context;
    const { executionRestarts, restartWindowMs } = services.limits;
    this.#tracker = newRestartTracker({ restarts: executionRestarts, windowMs: restartWindowMs });
  }

  get size(): number {
    return this.#entries.size;
  }

  receive(message: ShardMessage): Next<Shard> {
    this.#services.faults.at('shard.receive');
    switch (message.type) {
      case 'start':
        this.#spawn(message.args);
        break;
      case 'adopt':
        this.#adopt(message.step, message.workflow);
        break;
      case 'recover':
        if (!this.#entries.has(message.executionId)) this.#load(message.executionId);
        break;
      case 'deliver':
        this.#deliver(message.executionId, message.message);
        break;
      case 'load':
        this.#load(message.executionId);
        break;
      case 'loaded':
        this.#loaded(message.executionId, message.found);
        break;
      case 'loadFailed':
        this.#retryLoad(message.executionId);
        break;
      case 'sleepy':
        this.#pause(message.executionId);
        break;
    }
    return SAME;
  }

  /** A child is gone: at its own wish, or by a crash. */
  exited(exit: Exit): Next<Shard> {
    const executionId = exit.name.slice(NAME_PREFIX.length);
    const entry = this.#entries.get(executionId);
    if (!entry || entry.ref?.uid !== exit.ref.uid) return SAME;
    entry.ref = undefined;
    if (exit.reason.kind === 'crashed') this.#crashed(executionId, entry, exit.reason.error);
    else if (entry.state === 'restarting' || entry.waiting.length > 0) this.#load(executionId);
    else this.#forget(executionId);
    return SAME;
  }

  /** Whoever loads one of these executions next waits until what is under way has settled. */
  leave(): void {
    this.#left = true;
    for (const [executionId, { commit }] of this.#entries) {
      if (commit) this.#backstage.leftBehind(executionId, commit);
    }
  }

  #forget(executionId: string): void {
    this.#entries.delete(executionId);
    forgetChild(this.#tracker, executionId);
    this.#context.annotateChild(NAME_PREFIX + executionId, undefined);
  }

  #deliver(executionId: string, message: ExecutionMessage): void {
    const entry = this.#entries.get(executionId);
    if (entry?.state === 'live' && entry.ref) {
      this.#context.system.tell(entry.ref, message, isUrgent(message) ? 'control' : undefined);
      return;
    }
    if (entry) {
      if (entry.waiting.length < WAITING_MESSAGES) entry.waiting.push(message);
      return;
    }
    this.#load(executionId);
    this.#entries.get(executionId)?.waiting.push(message);
  }

  #spawn(args: ExecutionArgs): void {
    const previous = this.#entries.get(args.executionId);
    const behavior = executionActor(args, {
      services: this.#services,
      backstage: this.#backstage,
      line: this.#lineOf(args.executionId),
    });
    const entry: Entry = { ...(previous ?? newEntry()), state: 'live', waiting: [], loads: 0 };
    if (args.origin === 'start' || args.fresh) entry.shownSeq = 0;
    this.#entries.set(args.executionId, entry);
    const ref = this.#context.spawn(NAME_PREFIX + args.executionId, behavior);
    entry.ref = ref;
    entry.uid = ref.uid;
    const { restartsUsed } = entry;
    if (restartsUsed > 0) this.#note(args.executionId, restartsUsed);
    for (const message of previous?.waiting ?? []) this.#deliver(args.executionId, message);
  }

  #lineOf(executionId: string): ShardLine {
    const { self, system } = this.#context;
    return {
      sleepy: () => system.tell(self, { type: 'sleepy', executionId }),
      unsure: () => {
        const entry = this.#entries.get(executionId);
        if (entry) entry.state = 'restarting';
      },
      shown: (seq) => {
        const entry = this.#entries.get(executionId);
        if (entry) entry.shownSeq = seq;
      },
      submitted: (commit) => {
        const entry = this.#entries.get(executionId);
        if (entry) entry.commit = commit;
      },
    };
  }

  #adopt(step: Step, workflow: Extract<ShardMessage, { type: 'adopt' }>['workflow']): void {
    if (this.#entries.has(step.executionId) || !step.create) return;
    const { executionId, shard, epoch, create, events } = step;
    this.#spawn({
      origin: 'journal',
      executionId,
      shard,
      epoch,
      workflow,
      create,
      events,
      inbox: [],
      recoveries: 0,
      fresh: true,
    });
  }

  #load(executionId: string): void {
    const entry = this.#entries.get(executionId) ?? newEntry();
    entry.state = 'loading';
    this.#entries.set(executionId, entry);
    // A commit of the last incarnation may still be under way; what it writes belongs to what is loaded.
    const commit = entry.commit ?? this.#backstage.commitLeft(executionId);
    const settled = commit?.then(nothing, nothing) ?? Promise.resolve();
    const load = (): Promise<LoadResult> =>
      this.#left ? Promise.resolve('absent') : loadExecution(executionId, this.#services);
    this.#context.pipeToSelf(
      settled.then(() => this.#backstage.loads.enter(load)),
      (found) => ({ type: 'loaded', executionId, found }),
      (error) => ({ type: 'loadFailed', executionId, error }),
    );
  }

  /** The database did not answer: that is never the execution's fault and never ends. */
  #retryLoad(executionId: string): void {
    const entry = this.#entries.get(executionId);
    if (!entry) return;
    const pause = Math.min(LOAD_RETRY_LAST_MS, LOAD_RETRY_FIRST_MS * 2 ** entry.loads);
    entry.loads = Math.min(entry.loads + 1, 10);
    this.#context.tellSelfAfter(pause, { type: 'load', executionId });
  }

  #loaded(executionId: string, found: LoadResult): void {
    const epoch = this.#services.owner.epochOf(this.#shard);
    if (found === 'absent') this.#backstage.gone(executionId, 'notAccepted');
    if (epoch === undefined) this.#backstage.gone(executionId, 'moved');
    if (found === 'ended') this.#backstage.endedEarlier(executionId, this.#entries.get(executionId)?.shownSeq);
    if (epoch === undefined || found === 'absent' || found === 'ended') {
      return this.#forget(executionId);
    }
    const identity = { executionId, shard: this.#shard, epoch };
    if (found.recoveries > this.#services.limits.recoveriesWithoutProgress) {
      const cause = 'the process ended again and again while it was performed';
      return this.#quarantine(executionId, cause, found.recoveries, this.#services.limits.recoveriesWithoutProgress);
    }
    const shownSeq = this.#entries.get(executionId)?.shownSeq;
    const shown = shownSeq === undefined ? {} : { shownSeq };
    this.#spawn({ origin: 'journal', ...identity, ...found, fresh: false, ...shown });
  }

  #crashed(executionId: string, entry: Entry, error: unknown): void {
    const { clock, random } = this.#services;
    const cause = causeOf(error);
    const verdict = onChildCrash(this.#tracker, executionId, clock.monotonic(), random);
    if (verdict.kind !== 'restart') return this.#quarantine(executionId, cause, verdict.used, verdict.allowed);
    entry.state = 'restarting';
    entry.restartsUsed = verdict.used;
    this.#note(executionId, verdict.used, 'restarting');
    this.#context.system.report({
      type: 'actor.restarted',
      path: `${this.#context.self.path}/${NAME_PREFIX}${executionId}`,
      kind: 'execution',
      uid: entry.uid,
      cause,
      restartsUsed: verdict.used,
      restartsAllowed: verdict.allowed,
      windowMs: this.#services.limits.restartWindowMs,
      backoffMs: verdict.afterMs,
    });
    this.#context.tellSelfAfter(verdict.afterMs, { type: 'load', executionId });
  }

  /** What the live tree tells of an execution that has crashed before. */
  #note(executionId: string, used: number, state?: 'restarting'): void {
    const { executionRestarts, restartWindowMs } = this.#services.limits;
    this.#context.annotateChild(NAME_PREFIX + executionId, {
      kind: 'execution',
      ...(state && { state }),
      restartsUsed: used,
      restartsAllowed: executionRestarts,
      restartWindowMs,
    });
  }

  #quarantine(executionId: string, cause: string, used: number, allowed: number): void {
    this.#forget(executionId);
    const path = `${this.#context.self.path}/${NAME_PREFIX}${executionId}`;
    this.#context.system.report({
      type: 'actor.quarantined',
      path,
      kind: 'execution',
      cause,
      restartsUsed: used,
      restartsAllowed: allowed,
    });
    quarantine({ executionId, shard: this.#shard, cause, used, allowed }, this.#services, this.#backstage);
  }

  /** An execution that sleeps through a long wait leaves memory, unless something has come for it meanwhile. */
  #pause(executionId: string): void {
    const entry = this.#entries.get(executionId);
    if (entry?.state !== 'live' || !entry.ref) return;
    entry.state = 'pausing';
    this.#context.system.tell(entry.ref, { type: 'passivate' });
  }
}

const NAME_PREFIX = 'execution-';

const nothing = (): void => {};

/** A cancel overtakes everything that waits. */
function isUrgent(message: ExecutionMessage): boolean {
  return (
    message.type === 'cancel' || (message.type === 'inbox' && message.messages.some(({ kind }) => kind === 'cancel'))
  );
}
