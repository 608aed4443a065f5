import type { Clock, ExecutionRecord, Journal, StepOutcome } from '#runtime';
import type { RunReport } from '../engine.ts';
import type { RunNews } from '../services.ts';
import type { Handles } from '../company/handles.ts';
import { REMOTE_LIMITS } from './limits.ts';

export interface FollowerParts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly journal: Pick<Journal, 'execution' | 'executions' | 'read'>;
  readonly handles: Handles;
  /** A run folded from its journal. */
  reportOf(executionId: string): Promise<RunReport | undefined>;
  /** Does something after `ms`, unless this member has stopped by then. */
  later(ms: number, act: () => void): void;
  /** Says that something new may have been committed; absent: only the database is asked, now and then. */
  readonly news?: RunNews | undefined;
}

interface Followed {
  /** Seq up to which the journal was looked through for an answer. */
  readSeq: number;
  /** Newest seq seen; the pause begins anew when it grows. */
  seenSeq: number;
  pause: number;
  nextAt: number;
  /** What this member itself may still be writing of it: only when all is settled does an absent row say anything. */
  settled: boolean;
  /** How one of these writes ended is not known. */
  doubtful: boolean;
  readonly absentUntil: number;
  readonly leave: () => void;
}

/**
 * Callers on this member who wait for an execution that another member performs, or nobody at the moment. The journal
 * tells all they want to know; news over the link only make it tell sooner.
 *
 *   row of it       absent, nothing of ours under way      not accepted
 *                   absent for FOLLOW_ABSENT_MS, unsure    moved: ask for it by its id
 *                   there                                  accepted; a Respond node's answer in new events: responded
 *                   ended, or waiting beyond the seq       ended
 *                   that the caller had seen
 */
export class Follower {
  readonly #parts: FollowerParts;
  readonly #followed = new Map<string, Followed>();
  /** When the next look is due; Infinity = none. */
  #dueAt = Infinity;
  #looking: Promise<void> | undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#followed.size;
  }

  /**
   * Answers the handles of this execution from its journal, from now on. `own`: settles when nothing that this member
   * has sent to the journal of it is under way any more, with its outcome; a rejection = nobody knows.
   */
  follow(executionId: string, own: Promise<StepOutcome | undefined> = NOTHING): void {
    // A write that failed is news for those who follow, and no fault where nobody does.
    own.catch(() => {});
    if (!this.#parts.handles.has(executionId) || this.#followed.has(executionId)) return;
    const { clock, handles, news } = this.#parts;
    const now = clock.monotonic();
    const followed: Followed = {
      readSeq: handles.afterSeq(executionId),
      seenSeq: -1,
      pause: REMOTE_LIMITS.FOLLOW_FIRST_MS,
      nextAt: now,
      settled: false,
      doubtful: false,
      absentUntil: now + REMOTE_LIMITS.FOLLOW_ABSENT_MS,
      leave: news?.watch(executionId, () => this.nudge(executionId)) ?? (() => {}),
    };
    this.#followed.set(executionId, followed);
    own
      .then(
        // Nothing in the database tells of a duplicate: this outcome alone knows.
        (outcome) => outcome?.kind === 'duplicate' && handles.accepted(executionId, outcome.executionId),
        () => {
          followed.doubtful = true;
        },
      )
      .finally(() => {
        followed.settled = true;
        this.nudge(executionId);
      });
    this.#wake(now);
  }

  /** Something may be new: looks soon. */
  nudge(executionId: string): void {
    const followed = this.#followed.get(executionId);
    if (!followed) return;
    followed.pause = REMOTE_LIMITS.FOLLOW_FIRST_MS;
    followed.nextAt = this.#parts.clock.monotonic();
    this.#wake(followed.nextAt);
  }

  /** The shards' owners have changed or the link is back: everything is looked at soon. */
  nudgeAll(): void {
    for (const executionId of this.#followed.keys()) this.nudge(executionId);
  }

  /** Looks at this execution now, if it is followed. Does not reject. */
  async look(executionId: string): Promise<void> {
    if (!this.#followed.has(executionId)) return;
    this.nudge(executionId);
    await this.#looking;
    if (this.#followed.has(executionId)) await this.#lookAt([executionId]);
  }

  #wake(at: number): void {
    if (at >= this.#dueAt || this.#looking) return;
    this.#dueAt = at;
    this.#parts.later(Math.max(0, at - this.#parts.clock.monotonic()), () => {
      if (this.#dueAt !== at) return;
      this.#dueAt = Infinity;
      this.#look();
    });
  }

  #look(): void {
    this.#looking ??= this.#lookAtDue().finally(() => {
      this.#looking = undefined;
      let next = Infinity;
      for (const { nextAt } of this.#followed.values()) next = Math.min(next, nextAt);
      if (next < Infinity) this.#wake(next);
    });
  }

  async #lookAtDue(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    const due: string[] = [];
    for (const [executionId, followed] of this.#followed) {
      if (!this.#parts.handles.has(executionId)) this.#forget(executionId);
      else if (followed.nextAt <= now && due.length < REMOTE_LIMITS.FOLLOW_ROWS) due.push(executionId);
    }
    if (due.length > 0) await this.#lookAt(due);
  }

  async #lookAt(executionIds: readonly string[]): Promise<void> {
    for (const executionId of executionIds) this.#pause(executionId);
    try {
      const rows = new Map((await this.#rows(executionIds)).map((row) => [row.id, row]));
      for (const executionId of executionIds) await this.#tell(executionId, rows.get(executionId));
    } catch {
      // The database is away: nothing is known, and the next look comes by itself.
    }
  }

  #pause(executionId: string): void {
    const followed = this.#followed.get(executionId);
    if (!followed) return;
    followed.nextAt = this.#parts.clock.monotonic() + followed.pause;
    followed.pause = Math.min(REMOTE_LIMITS.FOLLOW_LAST_MS, followed.pause * 2);
  }

  async #rows(executionIds: readonly string[]): Promise<readonly ExecutionRecord[]> {
    const { journal } = this.#parts;
    if (journal.executions) return journal.executions(executionIds);
    const rows = await Promise.all(executionIds.map((id) => journal.execution(id)));
    return rows.filter((row) => row !== undefined);
  }

  async #tell(executionId: string, row: ExecutionRecord | undefined): Promise<void> {
    const followed = this.#followed.get(executionId);
    if (!followed) return;
    if (!row) return this.#absent(executionId, followed);
    const { handles } = this.#parts;
    handles.accepted(executionId);
    if (row.lastSeq > followed.seenSeq) followed.pause = REMOTE_LIMITS.FOLLOW_FIRST_MS;
    followed.seenSeq = row.lastSeq;
    if (row.lastSeq > followed.readSeq) await this.#lookForAnswer(executionId, followed);
    const waitsAnew = row.status === 'waiting' && row.lastSeq > handles.afterSeq(executionId);
    if (row.stoppedAt === undefined && !waitsAnew) return;
    const report = await this.#parts.reportOf(executionId);
    // Between the two reads it may have gone on; what counts is what was just folded.
    if (!report || report.status === 'running') return;
    this.#forget(executionId);
    handles.ended(report);
  }

  async #lookForAnswer(executionId: string, followed: Followed): Promise<void> {
    const { handles, journal } = this.#parts;
    const events = await journal.read(executionId, { afterSeq: followed.readSeq });
    followed.readSeq = events.at(-1)?.seq ?? followed.readSeq;
    handles.committed(
      executionId,
      events.map(({ event }) => event),
    );
  }

  #absent(executionId: string, followed: Followed): void {
    const { clock, handles } = this.#parts;
    if (!followed.settled || followed.doubtful) {
      if (clock.monotonic() < followed.absentUntil) return;
      this.#forget(executionId);
      return handles.gone(executionId, 'moved');
    }
    // The row was read after the last write of ours was settled, or the next look reads it again.
    if (followed.seenSeq === SEEN_ABSENT) {
      this.#forget(executionId);
      return handles.gone(executionId, 'notAccepted');
    }
    followed.seenSeq = SEEN_ABSENT;
    this.nudge(executionId);
  }

  #forget(executionId: string): void {
    this.#followed.get(executionId)?.leave();
    this.#followed.delete(executionId);
  }
}

const NOTHING: Promise<undefined> = Promise.resolve(undefined);

/** It was looked for after all writes of ours were settled, and was not there. */
const SEEN_ABSENT = -2;
