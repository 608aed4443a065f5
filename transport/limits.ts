/** Limits of the event hub. Each protects the heap of this member from a listener that does not keep up. */
export const HUB_LIMITS = {
  /** Deliveries waiting for one subscriber; over it the subscriber is told to resync. */
  SUBSCRIBER_BUFFER_EVENTS: 1_000,
  /** Events handed to a subscriber in one call. */
  SUBSCRIBER_BATCH_EVENTS: 100,
  /** Subscriptions of this member. */
  SUBSCRIPTIONS: 10_000,
  /** Synchronous taps (metrics, logs): each costs on every event. */
  TAPS: 8,
  /** Characters of an error message that live subscribers see. */
  ERROR_MESSAGE_CHARACTERS: 2_000,
} as const;

/** The limits as they can be lowered or raised for one hub. */
export type HubLimits = { readonly [K in keyof typeof HUB_LIMITS]: number };

/** Limits of the in-memory event bus. */
export const BUS_LIMITS = {
  /** Listeners of the bus of this member. */
  BUS_LISTENERS: 100,
} as const;
