import { dueTimes, type DueTimes, type ScheduledNode } from './due.ts';

/**
 * A due time that nobody started when it was due (restart, takeover, database away) is made up for while it is at most
 * this old. It must be longer than a takeover takes.
 */
export const CATCH_UP_MS = 60_000;
/** Missed due times of one line that are counted one by one; of more it is only said that there were more. */
const MISSED_COUNTED = 1_000;

/** One execution to start. `at` is the due time, `epoch` that of the shard under which it became ours to start. */
export interface Due {
  readonly line: ScheduledNode;
  readonly at: number;
  readonly epoch: number;
}

/** Due times that this member was to start and could not before they were too old. */
export interface MissedDue {
  readonly id: string;
  readonly workflowId: string;
  readonly first: number;
  readonly last: number;
  /** At most 1,001: the last one stands for all that were not counted. */
  readonly count: number;
}

interface Line {
  readonly node: ScheduledNode;
  /** Read when the line first becomes ours. */
  times: DueTimes | undefined;
  /** The next due time that is ours; kept through a lapse of the lease, since then it may be ours still. */
  next: number | undefined;
  /** Epoch for which `next` was found. */
  epoch: number | undefined;
}

/** What {@link Timetable.advance} found. `wakeAt`: nothing more is due before it. */
export interface Advance {
  readonly starts: readonly Due[];
  readonly missed: readonly MissedDue[];
  readonly wakeAt: number | undefined;
}

/**
 * Which due times this member has to start. All members hold all lines; a line belongs to the owner of its shard.
 *
 *   shard gained (another epoch)      look back CATCH_UP_MS, not before the activation, and go on from there
 *   shard gained again (same epoch)   nobody had it meanwhile: go on where we were; what is too old was missed
 *   shard not ours                    nothing
 *
 * Two members may both start a due time around a takeover; its idempotency key lets one of them through.
 */
export class Timetable {
  readonly #lines = new Map<string, Line>();
  readonly #of = new Map<string, string[]>();

  get size(): number {
    return this.#lines.size;
  }

  has(id: string): boolean {
    return this.#lines.has(id);
  }

  /** Replaces all lines of a workflow; an empty list ends its schedule. A line with the rule it had before goes on. */
  set(workflowId: string, nodes: readonly ScheduledNode[]): void {
    const earlier = this.#of.get(workflowId) ?? [];
    const lines = nodes.map((node) => follow(node, this.#lines.get(node.id)));
    for (const id of earlier) this.#lines.delete(id);
    this.#of.delete(workflowId);
    for (const line of lines) this.#lines.set(line.node.id, line);
    const ids = nodes.map(({ id }) => id);
    if (ids.length > 0) this.#of.set(workflowId, ids);
  }

  /** What is due at `now`, at most `room` starts; the rest is due again at the next call. */
  advance(now: number, epochOf: (shard: number) => number | undefined, room: number): Advance {
    const starts: Due[] = [];
    const missed: MissedDue[] = [];
    let wakeAt: number | undefined;
    for (const line of this.#lines.values()) {
      const epoch = epochOf(line.node.shard);
      if (epoch === undefined) continue;
      const times = (line.times ??= dueTimes(line.node.spec));
      if (line.epoch !== epoch) {
        line.epoch = epoch;
        line.next = times.after(Math.max(line.node.activeSince, now - CATCH_UP_MS));
      }
      const lost = skipOld(line, times, now);
      if (lost) missed.push(lost);
      while (line.next !== undefined && line.next <= now && starts.length < room) {
        starts.push({ line: line.node, at: line.next, epoch });
        line.next = times.after(line.next);
      }
      if (line.next !== undefined && (wakeAt === undefined || line.next < wakeAt)) wakeAt = line.next;
    }
    return { starts, missed, wakeAt };
  }
}

function follow(node: ScheduledNode, earlier: Line | undefined): Line {
  const same = earlier !== undefined && JSON.stringify(earlier.node.spec) === JSON.stringify(node.spec);
  return same ? { ...earlier, node } : { node, times: undefined, next: undefined, epoch: undefined };
}

/** Passes over what is too old to be made up for. */
function skipOld(line: Line, times: DueTimes, now: number): MissedDue | undefined {
  const oldest = now - CATCH_UP_MS;
  const first = line.next;
  if (first === undefined || first >= oldest) return undefined;
  let last = first;
  let count = 0;
  for (; line.next !== undefined && line.next < oldest; line.next = times.after(line.next)) {
    last = line.next;
    count += 1;
    if (count > MISSED_COUNTED) {
      line.next = times.after(oldest - 1);
      break;
    }
  }
  return { id: line.node.id, workflowId: line.node.workflow.id, first, last, count };
}
