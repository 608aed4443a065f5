/** Which member owns which slice of executions, and what each may believe about it. */
export { idIn, SHARDS, shardOf } from './shards.ts';
export { createLeaseKeeper } from './lease-keeper.ts';
export type { LeaseEvents, LeaseKeeper, LeaseKeeperOptions, LeasePulse } from './lease-keeper.ts';
export type { LeaseRecord } from './own-lease.ts';
export { createPeers } from './peers.ts';
export type { ClusterPeers, PeersOptions } from './peers.ts';
export type { ClusterMember, ClusterView } from './cluster-view.ts';
export { createStaticMembership } from './membership/static.ts';
export { createLeaseMembership } from './membership/leases.ts';
export type { LeaseMembershipOptions } from './membership/leases.ts';
export { createConsulMembership } from './consul/membership.ts';
export type { ConsulMembershipOptions } from './consul/membership.ts';
export type { ConsulPlace } from './consul/agent.ts';
export type { ConsulCheck } from './consul/service.ts';
export { shardMap, wantedBy } from './rendezvous.ts';
export type { Candidate } from './rendezvous.ts';
export { CLAIM_SWEEP_MS, LEASE_MS, RENEW_MS } from './limits.ts';
