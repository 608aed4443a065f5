/** The cluster as people see it. On one machine it has one member. */
export interface ClusterBook {
  members(): Promise<readonly MemberView[]>;
  /** All shards, ascending. */
  shards(): Promise<readonly ShardView[]>;
  /**
   * Asks a living member, by name or boot id, to give its shards away; resolves when it has begun. Throws
   * MEMBER_UNKNOWN when none has the name, MEMBER_AMBIGUOUS when several have, and the link's rows when it does not
   * answer.
   */
  drain(member: string): Promise<MemberView>;
}

/** One member by the database's word. */
export interface MemberView {
  readonly bootId: string;
  readonly name: string;
  readonly tags: readonly string[];
  /** Base URL at which the others reach it. */
  readonly address?: string;
  readonly draining: boolean;
  /** `dead`: its lease has run out; its shards may be taken over. */
  readonly state: 'living' | 'draining' | 'dead';
  /** Negative = ran out so long ago. */
  readonly leaseLeftMs: number;
  /** Shards it owns. */
  readonly shards: number;
  /** This is the member that answers. */
  readonly self: boolean;
}

/** Who owns one shard, and under which epoch. */
export interface ShardView {
  readonly shard: number;
  readonly epoch: number;
  /** Boot id and name of the owner; absent = nobody. */
  readonly owner?: string;
  readonly member?: string;
}
