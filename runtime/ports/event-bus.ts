import type { OutboxEvent } from './journal.ts';

/**
 * The event bus: integration events on their way out of the outbox to whoever subscribes, within Troupe and outside.
 * At least once; a consumer group sees each event id once as far as its dedup memory reaches. Order is kept per
 * `aggregateId` within a group. In memory on one machine, RabbitMQ in a cluster, under one conformance suite.
 */
export interface EventBus {
  /**
   * Resolves when the bus has taken all events over; only then may their outbox rows go. Order of the array is the
   * order of events with one `aggregateId`. Rejects with BUS_UNAVAILABLE: some may have gone out, publish all again.
   */
  publish(events: readonly OutboxEvent[]): Promise<void>;
  /**
   * Consumes events whose type matches one of the patterns (words joined by dots, `*` one word, `#` any number), as a
   * member of `group`: each event goes to one member of the group; without a group to this subscriber alone, while it
   * lives. Throws BUS_LISTENERS_EXCEEDED, BUS_PATTERN_INVALID.
   */
  subscribe(subscription: BusSubscription): Promise<{ close(): Promise<void> }>;
  /** Parked events: those that a group refused too often. Newest last, at most `limit`. */
  parked(group: string, limit: number): Promise<readonly ParkedEvent[]>;
  /** Gives parked events back to their group; all of them when no ids are given. Returns how many. */
  replay(group: string, eventIds?: readonly string[]): Promise<number>;
  state(): 'up' | 'down';
  /** Closes subscriptions and connections. Idempotent. */
  close(): Promise<void>;
}

/** What a subscriber asks for. All members of a group give the same patterns; those of the newest one count. */
export interface BusSubscription {
  readonly patterns: readonly string[];
  /** Letters, digits, `-`, `_`, at most 64; durable with a group: events wait while none of it is there. */
  readonly group?: string;
  /** A rejection is tried again with backoff, then parked; others of the same aggregate wait behind it. */
  readonly handle: (event: OutboxEvent) => void | Promise<void>;
}

/** An event that its group refused too often, or that never reached a handler: over a limit, or unreadable. */
export interface ParkedEvent {
  readonly event: OutboxEvent;
  readonly group: string;
  readonly attempts: number;
  /** Words of the last refusal. */
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly parkedAt: number;
}

/**
 * What waits in the outbox: the events of one commit of one writer, in their order. `n` is its place in the order of
 * commits, as far as one aggregate is concerned.
 */
export interface OutboxRow {
  readonly n: number;
  readonly shard: number;
  readonly events: readonly OutboxEvent[];
}

/** What the publisher of a member reads and clears. Only the owner of a shard publishes its events. */
export interface OutboxStore {
  /** Rows of these shards that were not published yet, oldest first, at most `limit`. */
  pending(shards: readonly number[], limit: number): Promise<OutboxRow[]>;
  /** Forgets rows after the bus has taken their events over. */
  published(ns: readonly number[]): Promise<void>;
  /** How many rows wait on all shards, counted up to `atMost`. */
  waiting(atMost: number): Promise<number>;
}
