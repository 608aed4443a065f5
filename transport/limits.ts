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

/** Limits of connections to the broker and of what is on its way there. */
export const AMQP_LIMITS = {
  /** From the first packet to an open connection; then the attempt is given up. */
  CONNECT_DEADLINE_MS: 10_000,
  /** For the declarations of one channel; over it the connection is taken for dead. */
  SETUP_DEADLINE_MS: 10_000,
  /** A silent broker is given up after two to three of these; so is a silent member by the broker. */
  HEARTBEAT_SECONDS: 5,
  /** Wait before the first new attempt; doubled with each failure, half of it by chance. */
  RECONNECT_FIRST_MS: 200,
  /** Longest wait between attempts. */
  RECONNECT_MAX_MS: 5_000,
  /** A connection that lasted this long counts as good: the next wait is short again. */
  RECONNECT_STABLE_MS: 3_000,
  /** For goodbyes when a connection is closed; then the socket is cut. */
  CLOSE_DEADLINE_MS: 2_000,
  /** Channels of one broker, publishers included. */
  CHANNELS: 500,
  /** Messages sent and not confirmed, per publisher. */
  WINDOW_MESSAGES: 1_000,
  /** Bytes sent and not confirmed, per publisher; a single message may be over it. */
  WINDOW_BYTES: 16 * 1024 * 1024,
  /** Messages that wait for room in the window, per publisher. */
  WAITING_MESSAGES: 10_000,
  /** Bytes that wait for room in the window, per publisher. */
  WAITING_BYTES: 64 * 1024 * 1024,
  /** From publish to confirm, where the message names no other. */
  PUBLISH_DEADLINE_MS: 10_000,
  /** How often deadlines of unconfirmed messages are looked at. */
  PUBLISH_TICK_MS: 250,
} as const;

/** The limits as they can be lowered or raised for one broker. */
export type AmqpLimits = { readonly [K in keyof typeof AMQP_LIMITS]: number };

/** Limits of the link between members. */
export const LINK_LIMITS = {
  /** One message as it travels, compressed where that helps. */
  LINK_MESSAGE_BYTES: 4 * 1024 * 1024,
  /** The JSON of one message, before it is compressed. */
  LINK_TEXT_BYTES: 16 * 1024 * 1024,
  /** Objects and arrays within each other in a message, its envelope not counted. */
  LINK_MESSAGE_DEPTH: 200,
  /** JSON of this size is compressed; below it that costs more than it saves. */
  COMPRESS_FROM_BYTES: 8 * 1024,
  /** Characters of the name of a kind. */
  KIND_CHARACTERS: 64,
  /** Characters of a boot id. */
  MEMBER_CHARACTERS: 128,
  /** Characters of the words of a refusal. */
  REFUSAL_CHARACTERS: 2_000,
  /** Questions of this member that wait for an answer. */
  ASKS_OPEN: 10_000,
  /** Longest wait for an answer. */
  ASK_MS: 3_600_000,
  /** Questions of others that this member is working on; further ones are refused with LINK_PEER_BUSY. */
  ASKS_SERVED: 2_000,
  /** Time a tell may take until the broker has confirmed it. */
  TELL_DEADLINE_MS: 5_000,
  /** Message ids remembered per sender, so that repetitions are dropped. */
  DEDUP_IDS_PER_SENDER: 10_000,
  /** Senders whose ids are remembered; the one heard longest ago is forgotten first. */
  DEDUP_SENDERS: 1_000,
  /** Deliveries of the normal lane that the broker may hand out before one is acknowledged. */
  NORMAL_PREFETCH: 256,
  /** The same of the control lane. */
  CONTROL_PREFETCH: 64,
  /** Messages handled before the event loop gets its turn. */
  TURN_MESSAGES: 64,
  /** Messages that wait at the broker for one member; more are refused to their senders. */
  NORMAL_QUEUE_MESSAGES: 10_000,
  CONTROL_QUEUE_MESSAGES: 1_000,
  /** Bytes that wait at the broker for one lane of a member. */
  QUEUE_BYTES: 64 * 1024 * 1024,
  /** Unreadable messages kept for a look; the oldest go first. */
  PARKED_MESSAGES: 1_000,
  PARKED_BYTES: 64 * 1024 * 1024,
  /** Seven days. */
  PARKED_MS: 7 * 86_400_000,
  /** Until `start` gives up waiting for the first connection. */
  START_DEADLINE_MS: 15_000,
  /** For what is under way when the link stops. */
  STOP_DEADLINE_MS: 5_000,
} as const;

/** The limits as they can be lowered or raised for one link. Those of queues are the protocol's and fixed. */
export type LinkLimits = { readonly [K in keyof typeof LINK_LIMITS]: number };

/** Limits of the live relay between members. Over each of them events are dropped, and whoever watches reads the journal. */
export const RELAY_LIMITS = {
  /** Between two announcements of what is watched here. */
  INTEREST_MS: 2_000,
  /** How long an announcement counts: two may be lost. */
  INTEREST_TTL_MS: 6_500,
  /** Topics of one announcement; more go in several. */
  INTEREST_TOPICS: 500,
  /** Topics of one other member that are remembered. */
  INTEREST_TOPICS_KEPT: 20_000,
  /** Events of one message, and their estimated characters. */
  BATCH_EVENTS: 100,
  BATCH_CHARACTERS: 200_000,
  /** Events waiting for one member; over it all of them are dropped. */
  BUFFER_EVENTS: 2_000,
  /** How long the next message to a member is held back for the broker's word on the one before. */
  CONFIRM_MS: 500,
} as const;

/** The limits as they can be lowered or raised for one relay. */
export type RelayLimits = { readonly [K in keyof typeof RELAY_LIMITS]: number };
