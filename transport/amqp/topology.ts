import type { Channel } from 'amqplib';
import { LINK_LIMITS } from '../limits.ts';
import type { Lane } from '../link/lane.ts';

/**
 * What exists at the broker for the link. Arguments of exchanges and queues are part of the protocol: the broker
 * refuses a declaration that differs, so another argument means another name. Different clusters on one broker have
 * different virtual hosts.
 */
export const LINK_EXCHANGE = 'troupe.link';
/** Keys are lanes: `control`, `normal`. Every member's queue is bound under its lane. */
export const ALL_EXCHANGE = 'troupe.link.all';
/** Dead letters of every queue of ours; the key says of which kind. Shared with the event bus. */
export const DEAD_EXCHANGE = 'troupe.dead';
/** Messages nobody could read, kept for a look. */
export const PARKING_QUEUE = 'troupe.parking.link';
/** Key of the link's dead letters. */
const PARKING_KEY = 'link';

/** Key of a member's lane at {@link LINK_EXCHANGE}. */
export function laneKey(bootId: string, lane: Lane): string {
  return `${bootId}.${lane}`;
}

/** The key under which a queue of {@link declareLane} is reached; empty for any other queue. */
export function keyOfQueue(queue: string): string {
  const [, key] = /^troupe\.link\.(.+\.(?:control|normal))\.[^.]+$/.exec(queue) ?? [];
  return key ?? '';
}

/** Exchanges of the link and the parking queue. Safe to repeat. */
export async function declareLink(channel: Channel): Promise<void> {
  await channel.assertExchange(LINK_EXCHANGE, 'direct', { durable: true });
  await channel.assertExchange(ALL_EXCHANGE, 'direct', { durable: true });
  await declareDead(channel);
  await channel.assertQueue(PARKING_QUEUE, {
    durable: true,
    maxLength: LINK_LIMITS.PARKED_MESSAGES,
    messageTtl: LINK_LIMITS.PARKED_MS,
    // The newest are of interest.
    overflow: 'drop-head',
    arguments: { 'x-max-length-bytes': LINK_LIMITS.PARKED_BYTES },
  });
  await channel.bindQueue(PARKING_QUEUE, DEAD_EXCHANGE, PARKING_KEY);
}

/** The dead-letter exchange. Safe to repeat. */
export async function declareDead(channel: Channel): Promise<void> {
  await channel.assertExchange(DEAD_EXCHANGE, 'direct', { durable: true });
}

/**
 * A member's queue for one lane, gone with its connection: a member that is gone has no queue, and whoever writes to it
 * is told at once. A fresh name each time: after a cut the broker may take seconds to notice that the old connection is
 * dead, and until then would refuse an exclusive queue of the same name.
 */
export async function declareLane(channel: Channel, bootId: string, lane: Lane, incarnation: string): Promise<string> {
  const { queue } = await channel.assertQueue(`${LINK_EXCHANGE}.${laneKey(bootId, lane)}.${incarnation}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
    maxLength: lane === 'control' ? LINK_LIMITS.CONTROL_QUEUE_MESSAGES : LINK_LIMITS.NORMAL_QUEUE_MESSAGES,
    overflow: 'reject-publish',
    deadLetterExchange: DEAD_EXCHANGE,
    deadLetterRoutingKey: PARKING_KEY,
    arguments: { 'x-max-length-bytes': LINK_LIMITS.QUEUE_BYTES },
  });
  await channel.bindQueue(queue, LINK_EXCHANGE, laneKey(bootId, lane));
  await channel.bindQueue(queue, ALL_EXCHANGE, lane);
  return queue;
}
