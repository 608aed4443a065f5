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
});
