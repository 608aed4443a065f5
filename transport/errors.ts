import '#runtime';
import { defineErrors, errorTable, TroupeError } from '#workflow';

/** What the links and streams between members, and within one, can refuse. */
export const errors = defineErrors({
  SUBSCRIPTIONS_EXCEEDED: {
    message: (p: { limit: number }) => `This member serves ${p.limit} live subscriptions already`,
    status: 503,
    retryable: true,
    hint: 'Close subscriptions that are no longer needed, or connect to another member.',
  },
  TAPS_EXCEEDED: {
    message: (p: { limit: number }) => `The event hub has ${p.limit} taps already`,
    status: 500,
    retryable: false,
    hint: 'Taps run on every event; subscribe to a topic instead.',
  },
  BUS_LISTENERS_EXCEEDED: {
    message: (p: { limit: number }) => `The event bus has ${p.limit} listeners already`,
    status: 500,
    retryable: false,
    hint: 'Listen once and fan out from there.',
  },
  BUS_UNAVAILABLE: {
    message: (p: { reason: string }) => `The event bus takes nothing over at this moment: ${p.reason}`,
    status: 503,
    retryable: true,
    hint: 'Events wait in the outbox and go out by themselves once the bus is back.',
  },
  BUS_PATTERN_INVALID: {
    message: (p: { pattern: string }) => `"${p.pattern.slice(0, 80)}" is no pattern of event types`,
    status: 400,
    retryable: false,
    hint: 'Words joined by dots, such as "execution.*"; "*" is one word, "#" any number; at most 255 characters.',
  },
  BUS_GROUP_INVALID: {
    message: (p: { group: string }) => `"${p.group.slice(0, 80)}" is no name of a consumer group`,
    status: 400,
    retryable: false,
    hint: 'Letters, digits, "-" and "_", at most 64.',
  },
  BROKER_URL_INVALID: {
    message: (p: { why: string }) => `The address of the message broker cannot be used: ${p.why}`,
    status: 500,
    retryable: false,
    hint: 'AMQP_URL has the form amqp://user:password@host:5672/vhost, or amqps:// for TLS.',
  },
  BROKER_CHANNELS_EXCEEDED: {
    message: (p: { limit: number }) => `This member has ${p.limit} channels to the message broker already`,
    status: 503,
    retryable: true,
    hint: 'Close subscriptions that are no longer needed, or raise the limit CHANNELS.',
  },
  LINK_UNAVAILABLE: {
    message: (p: { why: string }) => `The link to the other members does not carry this now: ${p.why}`,
    status: 503,
    retryable: true,
    hint: 'Executions of this member go on; what must not be lost waits in the database. Check that RabbitMQ runs.',
  },
  LINK_ASK_TIMEOUT: {
    message: (p: { member: string; kind: string; timeoutMs: number }) =>
      `Member ${p.member} did not answer ${p.kind} within ${p.timeoutMs} ms`,
    status: 504,
    retryable: true,
    hint: 'It may have done what it was asked; look before asking again.',
  },
  LINK_REFUSED: {
    message: (p: { member: string; kind: string; code: string; message: string }) =>
      `Member ${p.member} refused ${p.kind}: ${p.message} (${p.code})`,
    status: 502,
    retryable: false,
    hint: 'The code is that of the other member; its row says whether another try makes sense.',
  },
  LINK_MESSAGE_TOO_LARGE: {
    message: (p: { kind: string; bytes: number; limit: number }) =>
      `A message ${p.kind} of ${p.bytes} bytes is over the ${p.limit} bytes that the link carries`,
    status: 413,
    retryable: false,
    hint: 'Send a reference to the data instead; large data belongs into the blob store.',
  },
  LINK_MESSAGE_INVALID: {
    message: (p: { kind: string; why: string }) => `A message ${p.kind.slice(0, 80)} cannot be sent: ${p.why}`,
    status: 500,
    retryable: false,
    hint: 'Kinds and their bodies are listed in transport/PROTOCOL.md.',
  },
  LINK_ASKS_EXCEEDED: {
    message: (p: { limit: number }) => `${p.limit} questions to other members wait for answers already`,
    status: 503,
    retryable: true,
    hint: 'Other members are slower than the questions come; try again later.',
  },
  LINK_PEER_BUSY: {
    message: (p: { limit: number }) => `This member works on ${p.limit} questions of others already`,
    status: 503,
    retryable: true,
    hint: 'Ask again later, or ask another member.',
  },
});

/** No member of that boot id has a queue. The row is the runtime's, whose ports promise it. */
export function peerGone(member: string): TroupeError {
  const row = errorTable().get('LINK_PEER_GONE');
  return row ? new TroupeError('LINK_PEER_GONE', row, { member }) : errors.LINK_UNAVAILABLE({ why: 'no such member' });
}
