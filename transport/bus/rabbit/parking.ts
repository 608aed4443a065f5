import type { Channel, GetMessage, Message } from 'amqplib';
import type { Clock, ParkedEvent } from '#runtime';
import type { BrokerChannel } from '../../amqp/channel.ts';
import type { Broker } from '../../amqp/connection.ts';
import type { Publisher } from '../../amqp/publisher.ts';
import { DEAD_EXCHANGE } from '../../amqp/topology.ts';
import { errors } from '../../errors.ts';
import { parkedEventOf, parkedHeaders } from './message.ts';
import { parkedKeyOf, parkedQueueOf, QUEUE_LIMITS, queueOf } from './topology.ts';

/** Who parks and replays. */
export interface ParkingParts {
  readonly broker: Broker;
  readonly publisher: Publisher;
  readonly clock: Clock;
}

/** Until a channel to look at parked events is there. */
const CHANNEL_MS = 10_000;
/** Parked events that are looked at for the oldest ones; further ones are not shown. */
const LOOK_EVENTS = 10_000;
/** AMQP's code for a queue that does not exist. */
const NOT_FOUND = 404;

/** Resolves when the broker holds the message among the parked ones. Rejects with BUS_UNAVAILABLE. */
export async function parkMessage(
  { publisher, clock }: Pick<ParkingParts, 'publisher' | 'clock'>,
  group: string,
  message: Message,
  why: { attempts: number; reason: string },
): Promise<void> {
  const headers = { ...message.properties.headers, ...parkedHeaders(why.attempts, why.reason, clock.now()) };
  const id = String(message.properties.messageId ?? '');
  const properties = { persistent: true, contentType: 'application/json', headers };
  const outcome = await publisher.publish({
    exchange: DEAD_EXCHANGE,
    key: parkedKeyOf(group),
    content: message.content,
    id,
    properties,
    patient: true,
  });
  if (outcome !== 'confirmed') throw errors.BUS_UNAVAILABLE({ reason: `an event could not be parked: ${outcome}` });
}

/** At most `limit` parked events, oldest first; they stay where they are. */
export function parkedOf(parts: ParkingParts, group: string, limit: number): Promise<readonly ParkedEvent[]> {
  return withChannel(parts, async (channel) => {
    const taken = await takeParked(channel, group, Math.max(limit, LOOK_EVENTS));
    if (taken.length > 0) channel.nackAll(true);
    return taken.slice(0, limit).map(({ parked }) => parked);
  }).then((found) => found ?? []);
}

/** Gives parked events back to the queue of their group, each acknowledged after the broker holds it there. */
export function replayParked(parts: ParkingParts, group: string, eventIds?: readonly string[]): Promise<number> {
  const wanted = eventIds && new Set(eventIds);
  return withChannel(parts, async (channel) => {
    const taken = await takeParked(channel, group, QUEUE_LIMITS.PARKED_EVENTS);
    const back = taken.filter(({ parked }) => wanted?.has(parked.event.id) ?? true);
    for (const { message } of back) {
      await giveBack(parts.publisher, group, message);
      channel.ack(message);
    }
    if (back.length < taken.length) channel.nackAll(true);
    return back.length;
  }).then((count) => count ?? 0);
}

/**
 * Takes parked messages without acknowledging them, up to `limit`, and puts them in the order in which they were
 * parked: a queue gives back what was looked at behind what was not.
 */
async function takeParked(channel: Channel, group: string, limit: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  while (taken.length < limit) {
    const message = await channel.get(parkedQueueOf(group));
    if (message === false) break;
    taken.push({ message, parked: parkedEventOf(group, message) });
  }
  return taken.sort((a, b) => a.parked.parkedAt - b.parked.parkedAt);
}

interface Taken {
  readonly message: GetMessage;
  readonly parked: ParkedEvent;
}

async function giveBack(publisher: Publisher, group: string, message: Message): Promise<void> {
  const { 'event-type': type, 'aggregate-id': aggregateId, 'trace-id': traceId } = message.properties.headers ?? {};
  const headers = { 'event-type': type, 'aggregate-id': aggregateId, 'trace-id': traceId };
  const outcome = await publisher.publish({
    exchange: '',
    key: queueOf(group),
    content: message.content,
    id: String(message.properties.messageId ?? ''),
    properties: { persistent: true, contentType: 'application/json', headers },
    patient: true,
  });
  if (outcome !== 'confirmed') throw errors.BUS_UNAVAILABLE({ reason: `an event could not be given back: ${outcome}` });
}

/** A channel for one piece of work; undefined when the group has no queue. What is unsettled goes back at the end. */
async function withChannel<T>(
  { broker, clock }: Pick<ParkingParts, 'broker' | 'clock'>,
  work: (channel: Channel) => Promise<T>,
): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<BrokerChannel>();
  const handle = broker.channel('consume', async (channel) => resolve(channel));
  const cancel = clock.after(CHANNEL_MS, () => reject(errors.BUS_UNAVAILABLE({ reason: 'there is no connection' })));
  try {
    return await work((await promise).raw);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      if (error.code === NOT_FOUND) return undefined;
      if (error.code === 'BUS_UNAVAILABLE') throw error;
    }
    throw errors.BUS_UNAVAILABLE({ reason: 'the connection was lost meanwhile' }, error);
  } finally {
    cancel();
    await handle.close();
  }
}
