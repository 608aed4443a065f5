import type { Clock, JournalEvent, Peers } from '#runtime';
import type { Hub, HubOutlet, TreeDepth } from './hub.ts';
import { RELAY_LIMITS, type RelayLimits } from './limits.ts';
import { InterestTable } from './interest.ts';
import { isBrief, liveEvent, type TreeEvent } from './live-event.ts';
import { eventsIn, interestIn, treeEventsIn, type Interest } from './live-messages.ts';
import { Outbox } from './relay-outbox.ts';

/** What `createLiveRelay` takes. */
export interface LiveRelayOptions {
  readonly hub: Hub;
  readonly peers: Peers;
  readonly clock: Clock;
  /** The shard of an execution: its owner is asked for its events. */
  readonly shardOf: (executionId: string) => number;
  /** When gathered events and announcements go out; default `setImmediate`, so that a commit is never held up. */
  readonly defer?: (run: () => void) => void;
  readonly limits?: Partial<RelayLimits>;
}

/** The live relay of this member. */
export interface LiveRelay {
  /** Tells and hears nothing more. */
  stop(): void;
}

/**
 * The live streams of all members as one: what is watched here is announced to those who perform it, and what is
 * performed here goes to those who watch it. It remembers nothing of the streams and promises nothing: what is lost on
 * the way, watchers read from the journal.
 *
 *   watching member                                            performing member
 *     subscribe ──── interest {runs, workflows, tree, ttl} ─────▶ table, until ttl
 *                    runs: to the owner; the rest: to all
 *     hub.relayed ◀──────── live {events, tree} ────────────────── commit, when the table has it
 *
 * An announcement only adds, and what is not announced again is forgotten: lost, repeated and overtaken ones do no harm.
 */
export function createLiveRelay(options: LiveRelayOptions): LiveRelay {
  return new Relay(options);
}

class Relay implements LiveRelay, HubOutlet {
  readonly #options: LiveRelayOptions;
  readonly #limits: RelayLimits;
  readonly #defer: (run: () => void) => void;
  readonly #table: InterestTable;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #leave: (() => void)[];
  /** What is to be announced at the end of this tick. */
  #fresh: { runs: string[]; workflows: string[]; tree: TreeDepth | undefined } | undefined;
  #cancelTimer: () => void = () => {};
  #stopped = false;

  constructor(options: LiveRelayOptions) {
    this.#options = options;
    this.#limits = { ...RELAY_LIMITS, ...options.limits };
    this.#defer = options.defer ?? ((run) => void setImmediate(run));
    const { hub, peers, clock } = options;
    this.#table = new InterestTable(clock, this.#limits.INTEREST_TOPICS_KEPT);
    this.#leave = [
      peers.told('interest', (from, body) => this.#heardInterest(from, interestIn(body, this.#limits))),
      peers.told('live', (from, body) => this.#heardLive(from, body)),
      peers.watch(({ joined, left }) => this.#membersChanged(joined.length > 0, left)),
      peers.watchOwners((shards) => this.#ownersChanged(shards)),
      peers.link.watch((state) => state === 'up' && this.#announceAll()),
      hub.connect(this),
    ];
    this.#announceAll();
    this.#announceLater();
  }

  get member(): string {
    return this.#nameOf(this.#options.peers.self);
  }

  published(executionId: string, workflowId: string, events: readonly JournalEvent[]): void {
    const watchers = this.#table.watchersOf(executionId, workflowId);
    if (watchers === undefined) return;
    const live = events.map(({ seq, event }) => liveEvent(executionId, workflowId, seq, event));
    for (const peer of watchers) this.#outboxOf(peer).offer(live);
  }

  treeChanged(event: TreeEvent): void {
    // Every member sees for itself who comes and goes and what changes hands.
    if (event.type === 'member.joined' || event.type === 'member.left' || event.type === 'shard.moved') return;
    const watchers = this.#table.treeWatchers(isBrief(event));
    if (watchers !== undefined) for (const peer of watchers) this.#outboxOf(peer).offerTree(event);
  }

  wanted(what: Parameters<HubOutlet['wanted']>[0]): void {
    if (this.#fresh === undefined) {
      this.#fresh = { runs: [], workflows: [], tree: undefined };
      this.#defer(() => this.#announceFresh());
    }
    if ('run' in what) this.#fresh.runs.push(what.run);
    else if ('workflow' in what) this.#fresh.workflows.push(what.workflow);
    else this.#fresh.tree = this.#fresh.tree === 'all' ? 'all' : what.tree;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    for (const leave of this.#leave) leave();
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.#outboxes.clear();
  }

  #heardInterest(from: string, interest: Interest): void {
    this.#table.note(from, interest);
  }

  #heardLive(from: string, body: Parameters<typeof eventsIn>[0]): void {
    const { hub } = this.#options;
    hub.relayed(eventsIn(body));
    const member = this.#nameOf(from);
    for (const event of treeEventsIn(body)) hub.treeRelayed({ ...event, member });
  }

  #outboxOf(peer: string): Outbox {
    const known = this.#outboxes.get(peer);
    if (known) return known;
    const { peers, clock } = this.#options;
    const send = peers.link.tell.bind(peers.link, peer);
    const outbox = new Outbox({ send, clock, defer: this.#defer, limits: this.#limits });
    this.#outboxes.set(peer, outbox);
    return outbox;
  }

  #membersChanged(joined: boolean, left: readonly { bootId: string }[]): void {
    for (const { bootId } of left) {
      this.#table.forget(bootId);
      this.#outboxes.get(bootId)?.close();
      this.#outboxes.delete(bootId);
    }
    if (joined) this.#announceAll();
  }

  #ownersChanged(shards: readonly number[]): void {
    const changed = new Set(shards);
    const { hub, shardOf } = this.#options;
    const runs = [...hub.interest().runs].filter((run) => changed.has(shardOf(run)));
    this.#announceRuns(runs);
  }

  #announceLater(): void {
    this.#cancelTimer = this.#options.clock.after(this.#limits.INTEREST_MS, () => {
      this.#table.expire();
      this.#announceAll();
      if (!this.#stopped) this.#announceLater();
    });
  }

  #announceAll(): void {
    if (this.#stopped) return;
    const { runs, workflows, tree } = this.#options.hub.interest();
    this.#announceRuns([...runs]);
    this.#announceToAll([...workflows], tree);
  }

  #announceFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = undefined;
    if (fresh === undefined || this.#stopped) return;
    this.#announceRuns(fresh.runs);
    this.#announceToAll(fresh.workflows, fresh.tree);
  }

  /** To whoever performs them; to all where nobody is known to. */
  #announceRuns(runs: readonly string[]): void {
    const { peers, shardOf } = this.#options;
    const byOwner = new Map<string | undefined, string[]>();
    for (const run of runs) {
      const owner = peers.ownerOf(shardOf(run));
      if (owner === peers.self) continue;
      const group = byOwner.get(owner) ?? [];
      group.push(run);
      byOwner.set(owner, group);
    }
    for (const [owner, group] of byOwner) {
      for (const part of this.#parts(group)) this.#tell(owner, { runs: part });
    }
  }

  #announceToAll(workflows: readonly string[], tree: TreeDepth | undefined): void {
    if (tree !== undefined) this.#tell(undefined, { tree });
    for (const part of this.#parts(workflows)) this.#tell(undefined, { workflows: part });
  }

  #parts(topics: readonly string[]): string[][] {
    const parts: string[][] = [];
    const size = this.#limits.INTEREST_TOPICS;
    for (let at = 0; at < topics.length; at += size) parts.push(topics.slice(at, at + size));
    return parts;
  }

  #tell(to: string | undefined, what: { runs: string[] } | { workflows: string[] } | { tree: TreeDepth }): void {
    const { link } = this.#options.peers;
    const message = { kind: 'interest', body: { ...what, ttlMs: this.#limits.INTEREST_TTL_MS } };
    if (to === undefined) link.broadcast(message);
    else void link.tell(to, message);
  }

  #nameOf(bootId: string): string {
    return this.#options.peers.members().find((member) => member.bootId === bootId)?.name ?? bootId;
  }
}
