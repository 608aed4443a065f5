import type { Clock, LinkHandlers, LinkMessage } from '#runtime';
import { causeOf } from '#runtime';
import { TroupeError, type JsonValue } from '#workflow';
import type { PublishOutcome } from '../amqp/window.ts';
import { errors, peerGone } from '../errors.ts';
import type { LinkLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { decode, encode } from './codec.ts';
import type { AskEnvelope, Envelope, TellEnvelope } from './envelope.ts';
import type { Lane } from './lane.ts';
import { OpenAsks } from './open-asks.ts';
import { SeenMessages } from './seen.ts';

/** One message for a member's queue. */
export interface Parcel {
  readonly to: string;
  readonly lane: Lane;
  readonly id: string;
  readonly kind: string;
  readonly content: Buffer;
  readonly deadlineMs: number;
  /** Wait for a connection when there is none. */
  readonly patient: boolean;
}

/** What carries parcels: RabbitMQ or memory. */
export interface Carrier {
  send(parcel: Parcel): Promise<PublishOutcome>;
  /** To all that listen; the sender's own copy is dropped at the receiver. */
  sendAll(parcel: Omit<Parcel, 'to'>): void;
}

/** Told of what happens on the link, for metrics. Must not throw. */
export interface LinkObserver {
  /** A tell was settled, or a question answered (`answered`, or the code of the error). */
  sent?(kind: string, outcome: string): void;
  /** A message was handled. */
  heard?(kind: string, form: Envelope['form']): void;
  /** A message was not: `unreadable` is parked, the others are gone. */
  dropped?(why: 'unreadable' | 'repeated' | 'unasked' | 'handler threw'): void;
}

/** What a courier works with. */
export interface CourierParts {
  /** Boot id of this member. */
  readonly self: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: LinkLimits;
  readonly carrier: Carrier;
  readonly observer?: LinkObserver | undefined;
}

/** Words for a message that was not confirmed. */
const WHY: Readonly<Record<Exclude<PublishOutcome, 'confirmed' | 'returned'>, string>> = {
  refused: 'the queue of the other member is full',
  full: 'too much is on its way already',
  down: 'there is no connection to the broker',
  expired: 'the broker did not confirm in time',
};

/**
 * The conversation of one member with the others, whatever carries it: numbers messages, drops repetitions, matches
 * answers with questions, and turns every failure into a row of the error table.
 */
export class Courier {
  readonly #parts: CourierParts;
  readonly #asks: OpenAsks;
  readonly #seen: SeenMessages;
  #handlers: LinkHandlers | undefined;
  #numbers = 0;
  #served = 0;
  readonly #rest = new Set<() => void>();

  constructor(parts: CourierParts) {
    this.#parts = parts;
    this.#asks = new OpenAsks(parts.clock);
    this.#seen = new SeenMessages(parts.limits.DEDUP_IDS_PER_SENDER, parts.limits.DEDUP_SENDERS);
  }

  /** From now on messages are taken and sent. */
  open(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  /** From now on nothing is taken or sent but answers to what others asked before. */
  shut(): void {
    this.#handlers = undefined;
    this.#asks.failAll(() => errors.LINK_UNAVAILABLE({ why: 'the link is stopping' }));
  }

  /** Resolves when every question of others has been answered. */
  rested(): Promise<void> {
    return this.#served === 0 ? Promise.resolve() : new Promise((resolve) => void this.#rest.add(resolve));
  }

  /** Open questions to this member will get no answer. */
  peerLeft(peer: string): void {
    this.#asks.failAll(() => peerGone(peer), peer);
  }

  /** As `Link.tell`. */
  async tell(to: string, message: LinkMessage): Promise<boolean> {
    const outcome = await this.#tell(to, message);
    this.#parts.observer?.sent?.(message.kind, outcome);
    return outcome === 'confirmed';
  }

  async #tell(to: string, { kind, body, lane: wanted }: LinkMessage): Promise<string> {
    if (this.#handlers === undefined) return 'down';
    const id = this.#nextId();
    const content = this.#pack({ form: 'tell', from: this.#parts.self, id, kind, body });
    if (content instanceof TroupeError) return content.code;
    const deadlineMs = this.#parts.limits.TELL_DEADLINE_MS;
    return this.#parts.carrier.send({ to, lane: wanted ?? 'normal', id, kind, content, deadlineMs, patient: false });
  }

  /** As `Link.broadcast`. */
  broadcast({ kind, body, lane: wanted }: LinkMessage): void {
    if (this.#handlers === undefined) return;
    const id = this.#nextId();
    const content = this.#pack({ form: 'all', from: this.#parts.self, id, kind, body });
    if (content instanceof TroupeError) return;
    const deadlineMs = this.#parts.limits.TELL_DEADLINE_MS;
    this.#parts.carrier.sendAll({ lane: wanted ?? 'normal', id, kind, content, deadlineMs, patient: false });
  }

  /** As `Link.ask`. */
  async ask(to: string, message: LinkMessage, timeoutMs: number): Promise<JsonValue> {
    const { observer } = this.#parts;
    try {
      const value = await this.#ask(to, message, Math.min(timeoutMs, this.#parts.limits.ASK_MS));
      observer?.sent?.(message.kind, 'answered');
      return value;
    } catch (error) {
      observer?.sent?.(message.kind, error instanceof TroupeError ? error.code : 'failed');
      throw error;
    }
  }

  #ask(to: string, { kind, body, lane: wanted }: LinkMessage, timeoutMs: number): Promise<JsonValue> {
    const { limits, carrier, self } = this.#parts;
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const id = this.#nextId();
    const content = this.#pack({ form: 'ask', from: self, id, kind, body, timeoutMs });
    if (content instanceof TroupeError) return Promise.reject(content);
    const late = (): Error => errors.LINK_ASK_TIMEOUT({ member: to, kind, timeoutMs });
    const answer = this.#asks.wait(id, { peer: to, kind }, timeoutMs, late);
    const deadlineMs = Math.min(timeoutMs, limits.TELL_DEADLINE_MS);
    const parcel: Parcel = { to, lane: wanted ?? 'normal', id, kind, content, deadlineMs, patient: false };
    void carrier.send(parcel).then((outcome) => {
      if (outcome !== 'confirmed') this.#asks.fail(id, unsent(to, outcome));
    });
    return answer;
  }

  #refusal(): Error | undefined {
    if (this.#handlers === undefined) return errors.LINK_UNAVAILABLE({ why: 'the link is not started' });
    const limit = this.#parts.limits.ASKS_OPEN;
    return this.#asks.size >= limit ? errors.LINK_ASKS_EXCEEDED({ limit }) : undefined;
  }

  /** Handles what came in. Never throws. */
  receive(lane: Lane, content: Buffer): 'taken' | 'unreadable' {
    const decoded = decode(content, this.#parts.limits);
    if (!decoded.ok) {
      this.#parts.log.warn(
        { why: decoded.why, bytes: content.length },
        'A message of the link cannot be read; parked.',
      );
      this.#parts.observer?.dropped?.('unreadable');
      return 'unreadable';
    }
    const { envelope } = decoded;
    const own = envelope.form === 'all' && envelope.from === this.#parts.self;
    if (own || this.#handlers === undefined) return 'taken';
    if (this.#seen.fresh(envelope.from, envelope.id)) this.#take(lane, envelope, this.#handlers);
    else this.#parts.observer?.dropped?.('repeated');
    return 'taken';
  }

  #take(lane: Lane, envelope: Envelope, handlers: LinkHandlers): void {
    const kind = 'kind' in envelope ? envelope.kind : envelope.form;
    this.#parts.observer?.heard?.(kind, envelope.form);
    switch (envelope.form) {
      case 'tell':
      case 'all':
        return this.#told(lane, envelope, handlers);
      case 'ask':
        return void this.#asked(lane, envelope, handlers);
      case 'reply':
        return this.#matched(this.#asks.answer(envelope.to, envelope.from, envelope.value));
      case 'refusal': {
        const { from, code, message } = envelope;
        const matched = this.#asks.refuse(envelope.to, from, (asked) =>
          errors.LINK_REFUSED({ member: from, kind: asked.kind, code, message }),
        );
        return this.#matched(matched);
      }
    }
  }

  #matched(matched: boolean): void {
    if (!matched) this.#parts.observer?.dropped?.('unasked');
  }

  #told(lane: Lane, { from, kind, body }: TellEnvelope, handlers: LinkHandlers): void {
    try {
      handlers.told(from, inLane(lane, kind, body));
    } catch (error) {
      // A kind that nobody handles is no fault: its sender is of another version, or this member is about to stop.
      const unknown = error instanceof TroupeError && error.code === 'LINK_KIND_UNKNOWN';
      const level = unknown ? 'debug' : 'error';
      this.#parts.log[level]({ from, kind, cause: causeOf(error) }, 'A message of another member was dropped.');
      this.#parts.observer?.dropped?.('handler threw');
    }
  }

  async #asked(lane: Lane, ask: AskEnvelope, handlers: LinkHandlers): Promise<void> {
    const { limits, clock, self } = this.#parts;
    const until = clock.monotonic() + ask.timeoutMs;
    const head = { from: self, id: this.#nextId(), to: ask.id };
    const limit = limits.ASKS_SERVED;
    if (this.#served >= limit) {
      const { code, message } = errors.LINK_PEER_BUSY({ limit });
      return void this.#answer(lane, ask, { ...head, form: 'refusal', code, message }, until);
    }
    this.#served += 1;
    try {
      const value = await handlers.asked(ask.from, inLane(lane, ask.kind, ask.body));
      await this.#answer(lane, ask, { ...head, form: 'reply', value: value ?? null }, until);
    } catch (error) {
      await this.#answer(lane, ask, { ...head, form: 'refusal', ...this.#wordsOf(error, ask) }, until);
    } finally {
      this.#served -= 1;
      if (this.#served === 0) for (const rested of this.#rest) rested();
    }
  }

  /** Waits for a connection as long as the asker waits for the answer. */
  async #answer(lane: Lane, ask: AskEnvelope, envelope: Envelope, until: number): Promise<void> {
    const content = this.#pack(envelope);
    if (content instanceof TroupeError) {
      if (envelope.form !== 'refusal') throw content;
      return;
    }
    const deadlineMs = until - this.#parts.clock.monotonic();
    if (deadlineMs <= 0) return;
    const { id } = envelope;
    await this.#parts.carrier.send({ to: ask.from, lane, id, kind: envelope.form, content, deadlineMs, patient: true });
  }

  #wordsOf(error: unknown, { from, kind }: AskEnvelope): { code: string; message: string } {
    const message = (error instanceof TroupeError ? error.message : causeOf(error)).slice(
      0,
      this.#parts.limits.REFUSAL_CHARACTERS,
    );
    if (error instanceof TroupeError) return { code: error.code, message };
    this.#parts.log.error({ from, kind, cause: causeOf(error) }, 'A question of another member failed.');
    return { code: 'LINK_HANDLER_FAILED', message };
  }

  #pack(envelope: Envelope): Buffer | TroupeError {
    try {
      return encode(envelope, this.#parts.limits);
    } catch (error) {
      const kind = 'kind' in envelope ? envelope.kind : envelope.form;
      const failure = error instanceof TroupeError ? error : errors.LINK_MESSAGE_INVALID({ kind, why: causeOf(error) });
      this.#parts.log.error({ kind, cause: failure.message }, 'A message for another member cannot be sent.');
      return failure;
    }
  }

  #nextId(): string {
    this.#numbers += 1;
    return String(this.#numbers);
  }
}

function inLane(lane: Lane, kind: string, body: LinkMessage['body']): LinkMessage {
  return lane === 'control' ? { kind, body, lane } : { kind, body };
}

function unsent(member: string, outcome: Exclude<PublishOutcome, 'confirmed'>): Error {
  return outcome === 'returned' ? peerGone(member) : errors.LINK_UNAVAILABLE({ why: WHY[outcome] });
}
