import type { Journal } from '#runtime';
import { errors } from '../errors.ts';
import { idIn } from '#cluster';

/** Ids drawn from one shard in a row, so that the executions of one commit lie on few shards. */
const IDS_PER_SHARD_TURN = 64;
/** Below this many ids left the next block is fetched. */
const REFILL_BELOW_IDS = 2_048;

/**
 * Execution ids: a number from a block that no other member has, times the number of shards, plus the shard. A member
 * draws ids on shards it owns, so a new execution needs no hop.
 */
export class IdPool {
  readonly #journal: Pick<Journal, 'idBlock'>;
  readonly #blocks: { next: number; end: number }[] = [];
  #filling: Promise<void> | undefined;
  #turn = 0;
  #drawn = 0;

  constructor(journal: Pick<Journal, 'idBlock'>) {
    this.#journal = journal;
  }

  get left(): number {
    return this.#blocks.reduce((sum, block) => sum + block.end - block.next, 0);
  }

  /** Fetches blocks until the pool is comfortable. Rejects when the database does not answer. */
  async fill(): Promise<void> {
    this.#filling ??= this.#fetch().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  async #fetch(): Promise<void> {
    while (this.left < 2 * REFILL_BELOW_IDS) {
      const { first, size } = await this.#journal.idBlock();
      this.#blocks.push({ next: first, end: first + size });
    }
  }

  /** An id on that shard, or on the one whose turn it is; throws ENGINE_NO_IDS, ENGINE_NO_SHARD. */
  next(owned: readonly number[], shard?: number): { executionId: string; shard: number } {
    const block = this.#blocks[0];
    if (!block) {
      this.fill().catch(() => {});
      throw errors.ENGINE_NO_IDS({});
    }
    const number = block.next;
    block.next += 1;
    if (block.next === block.end) this.#blocks.shift();
    if (this.#blocks.length <= 1 && this.left < REFILL_BELOW_IDS) this.fill().catch(() => {});
    const on = shard ?? this.#shardInTurn(owned);
    if (on === undefined) throw errors.ENGINE_NO_SHARD({});
    return { executionId: idIn(number, on), shard: on };
  }

  #shardInTurn(owned: readonly number[]): number | undefined {
    this.#drawn += 1;
    if (this.#drawn % IDS_PER_SHARD_TURN === 0) this.#turn += 1;
    return owned[this.#turn % Math.max(1, owned.length)];
  }
}
