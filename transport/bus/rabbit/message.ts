import type { Message, Options } from 'amqplib';
import type { OutboxEvent, ParkedEvent } from '#runtime';

/**
 * An event as a message: its JSON is the content, its id the message id, its type the routing key and the header
 * `event-type`; `trace-id` and `aggregate-id` are headers too, for those who route or trace without reading content.
 */
export function encodeEvent(event: OutboxEvent): { content: Buffer; properties: Options.Publish } {
  const { type, aggregateId, timestamp, metadata } = event;
  const { traceId, correlationId } = metadata;
  const headers = {
    'event-type': type,
    'aggregate-id': aggregateId,
    ...(traceId !== undefined && { 'trace-id': traceId }),
  };
  const properties = {
    persistent: true,
    contentType: 'application/json',
    type,
    timestamp: Math.floor(timestamp / 1000),
    headers,
    ...(correlationId !== undefined && { correlationId }),
  };
  return { content: Buffer.from(JSON.stringify(event)), properties };
}

/** The event of a message; undefined when it is none: anybody may publish to the exchange. */
export function decodeEvent(message: Pick<Message, 'content'>): OutboxEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(message.content.toString());
  } catch {
    return undefined;
  }
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is OutboxEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { id, type, aggregateId, payload, metadata } = value as Record<string, unknown>; // an object, just tested
  const texts = [id, type, aggregateId].every((text) => typeof text === 'string');
  return texts && isObject(payload) && isObject(metadata);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Headers of a parked event. */
const ATTEMPTS = 'troupe-attempts';
const REASON = 'troupe-reason';
const PARKED_AT = 'troupe-parked-at';
/** Characters of an unreadable message that people get to see. */
const UNREADABLE_CHARACTERS = 10_000;

/** Why and when an event was parked, as headers. */
export function parkedHeaders(attempts: number, reason: string, at: number): Record<string, string | number> {
  return { [ATTEMPTS]: attempts, [REASON]: reason, [PARKED_AT]: at };
}

/** A parked message as people see it. What the broker parked by itself says so in `x-death`. */
export function parkedEventOf(group: string, message: Message): ParkedEvent {
  const headers = message.properties.headers ?? {};
  const [death] = headers['x-death'] ?? [];
  return {
    event: decodeEvent(message) ?? unreadable(message),
    group,
    attempts: Number(headers[ATTEMPTS] ?? death?.count ?? 0),
    reason: String(headers[REASON] ?? brokersWords(death?.reason)),
    parkedAt: Number(headers[PARKED_AT] ?? 0) || (death ? Number(death.time['!'] ?? 0) * 1000 : 0),
  };
}

function brokersWords(reason: unknown): string {
  switch (reason) {
    case 'maxlen':
      return 'too many events waited for the group';
    case 'delivery_limit':
      return 'its consumer vanished too often while handling it';
    case 'rejected':
      return 'no event: the message cannot be read';
    default:
      return `parked by the broker: ${String(reason)}`;
  }
}

function unreadable({ content, properties, fields }: Message): OutboxEvent {
  return {
    id: String(properties.messageId ?? ''),
    type: properties.headers?.['x-death']?.[0]?.['routing-keys'][0] ?? fields.routingKey,
    aggregateId: '',
    aggregateType: 'unreadable',
    timestamp: 0,
    version: 0,
    payload: { text: content.toString().slice(0, UNREADABLE_CHARACTERS) },
    metadata: {},
  };
}
