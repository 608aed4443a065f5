import type {
  ActorContext,
  Behavior,
  ChildNote,
  Exit,
  ExitReason,
  Message,
  Next,
  Ref,
  SpawnOptions,
} from '../actor.ts';
import { errors } from '../errors.ts';
import { Context } from './context.ts';
import { Mailbox } from './mailbox.ts';
import type { Envelope, Signal } from './mailbox.ts';
import type { Seat, Seated } from './nact-host.ts';
import { causeOf } from './observers.ts';
import type { Cell, Kernel, Notice } from './parts.ts';
import { Watches } from './watch.ts';

/** A behavior whose message and state types are no longer known; the typed Ref is what keeps senders honest. */
export type AnyBehavior = Behavior<Message, unknown>;

const STOPPED: ExitReason = { kind: 'stopped' };
const NORMAL: ExitReason = { kind: 'normal' };

/**
 * One incarnation of an actor.
 *
 *   running ── stop / crash / asked to stop ──> stopping ── children gone, last words said ──> gone
 *                                                  └───────── deadline over ───────────────────^
 *
 * A turn handles messages until the mailbox is empty or the turn is used up. While a promise of `receive` is open the
 * turn is open too, so no second message is taken; only the end can come in between.
 */
export class ActorCell implements Cell, Seated {
  readonly kernel: Kernel;
  readonly ref: Ref<Message>;
  readonly name: string;
  readonly parent: Cell | undefined;
  readonly behavior: AnyBehavior;
  readonly options: SpawnOptions;
  children: Map<string, Cell> | undefined;
  phase: Cell['phase'] = 'running';
  notes: Map<string, ChildNote> | undefined;
  afterlife: Set<() => void> | undefined;
  timers: Set<() => void> | undefined;
  pendingWork = 0;

  readonly #mailbox = new Mailbox();
  #watches: Watches | undefined;
  #state: unknown;
  #context: ActorContext<Message>;
  #seat: Seat;
  #awake = false;
  #initialized = false;
  #stash: Envelope[] | undefined;
  #handling = false;
  #handled = 0;
  #reason: ExitReason = STOPPED;
  #lastWords = false;
  #cancelDeadline: (() => void) | undefined;

  constructor(kernel: Kernel, parent: Cell | undefined, name: string, behavior: AnyBehavior, options: SpawnOptions) {
    this.kernel = kernel;
    this.parent = parent;
    this.name = name;
    this.behavior = behavior;
    this.options = options;
    const uid = kernel.nextUid();
    this.ref = { path: parent === undefined ? '' : `${parent.ref.path}/${name}`, uid, kind: behavior.kind };
    this.#context = new Context<Message>(this);
    this.#seat = kernel.host.admit(this);
  }

  /** Makes the state. A throw in here is a crash like any other; the parent hears of it after its present message. */
  start(): void {
    const { observers } = this.kernel;
    if (!observers.none) {
      observers.report({ type: 'actor.started', path: this.ref.path, uid: this.ref.uid, kind: this.ref.kind });
    }
    this.#handling = true;
    try {
      this.#state = this.behavior.init(this.#context);
      this.#initialized = true;
      this.#handlingDone();
    } catch (error) {
      this.#crash(error);
    }
  }

  accept(message: Message, control: boolean): boolean {
    if (this.phase !== 'running') return this.#refuse(message, 'gone');
    const mailbox = this.#mailbox;
    if (control) {
      if (mailbox.controlLength >= this.kernel.limits.controlMessages) return this.#refuse(message, 'mailboxFull');
      mailbox.pushControl(this.#envelope(message, undefined));
    } else {
      const bound = this.options.mailboxMessages ?? this.kernel.limits.mailboxMessages;
      if (mailbox.normalLength >= bound) return this.#refuse(message, 'mailboxFull');
      mailbox.push(this.#envelope(message, undefined));
    }
    this.#wake();
    return true;
  }

  acceptOwn(make: () => Message): void {
    if (this.phase !== 'running') return;
    try {
      this.#mailbox.push(this.#envelope(make(), undefined));
      this.#wake();
    } catch (error) {
      this.acceptSignal({ type: 'crash', error });
    }
  }

  acceptSignal(signal: Signal): void {
    if (this.phase !== 'running') return;
    this.#mailbox.push(this.#envelope(undefined, signal));
    this.#wake();
  }

  get mailboxLength(): number {
    return this.#mailbox.length;
  }

  get oldestAt(): number | undefined {
    return this.#mailbox.oldestAt();
  }

  inspect(): Record<string, unknown> | undefined {
    if (!this.#initialized || this.phase === 'gone') return undefined;
    try {
      return this.behavior.inspect?.(this.#state);
    } catch (error) {
      this.kernel.onBug(error, `inspect of ${this.ref.path}`);
      return undefined;
    }
  }

  watch(target: Cell, notice: Notice): void {
    this.#watches ??= new Watches(this);
    this.#watches.watch(target, notice);
  }

  addWatcher(watcher: Cell, notice: Notice): void {
    this.#watches ??= new Watches(this);
    this.#watches.addWatcher(watcher, notice);
  }

  removeWatcher(watcher: Cell): void {
    this.#watches?.removeWatcher(watcher);
  }

  forgetWatched(target: Cell): void {
    this.#watches?.forgetWatched(target);
  }

  unstashAll(): void {
    if (this.#stash === undefined) return;
    this.#mailbox.prepend(this.#stash);
    this.#stash = undefined;
    this.#wake();
  }

  /** Begins the end, children first. Later reasons than the first are ignored. */
  end(reason: ExitReason): void {
    if (this.phase !== 'running') return;
    this.phase = 'stopping';
    this.#reason = reason;
    for (const cancel of this.timers ?? []) cancel();
    this.timers = undefined;
    if (!this.#handling) this.#endChildren();
    if (this.#gone()) return;
    const deadlineMs = this.options.stopDeadlineMs ?? this.kernel.limits.stopDeadlineMs;
    if (deadlineMs !== Infinity) {
      this.#cancelDeadline = this.kernel.clock.after(deadlineMs, () => this.#overrun(deadlineMs));
    }
  }

  /** A child is gone: the parent lives on and is told, or it was waiting for this. */
  childGone(child: Cell, exit: Exit): void {
    this.children?.delete(child.name);
    this.notes?.delete(child.name);
    if (this.phase === 'running') this.acceptSignal({ type: 'childExited', exit });
    else if (this.phase === 'stopping' && !this.#handling) this.#childrenGoOn();
  }

  /** As a call, since the compiler believes that `phase` is what it was before the children were ended. */
  #gone(): boolean {
    return this.phase === 'gone';
  }

  #envelope(message: Message | undefined, signal: Signal | undefined): Envelope {
    return { message, signal, at: this.kernel.clock.monotonic(), next: undefined };
  }

  #refuse(message: Message, reason: 'gone' | 'mailboxFull' | 'unhandled' | 'stashFull'): false {
    this.kernel.deadLetters.add(this.ref, message.type, reason);
    return false;
  }

  #wake(): void {
    if (this.#awake) return;
    this.#awake = true;
    this.#seat.wake();
  }

  turn(): Promise<void> | undefined {
    const { turnMessages, turnMs } = this.kernel.limits;
    const { clock } = this.kernel;
    const until = clock.monotonic() + turnMs;
    for (let count = 0; this.phase === 'running' && this.#mailbox.length > 0; count += 1) {
      if (count > 0 && (count >= turnMessages || clock.monotonic() >= until)) {
        this.#seat.wake();
        return undefined;
      }
      const pending = this.#handle(this.#mailbox.shift());
      if (pending !== undefined) return pending.then(() => this.#nextTurn());
    }
    this.#awake = false;
    return undefined;
  }

  #nextTurn(): void {
    this.#awake = false;
    if (this.phase === 'running' && this.#mailbox.length > 0) this.#wake();
  }

  #handle(envelope: Envelope | undefined): Promise<void> | undefined {
    if (envelope === undefined) return undefined;
    this.#handling = true;
    this.#handled += 1;
    try {
      const next =
        envelope.message === undefined
          ? this.#onSignal(envelope.signal)
          : this.behavior.receive(this.#state, envelope.message, this.#context);
      if (next instanceof Promise) return this.#handleLater(next, envelope);
      this.#apply(next, envelope);
    } catch (error) {
      this.#crash(error);
    }
    return undefined;
  }

  #onSignal(signal: Signal | undefined): Next<unknown> {
    if (signal?.type === 'crash') throw signal.error;
    if (signal === undefined || this.behavior.childExited === undefined) return { kind: 'same' };
    return this.behavior.childExited(this.#state, signal.exit, this.#context);
  }

  /** Waits for a promise of `receive`, within its deadline. What comes after the deadline or the end is dropped. */
  #handleLater(next: Promise<Next<unknown>>, envelope: Envelope): Promise<void> {
    const turn = this.#handled;
    const deadlineMs = this.options.handlerDeadlineMs ?? this.kernel.limits.handlerDeadlineMs;
    const messageType = envelope.message?.type ?? 'childExited';
    const current = (): boolean => this.#handling && this.#handled === turn && this.phase !== 'gone';
    const cancel = this.kernel.clock.after(deadlineMs, () => {
      if (current()) this.#crash(errors.HANDLER_OVERRAN({ path: this.ref.path, messageType, deadlineMs }));
    });
    return next.then(
      (value) => {
        cancel();
        if (!current()) return;
        try {
          this.#apply(value, envelope);
        } catch (error) {
          this.#crash(error);
        }
      },
      (error: unknown) => {
        cancel();
        if (current()) this.#crash(error);
        else this.kernel.onBug(error, `late failure of ${this.ref.path} in ${messageType}`);
      },
    );
  }

  #apply(next: Next<unknown>, envelope: Envelope): void {
    switch (next?.kind) {
      case 'become':
        this.#state = next.state;
        break;
      case 'same':
        break;
      case 'stash':
        this.#keep(envelope);
        break;
      case 'unhandled':
        this.kernel.deadLetters.add(this.ref, envelope.message?.type ?? 'childExited', 'unhandled');
        break;
      case 'stop':
        this.#handling = false;
        if (this.phase === 'running') return this.end(NORMAL);
        break;
      default:
        throw errors.ACTOR_NEXT_INVALID({ path: this.ref.path, value: causeOf(next) });
    }
    this.#handlingDone();
  }

  #keep(envelope: Envelope): void {
    this.#stash ??= [];
    if (this.#stash.length < this.kernel.limits.stashMessages) this.#stash.push(envelope);
    else this.kernel.deadLetters.add(this.ref, envelope.message?.type ?? 'childExited', 'stashFull');
  }

  #handlingDone(): void {
    this.#handling = false;
    if (this.phase === 'stopping') this.#endChildren();
  }

  #crash(error: unknown): void {
    this.#handling = false;
    if (this.phase === 'running') this.end({ kind: 'crashed', error });
    else if (this.phase === 'stopping') this.#endChildren();
  }

  #endChildren(): void {
    if (this.behavior.childStopOrder !== 'lastFirst') {
      for (const child of this.#youngestFirst()) child.end(STOPPED);
    }
    this.#childrenGoOn();
  }

  #youngestFirst(): Cell[] {
    return this.children === undefined ? [] : [...this.children.values()].reverse();
  }

  #childrenGoOn(): void {
    if (this.#lastWords) return;
    if (this.children === undefined || this.children.size === 0) return this.#sayLastWords();
    if (this.behavior.childStopOrder === 'lastFirst') this.#youngestFirst()[0]?.end(STOPPED);
  }

  #sayLastWords(): void {
    if (this.#lastWords || this.phase !== 'stopping') return;
    this.#lastWords = true;
    if (!this.#initialized || this.behavior.stopping === undefined) return this.#finish();
    const failed = (error: unknown): void => this.kernel.onBug(error, `last words of ${this.ref.path}`);
    try {
      const pending = this.behavior.stopping(this.#state, this.#reason);
      if (pending instanceof Promise) {
        void pending.catch(failed).then(() => this.#finish());
        return;
      }
    } catch (error) {
      failed(error);
    }
    this.#finish();
  }

  #overrun(deadlineMs: number): void {
    if (this.phase !== 'stopping') return;
    this.kernel.observers.report({
      type: 'actor.stopOverran',
      path: this.ref.path,
      kind: this.ref.kind,
      deadlineMs,
    });
    this.abandon();
  }

  abandon(): void {
    this.phase = 'stopping';
    this.#lastWords = true;
    for (const child of this.#youngestFirst()) child.abandon();
    this.#finish();
  }

  #finish(): void {
    if (this.phase === 'gone') return;
    this.phase = 'gone';
    this.#cancelDeadline?.();
    for (const cancel of this.timers ?? []) cancel();
    this.kernel.cells.delete(this.ref.uid);
    this.#seat.leave();
    this.#buryMessages();
    const exit: Exit = { ref: this.ref, name: this.name, reason: this.#reason };
    this.#reportEnd();
    this.#watches?.end(exit);
    for (const call of this.afterlife ?? []) call();
    this.afterlife = undefined;
    this.parent?.childGone(this, exit);
  }

  #buryMessages(): void {
    for (const { message } of [...this.#mailbox.drain(), ...(this.#stash ?? [])]) {
      if (message !== undefined) this.kernel.deadLetters.add(this.ref, message.type, 'gone');
    }
    this.#stash = undefined;
  }

  #reportEnd(): void {
    const { observers } = this.kernel;
    if (observers.none || this.parent === undefined) return;
    const { path, uid, kind } = this.ref;
    const reason = this.#reason;
    const event = { type: 'actor.stopped', path, uid, kind, reason: reason.kind } as const;
    observers.report(reason.kind === 'crashed' ? { ...event, cause: causeOf(reason.error) } : event);
  }
}
