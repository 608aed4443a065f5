/** The actor runtime: kernel, mailboxes, journal port and group committer, and the ports to the outside. */
export type * from './actor.ts';
export type * from './ports/index.ts';
export { createSystem } from './kernel/system.ts';
export type { SystemOptions } from './kernel/system.ts';
export type { KernelLimits } from './kernel/parts.ts';
export { causeOf } from './kernel/observers.ts';
export * from './next.ts';
export { realClock, realRandom } from './clock.ts';
export { quiet, seededRandom, SimulatedClock } from './testing.ts';
export { createCommitter } from './committer/committer.ts';
export type { BatchReport, Committer, CommitterLimits, CommitterOptions } from './committer/committer.ts';
export { memoryStore } from './memory/store.ts';
export type { MemoryStore } from './memory/store.ts';
export type { CommitFault } from './memory/faults.ts';
