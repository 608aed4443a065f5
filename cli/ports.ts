import type { Engine } from '#actors';
import type { EventBus, JournalEvent, NodeCatalog } from '#runtime';
import type { Parking } from '#transport';
import type { JsonObject } from '#workflow';
import type { Config } from './config.ts';

/**
 * What the commands need of the rest of Troupe. The composition root (`main.ts`) hands it in, so that the commands
 * know no adapter and can be tested with twins.
 */
export interface CliPorts {
  /** Starts one member in this process; resolves when it is ready to take work. */
  startMember(options: MemberOptions): Promise<Member>;
  /**
   * Opens the database (starting the embedded one, or joining the one that a running member has started), migrates it,
   * and nothing else: no shards are claimed, nothing is executed.
   */
  openBooks(config: Config): Promise<Books>;
  /** Opens the event bus of a cluster and nothing else. Throws BROKER_MISSING without AMQP_URL. */
  openEvents(config: Config): Promise<ParkedEvents>;
  /** Opens the drawer of messages between members that nobody could read. Throws BROKER_MISSING without AMQP_URL. */
  openParking(config: Config): Promise<LinkParking>;
  /** The node types of this build; workflow files are checked against them before anything is started. */
  readonly catalog: NodeCatalog;
}

/** How a member is to be started. */
export interface MemberOptions {
  readonly config: Config;
  /** False: no listener, no triggers of active workflows; for commands that end by themselves. */
  readonly http: boolean;
  /** True: an own database and data directory that are gone when the member has stopped. */
  readonly throwAway: boolean;
}

/** What is stored for people, without a member at work. */
export interface Books {
  readonly workflows: WorkflowBook;
  readonly accounts: Accounts;
  /** Closes the database; an embedded one that a running member uses stays up. Safe to call twice. */
  stop(): Promise<void>;
}

/** The parked events of consumer groups, without a member at work. Rejects with BUS_UNAVAILABLE. */
export interface ParkedEvents extends Pick<EventBus, 'parked' | 'replay'> {
  /** Closes the connections. Safe to call twice. */
  stop(): Promise<void>;
}

/** Unreadable messages of the link, without a member at work. Rejects with LINK_UNAVAILABLE. */
export type LinkParking = Pick<Parking, 'look' | 'replay' | 'purge' | 'close'>;

/** A running member, as the commands see it. Its `stop` drains, stops every actor in order, and closes the database. */
export interface Member extends Books {
  readonly engine: Engine;
  /** Integration events, for whoever runs a member in a process of its own; see docs/events.md. */
  readonly events: Pick<EventBus, 'subscribe'>;
  /** Base address such as `http://localhost:5678`; present with `http`. */
  readonly address?: string;
  /** What was generated at the first start and is shown once; absent later on. */
  readonly firstStart?: { readonly email: string; readonly password?: string; readonly apiKey?: string };
  /** Hears of every committed event of every execution, in seq order per execution. Returns unsubscribe. */
  watch(listener: (executionId: string, events: readonly JournalEvent[]) => void): () => void;
}

/** Workflows as people manage them: named, with immutable versions. */
export interface WorkflowBook {
  /**
   * Stores the JSON as given. With an id that is there already it becomes a new version of that workflow; without one
   * it gets an id. Throws WORKFLOW_INVALID.
   */
  save(json: JsonObject): Promise<{ id: string; name: string; version: number; created: boolean }>;
  /** One workflow as it would be exported, or undefined. */
  find(id: string): Promise<JsonObject | undefined>;
  /** All workflows as they would be exported, oldest first. */
  all(): Promise<JsonObject[]>;
}

/** People who may use this installation, and their keys. */
export interface Accounts {
  /** Creates a user; `password` absent = generated. Throws when the e-mail is taken. */
  createUser(user: { email: string; password?: string; role: 'owner' | 'admin' | 'member' }): Promise<{
    id: string;
    email: string;
    /** Present when it was generated. */
    password?: string;
  }>;
  /** Creates an API key for that user (default: the owner); the key is shown this once. Throws when there is no such user. */
  createApiKey(key: { label: string; email?: string }): Promise<{ id: string; key: string }>;
}
