import { shardOf } from '#cluster';
import type { Clock, ExecutionRecord, Journal, Peers } from '#runtime';
import type { Hub } from '#transport';
import { rowsOf } from './rows.ts';

export interface TailParts {
  readonly hub: Pick<Hub, 'resync'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly journal: Pick<Journal, 'execution' | 'executions'>;
  readonly peers: Pick<Peers, 'self' | 'members' | 'ownerOf' | 'watchOwners' | 'link'>;
}

/** How far a feed has come. */
interface Position {
  readonly last: number;
}

/** Between two looks whether events of other members' executions were lost on their way here. */
const TAIL_MS = 1_500;
/** A look that is asked for because owners changed or the link came back begins this much later, once for many. */
const TAIL_SOON_MS = 200;
/** Rows read in one query. */
const TAIL_ROWS = 500;

/**
 * Sees to it that watchers of executions of other members miss nothing: the link may lose their newest events, and
 * nothing comes after the last one of a run that would show the gap. Compares now and then what the watchers have with
 * the database, one query for many, and sends those that are behind to the journal.
 */
export class Tail {
  readonly #parts: TailParts;
  readonly #runs = new Map<string, Set<Position>>();
  readonly #workflows = new Map<string, number>();
  readonly #leave: (() => void)[];
  #cancel: (() => void) | undefined;
  #soon = false;
  #looking = false;

  constructor(parts: TailParts) {
    this.#parts = parts;
    const { peers } = parts;
    this.#leave = [
      peers.watchOwners(() => this.#lookSoon()),
      peers.link.watch((state) => state === 'up' && this.#lookSoon()),
    ];
  }

  /** Looks after one feed of a run. Returns the end of it. */
  run(executionId: string, feed: Position): () => void {
    const feeds = this.#runs.get(executionId) ?? new Set();
    this.#runs.set(executionId, feeds.add(feed));
    this.#lookLater(TAIL_MS);
    return () => {
      feeds.delete(feed);
      if (feeds.size === 0 && this.#runs.get(executionId) === feeds) this.#runs.delete(executionId);
    };
  }

  /** Looks after feeds of a workflow: they know themselves what they have. Returns the end of it. */
  workflow(workflowId: string): () => void {
    this.#workflows.set(workflowId, (this.#workflows.get(workflowId) ?? 0) + 1);
    this.#lookLater(TAIL_MS);
    return () => {
      const left = (this.#workflows.get(workflowId) ?? 1) - 1;
      if (left === 0) this.#workflows.delete(workflowId);
      else this.#workflows.set(workflowId, left);
    };
  }

  stop(): void {
    for (const leave of this.#leave) leave();
    this.#cancel?.();
    this.#runs.clear();
    this.#workflows.clear();
  }

  get #idle(): boolean {
    return this.#runs.size === 0 && this.#workflows.size === 0;
  }

  #lookSoon(): void {
    if (this.#soon || this.#idle) return;
    this.#soon = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#lookLater(TAIL_SOON_MS);
  }

  /** One timer at a time, and none while nobody watches. */
  #lookLater(ms: number): void {
    if (this.#cancel || this.#looking || this.#idle) return;
    this.#cancel = this.#parts.clock.after(ms, () => {
      this.#cancel = undefined;
      this.#soon = false;
      this.#looking = true;
      void this.#look().finally(() => {
        this.#looking = false;
        this.#lookLater(this.#soon ? TAIL_SOON_MS : TAIL_MS);
      });
    });
  }

  async #look(): Promise<void> {
    const { peers, hub, journal } = this.#parts;
    if (peers.members().length > 1) for (const workflowId of this.#workflows.keys()) hub.resync({ workflowId });
    const foreign = [...this.#runs.keys()].filter((id) => peers.ownerOf(shardOf(id)) !== peers.self);
    try {
      for (let at = 0; at < foreign.length; at += TAIL_ROWS) {
        for (const row of await rowsOf(journal, foreign.slice(at, at + TAIL_ROWS))) this.#compare(row);
      }
    } catch {
      // The database is away: the next look comes by itself.
    }
  }

  #compare({ id, lastSeq }: ExecutionRecord): void {
    for (const { last } of this.#runs.get(id) ?? []) {
      if (last < lastSeq) return this.#parts.hub.resync({ executionId: id });
    }
  }
}
