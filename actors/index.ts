/** The company: execution, node, shard, schedule and runner actors, and the engine that gateways talk to. */
export type * from './engine.ts';
export type * from './services.ts';
export { Company } from './company/company.ts';
export type { CompanyParts } from './company/company.ts';
export { createEngine } from './company/engine.ts';
export { Definitions } from './company/definitions.ts';
export type { VersionStore } from './company/definitions.ts';
export { IdPool } from './company/ids.ts';
export { killAt, NO_FAULTS } from './faults.ts';
export type { FaultHook, FaultPoint } from './faults.ts';
export { ACTOR_LIMITS } from './limits.ts';
export type { ActorLimits } from './limits.ts';
export { binaryStore } from './binary-store.ts';
export { watchedSpawn } from './runners.ts';
export { scheduleActor } from './triggers/schedule.ts';
export type { ScheduledNode, ScheduleMessage } from './triggers/schedule.ts';
export { scheduledNodes } from './triggers/scheduled-nodes.ts';
