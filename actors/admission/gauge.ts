import { getHeapStatistics } from 'node:v8';
import type { Clock, Committer } from '#runtime';
import { LAG_SAMPLE_WEIGHT, LOAD_SAMPLE_MS } from './limits.ts';
import type { Load } from './pressure.ts';

/** What a gauge measures; the rest of a {@link Load} the company knows itself. */
export type MeasuredLoad = Omit<Load, 'live' | 'mailboxMessages'>;

/** Measures the load of a member. `read` answers from memory; `stop` ends the sampling. */
export interface LoadGauge {
  read(): MeasuredLoad;
  stop(): void;
}

/** What a gauge works with. `heap` is asked every LOAD_SAMPLE_MS; default V8's own statistics. */
export interface LoadGaugeParts {
  clock: Clock;
  committer: Pick<Committer, 'depth' | 'queuedBytes' | 'oldestMs'>;
  heap?: () => { usedBytes: number; limitBytes: number };
}

/** Begins to sample the lag of the event loop and the heap; the committer is asked at each reading. */
export function createLoadGauge({ clock, committer, heap = heapOfProcess }: LoadGaugeParts): LoadGauge {
  let loopLagMs = 0;
  let { usedBytes: heapBytes, limitBytes: heapLimitBytes } = heap();
  let cancel: () => void = () => {};
  const sampleLater = (): void => {
    const due = clock.monotonic() + LOAD_SAMPLE_MS;
    cancel = clock.after(LOAD_SAMPLE_MS, () => {
      const late = Math.max(0, clock.monotonic() - due);
      loopLagMs += (late - loopLagMs) * LAG_SAMPLE_WEIGHT;
      ({ usedBytes: heapBytes, limitBytes: heapLimitBytes } = heap());
      sampleLater();
    });
  };
  sampleLater();
  return {
    read: () => ({
      commitSteps: committer.depth,
      commitBytes: committer.queuedBytes,
      commitAgeMs: committer.oldestMs,
      loopLagMs,
      heapBytes,
      heapLimitBytes,
    }),
    stop: () => cancel(),
  };
}

function heapOfProcess(): { usedBytes: number; limitBytes: number } {
  const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
  return { usedBytes, limitBytes };
}
