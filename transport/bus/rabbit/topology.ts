import type { Channel } from 'amqplib';
import { DEAD_EXCHANGE, declareDead } from '../../amqp/topology.ts';

/**
 * What exists at the broker for the event bus. Arguments are part of the protocol: the broker refuses a declaration
 * that differs, so another argument means another name.
 *
 *   troupe.events (topic) ──patterns──> troupe.events.<group>          one member of the group consumes
 *                                         │ over a limit
 *                                         v
 *   troupe.dead (direct) ──events.<group>──> troupe.events.<group>.parked    also what the group refused too often
 */
export const EVENTS_EXCHANGE = 'troupe.events';

/** Limits of queues; declared at the broker, so they are the same for all members. */
export const QUEUE_LIMITS = {
  /** Events that wait for one group; over it the oldest are parked. */
  GROUP_QUEUE_EVENTS: 1_000_000,
  /** Parked events of one group; over it the oldest are lost. */
  PARKED_EVENTS: 100_000,
  /** An event under whose handling the consumer vanished this often is parked: it may be what ends it. */
  DELIVERIES: 200,
  /** Looking at parked events delivers them each time; RabbitMQ 4 would drop them after twenty looks. */
  LOOKS: 1_000_000,
  /** Events that wait for a subscriber without a group; the oldest are lost. */
  SINGLE_QUEUE_EVENTS: 10_000,
} as const;

/** Queue of a group. Group names hold no dots, so no other queue has this name. */
export function queueOf(group: string): string {
  return `${EVENTS_EXCHANGE}.${group}`;
}

/** Queue of the parked events of a group. */
export function parkedQueueOf(group: string): string {
  return `${queueOf(group)}.parked`;
}

/** Key of the parked events of a group at the dead-letter exchange. */
export function parkedKeyOf(group: string): string {
  return `events.${group}`;
}

/** The exchange of all events. Safe to repeat. */
export async function declareEvents(channel: Channel): Promise<void> {
  await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
}

/**
 * A group's queue and that of its parked events; both replicated. One consumer is active and the others stand by, so
 * that events of one aggregate are never handled in two places at once. Safe to repeat.
 */
export async function declareGroup(channel: Channel, group: string, patterns: readonly string[]): Promise<string> {
  await declareEvents(channel);
  await declareDead(channel);
  const parked = parkedQueueOf(group);
  await channel.assertQueue(parked, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-max-length': QUEUE_LIMITS.PARKED_EVENTS,
      'x-overflow': 'drop-head',
      'x-delivery-limit': QUEUE_LIMITS.LOOKS,
    },
  });
  await channel.bindQueue(parked, DEAD_EXCHANGE, parkedKeyOf(group));
  const queue = queueOf(group);
  await channel.assertQueue(queue, {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-max-length': QUEUE_LIMITS.GROUP_QUEUE_EVENTS,
      'x-overflow': 'drop-head',
      'x-delivery-limit': QUEUE_LIMITS.DELIVERIES,
      'x-dead-letter-exchange': DEAD_EXCHANGE,
      'x-dead-letter-routing-key': parkedKeyOf(group),
    },
  });
  for (const pattern of patterns) await channel.bindQueue(queue, EVENTS_EXCHANGE, pattern);
  return queue;
}

/** The queue of one subscriber without a group; gone with its connection. */
export async function declareSingle(channel: Channel, patterns: readonly string[]): Promise<string> {
  await declareEvents(channel);
  const limits = { maxLength: QUEUE_LIMITS.SINGLE_QUEUE_EVENTS, overflow: 'drop-head' } as const;
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false, ...limits });
  for (const pattern of patterns) await channel.bindQueue(queue, EVENTS_EXCHANGE, pattern);
  return queue;
}
