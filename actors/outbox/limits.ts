/** Limits of the relay between outbox and bus. */
export const RELAY_LIMITS = {
  /** Rows of the outbox read and published at once. */
  RELAY_ROWS: 500,
  /** After a batch that was not full: commits meanwhile gather for the next one. The most that an event is late. */
  RELAY_REST_MS: 50,
  /** Between two looks when no doorbell rang: what was committed elsewhere, or before a takeover. */
  RELAY_SWEEP_MS: 5_000,
  /** Pauses after a failure: doubling from the first to the most. */
  RELAY_FIRST_PAUSE_MS: 200,
  RELAY_MOST_PAUSE_MS: 5_000,
  /** While the bus is behind: how often its backlog is counted, and how often somebody is told that it is away. */
  RELAY_BACKLOG_MS: 30_000,
  /** Rows that wait at most, some 700 MB; over it runs leave no events until there is room, and that is reported. */
  OUTBOX_ROWS: 1_000_000,
  /** Characters of an error's or a cancel's words in an event. */
  EVENT_WORDS_CHARACTERS: 2_000,
} as const;
