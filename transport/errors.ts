import { defineErrors } from '#workflow';

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
});
