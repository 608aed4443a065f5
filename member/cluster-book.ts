import type { ClusterBook, MemberView } from '#api';
import type { LeaseStore, LeaseView, Peers } from '#runtime';
import { errors } from './errors.ts';

/** A member that is asked to drain must answer within this; draining itself takes longer. */
const DRAIN_ASK_MS = 5_000;

/** Body-less question: begin to give your shards away. Answered at once. */
export const DRAIN = 'cluster.drain';

/** What the cluster commands and the API show, by the word of the judge. */
export function clusterBook(
  leases: Pick<LeaseStore, 'view'>,
  peers: Pick<Peers, 'self' | 'link'>,
  drainSelf: () => void,
): ClusterBook {
  const members = async (): Promise<MemberView[]> => viewsOf(await leases.view(), peers.self);
  return {
    members,
    async shards() {
      const view = await leases.view();
      const names = new Map(view.members.map(({ bootId, name }) => [bootId, name]));
      return view.shards.map(({ shard, epoch, owner }) => {
        const member = owner === undefined ? undefined : names.get(owner);
        return { shard, epoch, ...(owner !== undefined && { owner }), ...(member !== undefined && { member }) };
      });
    },
    async drain(member) {
      const found = (await members()).filter(({ bootId, name, state }) => state !== 'dead' && is(member, bootId, name));
      const [only, another] = found;
      if (only === undefined) throw errors.MEMBER_UNKNOWN({ member });
      if (another !== undefined) throw errors.MEMBER_AMBIGUOUS({ member, bootIds: found.map(({ bootId }) => bootId) });
      if (only.self) drainSelf();
      else await peers.link.ask(only.bootId, { kind: DRAIN, body: {}, lane: 'control' }, DRAIN_ASK_MS);
      return { ...only, draining: true, state: 'draining' };
    },
  };
}

function is(member: string, bootId: string, name: string): boolean {
  return member === bootId || member === name;
}

function viewsOf({ members, shards }: LeaseView, self: string): MemberView[] {
  const owned = new Map<string | undefined, number>();
  for (const { owner } of shards) owned.set(owner, (owned.get(owner) ?? 0) + 1);
  return members.map(({ bootId, name, tags, address, draining = false, leaseLeftMs = 0 }) => ({
    bootId,
    name,
    tags,
    ...(address !== undefined && { address }),
    draining,
    state: leaseLeftMs <= 0 ? 'dead' : draining ? 'draining' : 'living',
    leaseLeftMs: Math.round(leaseLeftMs),
    shards: owned.get(bootId) ?? 0,
    self: bootId === self,
  }));
}
