import type { JsonObject, JsonValue } from '#workflow';
import type { Link } from './link.ts';
import type { MemberInfo, MembershipChange } from './membership.ts';

/**
 * The other members as an actor sees them: link, membership and the map of shards in one hand. On one machine there
 * are none, and every call answers so. Everything here is a hint that may be out of date; a wrong one costs a
 * `moved` and another try.
 */
export interface Peers {
  /** Boot id of this member. */
  readonly self: string;
  readonly link: Pick<Link, 'tell' | 'ask' | 'broadcast' | 'state' | 'watch'>;
  /** Living members, this one among them. */
  members(): readonly MemberInfo[];
  watch(listener: (change: MembershipChange) => void): () => void;
  /** Boot id of the owner of a shard as far as known, this member's own included; undefined = nobody for certain. */
  ownerOf(shard: number): string | undefined;
  /** Somebody said `moved`: the map is read again soon. */
  suspect(shard: number): void;
  /** Told when shards have another owner than before (as far as known). Returns unsubscribe. */
  watchOwners(listener: (shards: readonly number[]) => void): () => void;
  /** Handles what peers tell under this kind; one handler per kind, a second one throws LINK_KIND_TAKEN. Returns unregister. */
  told(kind: string, handler: (from: string, body: JsonObject) => void): () => void;
  /** Answers what peers ask under this kind. Unknown kinds are refused with LINK_KIND_UNKNOWN. Returns unregister. */
  asked(kind: string, handler: (from: string, body: JsonObject) => Promise<JsonValue>): () => void;
}
