/** Which member owns which slice of executions, and what each may believe about it. */
export { idIn, SHARDS, shardOf } from './shards.ts';
export { createLeaseKeeper, stateAt } from './lease-keeper.ts';
export type { LeaseEvents, LeaseKeeper, LeaseKeeperOptions } from './lease-keeper.ts';
export { CLAIM_SWEEP_MS, LEASE_MS, RENEW_MS } from './limits.ts';
