import type { RunEvent } from '#workflow';
import type { InspectionEvent, JournalEvent } from '#runtime';
import { errors } from './errors.ts';
import { HUB_LIMITS, type HubLimits } from './limits.ts';
import { isTreeEvent, liveEvent, type LiveEvent, type TreeEvent } from './live-event.ts';
import { Subscription, type Listener } from './subscription.ts';

/** What one may subscribe to: one run, all runs of one workflow, or the supervision tree of this member. */
export type RunTopic = { readonly executionId: string } | { readonly workflowId: string };

/** Sees every committed event itself, at once, in the commit path: count and return. What it throws is reported. */
export type Tap = (executionId: string, workflowId: string, event: RunEvent) => void;

/**
 * The live stream of this member: committed run events and tree events go in, subscribers read them at their own
 * pace from bounded buffers. It costs two map look-ups per commit when nobody listens. It remembers nothing: what
 * a subscriber missed, it reads from the journal.
 */
export interface Hub {
  /** Events of one execution after their commit, in seq order. Never throws and never waits. */
  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void;
  /** Events of the actor system; those that nobody may watch are ignored. Never throws and never waits. */
  treeChanged(event: InspectionEvent): void;
  /** Live events of a run or a workflow from now on. Returns unsubscribe. Throws SUBSCRIPTIONS_EXCEEDED. */
  subscribe(topic: RunTopic, listener: Listener<LiveEvent>): () => void;
  /** Tree events from now on. Returns unsubscribe. Throws SUBSCRIPTIONS_EXCEEDED. */
  subscribeTree(listener: Listener<TreeEvent>): () => void;
  /** For metrics and logs. Returns untap. Throws TAPS_EXCEEDED. */
  tap(listener: Tap): () => void;
  /** Living subscriptions, for the metrics. */
  readonly subscriptions: number;
}

/** All optional; the defaults are right in production, except that failures go unreported. */
export interface HubOptions {
  limits?: Partial<HubLimits>;
  /** When buffered events are handed out; default `setImmediate`, so that a commit is never held up by readers. */
  defer?: (run: () => void) => void;
  /** Told what a listener or tap threw; the hub carries on. */
  failed?: (error: unknown) => void;
}

/** Makes the hub of this member; one per process. */
export function createHub(options: HubOptions = {}): Hub {
  return new MemberHub(options);
}

class MemberHub implements Hub {
  readonly #limits: HubLimits;
  readonly #defer: (run: () => void) => void;
  readonly #failed: (error: unknown) => void;
  readonly #byExecution = new Map<string, Set<Subscription<LiveEvent>>>();
  readonly #byWorkflow = new Map<string, Set<Subscription<LiveEvent>>>();
  readonly #tree = new Set<Subscription<TreeEvent>>();
  #taps: readonly Tap[] = [];
  #count = 0;

  constructor(options: HubOptions) {
    this.#limits = { ...HUB_LIMITS, ...options.limits };
    this.#defer = options.defer ?? ((run) => void setImmediate(run));
    this.#failed = options.failed ?? (() => {});
  }

  get subscriptions(): number {
    return this.#count;
  }

  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void {
    if (this.#taps.length > 0) this.#tapAll(executionId, workflowId, events);
    if (this.#count === 0) return;
    const ofRun = this.#byExecution.get(executionId);
    const ofWorkflow = this.#byWorkflow.get(workflowId);
    if (ofRun === undefined && ofWorkflow === undefined) return;
    for (const { seq, event } of events) {
      const live = liveEvent(executionId, workflowId, seq, event);
      if (ofRun !== undefined) for (const subscription of ofRun) subscription.offer(live);
      if (ofWorkflow !== undefined) for (const subscription of ofWorkflow) subscription.offer(live);
    }
  }

  treeChanged(event: InspectionEvent): void {
    if (this.#tree.size === 0 || !isTreeEvent(event)) return;
    for (const subscription of this.#tree) subscription.offer(event);
  }

  subscribe(topic: RunTopic, listener: Listener<LiveEvent>): () => void {
    const [rooms, key] =
      'executionId' in topic ? [this.#byExecution, topic.executionId] : [this.#byWorkflow, topic.workflowId];
    const subscription = this.#open(listener);
    const room = rooms.get(key) ?? new Set();
    rooms.set(key, room.add(subscription));
    return this.#closer(subscription, () => {
      room.delete(subscription);
      if (room.size === 0 && rooms.get(key) === room) rooms.delete(key);
    });
  }

  subscribeTree(listener: Listener<TreeEvent>): () => void {
    const subscription = this.#open(listener);
    this.#tree.add(subscription);
    return this.#closer(subscription, () => this.#tree.delete(subscription));
  }

  tap(listener: Tap): () => void {
    if (this.#taps.length >= this.#limits.TAPS) throw errors.TAPS_EXCEEDED({ limit: this.#limits.TAPS });
    this.#taps = [...this.#taps, listener];
    return () => {
      this.#taps = this.#taps.filter((tap) => tap !== listener);
    };
  }

  #open<E>(listener: Listener<E>): Subscription<E> {
    const limit = this.#limits.SUBSCRIPTIONS;
    if (this.#count >= limit) throw errors.SUBSCRIPTIONS_EXCEEDED({ limit });
    this.#count += 1;
    return new Subscription(listener, this.#limits, this.#defer, this.#failed);
  }

  /** Unsubscribing twice is unsubscribing once: the count must not drift. */
  #closer<E>(subscription: Subscription<E>, leave: () => void): () => void {
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#count -= 1;
      subscription.close();
      leave();
    };
  }

  #tapAll(executionId: string, workflowId: string, events: readonly JournalEvent[]): void {
    for (const tap of this.#taps) {
      try {
        for (const { event } of events) tap(executionId, workflowId, event);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
