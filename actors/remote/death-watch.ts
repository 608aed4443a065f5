import { shardOf } from '#cluster';
import type { Peers } from '#runtime';

/** Who is watched: a member by its boot id, or whoever performs an execution (its shard's owner). */
export type WatchTarget = { readonly member: string } | { readonly executionId: string };

/**
 * How the watched one ended, as far as this member knows. `left`: the member is out of the view of this one, stopped
 * or given up. `moved`: the execution's shard has another owner than at the call; `to` is its boot id, absent = nobody
 * for certain.
 */
export type RemoteEnd =
  | { readonly kind: 'left'; readonly member: string }
  | { readonly kind: 'moved'; readonly executionId: string; readonly to?: string };

interface Watch {
  readonly target: WatchTarget;
  /** Owner of the execution's shard at the call. */
  readonly owner: string | undefined;
  readonly told: (end: RemoteEnd) => void;
}

/**
 * Death watch across members: each watch is told once. What it says is a hint: a member that was given up may still
 * run, so whoever acts on it must be safe against two of it (epochs, idempotency keys).
 */
export class DeathWatch {
  readonly #peers: Pick<Peers, 'members' | 'ownerOf'>;
  readonly #watches = new Set<Watch>();
  readonly #leave: (() => void)[];

  constructor(peers: Pick<Peers, 'members' | 'watch' | 'ownerOf' | 'watchOwners'>) {
    this.#peers = peers;
    this.#leave = [peers.watch(() => this.#look()), peers.watchOwners(() => this.#look())];
  }

  /** Watches that were not told yet. */
  get size(): number {
    return this.#watches.size;
  }

  /**
   * Tells when the member has left, or the execution's shard has changed hands; at once (in a microtask) when the
   * member is not there. Returns unwatch; after it nothing is told.
   */
  watch(target: WatchTarget, told: (end: RemoteEnd) => void): () => void {
    const owner = 'member' in target ? undefined : this.#peers.ownerOf(shardOf(target.executionId));
    const watch: Watch = { target, owner, told };
    this.#watches.add(watch);
    queueMicrotask(() => this.#check(watch));
    return () => void this.#watches.delete(watch);
  }

  /** What the work comes to, or how the watched one ended before: an answer that cannot come is not waited for. */
  during<T>(target: WatchTarget, work: Promise<T>): Promise<{ value: T } | { end: RemoteEnd }> {
    return new Promise((resolve, reject) => {
      const unwatch = this.watch(target, (end) => resolve({ end }));
      work.then((value) => resolve({ value }), reject).finally(unwatch);
    });
  }

  /** Lets go of everything; nobody is told any more. */
  stop(): void {
    for (const leave of this.#leave) leave();
    this.#watches.clear();
  }

  #look(): void {
    for (const watch of this.#watches) this.#check(watch);
  }

  #check(watch: Watch): void {
    if (!this.#watches.has(watch)) return;
    const end = this.#endOf(watch);
    if (end === undefined) return;
    this.#watches.delete(watch);
    watch.told(end);
  }

  #endOf({ target, owner }: Watch): RemoteEnd | undefined {
    if ('member' in target) {
      const alive = this.#peers.members().some(({ bootId }) => bootId === target.member);
      return alive ? undefined : { kind: 'left', member: target.member };
    }
    const { executionId } = target;
    const now = this.#peers.ownerOf(shardOf(executionId));
    if (now === owner) return undefined;
    return { kind: 'moved', executionId, ...(now !== undefined && { to: now }) };
  }
}
