import { errors } from '../errors.ts';
import type { Clock } from '../ports/index.ts';

/** What goes wrong with one commit of the memory twin. */
export type CommitFault =
  /** Refused before anything was written; the caller still cannot know. */
  | { kind: 'failBefore' }
  /** The connection is lost while the commit runs; `applied` says what the journal holds afterwards. */
  | { kind: 'unknown'; applied: boolean }
  /** The commit happens at its begin, its answer comes this much later. */
  | { kind: 'slowAnswer'; ms: number }
  /** The commit happens this much later than it began. */
  | { kind: 'slowCommit'; ms: number };

/** Faults to come. Tests and the simulation fill it; empty means that all goes well. */
export class Faults {
  readonly #commits: (CommitFault | undefined)[] = [];
  #reads = 0;

  /** The next commits have these faults, one each, after those given before; undefined = goes well. */
  nextCommits(...faults: (CommitFault | undefined)[]): void {
    this.#commits.push(...faults);
  }

  /** The next `count` reads fail. */
  nextReads(count: number): void {
    this.#reads += count;
  }

  /** Runs `apply` as the next commit, with its fault. */
  async commit<T>(clock: Clock, apply: () => T): Promise<T> {
    const fault = this.#commits.shift();
    switch (fault?.kind) {
      case 'failBefore':
        throw errors.JOURNAL_UNREACHABLE({ operation: 'commit' });
      case 'unknown':
        if (fault.applied) apply();
        throw errors.JOURNAL_UNKNOWN({ executionId: 'of this batch' });
      case 'slowCommit':
        await wait(clock, fault.ms);
        return apply();
      case 'slowAnswer': {
        const answer = apply();
        await wait(clock, fault.ms);
        return answer;
      }
      case undefined:
        return apply();
    }
  }

  read(operation: string): void {
    if (this.#reads === 0) return;
    this.#reads -= 1;
    throw errors.JOURNAL_UNREACHABLE({ operation });
  }
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
