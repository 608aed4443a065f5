import type { MemberInfo, Peers } from '../ports/index.ts';
import { errors } from '../errors.ts';

/** The peers of a member that is alone: it owns what it owns, nobody else listens, and asking anybody is refused. */
export function lonePeers(self: MemberInfo): Peers {
  const nothing = (): void => {};
  return {
    self: self.bootId,
    link: {
      tell: async () => false,
      ask: (to) => Promise.reject(errors.LINK_PEER_GONE({ member: to })),
      broadcast: nothing,
      state: () => 'up',
      watch: () => nothing,
    },
    members: () => [self],
    watch: () => nothing,
    ownerOf: () => self.bootId,
    suspect: nothing,
    watchOwners: () => nothing,
    told: () => nothing,
    asked: () => nothing,
  };
}
