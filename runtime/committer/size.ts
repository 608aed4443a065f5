import type { Step } from '../ports/index.ts';

/** Bytes that a value's braces, quotes and separators take, roughly. */
const OVERHEAD_BYTES = 8;

/** Rows that a step writes: its own, and one per event, timer, message and outbox entry, with its children. */
export function stepRows(step: Step): number {
  let rows = 1 + step.events.length;
  rows += (step.timersSet?.length ?? 0) + (step.timersDone?.length ?? 0) + (step.inboxDone?.length ?? 0);
  rows += (step.deliver?.length ?? 0) + (step.outbox?.length ?? 0);
  if (step.slot) rows += 1;
  for (const child of step.children ?? []) rows += stepRows(child);
  return rows;
}

/**
 * About the length of a step as JSON text, found without making the text. Counting ends soon after `limit`: whoever
 * asks only wants to know whether it fits.
 */
export function estimateBytes(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + OVERHEAD_BYTES;
  if (typeof value !== 'object' || value === null) return OVERHEAD_BYTES;
  let bytes = OVERHEAD_BYTES;
  if (Array.isArray(value)) {
    for (const entry of value) {
      bytes += estimateBytes(entry, limit - bytes);
      if (bytes > limit) break;
    }
    return bytes;
  }
  for (const [key, entry] of Object.entries(value)) {
    bytes += key.length + OVERHEAD_BYTES + estimateBytes(entry, limit - bytes);
    if (bytes > limit) break;
  }
  return bytes;
}
