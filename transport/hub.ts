import type { RunEvent } from '#workflow';
import type { InspectionEvent, JournalEvent } from '#runtime';
import { errors } from './errors.ts';
import { HUB_LIMITS, type HubLimits } from './limits.ts';
import { isBrief, isTreeEvent, liveEvent, type LiveEvent, type TreeEvent } from './live-event.ts';
import { Subscription, type Listener } from './subscription.ts';

/** What one may subscribe to: one run, or all runs of one workflow. */
export type RunTopic = { readonly executionId: string } | { readonly workflowId: string };

/** How much of the tree one wants: `lasting` leaves out the coming and going of actors that live for a run only. */
export type TreeDepth = 'all' | 'lasting';

/** Everything somebody subscribes to at this moment. */
export interface HubInterest {
  readonly runs: Iterable<string>;
  readonly workflows: Iterable<string>;
  /** Absent: nobody watches the tree. */
  readonly tree?: TreeDepth;
}

/** Where a hub's events also go, and who is told of new subscriptions: the relay to the other members. */
export interface HubOutlet {
  /** Name of this member, added to its tree events. */
  readonly member: string;
  /** In the commit path, for every commit: must not throw and must not wait. */
  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void;
  treeChanged(event: TreeEvent): void;
  /** Somebody subscribes to what nobody was subscribed to. */
  wanted(what: { readonly run: string } | { readonly workflow: string } | { readonly tree: TreeDepth }): void;
}

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
  /** Tree events of all members from now on; `depth` default `all`. Returns unsubscribe. Throws SUBSCRIPTIONS_EXCEEDED. */
  subscribeTree(listener: Listener<TreeEvent>, depth?: TreeDepth): () => void;
  /** Committed events of runs of other members, in any order and perhaps more than once; for subscribers only. */
  relayed(events: readonly LiveEvent[]): void;
  /** A tree event of another member, its name in it. */
  treeRelayed(event: TreeEvent): void;
  /** Something may have been missed of this topic: its subscribers get word to read the journal. */
  resync(topic: RunTopic): void;
  interest(): HubInterest;
  /** Joins the relay to other members; one at most, the last one counts. Returns disconnect. */
  connect(outlet: HubOutlet): () => void;
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
  readonly #tree = new Map<Subscription<TreeEvent>, TreeDepth>();
  #outlet: HubOutlet | undefined;
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
    this.#outlet?.published(executionId, workflowId, events);
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
    const outlet = this.#outlet;
    if ((this.#tree.size === 0 && outlet === undefined) || !isTreeEvent(event)) return;
    outlet?.treeChanged(event);
    if (this.#tree.size === 0) return;
    this.treeRelayed(outlet === undefined || 'member' in event ? event : { ...event, member: outlet.member });
  }

  relayed(events: readonly LiveEvent[]): void {
    if (this.#count === 0) return;
    for (const event of events) {
      for (const subscription of this.#byExecution.get(event.executionId) ?? []) subscription.offer(event);
      for (const subscription of this.#byWorkflow.get(event.workflowId) ?? []) subscription.offer(event);
    }
  }

  treeRelayed(event: TreeEvent): void {
    const brief = isBrief(event);
    for (const [subscription, depth] of this.#tree) if (!brief || depth === 'all') subscription.offer(event);
  }

  interest(): HubInterest {
    const depths = new Set(this.#tree.values());
    const tree = depths.has('all') ? 'all' : 'lasting';
    return { runs: this.#byExecution.keys(), workflows: this.#byWorkflow.keys(), ...(depths.size > 0 && { tree }) };
  }

  connect(outlet: HubOutlet): () => void {
    this.#outlet = outlet;
    return () => {
      if (this.#outlet === outlet) this.#outlet = undefined;
    };
  }

  resync(topic: RunTopic): void {
    const [rooms, key] = this.#place(topic);
    for (const subscription of rooms.get(key) ?? []) subscription.resync();
  }

  subscribe(topic: RunTopic, listener: Listener<LiveEvent>): () => void {
    const [rooms, key] = this.#place(topic);
    const subscription = this.#open(listener);
    const room = rooms.get(key) ?? new Set();
    rooms.set(key, room.add(subscription));
    if (room.size === 1) this.#outlet?.wanted('executionId' in topic ? { run: key } : { workflow: key });
    return this.#closer(subscription, () => {
      room.delete(subscription);
      if (room.size === 0 && rooms.get(key) === room) rooms.delete(key);
    });
  }

  subscribeTree(listener: Listener<TreeEvent>, depth: TreeDepth = 'all'): () => void {
    const subscription = this.#open(listener);
    this.#tree.set(subscription, depth);
    this.#outlet?.wanted({ tree: depth });
    return this.#closer(subscription, () => this.#tree.delete(subscription));
  }

  tap(listener: Tap): () => void {
    if (this.#taps.length >= this.#limits.TAPS) throw errors.TAPS_EXCEEDED({ limit: this.#limits.TAPS });
    this.#taps = [...this.#taps, listener];
    return () => {
      this.#taps = this.#taps.filter((tap) => tap !== listener);
    };
  }

  #place(topic: RunTopic): [Map<string, Set<Subscription<LiveEvent>>>, string] {
    return 'executionId' in topic ? [this.#byExecution, topic.executionId] : [this.#byWorkflow, topic.workflowId];
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
