import { factsIn, type NodeDefinition } from '#workflow';
import type { MemberInfo } from '#runtime';
import type { RunSource } from '../node/context.ts';
import { stableRandom } from '../node/stable-random.ts';

/**
 * The tags of the member that must perform this node, when this one does not carry them; undefined = it is performed
 * here. A trigger hands on what came in here: it goes elsewhere by its own placement only.
 */
export function placeOf({ services, args, run }: RunSource, node: NodeDefinition): readonly string[] | undefined {
  const tags = node.placement ?? args.workflow.settings.placement;
  if (tags === undefined || tags.length === 0) return undefined;
  if (node.placement === undefined && factsIn(run, node.name)?.trigger === true) return undefined;
  const { peers } = services;
  const own = peers.members().find(({ bootId }) => bootId === peers.self);
  return carries(own?.tags ?? [], tags) ? undefined : tags;
}

function carries(own: readonly string[], tags: readonly string[]): boolean {
  return tags.every((tag) => own.includes(tag));
}

/**
 * Members that may perform a node run, the one to ask first first. Rendezvous: the same key gives the same order on
 * every member, so whoever takes an execution over asks the member that is at it; different keys spread.
 */
export function ranking(members: readonly MemberInfo[], tags: readonly string[], key: string): MemberInfo[] {
  return members
    .filter((member) => !member.draining && carries(member.tags, tags))
    .map((member) => ({ member, weight: stableRandom(`${key}/${member.bootId}`)() }))
    .sort((a, b) => b.weight - a.weight || (a.member.bootId < b.member.bootId ? -1 : 1))
    .map(({ member }) => member);
}

/** Tags as messages name them. */
export function shownTags(tags: readonly string[]): string {
  const names = tags.map((tag) => `"${tag}"`).join(', ');
  return tags.length === 1 ? `the tag ${names}` : `the tags ${names}`;
}
