/** PostgreSQL: the journal, leases and blobs by raw SQL; what people manage by MikroORM; the embedded server. */
export { openStorage } from './storage.ts';
export type { Storage, StorageOptions } from './storage.ts';
export { findEmbedded, startEmbedded } from './embedded/index.ts';
export type { Embedded, EmbeddedOptions } from './embedded/index.ts';
export { lockDataDir } from './data-dir.ts';
export type { DataDirLock } from './data-dir.ts';
export { migrate } from './migrations/index.ts';
export type { PoolStats } from './pool.ts';
export type { Log } from './log.ts';
export type { Outbox } from './journal/outbox.ts';
export type { Executions } from './executions.ts';
export type { Retention, RetentionReport } from './retention.ts';
export type { Page } from './people/repository.ts';
export type { WorkflowRecord, Workflows } from './people/workflows.ts';
export type { ApiKeyInfo, ApiKeys, Role, User, Users } from './people/accounts.ts';
export type { Settings } from './people/settings.ts';
export type { AddressesOf, WebhookAddress } from './people/publishing.ts';
export type { ActivationChange, Activations, TestWebhooks } from './activations.ts';
