/** Slices of executions; each belongs to one member at a time. Fixed for the life of a database. */
export const SHARDS = 512;

/** The shard of an execution: its id modulo the number of shards, so that a member can draw ids on shards it owns. */
export function shardOf(executionId: string): number {
  return Number(executionId) % SHARDS;
}

/** The execution id that `number` (from a block of the journal's sequence) gives on that shard; below 2^53. */
export function idIn(number: number, shard: number): string {
  return String(number * SHARDS + shard);
}
