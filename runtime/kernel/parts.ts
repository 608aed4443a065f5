import type { ActorSystem, Behavior, ChildNote, Exit, ExitReason, Message, Ref, SpawnOptions } from '../actor.ts';
import type { Clock } from '../ports/index.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Signal } from './mailbox.ts';
import type { Host } from './nact-host.ts';
import type { Observers } from './observers.ts';

/** Bounds of one system; the defaults are the constants of `limits.ts` with the same names. */
export interface KernelLimits {
  mailboxMessages: number;
  controlMessages: number;
  stashMessages: number;
  childrenPerActor: number;
  pendingWorkPerActor: number;
  asksOpen: number;
  turnMessages: number;
  turnMs: number;
  stopDeadlineMs: number;
  handlerDeadlineMs: number;
  deadLettersPerSecond: number;
}

/** What the parts of the kernel share. */
export interface Kernel {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly limits: KernelLimits;
  readonly host: Host;
  readonly observers: Observers;
  readonly deadLetters: DeadLetters;
  /** Living and ending actors by uid. */
  readonly cells: Map<number, Cell>;
  nextUid(): number;
  spawn<M extends Message, S>(parent: Cell, name: string, behavior: Behavior<M, S>, options: SpawnOptions): Ref<M>;
  /** Errors that decide no actor's fate: of observers, of last words, of handlers that fail after their actor's end. */
  readonly onBug: (error: unknown, where: string) => void;
}

/** What the parts of the kernel see of an actor; the whole of it is in `cell.ts`. */
export interface Cell {
  readonly kernel: Kernel;
  readonly ref: Ref<Message>;
  readonly name: string;
  /** Undefined only for the root, which is not shown. */
  readonly parent: Cell | undefined;
  readonly phase: 'running' | 'stopping' | 'gone';
  /** By name, in order of spawning; made with the first child. */
  children: Map<string, Cell> | undefined;
  readonly mailboxLength: number;
  /** Monotonic moment at which the oldest waiting message came. */
  readonly oldestAt: number | undefined;
  /** What supervisors said about children, by name. */
  notes: Map<string, ChildNote> | undefined;
  timers: Set<() => void> | undefined;
  /** Called when this incarnation is gone: open asks, callers of stop. */
  afterlife: Set<() => void> | undefined;
  pendingWork: number;
  /** Bounded entrance for everyone else's messages. False: it is a dead letter now. */
  accept(message: Message, control: boolean): boolean;
  /** Results of own work and notices asked for: bounded by what was started, so never refused while alive. */
  acceptOwn(make: () => Message): void;
  acceptSignal(signal: Signal): void;
  watch(target: Cell, notice: Notice): void;
  addWatcher(watcher: Cell, notice: Notice): void;
  /** `removeWatcher` on the watched side, `forgetWatched` on the watching side, when the other is gone. */
  removeWatcher(watcher: Cell): void;
  forgetWatched(target: Cell): void;
  unstashAll(): void;
  end(reason: ExitReason): void;
  childGone(child: Cell, exit: Exit): void;
  /** Gone at once with everything below, whatever is still running in there. */
  abandon(): void;
  inspect(): Record<string, unknown> | undefined;
}

export type Notice = (exit: Exit) => Message;
