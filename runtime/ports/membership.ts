/**
 * Who is there. A hint and a view: ownership is decided by leases in PostgreSQL alone. Drivers: Consul, PostgreSQL and
 * a static list, under one conformance suite.
 */
export interface Membership {
  /** Makes this member known and begins to watch. Rejects for a fault of configuration; an absent service is waited out in the background. */
  join(self: MemberInfo): Promise<void>;
  /** The last view; this member is always in it, once. A service that is away or answers nonsense leaves the view as it was. */
  members(): readonly MemberInfo[];
  /** `stale`: the service does not answer at the moment, the view is the last good one. */
  state(): 'up' | 'stale';
  /** Told at every change of the view with what changed. Returns unsubscribe. */
  watch(listener: (change: MembershipChange) => void): () => void;
  /** Changes what others see of this member, such as that it drains. */
  update(patch: Partial<Pick<MemberInfo, 'draining' | 'address'>>): Promise<void>;
  /** Takes this member out of the view of the others. Idempotent; never rejects. */
  leave(): Promise<void>;
}

/** One member as the others see it. A restarted process is another member: its `bootId` is fresh. */
export interface MemberInfo {
  readonly bootId: string;
  /** For people; unique among living members by intention only. */
  readonly name: string;
  /** Placement tags, see the placement of nodes. */
  readonly tags: readonly string[];
  /** Base URL of its HTTP listener as others reach it; absent = it has none. */
  readonly address?: string;
  /** It gives its shards away and wants none. */
  readonly draining: boolean;
}

/** One change of the view: the whole of it, and who is new in it or gone from it since the last one. */
export interface MembershipChange {
  readonly members: readonly MemberInfo[];
  readonly joined: readonly MemberInfo[];
  readonly left: readonly MemberInfo[];
}
