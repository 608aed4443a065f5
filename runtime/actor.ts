/**
 * What an actor is here: `init` makes its state, `receive` takes one message at a time and says what comes next.
 * An actor that throws dies ("let it crash"); its parent hears of it and decides. The kernel never restarts by
 * itself: restarting is what a supervisor does, by spawning a new incarnation with a new uid.
 *
 *        user module                      generic part (kernel)
 *   init(ctx, args)      -> state      <- spawn
 *   receive(state, msg)  -> Next       <- mailbox, one at a time, control lane first
 *   childExited(state, x)-> Next       <- a child ended: normally, stopped, or by a crash
 *   stopping(state)      -> void       <- after all children are gone, within the stop deadline
 *
 * `receive` must not await long work: start it, and have its result sent to oneself with `ctx.pipeToSelf`, so that
 * cancel and stop are always seen. It may return a promise for short work (bounded by `handlerDeadlineMs`).
 */

/** Every message is a member of a closed union on `type`. */
export interface Message {
  readonly type: string;
}

declare const messageOf: unique symbol;

/** Address of one incarnation of an actor. Telling a dead one makes a dead letter, never an error. */
export interface Ref<M extends Message> {
  readonly [messageOf]?: (message: M) => void;
  /** Such as `/shards/17/execution-42/node-3`. */
  readonly path: string;
  /** Differs for every incarnation, so that a message for a predecessor never reaches its successor. */
  readonly uid: number;
  readonly kind: string;
}

/** Why an actor is no more. */
export type ExitReason = { kind: 'normal' } | { kind: 'stopped' } | { kind: 'crashed'; error: unknown };

/**
 * The end of one incarnation, told to its parent and its watchers. `ref` is dead by then; `name` is the one it had
 * among its siblings, free again for a successor.
 */
export interface Exit {
  readonly ref: Ref<never>;
  readonly name: string;
  readonly reason: ExitReason;
}

/** What `receive` may answer; nothing else. */
export type Next<S> =
  /** Carry on, with this state. */
  | { readonly kind: 'become'; readonly state: S }
  /** Carry on, state unchanged. */
  | { readonly kind: 'same' }
  /** Keep the message for later (`ctx.unstashAll()`); the stash is bounded like the mailbox. */
  | { readonly kind: 'stash' }
  /** End normally. Children are stopped first, bottom up. */
  | { readonly kind: 'stop' }
  /** Not for this actor in this state: logged as a dead letter, survived. */
  | { readonly kind: 'unhandled' };

/**
 * What one kind of actor does; see the drawing above. A throw in `init`, `receive` or `childExited` crashes this
 * incarnation and nothing else. The state is the actor's own: hand out copies or immutable values only.
 */
export interface Behavior<M extends Message, S> {
  /** Label for metrics and the live tree, such as `execution`; bounded set. */
  readonly kind: string;
  init(context: ActorContext<M>): S;
  receive(state: S, message: M, context: ActorContext<M>): Next<S> | Promise<Next<S>>;
  /** Comes after everything the child had told before it ended. Absent: exits are not this actor's concern. */
  childExited?(state: S, exit: Exit, context: ActorContext<M>): Next<S>;
  /** Last words; children are gone already. Errors are reported, not raised. */
  stopping?(state: S, reason: ExitReason): void | Promise<void>;
  /** What the live tree shows of the state; plain data, small. */
  inspect?(state: S): Record<string, unknown>;
  /**
   * How children go when this actor ends: `together` (default) asks all at once, last spawned first; `lastFirst`
   * waits for each before the one spawned earlier, for children that build on one another.
   */
  readonly childStopOrder?: 'together' | 'lastFirst';
}

/** Limits of one actor, where its kind needs others than the system's. Milliseconds are monotonic. */
export interface SpawnOptions {
  /** Messages waiting at most; over it `tell` makes a dead letter and returns false. Default MAILBOX_MESSAGES. */
  mailboxMessages?: number;
  /** Time for children and `stopping` at stop; after it the overrun is reported and the actor is gone. Default 5000. */
  stopDeadlineMs?: number;
  /** How long a promise of `receive` may take; over it the actor crashes with HANDLER_OVERRAN. Default 5000. */
  handlerDeadlineMs?: number;
}

/**
 * What an actor may do to its surroundings; valid for this incarnation and only inside its own calls. `spawn` throws
 * ACTOR_NAME_INVALID, ACTOR_NAME_TAKEN, ACTOR_CHILDREN_TOO_MANY or ACTOR_ENDING; `stop` ACTOR_NOT_A_CHILD;
 * `pipeToSelf` and `tellSelfAfter` ACTOR_WORK_TOO_MUCH over PENDING_WORK_PER_ACTOR.
 */
export interface ActorContext<M extends Message> {
  readonly self: Ref<M>;
  readonly name: string;
  readonly system: ActorSystem;
  /** Names are unique among living siblings. At most CHILDREN_PER_ACTOR children. */
  spawn<N extends Message, T>(name: string, behavior: Behavior<N, T>, options?: SpawnOptions): Ref<N>;
  /** Stops a child, bottom up; resolves when it is gone (or its deadline is over). */
  stop(child: Ref<never>): Promise<void>;
  child(name: string): Ref<Message> | undefined;
  readonly childCount: number;
  /**
   * Sends `message(exit)` to self when that actor (anywhere in this system) ends; at once, with reason `stopped`, when
   * it is gone already.
   */
  watch(ref: Ref<never>, message: (exit: Exit) => M): void;
  /** Sends the result of long work to self; dropped when this incarnation is gone by then. */
  pipeToSelf<T>(work: Promise<T>, ok: (value: T) => M, failed: (error: unknown) => M): void;
  /** Sends to self after `ms`; dropped with the actor. Returns the cancel function. */
  tellSelfAfter(ms: number, message: M): () => void;
  /** Puts stashed messages back, in their order, before everything that waits in the normal lane. */
  unstashAll(): void;
  /**
   * What the live tree tells of a child besides what the kernel knows. With a `state` the row is shown even while no
   * child of that name lives. Dropped when the child ends (annotate in `childExited`), or by `undefined`.
   */
  annotateChild(name: string, note: ChildNote | undefined): void;
}

/** A supervisor's knowledge of one child, for the live tree. */
export interface ChildNote {
  readonly kind: string;
  /** Present exactly while the child is not running. */
  readonly state?: 'restarting' | 'quarantined';
  readonly restartsUsed?: number;
  readonly restartsAllowed?: number;
  readonly restartWindowMs?: number;
}

/**
 * All actors of one process. Made by `createSystem`; held by the composition root, supervisors and gateways. After
 * `shutdown` every `spawn` throws SYSTEM_STOPPED.
 */
export interface ActorSystem {
  readonly name: string;
  /** Top-level actors: the supervision tree's first row. */
  spawn<M extends Message, S>(name: string, behavior: Behavior<M, S>, options?: SpawnOptions): Ref<M>;
  /** False when it became a dead letter (no such incarnation, mailbox full). Never throws. */
  tell<M extends Message>(to: Ref<M>, message: M, lane?: 'control'): boolean;
  /**
   * Asks and waits: `message` gets the function to reply with. Rejects with ASK_TIMEOUT after `timeoutMs`, with
   * ASK_TARGET_GONE when the target ends first. A late reply is a dead letter.
   */
  ask<M extends Message, R>(to: Ref<M>, message: (reply: (value: R) => void) => M, timeoutMs: number): Promise<R>;
  stop(ref: Ref<never>): Promise<void>;
  /** Messages that wait for an actor, both lanes; 0 when it has ended. */
  mailboxLength(of: Ref<never>): number;
  /** Living actors, parents before children, for the live tree. */
  tree(): readonly ActorInfo[];
  /** Everything an observer can see, see {@link InspectionEvent}; a listener that throws is a bug report, no more. */
  observe(listener: (event: InspectionEvent) => void): () => void;
  /** Publishes an event of a layer above (restart, quarantine, breaker) to the observers. */
  report(event: InspectionEvent): void;
  /** Stops every top-level actor, last spawned first, each within its deadline. */
  shutdown(): Promise<void>;
}

/**
 * One row of the live tree, true at the moment of the call. The restart fields are present where a supervisor told
 * them by `annotateChild`; a row in state `restarting` or `quarantined` has no living actor and keeps the place of
 * one.
 */
export interface ActorInfo {
  readonly path: string;
  readonly uid: number;
  readonly kind: string;
  readonly state: 'running' | 'stopping' | 'restarting' | 'quarantined';
  readonly mailboxLength: number;
  /** Milliseconds the oldest waiting message has waited. */
  readonly oldestMessageMs: number;
  readonly restartsUsed?: number;
  readonly restartsAllowed?: number;
  readonly restartWindowMs?: number;
  /** From `inspect`. */
  readonly detail?: Record<string, unknown>;
}

/** Everything that can be watched, in one place. Logs, metrics and the live view only subscribe. */
export type InspectionEvent =
  | { type: 'actor.started'; path: string; uid: number; kind: string }
  | { type: 'actor.stopped'; path: string; uid: number; kind: string; reason: ExitReason['kind']; cause?: string }
  | {
      type: 'actor.restarted';
      path: string;
      kind: string;
      uid: number;
      cause: string;
      restartsUsed: number;
      restartsAllowed: number;
      windowMs: number;
      backoffMs: number;
    }
  | {
      type: 'actor.quarantined';
      path: string;
      kind: string;
      cause: string;
      restartsUsed: number;
      restartsAllowed: number;
    }
  | { type: 'actor.stopOverran'; path: string; kind: string; deadlineMs: number }
  | {
      type: 'deadLetter';
      to: string;
      kind: string;
      messageType: string;
      reason: 'gone' | 'mailboxFull' | 'unhandled' | 'stashFull' | 'lateReply';
      /** Dead letters since the last reported one that were counted but not reported (rate limit). */
      suppressed?: number;
    }
  | {
      type: 'breaker.opened' | 'breaker.halfOpen' | 'breaker.closed';
      breaker: string;
      failures: number;
      nextProbeAt?: number;
    }
  /** A run failed and its error workflow could not be read, so nobody is told of the failure but here. */
  | { type: 'errorWorkflow.lost'; executionId: string; workflowId: string; cause: string }
  /** A member as this one's membership sees it; `member` is its name. */
  | { type: 'member.joined' | 'member.left'; member: string; bootId: string }
  /** Ownership as this member sees it; `to` is a member's name, absent = nobody yet. */
  | { type: 'shard.moved'; shards: readonly number[]; to?: string };
