import type { MemberInfo, MemberRow, MembershipChange } from '#runtime';

/** What changed from one view to the next; undefined = nothing that anybody could see. */
export function changeOf(before: readonly MemberInfo[], after: readonly MemberInfo[]): MembershipChange | undefined {
  const [known, present] = [byBootId(before), byBootId(after)];
  const joined = after.filter(({ bootId }) => !known.has(bootId));
  const left = before.filter(({ bootId }) => !present.has(bootId));
  const same = after.every((member) => joined.includes(member) || equal(member, known.get(member.bootId)));
  return joined.length === 0 && left.length === 0 && same ? undefined : { members: after, joined, left };
}

/** This member once, as it knows itself, and the others by name. */
export function withSelf(self: MemberInfo, members: readonly MemberInfo[]): readonly MemberInfo[] {
  const others = byBootId(members);
  others.delete(self.bootId);
  return [self, ...others.values()].toSorted((a, b) => order(a.name, b.name) || order(a.bootId, b.bootId));
}

/** A member as its row in the database tells of it. */
export function infoOf({ bootId, name, tags, address, draining = false }: MemberRow): MemberInfo {
  return { bootId, name, tags, draining, ...(address !== undefined && { address }) };
}

function byBootId(members: readonly MemberInfo[]): Map<string, MemberInfo> {
  return new Map(members.map((member) => [member.bootId, member]));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function equal(a: MemberInfo, b: MemberInfo | undefined): boolean {
  if (b === undefined || a.name !== b.name || a.address !== b.address || a.draining !== b.draining) return false;
  return a.tags.length === b.tags.length && a.tags.every((tag, at) => tag === b.tags[at]);
}
