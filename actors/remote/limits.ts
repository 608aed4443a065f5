/** Limits and times of what passes between members; the link loses, repeats and delays, so each has its sweep. */
export const REMOTE_LIMITS = {
  /** How long a doorbell is rung anew when nobody takes it; afterwards the owner's sweep finds the letter. */
  BELL_DEADLINE_MS: 5_000,
  /** Pause before a bell is rung again: doubles from the first to the last. */
  BELL_RETRY_FIRST_MS: 50,
  BELL_RETRY_LAST_MS: 1_000,
  /** Bells under way; over it a letter waits for the owner's sweep. */
  BELLS: 5_000,
  /** Between two looks for letters whose bell was lost, while there are other members. */
  INBOX_SWEEP_MS: 1_500,
  /** Executions with letters looked up in one go. */
  INBOX_SWEEP_ROWS: 500,
  /** Pause between two looks at a followed execution: doubles from the first to the last while nothing happens. */
  FOLLOW_FIRST_MS: 500,
  FOLLOW_LAST_MS: 2_000,
  /** Rows of followed executions read in one query. */
  FOLLOW_ROWS: 500,
  /** How long a followed execution may be absent from the database before its start counts as lost in the dark. */
  FOLLOW_ABSENT_MS: 15_000,
  /** How long the state of an execution is asked for over the link, with all new tries. */
  STATE_DEADLINE_MS: 3_000,
  /** How long the other members may take to tell their part of the live tree. */
  TREE_DEADLINE_MS: 2_000,
  /** Rows of the live tree that one member tells another; the rest is counted. */
  TREE_ROWS: 2_000,
} as const;
