/** A lease runs this long from its renewal; a member that is silent for longer may be taken over. */
export const LEASE_MS = 5_000;
/** Pause between renewals: four may fail before the lease runs out. */
export const RENEW_MS = 1_000;
/** A renewal without answer for this long counts as failed, and the next one is tried. */
export const RENEW_TIMEOUT_MS = 2_000;
/** Pause between looks for shards without a living owner, of a member that is alone. Others look at every beat. */
export const CLAIM_SWEEP_MS = 2_000;

/** With a renewal thread: a renewal older than this is made up for by the main loop. */
export const RENEW_FRESH_MS = 1_500;
/** With a renewal thread: the whole member row is written this often, since the thread only extends its lease. */
export const MEMBER_WRITE_MS = 10_000;
/**
 * The renewal thread renews only while the main loop has turned within this time. Longer than any pause of a healthy
 * process (garbage collection, a large document), short enough that with the lease a hung one is taken over in 10 s.
 */
export const MAIN_TICK_MS_MAX = 5_000;
/**
 * The main loop gives signs of life only while it has heard of the database within this time: one that cannot commit
 * must not keep its shards because its thread has a better connection.
 */
export const MAIN_DEAF_MS_MAX = 10_000;
/** Pause between the signs of life of the main loop. */
export const MAIN_TICK_MS = 250;
/** Restart pauses of a renewal thread that died: doubling from the first to the last. */
export const WORKER_RESTART_FIRST_MS = 500;
export const WORKER_RESTART_LAST_MS = 30_000;
/** Heap of the renewal thread; it holds one connection and a timer. */
export const WORKER_HEAP_MB = 64;
/** A renewal thread that is asked to end gets this long. */
export const WORKER_STOP_MS = 2_000;

/** Name under which members are registered in Consul. */
export const CONSUL_SERVICE = 'troupe';
/** Pause between signs of life to the agent, which also find out that it has forgotten us. */
export const CONSUL_BEAT_MS = 3_000;
/** Without a sign of life for this long a member is critical. Slower than the lease on purpose: that one decides. */
export const CONSUL_TTL_MS = 15_000;
/** A critical service is removed from the catalog after this; Consul takes no less than a minute. */
export const CONSUL_FORGET_MS = 60_000;
/** An answer of the agent to anything but a blocking query. */
export const CONSUL_CALL_MS = 2_500;
/** Longest wait of a blocking query. */
export const CONSUL_WAIT_MS = 20_000;
/** Queries that may follow one another at once, and the pause in which one more is allowed: an index that jumps makes no storm. */
export const CONSUL_QUERIES_BURST = 5;
export const CONSUL_QUERY_MS = 1_000;
/** Pauses after failures: doubling from the first to the last, each with up to as much again by chance. */
export const CONSUL_RETRY_FIRST_MS = 250;
export const CONSUL_RETRY_LAST_MS = 10_000;
/**
 * After an agent was away, has begun to count anew, or shows nobody any more: members that are missing are kept for
 * this long, in which living ones register again; then a further look is believed.
 */
export const CONSUL_EMPTY_GRACE_MS = 10_000;

/** Shards a member gives to their wanted owners at a time: their work is loaded anew there, which should not be felt. */
export const REBALANCE_SHARDS_PER_ROUND = 32;
/** Shards a draining member gives away at a time, and the pause between: all 512 within three seconds. */
export const DRAIN_SHARDS_PER_ROUND = 64;
export const DRAIN_ROUND_MS = 250;
/** A shard is given only to a member whose lease has at least this left: one that is about to die gets none. */
export const GIVE_LEASE_LEFT_MS = 2_000;
/** Work on a shard that is given away has this long to stop; then it is given all the same, and fenced. */
export const GIVE_UP_MS = 5_000;
/** A free shard that its wanted owner leaves lying goes to the next in rank after this long, and so on down the ranks. */
export const ORPHAN_GRACE_MS = 3_000;
/** A shard claimed in another's stead is kept this long, lest it swing between two members. */
export const ADOPTED_HOLD_MS = 30_000;
/**
 * A member whose own lease had run out leaves the shards of others alone for this long when it is back: mostly the
 * database was away for all, and they are coming back too.
 */
export const COMEBACK_GRACE_MS = 3_000;
/** Looks asked for by news come no denser than this. */
export const LOOK_PAUSE_MS = 200;
/** A lease that runs out is looked at this long after, so that the database agrees that it has. */
export const LOOK_AFTER_EXPIRY_MS = 50;
