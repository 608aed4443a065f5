import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Looks again and again until there is a value; fails with `what` after `ms`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  ms = 20_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `within ${ms} ms: ${what}`);
    await pause(20);
  }
}
