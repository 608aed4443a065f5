import {
  same,
  type ActorContext,
  type Behavior,
  type Clock,
  type EventBus,
  type Next,
  type OutboxStore,
} from '#runtime';
import type { OutboxGate } from './gate.ts';
import { RELAY_LIMITS } from './limits.ts';

/** What people should hear of the relay; it is their sign that events wait. Rows are counted over all shards. */
export type RelayReport =
  | { type: 'busAway'; error: unknown; awayMs: number; rows: number }
  | { type: 'busBack'; awayMs: number }
  | { type: 'outboxFull'; rows: number }
  | { type: 'outboxHasRoom' };

/** What the relay is made of. `owned` answers from memory; it and the bus are asked anew at every look. */
export interface RelayParts {
  readonly clock: Clock;
  readonly store: OutboxStore;
  readonly bus: Pick<EventBus, 'publish'>;
  readonly gate: OutboxGate;
  owned(): readonly number[];
  report(report: RelayReport): void;
}

/** Where those outside see what it does: that it has noticed a bell, and how many rows wait. */
export interface RelayDesk {
  noticed(): void;
  waiting(rows: number): void;
}

/** What the relay is told. `ring`: a commit has left events; the others are its own. */
export type RelayMessage =
  | { type: 'ring' }
  | { type: 'sweep' }
  | { type: 'retry' }
  | { type: 'carried'; rows: number }
  | { type: 'failed'; error: unknown }
  | { type: 'counted'; rows: number };

interface Relay {
  /** `pausing`: after a failure, or at rest after a batch; only its timer ends it. */
  phase: 'idle' | 'carrying' | 'pausing';
  /** A doorbell rang meanwhile. */
  again: boolean;
  failures: number;
  awaySince: number;
  toldAt: number;
  countedAt: number;
  /** Rows that wait, as last counted. */
  waiting: number;
  work: Promise<unknown>;
}

type Context = ActorContext<RelayMessage>;

/**
 * Carries events from the outbox to the bus, in their order, batch by batch: read, publish, and only then delete. A
 * crash between two of these repeats events under the same ids and loses none.
 *
 *   idle ──ring──> carrying ──nothing there──> idle
 *     ^            │    ^ └──full batch──> carrying
 *     │      failed│    │pause over, or rest over and a bell rang
 *     └─rest over──└> pausing <──carried some── carrying
 */
export function relayActor(parts: RelayParts, desk: RelayDesk): Behavior<RelayMessage, Relay> {
  return {
    kind: 'relay',
    init(context) {
      desk.noticed();
      const relay = fresh(parts.clock.monotonic());
      look(relay, context, parts);
      sweepLater(context);
      return relay;
    },
    receive: (relay, message, context) => receive(relay, message, context, parts, desk),
    // What is on its way to the bus may arrive; whether or not, its rows say what is still to be done.
    stopping: (relay) => relay.work.then(() => undefined),
    inspect: ({ phase, failures, waiting }) => ({ phase, failures, waiting, full: parts.gate.full }),
  };
}

function fresh(now: number): Relay {
  const never = Number.NEGATIVE_INFINITY;
  const work = Promise.resolve();
  return {
    phase: 'idle',
    again: false,
    failures: 0,
    awaySince: now,
    toldAt: never,
    countedAt: never,
    waiting: 0,
    work,
  };
}

function receive(
  relay: Relay,
  message: RelayMessage,
  context: Context,
  parts: RelayParts,
  desk: RelayDesk,
): Next<Relay> {
  switch (message.type) {
    case 'ring':
      desk.noticed();
      ring(relay, context, parts);
      return same;
    case 'sweep':
      sweepLater(context);
      ring(relay, context, parts);
      return same;
    case 'retry':
      relay.phase = 'idle';
      if (relay.again || relay.failures > 0) look(relay, context, parts);
      return same;
    case 'carried':
      carried(relay, message.rows, context, parts);
      desk.waiting(relay.waiting);
      return same;
    case 'failed':
      failed(relay, message.error, context, parts);
      return same;
    case 'counted':
      counted(relay, message.rows, parts);
      desk.waiting(relay.waiting);
      return same;
  }
}

function sweepLater(context: Context): void {
  context.tellSelfAfter(RELAY_LIMITS.RELAY_SWEEP_MS, { type: 'sweep' });
}

function ring(relay: Relay, context: Context, parts: RelayParts): void {
  if (relay.phase === 'idle') look(relay, context, parts);
  else relay.again = true;
}

function look(relay: Relay, context: Context, parts: RelayParts): void {
  relay.phase = 'carrying';
  relay.again = false;
  const work = carry(parts, parts.owned());
  relay.work = work.catch(() => undefined);
  context.pipeToSelf(
    work,
    (rows) => ({ type: 'carried', rows }),
    (error) => ({ type: 'failed', error }),
  );
}

/** One batch; resolves with its rows. */
async function carry({ store, bus }: RelayParts, shards: readonly number[]): Promise<number> {
  if (shards.length === 0) return 0;
  const rows = await store.pending(shards, RELAY_LIMITS.RELAY_ROWS);
  if (rows.length === 0) return 0;
  await bus.publish(rows.flatMap(({ events }) => events));
  await store.published(rows.map(({ n }) => n));
  return rows.length;
}

function carried(relay: Relay, rows: number, context: Context, parts: RelayParts): void {
  if (relay.failures > 0) {
    parts.report({ type: 'busBack', awayMs: Math.round(parts.clock.monotonic() - relay.awaySince) });
    relay.failures = 0;
  }
  const more = rows >= RELAY_LIMITS.RELAY_ROWS;
  if (more) count(relay, context, parts);
  else counted(relay, 0, parts);
  relay.phase = 'idle';
  if (more || (rows === 0 && relay.again)) return look(relay, context, parts);
  if (rows === 0) return;
  // Under load every look would find the few rows of one commit; after a rest it finds those of many.
  relay.phase = 'pausing';
  context.tellSelfAfter(RELAY_LIMITS.RELAY_REST_MS, { type: 'retry' });
}

function failed(relay: Relay, error: unknown, context: Context, parts: RelayParts): void {
  const now = parts.clock.monotonic();
  if (relay.failures === 0) relay.awaySince = now;
  relay.failures += 1;
  if (now - relay.toldAt >= RELAY_LIMITS.RELAY_BACKLOG_MS) {
    relay.toldAt = now;
    parts.report({ type: 'busAway', error, awayMs: Math.round(now - relay.awaySince), rows: relay.waiting });
  }
  count(relay, context, parts);
  const { RELAY_FIRST_PAUSE_MS, RELAY_MOST_PAUSE_MS } = RELAY_LIMITS;
  const pause = Math.min(RELAY_MOST_PAUSE_MS, RELAY_FIRST_PAUSE_MS * 2 ** Math.min(relay.failures - 1, 20));
  relay.phase = 'pausing';
  context.tellSelfAfter(pause, { type: 'retry' });
}

/** Counting reads the outbox: seldom, and only while it is behind. */
function count(relay: Relay, context: Context, { clock, store }: RelayParts): void {
  const now = clock.monotonic();
  if (now - relay.countedAt < RELAY_LIMITS.RELAY_BACKLOG_MS) return;
  relay.countedAt = now;
  context.pipeToSelf(
    store.waiting(RELAY_LIMITS.OUTBOX_ROWS),
    (rows) => ({ type: 'counted', rows }),
    () => ({ type: 'counted', rows: relay.waiting }),
  );
}

function counted(relay: Relay, rows: number, { gate, report }: RelayParts): void {
  relay.waiting = rows;
  const full = rows >= RELAY_LIMITS.OUTBOX_ROWS;
  if (full === gate.full) return;
  gate.full = full;
  report(full ? { type: 'outboxFull', rows } : { type: 'outboxHasRoom' });
}
