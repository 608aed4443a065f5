import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterSite } from './site.ts';

const LOOK_EVERY_MS = 150;

/** Shards by owner, looked at again and again: how long the shards of a member that died had no living owner. */
export class ShardWatch {
  /** Shard to boot id, as last seen. */
  owners = new Map<number, string>();
  readonly #site: ClusterSite;
  readonly #lost = new Map<number, { owner: string; sinceMs: number }>();
  readonly takeoversMs: number[] = [];
  #stopped = false;
  readonly #looking: Promise<void>;

  constructor(site: ClusterSite) {
    this.#site = site;
    this.#looking = this.#look();
  }

  /** The members of these names lose all that they own, now. */
  lose(names: readonly string[], bootIds: ReadonlyMap<string, string>): void {
    const gone = new Set([...bootIds].filter(([, name]) => names.includes(name)).map(([bootId]) => bootId));
    for (const [shard, owner] of this.owners) {
      if (gone.has(owner)) this.#lost.set(shard, { owner, sinceMs: performance.now() });
    }
  }

  /** Shards that no living member has taken over yet. */
  get unowned(): number {
    return this.#lost.size;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      await this.refresh().catch(() => undefined);
      await pause(LOOK_EVERY_MS);
    }
  }

  async refresh(): Promise<void> {
    const rows = await this.#site.query<{ id: number; owner: string | null }>('SELECT id, owner FROM troupe.shard');
    const now = performance.now();
    for (const { id, owner } of rows) {
      this.owners.set(id, owner ?? '');
      const lost = this.#lost.get(id);
      if (lost === undefined || owner === null || owner === lost.owner) continue;
      this.takeoversMs.push(now - lost.sinceMs);
      this.#lost.delete(id);
    }
  }
}
