import { randomBytes } from 'node:crypto';
import { TIMEOUT_MS } from './limits.ts';
import type { Clock, Random } from './ports/index.ts';

/** The clock of the process. `after` holds any length: what `setTimeout` cannot hold is waited for in stages. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    return chained(ms, callback, setTimeoutStage);
  },
};

/** Chance of the process: `next` is quick and not for secrets, `hex` comes from the system's secure source. */
export const realRandom: Random = {
  next: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};

/** Waits `ms` (at most {@link TIMEOUT_MS}); returns the cancel function. */
export type Stage = (ms: number, callback: () => void) => () => void;

/** A wait of any length out of stages that cannot hold more than {@link TIMEOUT_MS} each. */
export function chained(ms: number, callback: () => void, stage: Stage): () => void {
  let left = ms;
  const next = (): (() => void) => {
    const now = Math.min(left, TIMEOUT_MS);
    left -= now;
    return stage(now, () => {
      if (left > 0) cancel = next();
      else callback();
    });
  };
  let cancel = next();
  return () => cancel();
}

function setTimeoutStage(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
