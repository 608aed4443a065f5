import type { MemberInfo, Membership } from '#runtime';
import { Roster } from './roster.ts';

/** Members that are known from the start and do not change, beside this one; nobody is asked and nobody is told. */
export function createStaticMembership(others: readonly MemberInfo[] = []): Membership {
  const roster = new Roster();
  return {
    async join(self) {
      roster.setSelf(self);
      roster.set(others);
    },
    members: () => roster.members(),
    state: () => 'up',
    watch: (listener) => roster.watch(listener),
    async update(patch) {
      if (roster.self) roster.setSelf({ ...roster.self, ...patch });
    },
    leave: async () => undefined,
  };
}
