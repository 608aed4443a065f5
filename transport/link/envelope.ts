import type { JsonObject, JsonValue } from '#workflow';

/** What all messages of the link have. */
interface Head {
  /** Boot id of the sender. */
  readonly from: string;
  /** Unique for its sender, the same however often the message is sent. */
  readonly id: string;
}

/** One way, to one member (`tell`) or to all that listen (`all`). */
export interface TellEnvelope extends Head {
  readonly form: 'tell' | 'all';
  readonly kind: string;
  readonly body: JsonObject;
}

/** A question; its `id` is what the answer names. */
export interface AskEnvelope extends Head {
  readonly form: 'ask';
  readonly kind: string;
  readonly body: JsonObject;
  /** How long the asker waits, from its sending. */
  readonly timeoutMs: number;
}

/** The answer to the question with the id `to`. */
export interface ReplyEnvelope extends Head {
  readonly form: 'reply';
  readonly to: string;
  readonly value: JsonValue;
}

/** The question with the id `to` was not answered, and why. */
export interface RefusalEnvelope extends Head {
  readonly form: 'refusal';
  readonly to: string;
  readonly code: string;
  readonly message: string;
}

/** One message of the link, as `transport/PROTOCOL.md` describes it. */
export type Envelope = TellEnvelope | AskEnvelope | ReplyEnvelope | RefusalEnvelope;
