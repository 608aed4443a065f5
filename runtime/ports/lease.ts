/**
 * Ownership of shards. Three answers, never two: held, not held, unknown. A member that cannot reach the judge
 * does not know, and one that does not know starts no effect.
 */
export interface LeaseStore {
  /** Writes or renews this member's row; the lease runs `leaseMs` from now by the database clock. */
  renew(member: MemberRow, leaseMs: number): Promise<void>;
  /**
   * Claims every given shard that is free, released, already ours under another boot of the same data directory, or
   * whose owner's lease has run out; each claim raises the shard's epoch by one. Returns what is ours now.
   */
  claim(bootId: string, shards: readonly number[]): Promise<ShardClaim[]>;
  /** Gives shards back (planned stop); the epoch stays, the next claim raises it. */
  release(bootId: string, shards: readonly number[]): Promise<void>;
  /** All members with a row, live or not. */
  members(): Promise<MemberRow[]>;
  /** Owner and epoch of every shard. */
  shards(): Promise<ShardRow[]>;
  /** Both at one moment, in one cheap question: what every member asks each second. */
  view(): Promise<LeaseView>;
}

/** Members and shards as the judge had them at one moment. */
export interface LeaseView {
  readonly members: readonly MemberRow[];
  readonly shards: readonly ShardRow[];
}

/**
 * The one call of a renewal thread. `extend` lets the lease of a member that has a row run `leaseMs` from now by the
 * database clock and changes nothing else; false = there is no such row (write it anew with `renew`).
 */
export interface LeaseBeat {
  extend(bootId: string, leaseMs: number): Promise<boolean>;
  /** Lets go of its connection. Idempotent; never rejects. */
  close(): Promise<void>;
}

/** What a module must export to be loaded by a renewal thread. `connection` can be cloned between threads. */
export interface LeaseBeatModule {
  openLeaseBeat(connection: unknown): LeaseBeat;
}

/** Where a renewal thread finds its module, and what it hands to it. */
export interface LeaseBeatSource {
  /** URL of a {@link LeaseBeatModule}. */
  readonly module: string;
  readonly connection: unknown;
}

/**
 * One process as the others see it. `name` and `tags` are for people; ownership hangs on `bootId` alone, so a
 * restarted member is another one.
 */
export interface MemberRow {
  /** Fresh at every start of a process. */
  bootId: string;
  name: string;
  tags: readonly string[];
  /** Base URL of its HTTP listener as other members reach it. */
  address?: string;
  /** It gives its shards away and wants none; absent = false. */
  draining?: boolean;
  /** Present on reading: milliseconds of lease left by the database clock; negative = ran out. */
  leaseLeftMs?: number;
}

/**
 * A shard that is ours, with the epoch under which we write. Epochs of a shard only rise; the journal refuses steps
 * under an older one (`fenced`).
 */
export interface ShardClaim {
  shard: number;
  epoch: number;
}

/** A shard as the judge has it. */
export interface ShardRow extends ShardClaim {
  /** Boot id; absent = free. An owner whose lease has run out is still named. */
  owner?: string;
}

/** What the owner itself may believe at this moment, by its monotonic clock. */
export type LeaseState = 'held' | 'lost' | 'unknown';
