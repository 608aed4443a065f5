import type { RunHandle } from '#actors';

/** A caller waits for one of the three promises; the other two must not end the process when they reject. */
export function quiet(handle: RunHandle): void {
  handle.accepted.catch(ignore);
  handle.responded.catch(ignore);
  handle.ended.catch(ignore);
}

function ignore(): void {}
