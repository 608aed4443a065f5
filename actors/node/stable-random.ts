const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Chance that a repetition draws again: numbers from 0 to below 1 that follow from `key` alone. A node run that a crash
 * or a retry repeats resolves its parameters to the same input, as its idempotency key promises. Not for secrets.
 */
export function stableRandom(key: string): () => number {
  let state = FNV_OFFSET;
  for (let at = 0; at < key.length; at += 1) state = Math.imul(state ^ key.charCodeAt(at), FNV_PRIME);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
