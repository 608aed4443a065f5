/** PostgreSQL: the journal, leases and blobs by raw SQL; what people manage by MikroORM; the embedded server. */
export { startEmbedded } from './embedded/index.ts';
export type { Embedded, EmbeddedOptions } from './embedded/index.ts';
export { lockDataDir } from './data-dir.ts';
export type { DataDirLock } from './data-dir.ts';
export { migrate } from './migrations/index.ts';
export { PostgresJournal } from './journal/journal.ts';
export { PostgresLeases } from './lease-store.ts';
export { BlobTable } from './blobs.ts';
export { openPool } from './pool.ts';
export type { PoolStats } from './pool.ts';
export type { Log } from './log.ts';
