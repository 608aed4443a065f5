import { errors } from '../errors.ts';
import type { Services } from '../services.ts';
import { admit, recoveryPauseMs } from './admit.ts';
import type { LiveRuns } from './live-runs.ts';
import { LOAD_SAMPLE_MS } from './limits.ts';
import { pressureOf, type Pressure } from './pressure.ts';

/** A member without a gauge knows how many executions are alive, and nothing else. */
const UNMEASURED = {
  commitSteps: 0,
  commitBytes: 0,
  commitAgeMs: 0,
  loopLagMs: 0,
  heapBytes: 0,
  heapLimitBytes: 1,
} as const;

/** What the admission of a member looks at. */
export interface AdmissionParts {
  readonly services: Services;
  readonly live: LiveRuns;
  /** Messages in the fullest mailbox of a shard; asked at most every LOAD_SAMPLE_MS. */
  deepestMailbox(): number;
}

/** Takes starts on or turns them away by the load of this member; see `admit`. */
export class Admission {
  readonly #parts: AdmissionParts;
  #mailboxMessages = 0;
  #mailboxesAt = -Infinity;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Throws ENGINE_OVERLOADED or WORKFLOW_OVER_SHARE where one more start is too much. */
  check(workflowId: string): void {
    const { live, services } = this.#parts;
    const verdict = admit(workflowId, this.pressure(), live.counts);
    if (verdict.kind === 'admit') return;
    const { reason, retryAfterSeconds } = verdict;
    services.metrics.refused?.(reason);
    if (reason === 'share') {
      throw errors.WORKFLOW_OVER_SHARE({ live: live.counts.get(workflowId) ?? 0, all: live.size, retryAfterSeconds });
    }
    throw errors.ENGINE_OVERLOADED({ reason: REASONS[reason], retryAfterSeconds });
  }

  pressure(): Pressure {
    const { live, services } = this.#parts;
    const { limits, load } = services;
    const measured = load?.read() ?? UNMEASURED;
    return pressureOf(
      { ...measured, live: live.size, mailboxMessages: this.#mailbox() },
      limits.liveExecutions,
      limits.load,
    );
  }

  /** How long a recovery waits before its next load, so that it leaves room for those who come newly. */
  recoveryPauseMs(): number {
    return recoveryPauseMs(this.pressure());
  }

  #mailbox(): number {
    const { services, deepestMailbox } = this.#parts;
    const now = services.clock.monotonic();
    if (now - this.#mailboxesAt >= LOAD_SAMPLE_MS) {
      this.#mailboxesAt = now;
      this.#mailboxMessages = deepestMailbox();
    }
    return this.#mailboxMessages;
  }
}

/** What callers are told, in words. */
const REASONS = {
  live: 'as many executions as it may are alive',
  commit: 'the database is slower than the work that arrives',
  lag: 'its event loop is late',
  heap: 'its memory is nearly used up',
  mailbox: 'its mailboxes are full',
} as const;
