import type { Delivery, TreeDepth, TreeEvent } from '#transport';
import { errors } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { allows, type Identity, type Permission } from '../permissions.ts';
import type { ApiDependencies } from '../ports.ts';
import { RunFeed, type Sink } from './run-feed.ts';
import { nameOf, type Topic } from './topics.ts';
import type { Tail } from './tail.ts';
import { WorkflowFeed } from './workflow-feed.ts';

export interface WatcherOptions {
  readonly deps: Pick<ApiDependencies, 'hub' | 'storage' | 'log'>;
  readonly limits: ApiLimits;
  readonly identity: Identity;
  /** Looks after executions of other members; absent where there are none. */
  readonly tail?: Tail | undefined;
  /** Sends a run event; resolves when the socket takes more. */
  readonly event: Sink;
  /** Sends a tree event; these are news, not history: a socket that is far behind does without some. */
  readonly tree: (event: TreeEvent) => Promise<void> | void;
}

/** Everything one socket watches. Holds no socket itself, so it is tested without one. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #open = new Map<string, () => void>();
  #leaveTree: (() => void) | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    // Restarts, quarantines and breakers come unasked to those who may see the cluster.
    if (allows(options.identity, 'cluster:read')) this.#watchTree('lasting');
  }

  /**
   * Checks and opens a subscription; its events begin when the returned function is called (after the answer to the
   * caller, so that it knows what is coming). Throws FORBIDDEN, EXECUTION_UNKNOWN, WORKFLOW_UNKNOWN, SOCKETS_EXCEEDED.
   */
  async subscribe(topic: Topic): Promise<() => void> {
    this.#require('tree' in topic ? 'cluster:read' : 'execution:read');
    if ('tree' in topic) {
      this.#watchTree('all');
      return () => {};
    }
    const name = nameOf(topic);
    const limit = this.#options.limits.SOCKET_SUBSCRIPTIONS;
    if (!this.#open.has(name) && this.#open.size >= limit) throw errors.SOCKETS_EXCEEDED({ limit });
    // Held from here on, so that subscriptions asked for at once are counted.
    this.unsubscribe(topic);
    const hold = new Hold();
    this.#open.set(name, hold.release);
    try {
      return await this.#enter(name, topic, hold);
    } catch (error) {
      if (!hold.released) this.#open.delete(name);
      throw error;
    }
  }

  unsubscribe(topic: Topic): void {
    if ('tree' in topic) {
      if (this.#leaveTree) this.#watchTree('lasting');
      return;
    }
    const name = nameOf(topic);
    this.#open.get(name)?.();
    this.#open.delete(name);
  }

  /** Ends everything; nothing is sent afterwards. */
  close(): void {
    this.#leaveTree?.();
    this.#leaveTree = undefined;
    for (const leave of this.#open.values()) leave();
    this.#open.clear();
  }

  /** Looks the topic up; by then the socket may be gone, or may not want it any more. */
  async #enter(name: string, topic: Exclude<Topic, { tree: true }>, hold: Hold): Promise<() => void> {
    const { storage } = this.#options.deps;
    if ('workflowId' in topic) {
      const { workflowId } = topic;
      if ((await storage.workflows.get(workflowId)) === undefined) throw errors.WORKFLOW_UNKNOWN({ id: workflowId });
      return hold.released ? () => {} : this.#watchWorkflow(name, topic);
    }
    const record = await storage.journal.execution(topic.executionId);
    if (record === undefined) throw errors.EXECUTION_UNKNOWN({ id: topic.executionId });
    return hold.released ? () => {} : this.#watchRun(name, topic, record.workflowId);
  }

  #watchRun(name: string, topic: Extract<Topic, { executionId: string }>, workflowId: string): () => void {
    const { hub } = this.#options.deps;
    const feed = new RunFeed(topic.executionId, workflowId, topic.afterSeq ?? 0, this.#feedOptions(topic.data));
    return this.#start(name, hub.subscribe.bind(hub, { executionId: topic.executionId }), {
      begin: () => feed.catchUp(),
      deliver: (delivery) => feed.deliver(delivery),
      ended: () => feed.ended,
      lookedAfter: () => this.#options.tail?.run(topic.executionId, feed),
    });
  }

  #watchWorkflow(name: string, topic: Extract<Topic, { workflowId: string }>): () => void {
    const { hub, storage } = this.#options.deps;
    const { workflowId, afterSeq } = topic;
    const { executions } = storage;
    const positions = this.#options.limits.WORKFLOW_POSITIONS;
    const feed = new WorkflowFeed(workflowId, { ...this.#feedOptions(topic.data), executions, positions });
    return this.#start(name, hub.subscribe.bind(hub, { workflowId }), {
      begin: () => feed.begin(afterSeq),
      deliver: (delivery) => feed.deliver(delivery),
      ended: () => false,
      lookedAfter: () => this.#options.tail?.workflow(workflowId),
    });
  }

  /** Joins the hub at once, so that nothing falls between the journal's end and the first live event. */
  #start(name: string, join: HubJoin, feed: Feed): () => void {
    let go: () => void = () => {};
    let left = false;
    const begun = new Promise<void>((resolve) => (go = resolve)).then(() => (left ? undefined : feed.begin()));
    const leaveHub = join(async (delivery) => {
      await begun;
      if (left) return;
      await feed.deliver(delivery);
      if (feed.ended()) leave();
    });
    const leaveTail = feed.lookedAfter();
    const leave = (): void => {
      left = true;
      leaveHub();
      leaveTail?.();
      go();
      if (this.#open.get(name) === leave) this.#open.delete(name);
    };
    this.#open.set(name, leave);
    begun.then(
      () => feed.ended() && leave(),
      (error: unknown) => {
        this.#options.deps.log.warn({ err: error, topic: name }, 'a live subscription broke off');
        leave();
      },
    );
    return go;
  }

  #feedOptions(data: boolean | undefined) {
    const { deps, limits, event } = this.#options;
    const sink: Sink = event;
    return { journal: deps.storage.journal, sink, data: data === true, pageRows: limits.REPLAY_ROWS };
  }

  /** Only who asks for the tree sees the actors that come and go with every run. */
  #watchTree(depth: TreeDepth): void {
    this.#leaveTree?.();
    this.#leaveTree = this.#options.deps.hub.subscribeTree((delivery) => this.#onTree(delivery), depth);
  }

  async #onTree(delivery: Delivery<TreeEvent>): Promise<void> {
    if (delivery.kind === 'resync') return;
    for (const event of delivery.events) await this.#options.tree(event);
  }

  #require(permission: Permission): void {
    if (!allows(this.#options.identity, permission)) throw errors.FORBIDDEN({ permission });
  }
}

/** Stands for a subscription while it is being opened. */
class Hold {
  released = false;
  readonly release = (): void => {
    this.released = true;
  };
}

type HubJoin = (listener: Parameters<ApiDependencies['hub']['subscribe']>[1]) => () => void;

interface Feed {
  begin(): Promise<void>;
  deliver: (delivery: Parameters<RunFeed['deliver']>[0]) => Promise<void>;
  ended(): boolean;
  /** Has the tail of an execution of another member looked after; returns the end of it. */
  lookedAfter(): (() => void) | undefined;
}
