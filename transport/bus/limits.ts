/** Limits of the event bus, the same in memory and on RabbitMQ where both have them. */
export const BUS_LIMITS = {
  /** Subscriptions of the bus of this member. */
  BUS_LISTENERS: 100,
  /** Characters of a pattern; a routing key of AMQP holds 255 bytes. */
  PATTERN_CHARACTERS: 255,
  /** Event ids that a group remembers so that a repetition is dropped: some 10 MB when full. */
  DEDUP_EVENTS: 50_000,
  /** Deliveries of one group under way at once; those of one aggregate still go one after the other. */
  UNSETTLED_EVENTS: 200,
  /** A handler that takes longer has refused the event. Far below RabbitMQ's own limit of 30 min per delivery. */
  HANDLE_MS: 60_000,
  /** Events that wait for one group in memory; over it publishing is refused while a member of the group is there. */
  WAITING_EVENTS: 10_000,
  /** Parked events of one group in memory; the oldest goes first. */
  PARKED_EVENTS: 10_000,
  /** Characters of a refusal that are kept with a parked event. */
  REASON_CHARACTERS: 1_000,
} as const;

/** When a refused event is tried again: `attempts` in all, pauses growing by `factor` from the first to the most. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly mostMs: number;
}

/** Pauses of 0.2, 0.8, 3.2 and 12.8 s: an aggregate is held up for 17 s, then its event is parked. */
export const BUS_RETRY: RetryPolicy = { attempts: 5, firstMs: 200, factor: 4, mostMs: 30_000 };
