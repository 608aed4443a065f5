import type { GetMessage } from 'amqplib';
import type { Clock } from '#runtime';
import { errors } from '../errors.ts';
import { LINK_LIMITS } from '../limits.ts';
import { decode } from '../link/codec.ts';
import type { BrokerChannel, ChannelHandle } from './channel.ts';
import type { Broker } from './connection.ts';
import type { Publisher } from './publisher.ts';
import { declareLink, keyOfQueue, LINK_EXCHANGE, PARKING_QUEUE } from './topology.ts';

/** A message of the link that its receiver could not read. */
export interface ParkedMessage {
  /** Message id at the broker: the sender's boot id and its number; empty when whoever sent it gave none. */
  readonly id: string;
  /** Kind and sender as the sender wrote them on the outside; empty where it did not. */
  readonly kind: string;
  readonly from: string;
  /** Boot id and lane of the receiver, `boot.lane`; empty when that cannot be told. */
  readonly to: string;
  /** Epoch milliseconds, by the broker's clock and to the second. */
  readonly parkedAt: number;
  readonly bytes: number;
  /** Why this version cannot read it; absent = this version can. */
  readonly why?: string;
  /** Its first PREVIEW_BYTES as text, what is not printable replaced. */
  readonly preview: string;
}

/** What became of messages that were to go out again. */
export interface Replayed {
  /** Back in the queues of their receivers. */
  readonly replayed: number;
  /** Still parked: their receivers are gone, or their queues take nothing. */
  readonly kept: number;
}

/**
 * The drawer for unreadable messages, for a person to look into. All methods reject with LINK_UNAVAILABLE when the
 * broker is not there. Two who look at the same time see each a part.
 */
export interface Parking {
  /** What is parked, oldest first, at most `limit` (and PARKED_MESSAGES). Changes nothing. */
  look(limit: number): Promise<ParkedMessage[]>;
  /** Gives messages to their receivers again; all when no ids are named. Of use after an upgrade. */
  replay(ids?: readonly string[]): Promise<Replayed>;
  /** Throws messages away; all when no ids are named. Returns how many. */
  purge(ids?: readonly string[]): Promise<number>;
  /** The broker stays open. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** What a parking drawer is opened with. */
export interface ParkingOptions {
  readonly broker: Broker;
  readonly clock: Clock;
}

/** Opens the drawer of the link's unreadable messages. */
export function openParking(options: ParkingOptions): Parking {
  return new RabbitParking(options);
}

/** Shown of a message. */
const PREVIEW_BYTES = 200;
const UNPRINTABLE = /[^\x20-\x7e]+/g;

type Verdict = 'keep' | 'remove';

class RabbitParking implements Parking {
  readonly #options: ParkingOptions;
  readonly #handle: ChannelHandle;
  readonly #publisher: Publisher;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#handle = options.broker.channel('consume', ({ raw }) => declareLink(raw));
    this.#publisher = options.broker.publisher({ setup: ({ raw }) => declareLink(raw) });
  }

  async look(limit: number): Promise<ParkedMessage[]> {
    const found: ParkedMessage[] = [];
    await this.#each(Math.min(limit, LINK_LIMITS.PARKED_MESSAGES), async (message) => {
      found.push(described(message));
      return 'keep';
    });
    return found;
  }

  async replay(ids?: readonly string[]): Promise<Replayed> {
    let replayed = 0;
    let kept = 0;
    await this.#each(LINK_LIMITS.PARKED_MESSAGES, async (message) => {
      if (!named(message, ids)) return 'keep';
      const again = await this.#again(message);
      if (again) replayed += 1;
      else kept += 1;
      return again ? 'remove' : 'keep';
    });
    return { replayed, kept };
  }

  async purge(ids?: readonly string[]): Promise<number> {
    let purged = 0;
    await this.#each(LINK_LIMITS.PARKED_MESSAGES, async (message) => {
      if (!named(message, ids)) return 'keep';
      purged += 1;
      return 'remove';
    });
    return purged;
  }

  async close(): Promise<void> {
    await Promise.all([this.#handle.close(), this.#publisher.close()]);
  }

  /** Takes all out before any is judged: what is replayed may come back here at once. What is kept goes back to its place. */
  async #each(limit: number, judge: (message: GetMessage) => Promise<Verdict>): Promise<void> {
    const { raw } = await this.#open();
    try {
      const taken: GetMessage[] = [];
      while (taken.length < limit) {
        const message = await raw.get(PARKING_QUEUE);
        if (message === false) break;
        taken.push(message);
      }
      for (const message of taken) {
        if ((await judge(message)) === 'keep') raw.nack(message, false, true);
        else raw.ack(message);
      }
    } catch (error) {
      // What was taken out goes back by itself when the channel is lost.
      throw errors.LINK_UNAVAILABLE({ why: 'the broker was lost while parked messages were read' }, error);
    }
  }

  async #again(message: GetMessage): Promise<boolean> {
    const key = receiverOf(message);
    if (key === '') return false;
    const { type, appId } = message.properties;
    const outcome = await this.#publisher.publish({
      exchange: LINK_EXCHANGE,
      key,
      content: message.content,
      id: text(message.properties.messageId),
      properties: { type: text(type), appId: text(appId) },
    });
    return outcome === 'confirmed';
  }

  #open(): Promise<BrokerChannel> {
    const { broker, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const channel = this.#handle.current;
        if (channel === undefined || !this.#publisher.open) return;
        end();
        resolve(channel);
      };
      const unwatch = broker.watch(look);
      const cancel = clock.after(LINK_LIMITS.START_DEADLINE_MS, () => {
        end();
        reject(errors.LINK_UNAVAILABLE({ why: broker.lastFailure() || 'the broker does not answer' }));
      });
      const end = (): void => {
        unwatch();
        cancel();
      };
      look();
    });
  }
}

function named(message: GetMessage, ids: readonly string[] | undefined): boolean {
  return ids === undefined || ids.includes(text(message.properties.messageId));
}

function described(message: GetMessage): ParkedMessage {
  const { properties, content } = message;
  const decoded = decode(content, LINK_LIMITS);
  return {
    id: text(properties.messageId),
    kind: text(properties.type),
    from: text(properties.appId),
    to: receiverOf(message),
    parkedAt: (properties.headers?.['x-death']?.[0]?.time.value ?? 0) * 1_000,
    bytes: content.length,
    ...(decoded.ok ? {} : { why: decoded.why }),
    preview: content.subarray(0, PREVIEW_BYTES).toString('latin1').replaceAll(UNPRINTABLE, '.'),
  };
}

/** The queue it was in tells for whom it was; what was sent to all was in one queue for each. */
function receiverOf({ properties }: GetMessage): string {
  return keyOfQueue(text(properties.headers?.['x-first-death-queue']));
}

/** Headers and properties are whatever the sender made of them. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
