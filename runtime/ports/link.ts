import type { JsonObject, JsonValue } from '#workflow';

/**
 * The link between the actor systems of the members. It is a courier and never a judge: whatever must not be lost is a
 * row in PostgreSQL before the link hears of it. Delivery: at most once to a living peer as its handler sees it
 * (repetitions by the broker are dropped by message id); lost when the peer dies, the queue overflows or the link is
 * down for too long. Order holds per sender, peer and lane while a connection lasts, and is not promised beyond it.
 * Kept by the RabbitMQ link and its in-memory twin, under one conformance suite.
 */
export interface Link {
  /**
   * Opens this member's queues and begins to hand messages to `handlers`. Resolves when the first connection is made;
   * rejects with LINK_UNAVAILABLE when there is none within the start deadline. Connections lost later come back by
   * themselves.
   */
  start(handlers: LinkHandlers): Promise<void>;
  /**
   * True when the broker has confirmed that the peer's queue holds the message; false when there is no such peer, the
   * link is down, or its window is full. Never rejects. The caller may let go of the promise: a doorbell.
   */
  tell(to: string, message: LinkMessage): Promise<boolean>;
  /**
   * Asks a peer and waits for its answer. Rejects with LINK_PEER_GONE (no queue of that name), LINK_UNAVAILABLE,
   * LINK_ASK_TIMEOUT, or the peer's refusal as LINK_REFUSED with its code and words.
   */
  ask(to: string, message: LinkMessage, timeoutMs: number): Promise<JsonValue>;
  /** To every other member that is listening now; best effort, no answer. */
  broadcast(message: LinkMessage): void;
  /** `blocked`: connected, but the broker takes nothing at the moment. */
  state(): 'up' | 'blocked' | 'down';
  /** Told at every change of `state`. Returns unsubscribe. */
  watch(listener: (state: 'up' | 'blocked' | 'down') => void): () => void;
  /** Takes nothing more, waits for what is under way within its deadline, closes. Idempotent; never rejects. */
  stop(): Promise<void>;
}

/** What comes in. `from` is the boot id of the sender. Throws of `told` are reported and drop the message. */
export interface LinkHandlers {
  told(from: string, message: LinkMessage): void;
  /** Its value is the answer; a rejection goes back as code and message. */
  asked(from: string, message: LinkMessage): Promise<JsonValue>;
}

/**
 * One message. `kind` names its form in `transport/PROTOCOL.md`; `body` is checked by whoever handles that kind, since
 * another version may have sent it. At most LINK_MESSAGE_BYTES encoded, over it LINK_MESSAGE_TOO_LARGE.
 */
export interface LinkMessage {
  readonly kind: string;
  readonly body: JsonObject;
  /** `control` overtakes everything that waits in the normal lane: cancel, moved, drain. */
  readonly lane?: 'control';
}
