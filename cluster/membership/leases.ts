import type { Clock, Membership } from '#runtime';
import { LEASE_MS } from '../limits.ts';
import type { LeaseKeeper } from '../lease-keeper.ts';
import { infoOf } from '../member-change.ts';
import { livingIn } from '../placement.ts';
import { Roster } from './roster.ts';

/** What `createLeaseMembership` takes. */
export interface LeaseMembershipOptions {
  /** The keeper of this member, with `wanted: 'shared'`: it reads all members each second. */
  readonly keeper: Pick<LeaseKeeper, 'observe' | 'describe' | 'stop'>;
  readonly clock: Clock;
}

/**
 * Membership by the leases in PostgreSQL, without another service: who has a living lease is there. The row is the
 * keeper's: `leave` stops it, which gives back the shards and ends the lease.
 */
export function createLeaseMembership({ keeper, clock }: LeaseMembershipOptions): Membership {
  const roster = new Roster();
  let seenAt = -Infinity;
  const unobserve = keeper.observe({
    seen: ({ members }) => {
      seenAt = clock.monotonic();
      roster.set(livingIn(members).map(infoOf));
    },
  });
  return {
    join: async (self) => roster.setSelf(self),
    members: () => roster.members(),
    state: () => (clock.monotonic() - seenAt < LEASE_MS ? 'up' : 'stale'),
    watch: (listener) => roster.watch(listener),
    async update(patch) {
      if (roster.self) roster.setSelf({ ...roster.self, ...patch });
      await keeper.describe(patch);
    },
    async leave() {
      unobserve();
      await keeper.stop();
    },
  };
}
