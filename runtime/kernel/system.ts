import type { ActorInfo, ActorSystem, Behavior, InspectionEvent, Message, Ref, SpawnOptions } from '../actor.ts';
import { throwFromLoop } from '../bugs.ts';
import { errors } from '../errors.ts';
import * as defaults from '../limits.ts';
import type { Clock, Random } from '../ports/index.ts';
import { Asks } from './asks.ts';
import { ActorCell } from './cell.ts';
import type { AnyBehavior } from './cell.ts';
import { DeadLetters } from './dead-letters.ts';
import { createHost } from './nact-host.ts';
import { Observers } from './observers.ts';
import type { Cell, Kernel, KernelLimits } from './parts.ts';
import { treeOf } from './tree.ts';

/**
 * What a system is made of. `limits` overrides single limits of `runtime/limits.ts`, for tests and small machines; the
 * name stands in logs and errors only.
 */
export interface SystemOptions {
  name: string;
  clock: Clock;
  /** Gives the first uid, so that references of an earlier process do not fit. */
  random: Random;
  limits?: Partial<KernelLimits>;
  /** Errors that decide no actor's fate. Default: they are thrown from the event loop, which ends the process. */
  onBug?: (error: unknown, where: string) => void;
}

const DEFAULT_LIMITS: KernelLimits = {
  mailboxMessages: defaults.MAILBOX_MESSAGES,
  controlMessages: defaults.MAILBOX_CONTROL_MESSAGES,
  stashMessages: defaults.STASH_MESSAGES,
  childrenPerActor: defaults.CHILDREN_PER_ACTOR,
  pendingWorkPerActor: defaults.PENDING_WORK_PER_ACTOR,
  asksOpen: defaults.ASKS_OPEN,
  turnMessages: defaults.TURN_MESSAGES,
  turnMs: defaults.TURN_MS,
  stopDeadlineMs: defaults.STOP_DEADLINE_MS,
  handlerDeadlineMs: defaults.HANDLER_DEADLINE_MS,
  deadLettersPerSecond: defaults.DEAD_LETTERS_PER_SECOND,
};

/** First uids lie below this, so that uids stay small integers for years. */
const FIRST_UID_RANGE = 2 ** 20;

/** The root has no code of its own; top-level actors are its children, and it ends them one by one. */
const ROOT: Behavior<Message, undefined> = {
  kind: 'system',
  childStopOrder: 'lastFirst',
  init: () => undefined,
  receive: () => ({ kind: 'unhandled' }),
};

/**
 * Makes an actor system. It starts empty, and restarts nothing by itself (see `supervisors/`). Errors of spawn:
 * ACTOR_NAME_INVALID, ACTOR_NAME_TAKEN, ACTOR_CHILDREN_TOO_MANY, ACTOR_ENDING; SYSTEM_STOPPED after shutdown.
 */
export function createSystem(options: SystemOptions): ActorSystem {
  return new System(options);
}

class System implements ActorSystem {
  readonly name: string;
  readonly #kernel: Kernel;
  readonly #root: ActorCell;
  readonly #asks: Asks;
  #closed: Promise<void> | undefined;

  constructor(options: SystemOptions) {
    this.name = options.name;
    this.#kernel = kernelOf(options, this);
    this.#root = new ActorCell(this.#kernel, undefined, '', ROOT, { stopDeadlineMs: Infinity });
    this.#kernel.cells.set(this.#root.ref.uid, this.#root);
    this.#asks = new Asks(this.#kernel);
  }

  spawn<M extends Message, S>(name: string, behavior: Behavior<M, S>, options: SpawnOptions = {}): Ref<M> {
    if (this.#closed !== undefined) throw errors.SYSTEM_STOPPED({ system: this.name });
    return this.#kernel.spawn(this.#root, name, behavior, options);
  }

  tell<M extends Message>(to: Ref<M>, message: M, lane?: 'control'): boolean {
    const cell = this.#kernel.cells.get(to.uid);
    if (cell !== undefined) return cell.accept(message, lane === 'control');
    this.#kernel.deadLetters.add(to, message.type, 'gone');
    return false;
  }

  ask<M extends Message, R>(to: Ref<M>, message: (reply: (value: R) => void) => M, timeoutMs: number): Promise<R> {
    return this.#asks.ask(to, message, timeoutMs);
  }

  stop(ref: Ref<never>): Promise<void> {
    const cell = this.#kernel.cells.get(ref.uid);
    if (cell === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      (cell.afterlife ??= new Set()).add(resolve);
      cell.end({ kind: 'stopped' });
    });
  }

  mailboxLength(of: Ref<never>): number {
    return this.#kernel.cells.get(of.uid)?.mailboxLength ?? 0;
  }

  tree(): readonly ActorInfo[] {
    return treeOf(this.#root, this.#kernel.clock.monotonic());
  }

  observe(listener: (event: InspectionEvent) => void): () => void {
    return this.#kernel.observers.add(listener);
  }

  report(event: InspectionEvent): void {
    this.#kernel.observers.report(event);
  }

  shutdown(): Promise<void> {
    this.#closed ??= this.stop(this.#root.ref).then(() => this.#kernel.host.close());
    return this.#closed;
  }
}

function kernelOf(options: SystemOptions, system: ActorSystem): Kernel {
  const { clock } = options;
  const onBug = options.onBug ?? throwFromLoop;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const observers = new Observers(onBug);
  let uid = Math.floor(options.random.next() * FIRST_UID_RANGE);
  const kernel: Kernel = {
    system,
    clock,
    limits,
    observers,
    onBug,
    host: createHost(options.name, onBug),
    deadLetters: new DeadLetters(observers, clock, limits.deadLettersPerSecond),
    cells: new Map(),
    nextUid: () => (uid += 1),
    spawn: (parent, name, behavior, spawnOptions) => spawnCell(kernel, parent, name, behavior, spawnOptions),
  };
  return kernel;
}

/** Checks everything that can be wrong with a spawn, then makes the cell and starts it. */
function spawnCell<M extends Message, S>(
  kernel: Kernel,
  parent: Cell,
  name: string,
  behavior: Behavior<M, S>,
  options: SpawnOptions,
): Ref<M> {
  if (parent.phase !== 'running') throw errors.ACTOR_ENDING({ path: parent.ref.path });
  if (name.length === 0 || name.length > defaults.ACTOR_NAME_CHARACTERS || name.includes('/')) {
    throw errors.ACTOR_NAME_INVALID({ name });
  }
  const siblings = (parent.children ??= new Map());
  if (siblings.has(name)) throw errors.ACTOR_NAME_TAKEN({ path: `${parent.ref.path}/${name}` });
  const limit = kernel.limits.childrenPerActor;
  if (siblings.size >= limit) throw errors.ACTOR_CHILDREN_TOO_MANY({ path: parent.ref.path, limit });
  // From here on only the typed reference, which we hand out, says what messages the actor takes.
  const cell = new ActorCell(kernel, parent, name, behavior as AnyBehavior, options);
  siblings.set(name, cell);
  kernel.cells.set(cell.ref.uid, cell);
  cell.start();
  return cell.ref;
}
